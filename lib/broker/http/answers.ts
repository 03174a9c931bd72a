import type { ServerResponse } from 'node:http';
import type { BrokerRefusal } from '../refusal';

/** Answers with JSON that nobody may store: some of it holds a token. */
export function sendJson(res: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  res.end(text);
}

/** Answers with a refusal in the broker's one shape. */
export function sendRefusal(res: ServerResponse, refusal: BrokerRefusal): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const text = refusal.toBody();
  res.writeHead(refusal.status, {
    ...refusal.toHeaders(),
    'content-length': Buffer.byteLength(text),
  });
  res.end(text);
}
