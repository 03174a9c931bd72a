import { withoutTokens } from '../keys/token';
import { BrokerRefusal, malformedRequest } from '../refusal';

/** The one value each that a proxied call may carry of the headers that decide something. */
export interface CallHeaders {
  authorization?: string;
  contentType?: string;
  idempotencyKey?: string;
  /** The connected account the call names, and the header that names it; several are never taken. */
  accounts: readonly { header: string; value: string }[];
  /** What says the version of the vendor's API; several are never taken. */
  versions: readonly string[];
  /** What goes on to the vendor, in lower case; without host, authorization and content headers. */
  forwarded: Record<string, string>;
}

const FORWARDED: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'idempotency-key',
  'user-agent',
]);
const VERSION = 'stripe-version';
const ONCE: ReadonlySet<string> = new Set([
  'authorization',
  'host',
  'content-type',
  'content-length',
  'content-encoding',
  'idempotency-key',
  'stripe-account',
  'stripe-context',
]);
const ACCOUNT: ReadonlySet<string> = new Set(['stripe-account', 'stripe-context']);
const METHOD_OVERRIDES: ReadonlySet<string> = new Set([
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
]);
const CONNECTION_MAY_NAME: ReadonlySet<string> = new Set([
  'keep-alive',
  'close',
  'te',
  'trailer',
  'upgrade',
]);
const MAX_IDEMPOTENCY_KEY = 255;
const NONE: ReadonlySet<string> = new Set();

/**
 * Reads the headers of a proxied call from their raw form, which alone shows duplicates.
 *
 * @param added What the vendor's configuration forwards beside the usual, lower case.
 * @throws BrokerRefusal 400 `invalid_request` where two readers could read them differently.
 */
export function readCallHeaders(
  rawHeaders: readonly string[],
  added: ReadonlySet<string> = NONE,
): CallHeaders {
  const once = new Map<string, string>();
  const forwarded: Record<string, string> = {};
  const accounts: { header: string; value: string }[] = [];
  const versions: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const value = rawHeaders[i + 1] ?? '';
    // Some servers read `Stripe_Account` as `Stripe-Account`, so both spellings count as one.
    const spelled = name.replaceAll('_', '-');
    if (METHOD_OVERRIDES.has(spelled)) throw invalid(`The header ${name} is not taken.`);
    if (ACCOUNT.has(spelled)) accounts.push({ header: spelled, value });
    if (spelled === VERSION) versions.push(value);
    if (ONCE.has(spelled)) {
      if (once.has(spelled)) throw invalid(`The header ${spelled} is given more than once.`);
      once.set(spelled, value);
      if (name !== spelled) {
        if (ACCOUNT.has(spelled)) continue;
        throw invalid(`The header ${spelled} is spelled with an underscore.`);
      }
    }
    if (name === 'connection') checkConnection(value);
    // What is joined to an earlier value of the same name would reach the vendor as one.
    const isForwarded = FORWARDED.has(name) || (added.has(name) && withoutTokens(value) === value);
    if (isForwarded && !(name in forwarded)) forwarded[name] = value;
  }
  checkIdempotencyKey(once.get('idempotency-key'));
  const encoding = once.get('content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new BrokerRefusal(
      'unsupported_media_type',
      'A body must be sent without Content-Encoding.',
    );
  }
  return {
    forwarded,
    ...optional('authorization', once.get('authorization')),
    ...optional('contentType', once.get('content-type')),
    ...optional('idempotencyKey', once.get('idempotency-key')),
    accounts,
    versions,
  };
}

/** The credential of `Authorization: Bearer …`; `undefined` if it has another form. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined
    ? undefined
    : /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1];
}

function checkConnection(value: string): void {
  for (const token of value.toLowerCase().split(',')) {
    if (!CONNECTION_MAY_NAME.has(token.trim())) {
      throw invalid('The header connection names a header that must reach its reader.');
    }
  }
}

function checkIdempotencyKey(key: string | undefined): void {
  if (key === undefined) return;
  if (key === '' || key.length > MAX_IDEMPOTENCY_KEY || !/^[\x20-\x7e]*$/.test(key)) {
    throw invalid(`Idempotency-Key must be 1 to ${MAX_IDEMPOTENCY_KEY} characters of ASCII.`);
  }
}

function optional<K extends string>(name: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]?: string });
}

function invalid(message: string): BrokerRefusal {
  return malformedRequest(message);
}
