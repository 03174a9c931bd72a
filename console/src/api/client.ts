import { signal } from '@preact/signals';
import { unattendedHeader } from './attended';
import { ApiFault, faultOf } from './fault';
import { sessionEnded } from './session';

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface Call {
  query?: Query;
  body?: unknown;
  accept?: string;
  signal?: AbortSignal;
}

/** Since when no answer has come; `undefined` while the broker answers. */
export const silentSince = signal<number | undefined>(undefined);

/** The address of a call of the API, below the path that the page stands at. */
export function addressOf(path: string, query: Query = {}): string {
  const url = new URL(path, document.baseURI);
  url.hash = '';
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.href;
}

/**
 * Sends a call, and gives the answer once its head is there.
 *
 * @throws ApiFault for everything but a 2xx.
 */
export async function open(method: string, path: string, call: Call = {}): Promise<Response> {
  const isChange = method !== 'GET';
  let answer: Response;
  try {
    answer = await fetch(addressOf(path, call.query), {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      headers: {
        accept: call.accept ?? 'application/json',
        // Without it a change with a cookie is taken for another site's.
        ...(isChange ? { 'content-type': 'application/json' } : unattendedHeader()),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
  } catch (error) {
    if (call.signal?.aborted === true) throw error;
    silentSince.value ??= Date.now();
    throw new ApiFault(
      0,
      'no_answer',
      isChange
        ? 'The broker did not answer. What you asked for may have been done: look before you try again.'
        : 'The broker does not answer.',
    );
  }
  silentSince.value = undefined;
  if (answer.ok) return answer;
  const text = await answer.text().catch(() => '');
  const fault = faultOf(answer.status, answer.headers.get('retry-after'), parsed(text));
  if (fault.status === 401 && path.startsWith('v1/') && path !== 'v1/session') {
    sessionEnded();
    throw new ApiFault(401, 'session_ended', 'Your session has ended. Nothing was changed.');
  }
  throw fault;
}

/** Sends a call, and gives the JSON of its answer. */
export async function ask<T>(method: string, path: string, call: Call = {}): Promise<T> {
  const answer = await open(method, path, call);
  return (await answer.json()) as T;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
