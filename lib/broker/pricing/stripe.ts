import {
  amountUnknown,
  checkNested,
  invalidAmount,
  largestNestedAmount,
  priceOf,
  readAmount,
  readCurrency,
  readOnce,
} from './amount';
import { CallTable } from './call-table';
import { NO_CONFIGURED_PRICES } from './configured-prices';
import type { ConfiguredPrice } from './configured-prices';
import { isCurrency, microsOf } from './currency';
import type { Rates } from './currency';
import { checkExpansion } from './expansion';
import { paymentSecrets } from './payment-secrets';
import type { Outcome, Price, PriceableCall, ReportedObject } from './price';
import { BrokerRefusal } from '../refusal';
import { ParameterList, parameterNotAllowed } from './parameter-list';
import { STRIPE_CALLS, STRIPE_VERSION } from './stripe-calls';
import type { CallRule } from './stripe-calls';
import { STRIPE_PARAMETERS } from './stripe-parameters';
import type { Vendor } from './vendor';
import { isRecord } from '../../contract/is-record';

/** In minor units; far above any payment, and still exact in micro-dollars. */
const MAX_REPORTED = 99_999_999_999;

/**
 * What Stripe answers only after its idempotency layer, which its rate limiter and authentication
 * come before: https://docs.stripe.com/api/idempotent_requests.
 */
const CONCLUSIVE: ReadonlySet<number> = new Set([400, 402, 404]);
/** An error of the idempotency layer itself: it speaks of the key, not of the payment. */
const IDEMPOTENCY_ERROR = 'idempotency_error';
/** Where the answer to a call that the operator prices may say what it came to. */
const TOTALS = ['amount', 'amount_total', 'amount_due'];

/** Versions up to this one are not accepted. */
const OLDEST_VERSION = '2022-11-15';

/** What a change of a payment may say where nothing else of that payment is known. */
const HARMLESS_CHANGE =
  /^(?:metadata|description|receipt_email|statement_descriptor\w*|shipping|payment_method|payment_method_types|expand)$/;

/** What a refund may name that is to be undone: its payment, how much, and what moves no other money. */
const UNDOABLE =
  /^(?:charge|payment_intent|amount|reason|metadata|reverse_transfer|refund_application_fee|expand)$/;

const FREE: Price = { kind: 'free' };
const CALLS = new CallTable(
  Object.entries(STRIPE_CALLS).map(
    ([call, rule]) =>
      [call, { rule, list: new ParameterList(STRIPE_PARAMETERS[call] ?? '') }] as const,
  ),
);

/** Stripe's API v1, https://docs.stripe.com/api. */
export const stripe: Vendor = {
  name: 'stripe',
  defaultBaseUrl: 'https://api.stripe.com',
  pathPrefix: '/v1/',
  pricedCalls: Object.keys(STRIPE_CALLS),
  secrets: paymentSecrets,
  isCurrency,

  authorization(secret) {
    return `Bearer ${secret}`;
  },

  apiVersion(given) {
    if (given.length === 0) return STRIPE_VERSION;
    const [version = ''] = given;
    const [, date = '', name] = /^(\d{4}-\d{2}-\d{2})(?:\.([a-z]+))?$/.exec(version) ?? [];
    const isRelease = date > OLDEST_VERSION && name !== 'preview' && name !== 'beta';
    if (given.length === 1 && isRelease) return version;
    throw new BrokerRefusal(
      'version_not_supported',
      `Stripe-Version must be given once, as a release later than ${OLDEST_VERSION}, such as ${STRIPE_VERSION}: in older ones other parameters move money. Without the header the broker sends ${STRIPE_VERSION}.`,
    );
  },

  canonical(parameters) {
    return parameters.map((parameter) => {
      const { path, value } = parameter;
      if (path.length > 1 || path[0] !== 'currency' || !/^[A-Za-z]{3}$/.test(value)) {
        return parameter;
      }
      return { path, value: value.toLowerCase() };
    });
  },

  checkExpansion,

  price(call, { rates, calls } = NO_CONFIGURED_PRICES) {
    if (call.method === 'GET') return FREE;
    const known = CALLS.find(call.method, call.segments);
    if (known !== undefined) {
      const price = priceByRule(known.rule, call, rates);
      const unknown = known.list.firstUnknown(call.parameters);
      if (unknown !== undefined) throw parameterNotAllowed(nameOfCall(call), unknown.path);
      return price;
    }
    const configured = calls.find(call.method, call.segments);
    if (configured !== undefined) return configuredPrice(configured, call, rates);
    throw amountUnknown(
      `What ${nameOfCall(call)} costs is not known to the broker, so it is refused.`,
    );
  },

  outcome(price, call, status, body, { rates, clientConfirmation } = NO_CONFIGURED_PRICES) {
    if (status >= 200 && status < 300) return settled(price, call, body, rates);
    if (status >= 400 && status < 500 && status !== 408) {
      const object = status === 402 ? declinedObject(price, body) : undefined;
      if (object !== undefined && clientConfirmation === true && staysOpen(price, call, body)) {
        const reportedMicros = microsOf(object.amount, object.currency, rates);
        return { ending: 'settled', object, ...optional('reportedMicros', reportedMicros) };
      }
      return {
        ending: 'released',
        conclusive: CONCLUSIVE.has(status) && speaksOfPayment(body),
        ...(object === undefined ? {} : { object }),
      };
    }
    return { ending: 'unknown' };
  },
};

function nameOfCall({ method, segments }: PriceableCall): string {
  return `${method} /v1/${segments.join('/')}`;
}

function priceByRule(rule: CallRule, call: PriceableCall, rates: Rates): Price {
  const objectId = call.segments[1] ?? '';
  switch (rule.rule) {
    case 'new':
      return newMoney(call, rule.field, rates);
    case 'exposure':
      return { kind: 'exposure', objectId, ...totalOf(call, rule.field), rates };
    case 'change': {
      const total = totalOf(call, rule.field);
      const isFree =
        Object.keys(total).length === 0 &&
        call.parameters.every(({ path }) => HARMLESS_CHANGE.test(path[0] ?? ''));
      return isFree ? FREE : { kind: 'change', objectId, ...total, rates };
    }
    case 'cancel':
      return { kind: 'cancel', objectId };
    case 'refund':
      return refund(call, rates);
    case 'free':
      return FREE;
  }
}

function newMoney(call: PriceableCall, field: string, rates: Rates): Price {
  const amount = readAmount(call, field);
  const currency = readCurrency(call);
  if (amount === undefined || currency === undefined) {
    throw amountUnknown(`The call needs ${field} and currency, so that it can be priced.`);
  }
  checkNested(largestNestedAmount(call, field), amount);
  return { kind: 'amount', micros: priceOf(amount, currency, rates), amount, currency };
}

/** What a call says about the money of an object; empty where it names no money at all. */
function totalOf(call: PriceableCall, field: string) {
  const amount = readAmount(call, field);
  const currency = readCurrency(call);
  const largestNested = largestNestedAmount(call, field);
  if (amount !== undefined) checkNested(largestNested, amount);
  return {
    ...(amount === undefined ? {} : { amount }),
    ...(currency === undefined ? {} : { currency }),
    ...(largestNested === undefined ? {} : { largestNested }),
  };
}

function refund(call: PriceableCall, rates: Rates): Price {
  const intent = readOnce(call, 'payment_intent');
  const charge = readOnce(call, 'charge');
  if (intent !== undefined && charge !== undefined) {
    throw amountUnknown('A refund must name one payment, by payment_intent or by charge.');
  }
  return {
    kind: 'refund',
    objectId: intent ?? charge ?? '',
    ...totalOf(call, 'amount'),
    rates,
    canUndo: call.parameters.every(({ path }) => UNDOABLE.test(path[0] ?? '')),
    reversesTransfer: readOnce(call, 'reverse_transfer') === 'true',
  };
}

function configuredPrice(price: ConfiguredPrice, call: PriceableCall, rates: Rates): Price {
  switch (price.kind) {
    case 'free':
      return FREE;
    case 'flat':
      return { kind: 'fee', micros: price.micros };
    case 'field': {
      const amount = readAmount(call, price.field);
      const given = readCurrency(call);
      if (given !== undefined && price.currency !== undefined && given !== price.currency) {
        throw invalidAmount('currency', `The call is priced in ${price.currency} alone.`);
      }
      const currency = price.currency ?? given;
      if (amount === undefined || currency === undefined) {
        throw amountUnknown(
          `The call needs ${price.field} and a currency, so that it can be priced.`,
        );
      }
      checkNested(largestNestedAmount(call, price.field), amount);
      return { kind: 'fee', micros: priceOf(amount, currency, rates), amount, currency };
    }
  }
}

function settled(price: Price, call: PriceableCall, body: unknown, rates: Rates): Outcome {
  if (price.kind === 'free' || !isRecord(body)) return { ending: 'settled' };
  if (price.kind === 'fee') return reported(largestTotal(body), body, rates);
  const object = reportedObject(body);
  if (object === undefined) return { ending: 'settled' };
  if (price.kind === 'refund') return reported(object.amount, body, rates);
  if ('objectId' in price && price.objectId !== object.id) return { ending: 'settled' };

  const { amount, currency } = object;
  const micros = (minor: number): number | undefined => microsOf(minor, currency, rates);
  const action = call.segments[2];
  const received = receivedOf(body);
  switch (price.kind) {
    case 'cancel': {
      // What had been captured before stays spent; anything but a sum gives nothing back.
      const left = received === null ? 0 : received;
      return {
        ending: 'settled',
        object,
        ...optional('finalMicros', left === undefined ? undefined : micros(left)),
        settledAmount: { amount: left ?? 0, currency },
      };
    }
    case 'change': {
      // It named no total, so what the object may cost is as it was.
      if (price.amount === undefined) return { ending: 'settled', object };
      const total = Math.max(amount, received ?? 0);
      return {
        ending: 'settled',
        object,
        ...optional('reportedMicros', micros(total)),
        ...optional('finalMicros', micros(Math.max(price.amount, total))),
        settledAmount: { amount: total, currency },
      };
    }
    case 'amount':
    case 'exposure': {
      const isCapture = action === 'capture';
      const isLast = isCapture && (body['status'] === 'succeeded' || body['captured'] === true);
      const final = isLast && typeof received === 'number' ? received : undefined;
      const moved = isCapture ? (received ?? 0) : Math.max(amount, received ?? 0);
      return {
        ending: 'settled',
        // What was captured is all that there is to refund.
        object: final === undefined ? object : { ...object, amount: final },
        ...optional('reportedMicros', micros(moved)),
        ...optional('finalMicros', final === undefined ? undefined : micros(final)),
        settledAmount: { amount: moved, currency },
      };
    }
  }
}

/** The outcome of a call that is no part of what an object may cost. */
function reported(
  amount: number | undefined,
  body: Record<string, unknown>,
  rates: Rates,
): Outcome {
  const { currency } = body;
  if (amount === undefined || typeof currency !== 'string') return { ending: 'settled' };
  const code = currency.toLowerCase();
  return {
    ending: 'settled',
    ...optional('reportedMicros', microsOf(amount, code, rates)),
    settledAmount: { amount, currency: code },
  };
}

function largestTotal(body: Record<string, unknown>): number | undefined {
  const totals = TOTALS.map((name) => integer(body[name])).filter((total) => total !== undefined);
  return totals.length === 0 ? undefined : Math.max(...totals);
}

/** What was captured, minor units: `null` where it is not said, `undefined` where it is no sum. */
function receivedOf(body: Record<string, unknown>): number | null | undefined {
  const said = body['amount_received'] ?? body['amount_captured'];
  if (said === undefined && !('amount_received' in body) && !('amount_captured' in body)) {
    return null;
  }
  return integer(said);
}

/** Whether an error is known to be about what was to be paid. One that cannot be read is not. */
function speaksOfPayment(body: unknown): boolean {
  if (!isRecord(body)) return false;
  const { error } = body;
  return isRecord(error) && error['type'] !== IDEMPOTENCY_ERROR;
}

/** Whether a browser that has its secret may still confirm a payment that was declined. */
function staysOpen(price: Price, { segments }: PriceableCall, body: unknown): boolean {
  const confirms = price.kind === 'amount' || segments[2] === 'confirm';
  const error = isRecord(body) ? body['error'] : undefined;
  const intent = isRecord(error) ? error['payment_intent'] : undefined;
  return confirms && isRecord(intent) && intent['status'] !== 'canceled';
}

/** The object a 402 names, which exists though it was declined. */
function declinedObject(price: Price, body: unknown): ReportedObject | undefined {
  if (!isRecord(body) || !isRecord(body['error'])) return undefined;
  const { payment_intent: intent, charge } = body['error'];
  const object = reportedObject(intent) ?? reportedObject(charge);
  if (typeof charge !== 'string') return object;
  if (object !== undefined) {
    const aliases = [...new Set([...object.aliases, charge])];
    return { ...object, aliases };
  }
  // A declined charge is named by its id alone: it is the one that the call asked for.
  if (price.kind !== 'amount') return undefined;
  const { amount, currency } = price;
  return { id: charge, aliases: [], amount, currency };
}

function reportedObject(body: unknown): ReportedObject | undefined {
  if (!isRecord(body)) return undefined;
  const { id, currency } = body;
  const amount = integer(body['amount']);
  if (typeof id !== 'string' || typeof currency !== 'string' || amount === undefined) {
    return undefined;
  }
  const charge = body['latest_charge'];
  const chargeId = isRecord(charge) ? charge['id'] : charge;
  return {
    id,
    aliases: typeof chargeId === 'string' ? [chargeId] : [],
    amount,
    currency: currency.toLowerCase(),
    ...(hasEnded(body) ? { isFinal: true } : {}),
    ...(hasDestination(body) ? { hasDestination: true } : {}),
  };
}

/**
 * Whether a payment is captured or canceled for good: Stripe refuses any later confirmation, capture
 * or change of it, https://docs.stripe.com/payments/paymentintents/lifecycle.
 */
function hasEnded({ object, status, captured }: Record<string, unknown>): boolean {
  if (object === 'charge') return captured === true;
  return object === 'payment_intent' && (status === 'canceled' || status === 'succeeded');
}

/** Whether a payment's money goes on to a connected account: https://docs.stripe.com/connect/destination-charges. */
function hasDestination(body: Record<string, unknown>): boolean {
  const { transfer_data: transfer, destination } = body;
  return isRecord(transfer) ? transfer['destination'] != null : typeof destination === 'string';
}

function integer(value: unknown): number | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  return value >= 0 && value <= MAX_REPORTED ? value : undefined;
}

function optional<K extends string>(name: K, value: number | undefined): { [P in K]?: number } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]?: number });
}
