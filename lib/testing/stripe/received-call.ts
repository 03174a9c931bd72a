import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodeForm } from './form-params';
import { newId } from './new-id';
import type { IdempotencyKeys } from './idempotency-keys';
import type { StripePermissions } from './permissions';
import type { StripeAccount } from './stripe-account';
import type { MoneyMovement, OpenStripeCall, StripeBook, StripeCall } from './stripe-book';
import { StripeError } from './stripe-error';

const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i;
export const DEFAULT_API_VERSION = '2026-10-28.endive';
const FORM = 'application/x-www-form-urlencoded';

/** One call with everything needed to answer it. */
export interface ReceivedCall {
  readonly call: OpenStripeCall;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly apiKey: string | undefined;
  /** What is wrong with the form, to be said when its turn comes. */
  readonly malformed: StripeError | undefined;
}

/** Reads a request, whole, as the call that it makes. */
export function receivedCall(
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  sequence: number,
): ReceivedCall {
  const method = request.method ?? 'GET';
  const target = request.url ?? '/';
  const query = target.indexOf('?');
  const form = readForm(request, query === -1 ? '' : target.slice(query + 1), body);
  const apiKey = presentedKey(request.headers.authorization);
  const call: OpenStripeCall = {
    sequence,
    method,
    path: query === -1 ? target : target.slice(0, query),
    params: form.params,
    idempotencyKey: headerOf(request, 'idempotency-key'),
    keyLast4: apiKey === undefined ? undefined : last4(apiKey),
    account: undefined,
    secretIs: (secret) => secret === apiKey,
    headerNames: request.rawHeaders
      .filter((_, index) => index % 2 === 0)
      .map((name) => name.toLowerCase()),
    requestId: newId('req_'),
    status: undefined,
    executed: false,
    replayed: false,
    answer: 'pending',
  };
  // Neither JSON nor a comparison of calls shows it.
  Object.defineProperty(call, 'secretIs', { enumerable: false });
  response.once('close', () => {
    call.answer = response.writableFinished ? 'complete' : 'cut';
  });
  return { call, request, response, apiKey, malformed: form.malformed };
}

/** An account of the vendor, as a call finds it. */
export interface VendorAccount {
  readonly id: string;
  readonly book: StripeBook;
  readonly state: StripeAccount;
  readonly idempotencyKeys: IdempotencyKeys;
  connected(id: string): VendorAccount | undefined;
  move(movement: MoneyMovement): void;
}

/** Who a secret belongs to. */
export interface Caller {
  readonly account: VendorAccount;
  /** What a restricted key may do; a secret key has none of them. */
  readonly permissions: StripePermissions | undefined;
}

/** @throws {StripeError} 401 for a key that no account has, 403 for an account that it does not reach. */
export function callerOf(
  { request, apiKey }: ReceivedCall,
  callers: ReadonlyMap<string, Caller>,
): Caller {
  if (apiKey === undefined) {
    throw new StripeError(
      401,
      'invalid_request_error',
      'You did not provide an API key. You need to provide your API key in the Authorization header, ' +
        "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  }
  const caller = callers.get(apiKey);
  if (caller === undefined) {
    throw new StripeError(
      401,
      'invalid_request_error',
      `Invalid API Key provided: ${masked(apiKey)}`,
    );
  }
  const wanted = headerOf(request, 'stripe-account') ?? headerOf(request, 'stripe-context');
  if (wanted === undefined || wanted === caller.account.id) return caller;
  const account = caller.account.connected(wanted);
  if (account === undefined) {
    throw new StripeError(
      403,
      'invalid_request_error',
      `The provided key '${masked(apiKey)}' does not have access to account '${wanted}' (or that account does not exist).`,
      { code: 'account_invalid' },
    );
  }
  return { ...caller, account };
}

/** The call's API key as messages show it. */
export function shownKey({ apiKey }: ReceivedCall): string {
  return apiKey === undefined ? '' : masked(apiKey);
}

/** Stripe takes keys on POST only; the other methods repeat without harm. */
export function idempotencyKeyOf(call: StripeCall): string | undefined {
  return call.method === 'POST' ? call.idempotencyKey : undefined;
}

/** Resolves once nothing more can be sent. */
export function ended({ call, response }: ReceivedCall): Promise<void> {
  if (call.answer !== 'pending') return Promise.resolve();
  return new Promise((resolve) => response.once('close', resolve));
}

/** Whether a web page calls: another site's, or one whose own name leads to this machine. */
export function isOfWebPage({ headers: { host, origin } }: IncomingMessage): boolean {
  return origin !== undefined || (host !== undefined && !LOOPBACK.test(host));
}

/** The API version that a call is made with. */
export function apiVersionOf(request: IncomingMessage): string {
  return headerOf(request, 'stripe-version') ?? DEFAULT_API_VERSION;
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function readForm(
  request: IncomingMessage,
  query: string,
  body: Buffer,
): { params: StripeCall['params']; malformed: StripeError | undefined } {
  try {
    if (request.method === 'GET' || body.length === 0) {
      return { params: decodeForm(query), malformed: undefined };
    }
    const type = request.headers['content-type']?.split(';', 1)[0]!.trim().toLowerCase();
    if (type !== undefined && type !== FORM) {
      throw StripeError.invalid(`Invalid request (check that your POST content type is ${FORM}).`);
    }
    return { params: decodeForm(query, body.toString()), malformed: undefined };
  } catch (error) {
    if (!(error instanceof StripeError)) throw error;
    return { params: {}, malformed: error };
  }
}

function presentedKey(authorization: string | undefined): string | undefined {
  const [, scheme, credentials] = /^(bearer|basic) +(\S+) *$/i.exec(authorization ?? '') ?? [];
  if (credentials === undefined) return undefined;
  if (scheme!.toLowerCase() === 'bearer') return credentials;
  return Buffer.from(credentials, 'base64').toString().split(':', 1)[0] || undefined;
}

function last4(apiKey: string): string {
  return apiKey.length > 8 ? apiKey.slice(-4) : '****';
}

function masked(apiKey: string): string {
  const prefix = /^(?:pk|rk|sk)_(?:live|test)_/.exec(apiKey)?.[0] ?? '';
  return `${prefix}****${last4(apiKey)}`;
}
