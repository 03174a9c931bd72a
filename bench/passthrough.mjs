import { createServer } from 'node:http';
import { Pool } from 'undici';

// What forwarding alone costs on Node: node:http in, undici out, no key, no cap, no log.
const { VENDOR_URL, STRIPE_SECRET_KEY } = process.env;
const pool = new Pool(VENDOR_URL, { connections: 256, pipelining: 1 });

const server = createServer((req, res) => {
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => void forward(req, res, Buffer.concat(chunks)));
});

async function forward({ method, url, headers }, res, body) {
  const answer = await pool.request({
    method,
    path: url,
    headers: {
      authorization: `Bearer ${STRIPE_SECRET_KEY}`,
      'content-type': headers['content-type'],
    },
    body,
  });
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  const { 'content-type': type } = answer.headers;
  res.writeHead(answer.statusCode, { 'content-type': type, 'content-length': bytes.length });
  res.end(bytes);
}

server.keepAliveTimeout = 75_000;
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
