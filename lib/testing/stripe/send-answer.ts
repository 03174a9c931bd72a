import type { OutgoingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { apiVersionOf } from './received-call';
import type { ReceivedCall } from './received-call';
import type { StripeAnswer } from './stripe-answer';

const DEFAULT_CHUNK_BYTES = 65_536;

/** Sends an answer, unless the call has had one. */
export function send(received: ReceivedCall, answer: StripeAnswer): void {
  const { call, response } = received;
  if (call.answer !== 'pending' || response.headersSent) return;
  call.status = answer.status;
  response.writeHead(answer.status, headersOf(received, answer, Buffer.byteLength(answer.body)));
  response.end(answer.body);
}

/** Sends half of an answer, and breaks the connection. */
export function sendHalf(received: ReceivedCall, answer: StripeAnswer): void {
  const { call, response } = received;
  const body = Buffer.from(answer.body);
  call.status = answer.status;
  response.writeHead(answer.status, headersOf(received, answer, body.length));
  response.write(body.subarray(0, body.length >> 1), () => response.destroy());
}

/** Sends an answer that is as long as a script says. */
export async function sendPadded(
  received: ReceivedCall,
  answer: StripeAnswer,
  { bytes, chunkBytes = DEFAULT_CHUNK_BYTES }: { bytes: number; chunkBytes?: number },
): Promise<void> {
  const { call, response } = received;
  const isUnknownPath = answer.status === 404 && !call.executed;
  const json = isUnknownPath ? '{}' : answer.body.toString();
  const start = Buffer.from(`${json.slice(0, -1)}${json === '{}' ? '' : ','}"padding":"`);
  const end = Buffer.from('"}');
  const padding = Math.max(0, bytes - start.length - end.length);
  const sent = isUnknownPath ? { status: 200, body: '' } : answer;
  call.status = sent.status;
  response.writeHead(sent.status, headersOf(received, sent, start.length + padding + end.length));

  function* body(): Generator<Buffer> {
    yield start;
    const chunk = Buffer.alloc(Math.min(chunkBytes, padding), 'x');
    for (let left = padding; left > 0; left -= chunk.length) yield chunk.subarray(0, left);
    yield end;
  }
  // A reader that goes away is the reader's affair: the book says `cut`.
  await pipeline(Readable.from(body(), { highWaterMark: 1 }), response).catch(() => undefined);
}

function headersOf(
  { call, request }: ReceivedCall,
  answer: StripeAnswer,
  length: number,
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {
    'content-type': 'application/json',
    'cache-control': 'no-cache, no-store',
    'request-id': call.requestId,
    'stripe-version': apiVersionOf(request),
  };
  if (answer.status !== 204 && answer.status !== 304) headers['content-length'] = length;
  if (call.idempotencyKey !== undefined && call.method === 'POST') {
    headers['idempotency-key'] = call.idempotencyKey;
    headers['original-request'] = answer.replayOf ?? call.requestId;
    if (answer.replayOf !== undefined) headers['idempotent-replayed'] = 'true';
  }
  if (answer.status === 401) headers['www-authenticate'] = 'Basic realm="Stripe"';
  for (const name in answer.headers) headers[name.toLowerCase()] = answer.headers[name];
  return headers;
}
