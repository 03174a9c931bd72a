import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import type { Duplex } from 'node:stream';
import type { Broker } from '../broker';
import { BrokerRefusal, methodNotAllowed, notFound, storeUnavailable } from '../refusal';
import { sendJson, sendRefusal } from './answers';
import { Management } from './management';

const MAX_HEADER_BYTES = 16_384;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than clients keep an idle connection, so that it is they who close it. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/** The broker on a socket: the management API below `/v1/`, the proxy below `/{vendor}/`. */
export function createBrokerServer(broker: Broker, token: string): Server {
  const management = new Management(broker, token);
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    },
    (req, res) => {
      // What is left of a body that was refused half read would stand before the next request.
      res.once('finish', () => req.resume());
      route(broker, management, req, res).catch((error: unknown) => {
        sendRefusal(res, error instanceof BrokerRefusal ? error : storeUnavailable(error));
      });
    },
  );
  // Headers past Node's default count would be dropped without a word.
  server.maxHeadersCount = 0;
  server.on('clientError', refuseUnparsed);
  return server;
}

async function route(
  broker: Broker,
  management: Management,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const url = req.url ?? '';
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const query = mark === -1 ? '' : url.slice(mark + 1);
  if (path === '/healthz' || path === '/readyz') {
    if (req.method !== 'GET') throw methodNotAllowed(['GET']);
    if (path === '/healthz') sendJson(res, 200, { status: 'alive' });
    else sendJson(res, 200, { status: 'ready', store: await broker.state() });
    return;
  }
  if (path === '/v1' || path.startsWith('/v1/')) return management.handle(req, res, path, query);

  const vendor = /^\/([a-z][a-z0-9-]{0,31})\//.exec(url)?.[1];
  if (vendor === undefined || !broker.hasVendor(vendor)) {
    throw notFound('There is no such vendor, and nothing else at this path.');
  }
  const { headers } = req;
  const hasBody =
    headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  const answer = await broker.forward({
    vendor,
    method: req.method ?? '',
    target: url.slice(vendor.length + 1),
    rawHeaders: req.rawHeaders,
    ...(hasBody ? { body: req.iterator({ destroyOnReturn: false }) } : {}),
    ...(req.socket.remoteAddress === undefined ? {} : { remoteAddress: req.socket.remoteAddress }),
  });
  try {
    if (!res.destroyed) res.writeHead(answer.status, answer.headers);
  } catch (error) {
    answer.body.destroy();
    throw error;
  }
  // An answer that breaks off takes the connection with it, so that no one reads a clean end; a
  // client that goes away destroys the body, and the call is followed to its end without it.
  pipeline(answer.body, res, () => {});
}

/** What Node's own parser refuses, in the broker's shape. */
function refuseUnparsed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const refusal = unparsed(error.code);
  const body = refusal.toBody();
  const headers = {
    ...refusal.toHeaders(),
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${refusal.status} Refused\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}

function unparsed(code: string | undefined): BrokerRefusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new BrokerRefusal(
        431,
        'headers_too_large',
        `The headers are larger than ${MAX_HEADER_BYTES} bytes.`,
      );
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new BrokerRefusal(408, 'request_timeout', 'The request did not arrive in time.');
    default:
      return new BrokerRefusal(400, 'invalid_request', 'The request is not valid HTTP.');
  }
}
