import { DEFAULT_CALLS_PER_KEY } from '../broker.options';
import { auditRowOf } from '../audit/audit-entry';
import { isLive } from '../keys/key';
import type { KeyRecord } from '../keys/key';
import { newId } from '../keys/token';
import type { Ledger } from '../ledger/ledger';
import type { AdmittedCall } from '../ledger/records';
import { SparseLog } from '../metrics/sparse-log';
import { UnexpectedErrors } from '../metrics/unexpected-errors';
import type { Outcome, PriceableCall } from '../pricing/price';
import { BrokerRefusal, invalidKey, notFound, shuttingDown, storeUnavailable } from '../refusal';
import { NO_VENDOR_SETTINGS } from '../vendor.options';
import { AnswerBody } from './answer-body';
import { checkAnswer } from './answer-check';
import type { AnswerRules } from './answer-check';
import { CallAdmissions } from './call-admission';
import type { CallToSend } from './call-admission';
import { mayShowSecrets, tokenHashOf } from './call-checks';
import { outcomeOf } from './call-outcome';
import type { ConfiguredVendor } from './configured-vendor';
import { sha256 } from './fingerprint';
import { Answer, refusalAnswer } from './proxy-answer';
import type { ProxyAnswer, ProxyCall } from './proxy-answer';
import { readCallHeaders } from './request-headers';
import type { CallHeaders } from './request-headers';
import { relayedHeaders } from './response-headers';
import { answerLost, reasonOf, refusedAnswer, unanswered } from './vendor-refusals';
import type { ExchangeEnd, ExchangeRequest } from './exchange';
import { exchangeWithSecret } from './vendor-exchange';
import { CallInFlight } from './call-in-flight';
import type { CallRow } from './known-call';

/** The one place that admits a call: checks, price, hold, forwarding, settlement, in this order. */
export class Proxy {
  readonly #callsByKey = new Map<string, number>();
  readonly #vendorLog: SparseLog;
  readonly #unexpected: UnexpectedErrors;
  readonly #admissions: CallAdmissions;
  /** Calls that are being put through, and settlements that are being written. */
  #underWay = 0;
  #onIdle: (() => void) | undefined;
  #closing = false;

  constructor(
    private readonly ledger: Ledger,
    private readonly vendors: ReadonlyMap<string, ConfiguredVendor>,
    /** How many calls with one key may be under way. */
    public maxCallsPerKey = DEFAULT_CALLS_PER_KEY,
    log: (line: string) => void = () => {},
  ) {
    this.#vendorLog = new SparseLog(log);
    this.#unexpected = new UnexpectedErrors(log);
    this.#admissions = new CallAdmissions(ledger);
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
    if (refusal !== undefined) return await this.#admissions.refuse(row, call, refusal);
    let flight: CallInFlight | undefined;
    try {
      const admitted = await this.#admissions.admit({ call, configured, key, headers, row });
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

  async #send(
    configured: ConfiguredVendor,
    key: KeyRecord,
    { call, headers, priceable, body, hold, remainingUsd, release }: CallToSend,
    flight: CallInFlight,
  ): Promise<ProxyAnswer> {
    const { vendor, secrets } = configured;
    const sent: Record<string, string> = { ...headers.forwarded };
    for (const { header, value } of headers.accounts) sent[header] = value;
    sent['accept-encoding'] = 'identity';
    if (body !== '') sent['content-type'] = 'application/x-www-form-urlencoded';
    const request: ExchangeRequest = {
      method: call.method,
      path: call.target,
      headers: sent,
      ...(body === '' ? {} : { body }),
    };
    const head = await exchangeWithSecret(configured, {
      request,
      capture: hold.price.kind !== 'free',
      onOtherSecret: () => this.#noteOtherSecret(call.vendor),
      onEnd: (end) => {
        flight.end = end;
        release();
        // Nothing of a call that only reads has to be waited for: the next one may come.
        if (call.method === 'GET') flight.leave();
        // One that cannot be written is kept by the ledger, and its hold counts until it is.
        const settled = this.#settle(configured, hold, priceable, end);
        settled.then(flight.land, flight.land);
      },
    });
    if (head === undefined) {
      await flight.landed();
      this.#noteUnreachable(call.vendor, flight.end);
      throw unanswered(flight.end);
    }
    const refusal = refusedAnswer(head.status);
    if (refusal !== undefined) {
      head.body.drop();
      await flight.landed();
      if (refusal.code === 'vendor_rejected_credentials') this.#noteRejectedSecret(call.vendor);
      throw refusal;
    }
    const relayed = relayedHeaders(head.headers, secrets);
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
    { vendor, secrets, settings = NO_VENDOR_SETTINGS }: ConfiguredVendor,
    hold: AdmittedCall,
    mayShow: boolean,
    flight: CallInFlight,
  ): AnswerRules {
    const { rates, clientConfirmation = false } = settings.prices;
    return {
      secretKeys: secrets,
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
    this.#vendorLog.note(
      vendor,
      `vendor_unreachable: nothing could be sent to ${vendor} (${end.cause})`,
    );
  }

  #noteRejectedSecret(vendor: string): void {
    this.#vendorLog.note(
      `${vendor} rejected`,
      `vendor_rejected_credentials: the vendor of ${vendor} did not accept its secret key, and calls are refused`,
    );
  }

  #noteOtherSecret(vendor: string): void {
    this.#vendorLog.note(
      `${vendor} secret`,
      `the vendor of ${vendor} did not accept the next secret key, and calls are sent with the other one`,
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
        reason: reasonOf(end) ?? hold.audit.reason ?? null,
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

/** What every audit row of a call says. */
function rowOf(
  call: ProxyCall,
  key: KeyRecord,
  { idempotencyKey }: CallHeaders,
  now: number,
): CallRow {
  return {
    ...auditRowOf('refusal', now, key),
    remote_address: call.remoteAddress ?? null,
    call_id: `call_${newId(now)}`,
    method: call.method,
    ...(idempotencyKey === undefined ? {} : { idempotency_key_hash: sha256(idempotencyKey) }),
  };
}
