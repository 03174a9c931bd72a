import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TLSSocket } from 'node:tls';
import type { ProxyAnswer } from '../forwarding/proxy-answer';
import type { BrokerRefusal } from '../refusal';
import type { StoreCopy } from '../ledger/records';
import type { Reply } from './route';

/** How long the reader of a long answer may pause. */
const STANDSTILL_MS = 60_000;

/** Answers with JSON that no cache may store: some of it holds a token. */
export function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  sendText(res, status, 'application/json', JSON.stringify(body), headers);
}

/** Answers with a text that no cache may store. */
export function sendText(
  res: ServerResponse,
  status: number,
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  res.writeHead(status, {
    ...headers,
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  res.end(text);
}

/**
 * Answers with one JSON document a line, as fast as they are read. What breaks off takes the
 * connection with it, so that no reader takes it for a clean end.
 */
export async function sendLines(
  res: ServerResponse,
  status: number,
  documents: AsyncIterable<unknown>,
): Promise<void> {
  async function* lines(): AsyncGenerator<string> {
    for await (const document of documents) yield `${JSON.stringify(document)}\n`;
  }
  await stream(res, status, { 'content-type': 'application/x-ndjson' }, lines());
}

/** As {@link sendLines}, with text in pieces, which a browser keeps under a name. */
export async function sendPieces(
  res: ServerResponse,
  { status, contentType, fileName, pieces }: PiecesReply,
): Promise<void> {
  const headers = {
    'content-type': contentType,
    'content-disposition': `attachment; filename="${fileName}"`,
  };
  await stream(res, status, headers, pieces);
}

type PiecesReply = Extract<Reply, { pieces: unknown }>;

async function stream(
  res: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  pieces: AsyncIterable<string>,
): Promise<void> {
  // The first of them before the head, so that what cannot begin is refused.
  const iterator = pieces[Symbol.asyncIterator]();
  const first = await iterator.next();
  const rest = { [Symbol.asyncIterator]: () => iterator };
  async function* all(): AsyncGenerator<string> {
    if (first.done === true) return;
    yield first.value;
    yield* rest;
  }
  res.writeHead(status, { ...headers, 'cache-control': 'no-store' });
  res.setTimeout(STANDSTILL_MS, () => res.destroy());
  await pipeline(Readable.from(all(), { objectMode: false }), res).catch(() => res.destroy());
}

/** Answers with a file, and ends it. What breaks off is shorter than it says. */
export async function sendFile(
  res: ServerResponse,
  status: number,
  { bytes, chunks, end }: StoreCopy,
): Promise<void> {
  try {
    res.writeHead(status, {
      'content-type': 'application/vnd.sqlite3',
      'content-length': bytes,
      'cache-control': 'no-store',
    });
    res.setTimeout(STANDSTILL_MS, () => res.destroy());
    await pipeline(Readable.from(chunks, { objectMode: false }), res);
  } catch {
    res.destroy();
  } finally {
    end();
  }
}

/** Ends an answer so that no one reads a clean end. */
export function breakOff(res: ServerResponse): void {
  const { httpVersionMinor, socket } = res.req;
  // To HTTP/1.0 the end of the connection is the end of the answer, unless it is reset; TLS has an
  // end of its own, which is then missing.
  if (httpVersionMinor === 0 && !(socket instanceof TLSSocket)) socket.resetAndDestroy();
  res.destroy();
}

/** Relays an answer once all of it is there. One that breaks off takes the connection with it. */
export async function sendWhole(res: ServerResponse, answer: ProxyAnswer): Promise<void> {
  const drop = (): void => answer.drop();
  // A client that goes away is not waited for, and the call is followed to its end without it.
  res.once('close', drop);
  const bytes = await answer.bytes(Infinity);
  res.off('close', drop);
  if (bytes === undefined && !res.destroyed) breakOff(res);
  if (res.destroyed) return;
  res.writeHead(answer.status, answer.headers);
  res.end(bytes);
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
