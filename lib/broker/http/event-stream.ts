import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { BrokerEvent } from '../events/event';
import type { EventReader } from '../events/event-reader';

/** How often a stream says that it lives, and how often it is asked whether it may go on. */
const HEARTBEAT_MS = 15_000;
const CHECK_MS = 1_000;
/** How long the answer to that may take, before it is a no. */
const MAX_CHECK_MS = 10_000;
/** How long its reader may take nothing. */
const STANDSTILL_MS = 60_000;
/** When a client that has lost it comes again. */
const RETRY_MS = 2_000;

/**
 * Answers with events for as long as their reader stays and may read them. One that is too slow loses its
 * connection, and may read on after the last event that it has.
 *
 * @param mayGoOn Asked each second.
 */
export async function sendEvents(
  res: ServerResponse,
  events: EventReader,
  mayGoOn: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = (): void => events.close();
  // Who has gone while it was opened does not go again.
  if (res.destroyed) {
    end();
    return;
  }
  // A server that closes would wait for the connection, which nobody uses any more.
  res.shouldKeepAlive = false;
  res.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    // To a proxy that would keep what comes until it has enough of it.
    'x-accel-buffering': 'no',
  });
  // A client that loses the stream before its first event comes again for what it has missed.
  res.write(`retry: ${RETRY_MS}\nid: ${events.startId}\n\n`);
  const ended = new AbortController();
  void events.done.then(() => ended.abort());
  res.once('close', end);
  const heartbeat = setInterval(() => res.write(':\n\n'), HEARTBEAT_MS);
  let mayRead = true;
  let askedAt: number | undefined;
  const refuse = (): void => {
    mayRead = false;
    end();
  };
  const check = setInterval(() => {
    if (askedAt !== undefined) {
      if (performance.now() - askedAt > MAX_CHECK_MS) refuse();
      return;
    }
    askedAt = performance.now();
    void askedAgain(mayGoOn).then((isAllowed) => {
      askedAt = undefined;
      if (!isAllowed) refuse();
    });
  }, CHECK_MS);
  try {
    for await (const event of events) {
      // What has been read is not for who may read no more.
      if (!mayRead) break;
      if (!res.write(messageOf(event))) {
        const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(STANDSTILL_MS)]);
        await once(res, 'drain', { signal });
      }
      if (res.destroyed) return;
    }
    res.end();
  } catch {
    res.destroy();
  } finally {
    clearInterval(heartbeat);
    clearInterval(check);
    end();
  }
}

async function askedAgain(mayGoOn: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await mayGoOn();
  } catch {
    return false;
  }
}

function messageOf(event: BrokerEvent): string {
  const id = event.id === null ? '' : `id: ${event.id}\n`;
  return `${id}event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}
