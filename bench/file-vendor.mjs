import { createServer } from 'node:http';
import { Readable, pipeline } from 'node:stream';

const CHUNK = Buffer.alloc(65_536, 'a');

/** Answers each request with a file of so many bytes. */
const bytes = Number(process.env.BYTES);
const server = createServer((_request, response) => {
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': String(bytes),
  });
  let left = bytes;
  const file = new Readable({
    read() {
      if (left === 0) return void this.push(null);
      const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
      left -= chunk.length;
      this.push(chunk);
    },
  });
  pipeline(file, response, () => {});
});
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
