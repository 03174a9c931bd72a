import { auditRowOf } from '../audit/audit-entry';
import { isLive } from '../keys/key';
import type { KeyRecord } from '../keys/key';
import { newId } from '../keys/token';
import type { Ledger } from '../ledger/ledger';
import type { Admission, AdmittedCall } from '../ledger/records';
import type { CallReach } from '../limits/call-reach';
import { SparseLog } from '../metrics/sparse-log';
import { UnexpectedErrors } from '../metrics/unexpected-errors';
import { toUsd } from '../../contract/usd';
import { toFormBody } from '../pricing/parameters';
import type { Outcome, PriceableCall } from '../pricing/price';
import { BrokerRefusal, invalidKey, notFound, shuttingDown, storeUnavailable } from '../refusal';
import { NO_VENDOR_SETTINGS } from '../vendor.options';
import { OwnerCache } from '../vendors/known-owners';
import { AnswerBody } from './answer-body';
import { checkAnswer } from './answer-check';
import type { AnswerRules } from './answer-check';
import {
  accountIn,
  checkTarget,
  connectionCaller,
  mayShowSecrets,
  price,
  tokenHashOf,
} from './call-checks';
import type { Priced } from './call-checks';
import { outcomeOf } from './call-outcome';
import type { ConfiguredVendor } from './configured-vendor';
import type { Release } from './connection-shares';
import { fingerprintOf, sha256 } from './fingerprint';
import type { CallRow, KnownCall } from './known-call';
import { Answer, refusalAnswer } from './proxy-answer';
import type { ProxyAnswer, ProxyCall } from './proxy-answer';
import { collectBody, wholeBody } from './request-body';
import { readCallHeaders } from './request-headers';
import type { CallHeaders } from './request-headers';
import { relayedHeaders } from './response-headers';
import { answerLost, reasonOf, refusedAnswer, unanswered } from './vendor-refusals';
import type { ExchangeEnd } from './exchange';
import { CallInFlight } from './call-in-flight';
import { CallLookup } from './vendor-lookup';

/** How many calls with one key may be under way unless the options say otherwise. */
export const DEFAULT_CALLS_PER_KEY = 256;

/** The one place that admits a call: checks, price, hold, forwarding, settlement, in this order. */
export class Proxy {
  readonly #callsByKey = new Map<string, number>();
  readonly #owners = new OwnerCache();
  readonly #unreachable: SparseLog;
  readonly #unexpected: UnexpectedErrors;
  /** Calls that are being put through, and settlements that are being written. */
  #underWay = 0;
  #onIdle: (() => void) | undefined;
  #closing = false;

  constructor(
    private readonly ledger: Ledger,
    private readonly vendors: ReadonlyMap<string, ConfiguredVendor>,
    private readonly maxCallsPerKey = DEFAULT_CALLS_PER_KEY,
    log: (line: string) => void = () => {},
  ) {
    this.#unreachable = new SparseLog(log);
    this.#unexpected = new UnexpectedErrors(log);
  }

  /** Puts a call through. Never rejects: what is refused is an answer too. */
  async forward(call: ProxyCall): Promise<ProxyAnswer> {
    const progress = { isCallerKnown: false, mayHaveLeft: false };
    this.#underWay += 1;
    try {
      return await this.#forward(call, progress);
    } catch (error) {
      return refusalAnswer(this.#refusalOf(error, progress), progress.isCallerKnown);
    } finally {
      this.#done();
    }
  }

  /** Stops admitting, and waits until every call that has left is settled. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    await Promise.all([...this.vendors.values()].map(({ connection }) => connection.close()));
  }

  #refusalOf(error: unknown, { mayHaveLeft }: Progress): BrokerRefusal {
    if (error instanceof BrokerRefusal) return error;
    this.#unexpected.note(error);
    return mayHaveLeft ? answerLost() : storeUnavailable(error);
  }

  async #forward(call: ProxyCall, progress: Progress): Promise<ProxyAnswer> {
    const configured = this.vendors.get(call.vendor);
    if (configured === undefined) throw notFound('There is no such vendor.');
    if (this.#closing) throw shuttingDown();
    const headers = readCallHeaders(call.rawHeaders, configured.settings?.headers);
    const hash = tokenHashOf(headers);
    const found = hash === undefined ? undefined : this.ledger.keyByTokenHash(hash);
    const key = found instanceof Promise ? await found : found;
    if (key === undefined || key.vendor !== call.vendor || !isLive(key, this.ledger.now())) {
      throw invalidKey(headers.authorization !== undefined);
    }
    progress.isCallerKnown = true;
    const row = rowOf(call, key, headers, this.ledger.now());
    const refusal = this.#enter(key.id);
    if (refusal !== undefined) return await this.#refuse(row, call, refusal);
    let flight: CallInFlight | undefined;
    try {
      const admitted = await this.#admit(call, configured, key, headers, row);
      flight = new CallInFlight(
        () => this.#leave(key.id),
        () => this.#done(),
        () => this.ledger.hurry(),
      );
      this.#underWay += 1;
      progress.mayHaveLeft = true;
      return await this.#send(configured, key, admitted, flight);
    } finally {
      if (flight === undefined) this.#leave(key.id);
    }
  }

  /** Counts a call under way with a key, or says why there may be none. */
  #enter(keyId: string): BrokerRefusal | undefined {
    const calls = this.#callsByKey.get(keyId) ?? 0;
    if (calls >= this.maxCallsPerKey) {
      return new BrokerRefusal(
        'overloaded',
        `${this.maxCallsPerKey} calls with this key are under way, as many as one key may have. Try again in a moment.`,
        {},
        { 'retry-after': '1' },
      );
    }
    this.#callsByKey.set(keyId, calls + 1);
    return undefined;
  }

  #leave(keyId: string): void {
    const left = (this.#callsByKey.get(keyId) ?? 1) - 1;
    if (left === 0) this.#callsByKey.delete(keyId);
    else this.#callsByKey.set(keyId, left);
  }

  #done(): void {
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#onIdle?.();
  }

  async #admit(
    call: ProxyCall,
    configured: ConfiguredVendor,
    key: KeyRecord,
    headers: CallHeaders,
    row: CallRow,
  ): Promise<CallToSend> {
    let priced: Priced;
    let release: Release;
    try {
      const { limits } = configured.settings ?? NO_VENDOR_SETTINGS;
      const target = checkTarget(call, configured, key, headers);
      const bytes =
        call.body === undefined || Buffer.isBuffer(call.body)
          ? wholeBody(call.body, limits.bodyBytes)
          : await collectBody(call.body, limits.bodyBytes);
      priced = price(call, configured, target, headers, bytes);
      const reserved = configured.connection.reserve(connectionCaller(key));
      release = reserved instanceof Promise ? await reserved : reserved;
    } catch (error) {
      // A caller that went away was refused nothing.
      if (!(error instanceof BrokerRefusal) || error.code === 'caller_gone') throw error;
      return this.#refuse(row, call, error);
    }
    try {
      return await this.#hold({ call, configured, key, headers, row }, priced, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** @throws BrokerRefusal once it is in the audit log. */
  async #refuse(row: CallRow, call: ProxyCall, refusal: BrokerRefusal): Promise<never> {
    const { code, message, fields } = refusal;
    const { attempted } = fields;
    row.path = call.target.split('?')[0] ?? '';
    // The row has the path once.
    const reason = typeof attempted === 'string' ? message.replace(attempted, 'the call') : message;
    await this.ledger.recordRefusal({ ...row, verdict: code, reason });
    throw refusal;
  }

  /** Step 6: the decision of the ledger. */
  async #hold(known: KnownCall, priced: Priced, release: Release): Promise<CallToSend> {
    const { call, configured, key, headers, row } = known;
    const { target, priceable } = priced;
    const account = accountIn(headers);
    const isRead = call.method === 'GET';
    const body = toFormBody(priceable.parameters);
    row.path = target.path;
    row.amount = 'amount' in priced.price ? (priced.price.amount ?? null) : null;
    row.currency = 'currency' in priced.price ? (priced.price.currency ?? null) : null;
    const admission: Admission = {
      callId: row.call_id,
      key,
      account,
      price: priced.price,
      isRead,
      destinations: configured.vendor.destinationsOf(priceable),
      ...(isRead || row.idempotency_key_hash == null
        ? {}
        : {
            operation: {
              keyHash: row.idempotency_key_hash,
              fingerprint: fingerprintOf({
                account,
                tenant: key.subject.tenant_id ?? '',
                user: key.subject.user_id ?? '',
                method: call.method,
                target: call.target,
                parameters: priceable.parameters,
              }),
            },
          }),
      audit: row,
    };
    let decision = await this.ledger.admit(admission);
    if (!decision.admitted && decision.wantsReach === true) {
      const reach = await this.#reachOf(known, priced);
      decision = await this.ledger.admit({ ...admission, reach });
    }
    if (!decision.admitted) throw decision.refusal;
    return {
      call,
      headers,
      priceable,
      body,
      hold: decision.call,
      remainingUsd: toUsd(decision.remainingMicros),
      release,
    };
  }

  /** Whom a call reaches: asked for only where a limit of customers is over it. */
  async #reachOf(known: KnownCall, { target, priceable }: Priced): Promise<CallReach> {
    const { call, configured, headers, row } = known;
    const owners = this.#owners.of(call.vendor, accountIn(headers));
    const lookup = new CallLookup(known);
    try {
      return await configured.vendor.reachOf(priceable, target.query, lookup, owners);
    } catch (error) {
      return error instanceof BrokerRefusal
        ? this.#refuse(row, call, error)
        : Promise.reject(error);
    }
  }

  async #send(
    configured: ConfiguredVendor,
    key: KeyRecord,
    { call, headers, priceable, body, hold, remainingUsd, release }: CallToSend,
    flight: CallInFlight,
  ): Promise<ProxyAnswer> {
    const { vendor, secret, connection } = configured;
    const sent: Record<string, string> = { ...headers.forwarded };
    for (const { header, value } of headers.accounts) sent[header] = value;
    sent['authorization'] = vendor.authorization(secret);
    sent['accept-encoding'] = 'identity';
    if (body !== '') sent['content-type'] = 'application/x-www-form-urlencoded';
    const head = await connection.exchange(
      {
        method: call.method,
        path: call.target,
        headers: sent,
        ...(body === '' ? {} : { body }),
      },
      hold.price.kind !== 'free',
      (end) => {
        flight.end = end;
        release();
        // Nothing of a call that only reads has to be waited for: the next one may come.
        if (call.method === 'GET') flight.leave();
        // One that cannot be written is kept by the ledger, and its hold counts until it is.
        const settled = this.#settle(configured, hold, priceable, end);
        settled.then(flight.land, flight.land);
      },
    );
    if (head === undefined) {
      await flight.landed();
      this.#noteUnreachable(call.vendor, flight.end);
      throw unanswered(flight.end);
    }
    const refusal = refusedAnswer(head.status);
    if (refusal !== undefined) {
      head.body.drop();
      await flight.landed();
      throw refusal;
    }
    const relayed = relayedHeaders(head.headers, secret);
    relayed['x-vault-key-verdict'] = 'forwarded';
    relayed['x-vault-key-id'] = key.id;
    relayed['x-vault-key-remaining-usd'] = String(remainingUsd);
    const mayShow = mayShowSecrets(vendor, call, priceable, hold.price);
    const checked = await checkAnswer(head, this.#rulesFor(configured, hold, mayShow, flight));
    if (checked instanceof BrokerRefusal) {
      if (hold.price.kind !== 'free') await flight.landed();
      throw checked;
    }
    if (checked instanceof AnswerBody) return new Answer(head.status, relayed, checked);
    if (checked.isChanged) relayed['content-length'] = String(checked.bytes.length);
    return new Answer(head.status, relayed, AnswerBody.of(checked.bytes));
  }

  #rulesFor(
    { vendor, secret, settings = NO_VENDOR_SETTINGS }: ConfiguredVendor,
    hold: AdmittedCall,
    mayShow: boolean,
    flight: CallInFlight,
  ): AnswerRules {
    const { rates, clientConfirmation = false } = settings.prices;
    return {
      secret,
      secrets: vendor.secrets,
      mayShow,
      clientConfirmation,
      rates,
      // What the call itself pays for is settled by then: its end comes before that of its body.
      known: (ids) => this.ledger.objects(hold.vendor, hold.account, ids),
      wasCut: () => flight.end?.kind === 'cut',
    };
  }

  #noteUnreachable(vendor: string, end: ExchangeEnd | undefined): void {
    if (end?.kind !== 'failed' || end.sent) return;
    this.#unreachable.note(
      vendor,
      `vendor_unreachable: nothing could be sent to ${vendor} (${end.cause})`,
    );
  }

  /** Rejects, and never throws. */
  async #settle(
    configured: ConfiguredVendor,
    hold: AdmittedCall,
    call: PriceableCall,
    end: ExchangeEnd,
  ): Promise<void> {
    return this.#end(hold, outcomeOf(configured, hold, call, end), end);
  }

  #end(hold: AdmittedCall, outcome: Outcome, end: ExchangeEnd): Promise<void> {
    const requestId = end.kind === 'failed' ? undefined : end.headers['request-id'];
    return this.ledger.end({
      call: hold,
      outcome,
      audit: {
        reason: reasonOf(end),
        vendor_status: end.kind === 'failed' ? null : end.status,
        vendor_request_id: typeof requestId === 'string' ? requestId : null,
      },
    });
  }
}

/** How far a call has come. */
interface Progress {
  isCallerKnown: boolean;
  /** Whether it may have left for the vendor. */
  mayHaveLeft: boolean;
}

/** A call that the ledger has admitted, with all that is sent. */
interface CallToSend {
  call: ProxyCall;
  headers: CallHeaders;
  priceable: PriceableCall;
  body: string;
  hold: AdmittedCall;
  remainingUsd: number;
  /** Gives back the connection that was reserved for it. */
  release: Release;
}

/** What every audit row of a call says. */
function rowOf(
  call: ProxyCall,
  key: KeyRecord,
  { idempotencyKey }: CallHeaders,
  now: number,
): CallRow {
  return {
    ...auditRowOf('refusal', now, key, call.remoteAddress),
    call_id: `call_${newId(now)}`,
    method: call.method,
    ...(idempotencyKey === undefined ? {} : { idempotency_key_hash: sha256(idempotencyKey) }),
  };
}
