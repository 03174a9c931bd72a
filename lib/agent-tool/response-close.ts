import type { EventEmitter } from 'node:events';

/** What the interceptor needs of a response; Node's `ServerResponse` has it, over HTTP/2 too. */
export interface ClosableResponse extends EventEmitter {
  readonly closed?: boolean;
  readonly destroyed?: boolean;
}

const listening = new WeakMap<ClosableResponse, (() => void)[]>();

/** Whether the response is over: sent in whole, or its client gone. */
export function isClosed(response: ClosableResponse): boolean {
  return response.closed === true || response.destroyed === true;
}

/** Calls back once the response is over. Many callers share one listener of the response. */
export function onceClosed(response: ClosableResponse, callback: () => void): void {
  const callbacks = listening.get(response);
  if (callbacks !== undefined) {
    callbacks.push(callback);
    return;
  }
  const first = [callback];
  listening.set(response, first);
  response.once('close', () => {
    listening.delete(response);
    for (const each of first) each();
  });
}
