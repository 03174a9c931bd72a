import { signal } from '@preact/signals';
import { addressOf } from './client';
import { EventReader } from './event-stream';
import { session, sessionEnded } from './session';

/** How the page learns that something has happened. */
export type Link = 'connecting' | 'events' | 'polling';

/** How often the page asks where no events come, and where they do: for what runs out without an event. */
const POLL_MS = 1_000;
const SLOW_MS = 15_000;
const RECONNECT_MS = 1_000;
/** When a server without events is asked for them again. */
const RETRY_MS = 60_000;

export const link = signal<Link>('connecting');
/** Changes whenever what is shown may have changed. */
export const pulse = signal(0);

/** Has everything that is shown asked for again. */
export function refresh(): void {
  pulse.value = pulse.peek() + 1;
}

/** Follows the broker for as long as the page is open and somebody is logged in. */
export function follow(): void {
  let asked = performance.now();
  setInterval(() => {
    const every = link.peek() === 'events' ? SLOW_MS : POLL_MS;
    if (document.hidden || performance.now() - asked < every - 50) return;
    asked = performance.now();
    if (session.peek().state === 'in') refresh();
  }, POLL_MS / 4);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && session.peek().state === 'in') refresh();
  });
  let stream: AbortController | undefined;
  session.subscribe(({ state }) => {
    if (state === 'in' && stream === undefined) {
      stream = new AbortController();
      void readEvents(stream.signal);
    } else if (state !== 'in' && stream !== undefined) {
      stream.abort();
      stream = undefined;
    }
  });
}

async function readEvents(signal: AbortSignal): Promise<void> {
  let lastId = '';
  while (!signal.aborted) {
    let pause = RECONNECT_MS;
    try {
      const answer = await fetch(addressOf('v1/events'), {
        headers: {
          accept: 'text/event-stream',
          ...(lastId === '' ? {} : { 'last-event-id': lastId }),
        },
        credentials: 'same-origin',
        cache: 'no-store',
        signal,
      });
      const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
      if (answer.status === 401) return sessionEnded();
      if (answer.ok && isStream && answer.body !== null) {
        link.value = 'events';
        refresh();
        const reader = new EventReader();
        const text = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        for (let piece = await text.read(); !piece.done; piece = await text.read()) {
          const events = reader.take(piece.value);
          lastId = events.at(-1)?.id || lastId;
          if (events.length > 0) refresh();
        }
      } else {
        void answer.body?.cancel();
        pause = answer.status === 404 ? RETRY_MS : 10 * RECONNECT_MS;
      }
    } catch {
      // The connection broke: it is asked for again.
    }
    if (signal.aborted) return;
    link.value = 'polling';
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
