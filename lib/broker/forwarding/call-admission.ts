import { toUsd } from '../../contract/usd';
import type { Ledger } from '../ledger/ledger';
import type { Admission, AdmittedCall, Decision } from '../ledger/records';
import type { CallReach } from '../limits/call-reach';
import { toFormBody } from '../pricing/parameters';
import type { Parameter } from '../pricing/parameters';
import type { FoundObject, ObjectPrice, Price, PriceableCall } from '../pricing/price';
import { BrokerRefusal, callerGone } from '../refusal';
import { NO_VENDOR_SETTINGS } from '../vendor.options';
import { OwnerCache } from '../vendors/known-owners';
import {
  accountIn,
  checkTarget,
  connectionCaller,
  mayReadAll,
  mayReadObject,
  priceableCall,
  priceOf,
  withForwardedTarget,
} from './call-checks';
import type { Priced } from './call-checks';
import type { Release } from './connection-shares';
import { callToApprove } from './call-to-approve';
import { fingerprintOf } from './fingerprint';
import type { CallRow, KnownCall } from './known-call';
import type { ProxyCall } from './proxy-answer';
import { collectBody, wholeBody } from './request-body';
import type { CallHeaders } from './request-headers';
import { CallLookup } from './vendor-lookup';

/** A call that the ledger has admitted, with all that is sent. */
export interface CallToSend {
  call: ProxyCall;
  headers: CallHeaders;
  priceable: PriceableCall;
  body: string;
  hold: AdmittedCall;
  remainingUsd: number;
  /** Gives back the connection that was reserved for it. */
  release: Release;
}

/** Steps 3 to 6 of a call: it may be made, it has a price and a connection, and the ledger admits it. */
export class CallAdmissions {
  readonly #owners = new OwnerCache();

  /** @param approvalUrl Where a person answers an approval. */
  constructor(
    private readonly ledger: Ledger,
    private readonly approvalUrl: (id: string) => string | undefined = () => undefined,
  ) {}

  /** @throws BrokerRefusal once it is in the audit log. */
  async admit(known: KnownCall): Promise<CallToSend> {
    const { call, configured, key, headers, row } = known;
    let priced: Priced;
    let release: Release;
    let lookup: CallLookup | undefined;
    try {
      const { limits } = configured.settings ?? NO_VENDOR_SETTINGS;
      const target = checkTarget(call, configured, key, headers);
      const bytes =
        call.body === undefined || Buffer.isBuffer(call.body)
          ? wholeBody(call.body, limits.bodyBytes)
          : await collectBody(call.body, limits.bodyBytes);
      const priceable = priceableCall(call, configured, target, headers, bytes);
      lookup = this.#lookupFor(known, withForwardedTarget(call, target), priceable);
      const pricedAt = lookup === undefined ? 0 : this.ledger.now();
      const price = priceOf(priceable, configured, lookup);
      priced = { target, priceable, price: price instanceof Promise ? await price : price };
      if (lookup !== undefined && lookup.paths.length > 0) {
        await this.#lookedUp(call, lookup);
        priced.hidesAmount = !mayReadAll(configured, key, lookup.paths);
        priced.pricedAt = pricedAt;
      }
      const reserved = lookup?.end() ?? configured.connection.reserve(connectionCaller(key));
      release = reserved instanceof Promise ? await reserved : reserved;
    } catch (error) {
      lookup?.end()?.();
      // A caller that went away was refused nothing.
      if (!(error instanceof BrokerRefusal) || error.code === 'caller_gone') throw error;
      return this.refuse(row, call, error);
    }
    try {
      const forwarded = { ...known, call: withForwardedTarget(call, priced.target) };
      return await this.#hold(forwarded, priced, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** @throws BrokerRefusal once it is in the audit log. */
  async refuse(row: CallRow, call: ProxyCall, refusal: BrokerRefusal): Promise<never> {
    const { code, message, fields } = refusal;
    const { attempted } = fields;
    row.path = call.target.split('?')[0] ?? '';
    // The row has the path once.
    const reason = typeof attempted === 'string' ? message.replace(attempted, 'the call') : message;
    await this.ledger.recordRefusal({ ...row, verdict: code, reason });
    throw refusal;
  }

  /** Step 6: the decision of the ledger. */
  async #hold(
    known: KnownCall,
    { target, priceable, price, hidesAmount = false, pricedAt }: Priced,
    release: Release,
  ): Promise<CallToSend> {
    const { call, configured, key, headers, row } = known;
    const account = accountIn(headers);
    const isRead = call.method === 'GET';
    row.path = target.path;
    row.amount = 'amount' in price ? (price.amount ?? null) : null;
    row.currency = 'currency' in price ? (price.currency ?? null) : null;
    row.reason = 'note' in price ? (price.note ?? null) : null;
    const destinations = configured.vendor.destinationsOf(priceable);
    const toApprove = (amount: number | undefined, reach?: CallReach) => {
      const parameters = withAmount(priceable.parameters, price, amount);
      return callToApprove(known, { account, parameters, destinations, reach });
    };
    const admission: Admission = {
      callId: row.call_id,
      key,
      account,
      price,
      isRead,
      destinations,
      ...(isRead ? {} : { toApprove }),
      ...(isRead ? {} : attemptOf(known, priceable)),
      ...(isOfObject(price)
        ? { canLookUp: true, hidesAmount: !mayReadObject(configured, key, priceable, price) }
        : { hidesAmount, ...(pricedAt === undefined ? {} : { pricedAt }) }),
      audit: row,
    };
    let asked = admission;
    let decision = await this.ledger.admit(asked);
    if (!decision.admitted && decision.wantsReach === true) {
      const lookup = new CallLookup(known, this.ledger, release);
      const reach = await this.#reachOf(known, { target, priceable }, lookup);
      asked = { ...admission, reach, toApprove: (amount) => toApprove(amount, reach) };
      decision = await this.ledger.admit(asked);
    }
    if (!decision.admitted && decision.asksVendor === true && isOfObject(price)) {
      const lookup = new CallLookup(known, this.ledger, release);
      decision = await this.#admitFound({ known, priceable, price, admission: asked }, lookup);
    }
    if (!decision.admitted) throw this.#linked(decision.refusal);
    const { addedAmount } = decision.call;
    return {
      call,
      headers,
      priceable,
      body: toFormBody(withAmount(priceable.parameters, price, addedAmount)),
      hold: decision.call,
      remainingUsd: toUsd(decision.remainingMicros),
      release,
    };
  }

  /** What a call may be priced by; nothing where no price of its vendor stands in objects. */
  #lookupFor(known: KnownCall, call: ProxyCall, priceable: PriceableCall): CallLookup | undefined {
    const { configured, key } = known;
    if (configured.vendor.priceByObjects === undefined || call.method === 'GET') return undefined;
    const attempt = attemptOf({ ...known, call }, priceable);
    return new CallLookup(known, this.ledger, undefined, async () => {
      const refusal = await this.ledger.refusalBeforePrice({ key, ...attempt });
      if (refusal !== undefined) throw refusal;
    });
  }

  /** A refusal for want of an approval says where a person gives it. */
  #linked(refusal: BrokerRefusal): BrokerRefusal {
    const { code, message, fields } = refusal;
    if (code !== 'approval_required') return refusal;
    const url = this.approvalUrl(String(fields['approval_id']));
    return url === undefined
      ? refusal
      : new BrokerRefusal(code, message, { ...fields, approval_url: url });
  }

  /** Whom a call reaches: asked for only where a limit of customers is over it. */
  async #reachOf(
    known: KnownCall,
    { target, priceable }: Pick<Priced, 'target' | 'priceable'>,
    lookup: CallLookup,
  ): Promise<CallReach> {
    const { call, configured, headers, row } = known;
    const owners = this.#owners.of(call.vendor, accountIn(headers));
    try {
      const reach = await configured.vendor.reachOf(priceable, target.query, lookup, owners);
      await this.#lookedUp(call, lookup);
      return reach;
    } catch (error) {
      if (!(error instanceof BrokerRefusal) || error.code === 'caller_gone') throw error;
      return this.refuse(row, call, error);
    }
  }

  /**
   * Step 6 where the ledger does not know the object of the call: what the vendor says of it, and the
   * decision once more. It is not asked for before the first one, so that only what this one has not
   * refused reads at the vendor, and a call on a known object costs no step more.
   */
  async #admitFound(asked: AskedCall, lookup: CallLookup): Promise<Decision> {
    const { known, priceable, price, admission } = asked;
    const { call, configured, row } = known;
    let found: FoundObject;
    try {
      found = await configured.vendor.objects.find(priceable, price, lookup);
      await this.#lookedUp(call, lookup);
    } catch (error) {
      if (!(error instanceof BrokerRefusal) || error.code === 'caller_gone') throw error;
      return this.refuse(row, call, error);
    }
    if (price.kind !== 'change') row.amount ??= found.callAmount;
    row.currency ??= found.currency;
    return this.ledger.admit({ ...admission, found });
  }

  /** What it looks up is in the audit log, and someone still waits for the answer. */
  async #lookedUp({ caller }: ProxyCall, lookup: CallLookup): Promise<void> {
    await lookup.written();
    if (caller?.destroyed === true) throw callerGone();
  }
}

/** A call whose object the ledger does not know. */
interface AskedCall {
  known: KnownCall;
  priceable: PriceableCall;
  price: ObjectPrice;
  admission: Admission;
}

function isOfObject(price: Price): price is ObjectPrice {
  return price.kind === 'exposure' || price.kind === 'change' || price.kind === 'refund';
}

/** The parameters as they are forwarded: with the amount that was priced, where the call does not name it. */
function withAmount(
  parameters: readonly Parameter[],
  price: Price,
  amount: number | undefined,
): readonly Parameter[] {
  const field = 'addedField' in price ? price.addedField : undefined;
  if (field === undefined || amount === undefined) return parameters;
  return [...parameters, { path: [field], value: String(amount) }];
}

/** The operation that a call is an attempt at; none where it has no `Idempotency-Key`. */
function attemptOf(
  { call, key, headers, row }: KnownCall,
  { parameters }: PriceableCall,
): Pick<Admission, 'operation'> {
  const { idempotency_key_hash: keyHash } = row;
  if (keyHash == null) return {};
  const { tenant_id: tenant = '', user_id: user = '' } = key.subject;
  const { method, target } = call;
  const account = accountIn(headers);
  const fingerprint = fingerprintOf({ account, tenant, user, method, target, parameters });
  return { operation: { keyHash, fingerprint } };
}
