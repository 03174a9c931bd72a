import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { auditRowOf } from '../audit/audit-entry';
import type { AuditRow } from '../audit/audit-entry';
import { isAllowed, parsePattern } from '../endpoints/pattern';
import type { Pattern } from '../endpoints/pattern';
import { parseTarget, writeQueryFault } from '../endpoints/target';
import type { Target } from '../endpoints/target';
import { isLive } from '../keys/key';
import type { KeyRecord } from '../keys/key';
import { hashToken, isWellFormedToken, newId, withoutTokens } from '../keys/token';
import type { Hold, Ledger } from '../ledger/ledger';
import { toUsd } from '../money/usd';
import { toFormBody } from '../pricing/parameters';
import type { Outcome, PriceableCall } from '../pricing/price';
import type { Vendor } from '../pricing/vendor';
import { BrokerRefusal, invalidKey, notFound, shuttingDown, storeUnavailable } from '../refusal';
import { NO_VENDOR_SETTINGS } from '../vendor.options';
import type { VendorSettings } from '../vendor.options';
import { collectBody, parseBody } from './request-body';
import { bearerToken, readCallHeaders } from './request-headers';
import type { CallHeaders } from './request-headers';
import { relayedHeaders } from './response-headers';
import { VendorConnection } from './vendor-connection';
import type { ExchangeEnd } from './vendor-connection';

/** A call to a vendor, as it reached the proxy: nothing normalised, headers in the order and case given. */
export interface ProxyCall {
  vendor: string;
  method: string;
  /** The vendor's path and query, byte for byte. */
  target: string;
  /** Name, value, name, value, … as in `http.IncomingMessage.rawHeaders`; holds `Authorization`. */
  rawHeaders: readonly string[];
  body?: Buffer | AsyncIterable<Buffer>;
  remoteAddress?: string;
}

/** The proxy's answer: the vendor's, or a refusal in the broker's one shape. Header names are lower case. */
export interface ProxyAnswer {
  status: number;
  headers: Record<string, string | string[]>;
  /** Ends only after a complete answer; an answer cut short by the vendor destroys it with an error. */
  body: Readable;
  /** Set on the refusal of a call whose key is not known: no log has it. */
  unknownCaller?: true;
}

const MAX_AUDITED_PATH = 2_048;
const DEFAULT_CALLS_PER_KEY = 256;

/** One vendor's account behind the proxy. */
export interface ConfiguredVendor {
  vendor: Vendor;
  secret: string;
  connection: VendorConnection;
  /** What the operator adds; nothing by default. */
  settings?: VendorSettings;
}

/** The one place that admits a call: checks, price, hold, forwarding, settlement, in this order. */
export class Proxy {
  readonly #callsByKey = new Map<string, number>();
  readonly #underWay = new Set<Promise<unknown>>();
  #closing = false;

  constructor(
    private readonly ledger: Ledger,
    private readonly vendors: ReadonlyMap<string, ConfiguredVendor>,
    private readonly maxCallsPerKey = DEFAULT_CALLS_PER_KEY,
  ) {}

  /** Puts a call through. Never rejects: what is refused is an answer too. */
  async forward(call: ProxyCall): Promise<ProxyAnswer> {
    let known = false;
    const onKnown = (): void => {
      known = true;
    };
    try {
      return await this.#follow(this.#forward(call, onKnown));
    } catch (error) {
      const refusal = error instanceof BrokerRefusal ? error : storeUnavailable(error);
      return { ...refusalAnswer(refusal), ...(known ? {} : { unknownCaller: true }) };
    }
  }

  /** Stops admitting, and waits until every call that has left is settled. */
  async close(): Promise<void> {
    this.#closing = true;
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    await Promise.all([...this.vendors.values()].map(({ connection }) => connection.close()));
  }

  async #forward(call: ProxyCall, onKnown: () => void): Promise<ProxyAnswer> {
    const configured = this.vendors.get(call.vendor);
    if (configured === undefined) throw notFound('There is no such vendor.');
    if (this.#closing) throw shuttingDown();
    const headers = readCallHeaders(call.rawHeaders, configured.settings?.headers);
    const key = await this.#authenticate(call.vendor, headers);
    onKnown();
    const row: AuditRow = {
      ...auditRowOf('refusal', Date.now(), key, call.remoteAddress),
      call_id: `call_${newId()}`,
      method: call.method,
      path: (call.target.split('?')[0] ?? '').slice(0, MAX_AUDITED_PATH),
      ...(headers.idempotencyKey === undefined
        ? {}
        : { idempotency_key_hash: sha256(headers.idempotencyKey) }),
    };
    const release = this.#enter(key.id);
    let following: Promise<void> | undefined;
    try {
      const admitted = await this.#admit(call, configured, key, headers, row);
      const { answer, followed } = await this.#send(configured, key, admitted);
      following = followed;
      return answer;
    } catch (error) {
      if (error instanceof RefusedBeforeLedger) {
        const { refusal } = error;
        await this.ledger.recordRefusal({ ...row, verdict: refusal.code, reason: refusal.message });
        throw refusal;
      }
      throw error;
    } finally {
      if (following === undefined) release();
      else void following.finally(release);
    }
  }

  async #authenticate(vendor: string, headers: CallHeaders): Promise<KeyRecord> {
    const token = bearerToken(headers.authorization);
    const sent = headers.authorization !== undefined;
    if (token === undefined || !isWellFormedToken(token)) throw invalidKey(sent);
    const key = await this.ledger.keyByTokenHash(hashToken(token));
    if (key === undefined || key.vendor !== vendor || !isLive(key, Date.now())) {
      throw invalidKey(sent);
    }
    return key;
  }

  /** Counts a call under way with a key; what it returns ends the count. */
  #enter(keyId: string): () => void {
    const calls = this.#callsByKey.get(keyId) ?? 0;
    if (calls >= this.maxCallsPerKey) {
      throw new BrokerRefusal(
        503,
        'overloaded',
        `More than ${this.maxCallsPerKey} calls with this key are under way.`,
        {},
        { 'retry-after': '1' },
      );
    }
    this.#callsByKey.set(keyId, calls + 1);
    return () => {
      const left = (this.#callsByKey.get(keyId) ?? 1) - 1;
      if (left === 0) this.#callsByKey.delete(keyId);
      else this.#callsByKey.set(keyId, left);
    };
  }

  async #admit(
    call: ProxyCall,
    configured: ConfiguredVendor,
    key: KeyRecord,
    headers: CallHeaders,
    row: AuditRow,
  ): Promise<Admitted> {
    const priced = await this.#price(call, configured, key, headers).catch((error: unknown) => {
      throw error instanceof BrokerRefusal ? new RefusedBeforeLedger(error) : error;
    });
    const { account, price, target, priceable } = priced;
    const body = toFormBody(priceable.parameters);
    const decision = await this.ledger.admit({
      callId: row.call_id ?? '',
      key,
      account,
      price,
      ...(call.method === 'GET' || row.idempotency_key_hash == null
        ? {}
        : {
            operation: {
              keyHash: row.idempotency_key_hash,
              fingerprint: fingerprintOf(key, account, call, body),
            },
          }),
      now: Date.now(),
      audit: {
        ...row,
        path: target.path,
        amount: 'amount' in price ? (price.amount ?? null) : null,
        currency: 'currency' in price ? (price.currency ?? null) : null,
      },
    });
    if (!decision.admitted) throw decision.refusal;
    return {
      call,
      headers,
      priceable,
      body,
      hold: decision.hold,
      remainingUsd: toUsd(decision.remainingMicros),
    };
  }

  /** Steps 3 to 5: what the call is, whether it is allowed, what it costs. Changes nothing. */
  async #price(
    call: ProxyCall,
    { vendor, settings = NO_VENDOR_SETTINGS }: ConfiguredVendor,
    key: KeyRecord,
    headers: CallHeaders,
  ) {
    const target = parseTarget(call.target);
    if ('fault' in target) throw invalidPath(target.fault);
    if (!target.path.startsWith(vendor.pathPrefix)) {
      throw invalidPath(`the path is not below ${vendor.pathPrefix}`);
    }
    if (withoutTokens(target.path) !== target.path) throw invalidPath('the path holds a vault key');
    const queryFault =
      target.query === undefined || call.method === 'GET'
        ? undefined
        : writeQueryFault(target.query);
    if (queryFault !== undefined) throw invalidPath(queryFault);
    const account = accountOf(headers, settings.accounts);
    checkAllowed(key, call.method, target);
    const bytes = await collectBody(call.body, settings.limits.bodyBytes);
    if (call.method === 'GET' && bytes.length > 0) {
      throw new BrokerRefusal(400, 'invalid_body', 'A GET must have no body.');
    }
    const { parameters, decimals } = parseBody(bytes, headers.contentType, settings.limits);
    const priceable: PriceableCall = {
      method: call.method,
      segments: target.segments.slice(vendor.pathPrefix.split('/').length - 2),
      parameters: vendor.canonical(parameters),
      decimals,
    };
    return { account, target, priceable, price: vendor.price(priceable, settings.prices) };
  }

  async #send(configured: ConfiguredVendor, key: KeyRecord, admitted: Admitted) {
    const { vendor, secret, connection } = configured;
    const { call, headers, priceable, body, hold } = admitted;
    let settle: (end: ExchangeEnd) => void = () => {};
    let failure: ExchangeEnd | undefined;
    const settled = new Promise<void>((resolve) => {
      settle = (end) => {
        failure = end;
        resolve(this.#end(hold, outcomeOf(configured, hold, priceable, end), end));
      };
    });
    // A settlement that fails leaves the hold standing, which is the safe side.
    const followed = this.#follow(settled.catch(() => {}));
    const head = await connection.exchange(
      {
        method: call.method,
        path: call.target,
        headers: {
          ...headers.forwarded,
          ...Object.fromEntries(headers.accounts.map(({ header, value }) => [header, value])),
          authorization: vendor.authorization(secret),
          'accept-encoding': 'identity',
          ...(body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        ...(body === '' ? {} : { body }),
      },
      hold.price.kind !== 'free',
      (end) => settle(end),
    );
    if (head === undefined) {
      await followed;
      throw unanswered(failure);
    }
    const refusal = refusedAnswer(head.status);
    if (refusal !== undefined) {
      head.body.destroy();
      await followed;
      throw refusal;
    }
    return {
      followed,
      answer: {
        status: head.status,
        headers: {
          ...relayedHeaders(head.headers, secret),
          'x-vault-key-verdict': 'forwarded',
          'x-vault-key-id': key.id,
          'x-vault-key-remaining-usd': String(admitted.remainingUsd),
        },
        body: head.body,
      } satisfies ProxyAnswer,
    };
  }

  #end(hold: Hold, outcome: Outcome, end: ExchangeEnd): Promise<void> {
    const now = Date.now();
    const requestId = end.kind === 'failed' ? undefined : end.headers['request-id'];
    return this.ledger.end({
      hold,
      outcome,
      now,
      audit: {
        at: new Date(now).toISOString(),
        reason: reasonOf(end),
        vendor_status: end.kind === 'failed' ? null : end.status,
        vendor_request_id: typeof requestId === 'string' ? requestId : null,
        latency_ms: now - hold.admittedAt,
      },
    });
  }

  /** Keeps the proxy open until the work is done. */
  #follow<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    const done = (): void => {
      this.#underWay.delete(work);
    };
    work.then(done, done);
    return work;
  }
}

interface Admitted {
  call: ProxyCall;
  headers: CallHeaders;
  priceable: PriceableCall;
  body: string;
  hold: Hold;
  remainingUsd: number;
}

/** A refusal of a known key that the ledger has not recorded itself. */
class RefusedBeforeLedger extends Error {
  constructor(readonly refusal: BrokerRefusal) {
    super(refusal.message);
  }
}

/**
 * The connected account a call is for; empty where it is the secret's own.
 *
 * @throws BrokerRefusal 403 `account_not_allowed`.
 */
function accountOf({ accounts }: CallHeaders, allowed: ReadonlySet<string>): string {
  const [first] = accounts;
  if (first === undefined) return '';
  if (accounts.length === 1 && allowed.has(first.value)) return first.value;
  throw new BrokerRefusal(
    403,
    'account_not_allowed',
    'The call names a connected account that the broker is not configured for.',
  );
}

function checkAllowed(key: KeyRecord, method: string, target: Target): void {
  const patterns = key.allowedEndpoints
    .map((pattern) => parsePattern(pattern))
    .filter((pattern): pattern is Pattern => !('fault' in pattern));
  if (isAllowed(patterns, method, target.segments)) return;
  const attempted = `${method} ${target.path}`;
  throw new BrokerRefusal(
    403,
    'endpoint_not_allowed',
    `${attempted} is not among the endpoints this vault key allows.`,
    { allowed_endpoints: key.allowedEndpoints, attempted },
  );
}

function refusalAnswer(refusal: BrokerRefusal): ProxyAnswer {
  const bytes = Buffer.from(refusal.toBody());
  return {
    status: refusal.status,
    headers: { ...refusal.toHeaders(), 'content-length': String(bytes.length) },
    body: Readable.from([bytes], { objectMode: false }),
  };
}

/** The refusal that stands in for an answer which must not be relayed. */
function refusedAnswer(status: number): BrokerRefusal | undefined {
  if (status >= 300 && status < 400) {
    return new BrokerRefusal(
      502,
      'vendor_redirect',
      'The vendor answered with a redirect, which is never followed; what became of the call is not known.',
    );
  }
  if (status === 401) {
    return new BrokerRefusal(
      502,
      'vendor_rejected_credentials',
      "The vendor did not accept the account's secret key. Nothing was charged.",
    );
  }
  return undefined;
}

function unanswered(end: ExchangeEnd | undefined): BrokerRefusal {
  if (end?.kind === 'failed' && !end.sent) {
    return new BrokerRefusal(
      502,
      'vendor_unreachable',
      'The vendor could not be reached. Nothing was sent, so nothing was charged.',
    );
  }
  const timedOut = end?.kind === 'failed' && end.timedOut;
  return new BrokerRefusal(
    timedOut ? 504 : 502,
    'vendor_outcome_unknown',
    `The call was sent, but ${timedOut ? 'no answer came in time' : 'the connection broke before an answer came'}: it may have been executed. Retry only with the same Idempotency-Key.`,
  );
}

function reasonOf(end: ExchangeEnd): string | null {
  if (end.kind === 'complete') return null;
  if (end.kind === 'cut') return 'the answer was cut short';
  if (!end.sent) return 'nothing was sent';
  return end.timedOut ? 'no answer came in time' : 'the connection broke before an answer';
}

function invalidPath(fault: string): BrokerRefusal {
  return new BrokerRefusal(400, 'invalid_path', `The target is not in canonical form: ${fault}.`);
}

function parseJson(body: Buffer | undefined): unknown {
  if (body === undefined) return undefined;
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Everything that two sendings of one operation have in common. */
function fingerprintOf(key: KeyRecord, account: string, call: ProxyCall, body: string): string {
  const { tenant_id: tenant = '', user_id: user = '' } = key.subject;
  return sha256(JSON.stringify([account, tenant, user, call.method, call.target, body]));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function outcomeOf(
  { vendor, settings }: ConfiguredVendor,
  hold: Hold,
  call: PriceableCall,
  end: ExchangeEnd,
): Outcome {
  switch (end.kind) {
    case 'complete':
      return vendor.outcome(hold.price, call, end.status, parseJson(end.body), settings?.prices);
    case 'cut':
      return vendor.outcome(hold.price, call, end.status, undefined);
    case 'failed':
      return { ending: end.sent ? 'unknown' : 'released' };
  }
}
