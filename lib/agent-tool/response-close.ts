import type { EventEmitter } from 'node:events';

/** What the interceptor needs of a response; Node's have it, over HTTP/1 and HTTP/2. */
export interface ClosableResponse extends EventEmitter {
  readonly closed?: boolean | undefined;
  readonly destroyed?: boolean | undefined;
  readonly writableFinished?: boolean | undefined;
  /** Of an HTTP/2 response, which itself does not say whether it is closed. */
  readonly stream?: { readonly closed: boolean; readonly destroyed: boolean } | undefined;
  /** `null` while the response waits for those of earlier requests on its connection. */
  readonly socket?: object | null | undefined;
  readonly req?: { readonly socket: EventEmitter & { readonly destroyed: boolean } } | undefined;
}

const listening = new WeakMap<EventEmitter, Set<() => void>>();

/** Whether the response is over: sent in whole, or its client gone. */
export function isClosed(response: ClosableResponse): boolean {
  const { closed, destroyed, writableFinished, stream } = response;
  return (
    closed === true ||
    destroyed === true ||
    writableFinished === true ||
    stream?.closed === true ||
    stream?.destroyed === true ||
    awaitedConnection(response)?.destroyed === true
  );
}

/** Calls back once the response is over. */
export function onceClosed(response: ClosableResponse, callback: () => void): void {
  const connection = awaitedConnection(response);
  if (connection === undefined) {
    listen(response, callback);
    return;
  }
  const stops = [response, connection].map((emitter) =>
    listen(emitter, () => {
      for (const stop of stops) stop();
      callback();
    }),
  );
}

/** What a response waits for that is not its turn yet: Node does not tell it when that closes. */
function awaitedConnection({ socket, req }: ClosableResponse) {
  return socket === null ? req?.socket : undefined;
}

/** Many callers share one listener of an emitter. */
function listen(emitter: EventEmitter, callback: () => void): () => void {
  const callbacks = listening.get(emitter) ?? new Set();
  if (!listening.has(emitter)) {
    listening.set(emitter, callbacks);
    const over = (): void => {
      if (listening.delete(emitter)) for (const each of callbacks) each();
    };
    emitter.once('close', over);
    // All a response has where there is no server, as in cloud functions.
    emitter.once('finish', over);
  }
  callbacks.add(callback);
  return () => callbacks.delete(callback);
}
