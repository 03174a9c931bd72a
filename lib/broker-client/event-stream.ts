import * as http from 'node:http';
import * as https from 'node:https';
import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerEvent } from '../broker/events/event';
import { linesOf } from '../broker/lines';
import type { BrokerChoice } from './broker-choice';
import type { BrokerConnections } from './broker-connections';

/** A stream says that it lives each 15 s: one that says nothing for three times as long does not. */
const SILENCE_MS = 45_000;
const CONNECT_MS = 10_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
const MAX_LINE = 1_048_576;

/** How events are read. */
export interface EventReading {
  /** Ends it. */
  signal: AbortSignal;
  /** Takes a line where the broker tells nothing, and one where it does again. */
  log: (line: string) => void;
}

/** The brokers that are asked, with the token that they take. */
export interface EventSources {
  brokers: BrokerChoice<BrokerConnections>;
  token: string;
}

/**
 * The events of brokers on one store, in their order, for as long as they are wanted. Where a stream breaks, the
 * next one begins after the last event that came.
 */
export async function* readEvents(
  { brokers, token }: EventSources,
  { signal, log }: EventReading,
): AsyncGenerator<BrokerEvent> {
  const position: Position = {};
  let retryMs = FIRST_RETRY_MS;
  let isTold = false;
  while (!signal.aborted) {
    const [broker] = brokers.inOrder();
    if (broker === undefined) return;
    let trouble: string;
    try {
      const stream = await openStream(broker, token, position.lastId, signal);
      brokers.worked(broker);
      for await (const event of eventsIn(stream, position, signal)) {
        if (isTold) log('events come again');
        isTold = false;
        retryMs = FIRST_RETRY_MS;
        yield event;
      }
      trouble = 'it has ended the stream';
    } catch (error) {
      trouble = (error as Error).message;
      if (!signal.aborted) brokers.failed(broker);
    }
    if (signal.aborted) return;
    // A stream that ends is nothing to tell of: the next one begins where it was.
    if (!isTold && retryMs > FIRST_RETRY_MS) {
      log(`the broker tells no events (${trouble}): it is asked again`);
      isTold = true;
    }
    await delay(retryMs * (0.75 + Math.random() / 2), undefined, { signal, ref: false }).catch(
      () => {},
    );
    retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
  }
}

interface Position {
  lastId?: string;
}

function openStream(
  { api }: BrokerConnections,
  token: string,
  lastId: string | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const url = new URL(`${api.origin}${api.prefix}/v1/events`);
    const send = url.protocol === 'https:' ? https.request : http.request;
    const req = send(url, {
      signal,
      agent: false,
      // Whatever the environment says: the token goes only where the certificate is valid.
      rejectUnauthorized: true,
      headers: {
        accept: 'text/event-stream',
        authorization: `Bearer ${token}`,
        'user-agent': 'nestjs-vault-key',
        ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
      },
    });
    req.setTimeout(CONNECT_MS, () => req.destroy(new Error('no answer came in time')));
    req.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(error.code ?? error.message)),
    );
    req.once('response', (answer) => {
      req.setTimeout(SILENCE_MS, () => answer.destroy(new Error('it says nothing any more')));
      // A stream does not keep its application from ending.
      answer.socket.unref();
      if (answer.statusCode === 200) {
        resolve(answer);
        return;
      }
      answer.destroy();
      reject(new Error(`it answered ${answer.statusCode}`));
    });
    req.end();
  });
}

async function* eventsIn(
  stream: IncomingMessage,
  position: Position,
  signal: AbortSignal,
): AsyncGenerator<BrokerEvent> {
  let data = '';
  for await (const line of linesOf(stream.setEncoding('utf8'))) {
    if (signal.aborted) return;
    if (line.startsWith('id: ')) position.lastId = line.slice('id: '.length);
    if (line.startsWith('data: ')) data += line.slice('data: '.length);
    if (data.length > MAX_LINE) throw new Error('an event is too long');
    if (line !== '' || data === '') continue;
    const event = JSON.parse(data) as BrokerEvent;
    data = '';
    yield event;
  }
}
