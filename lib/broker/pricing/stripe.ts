import {
  amountUnknown,
  checkNested,
  largestNestedAmount,
  priceOf,
  readAmount,
  readCurrency,
  readOnce,
} from './amount';
import { microsPerMinorUnit } from './currency';
import type { Outcome, Price, PriceableCall, ReportedObject } from './price';
import type { Vendor } from './vendor';

type Rule = (call: PriceableCall, id: string) => Price;

/** In minor units; far above any payment, and still exact in micro-dollars. */
const MAX_REPORTED = 99_999_999_999;

const FREE: Price = { kind: 'free' };

/** What each call of Stripe's v1 costs, by method and path; `*` is an object's id. All else is refused. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['POST payment_intents', newPayment],
  ['POST payment_intents/*/confirm', (call, id) => exposure(call, id, 'amount_to_confirm')],
  ['POST payment_intents/*/capture', (call, id) => exposure(call, id, 'amount_to_capture')],
  ['POST payment_intents/*/cancel', (_call, objectId) => ({ kind: 'cancel', objectId })],
  ['POST refunds', refund],
  ['POST customers', withoutBalance],
  ['POST customers/*', withoutBalance],
  ['DELETE customers/*', free],
  ['POST products', free],
  ['DELETE products/*', free],
  ['POST prices', free],
  ['POST payment_methods', free],
  ['POST payment_methods/*/attach', free],
  ['POST payment_methods/*/detach', free],
  ['POST setup_intents', free],
  ['POST setup_intents/*', free],
  ['POST tokens', free],
]);

/** Stripe's API v1, https://docs.stripe.com/api. */
export const stripe: Vendor = {
  name: 'stripe',
  defaultBaseUrl: 'https://api.stripe.com',
  pathPrefix: '/v1/',

  authorization(secret) {
    return `Bearer ${secret}`;
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

  price(call) {
    if (call.method === 'GET') return FREE;
    const [resource = '', id = '', action] = call.segments;
    const shape =
      call.segments.length === 1 ? resource : [resource, '*', ...call.segments.slice(2)].join('/');
    const rule = RULES.get(`${call.method} ${shape}`);
    if (rule === undefined || (action !== undefined && call.segments.length > 3)) {
      throw amountUnknown(
        `What ${call.method} /v1/${call.segments.join('/')} costs is not known to the broker, so it is refused.`,
      );
    }
    return rule(call, id);
  },

  outcome(price, call, status, body) {
    if (status >= 200 && status < 300) return settled(price, call, body);
    if (status >= 400 && status < 500 && status !== 408) {
      const object = declinedObject(body);
      return object === undefined ? { ending: 'released' } : { ending: 'released', object };
    }
    return { ending: 'unknown' };
  },
};

function free(): Price {
  return FREE;
}

function withoutBalance(call: PriceableCall): Price {
  if (call.parameters.some(({ path }) => path[0] === 'balance')) {
    throw amountUnknown("A change of a customer's balance is money the broker cannot price.");
  }
  return FREE;
}

function newPayment(call: PriceableCall): Price {
  const amount = readAmount(call, 'amount');
  const currency = readCurrency(call);
  if (amount === undefined || currency === undefined) {
    throw amountUnknown('A PaymentIntent needs amount and currency, so that it can be priced.');
  }
  checkNested(largestNestedAmount(call, 'amount'), amount);
  return { kind: 'amount', micros: priceOf(amount, currency), amount, currency };
}

function exposure(call: PriceableCall, objectId: string, field: string): Price {
  const amount = readAmount(call, field);
  const currency = readCurrency(call);
  const largestNested = largestNestedAmount(call, field);
  if (amount !== undefined) checkNested(largestNested, amount);
  return {
    kind: 'exposure',
    objectId,
    largestNested,
    ...(amount === undefined ? {} : { amount }),
    ...(currency === undefined ? {} : { currency }),
  };
}

function refund(call: PriceableCall): Price {
  const amount = readAmount(call, 'amount');
  const currency = readCurrency(call);
  const objectId = readOnce(call, 'payment_intent') ?? readOnce(call, 'charge') ?? '';
  if (amount === undefined) {
    throw amountUnknown('A refund needs an amount, so that it can be priced.');
  }
  checkNested(largestNestedAmount(call, 'amount'), amount);
  return { kind: 'refund', objectId, amount, ...(currency === undefined ? {} : { currency }) };
}

function settled(price: Price, call: PriceableCall, body: unknown): Outcome {
  const object = price.kind === 'free' ? undefined : reportedObject(body);
  if (object === undefined || !isRecord(body)) return { ending: 'settled' };
  const { amount, currency } = object;
  const rate = microsPerMinorUnit(currency);
  if (price.kind === 'refund') {
    return {
      ending: 'settled',
      ...(rate === undefined ? {} : { reportedMicros: amount * rate }),
      settledAmount: { amount, currency },
    };
  }
  if ('objectId' in price && price.objectId !== object.id) return { ending: 'settled' };
  const action = call.segments[2];
  const given = body['amount_received'];
  // A cancel may leave it out; anything but a sum says nothing, and gives nothing back.
  const received = action === 'cancel' && given === undefined ? 0 : integer(given);
  const isLast = action === 'cancel' || (action === 'capture' && body['status'] === 'succeeded');
  const lowered = isLast && received !== undefined;
  const moved = action === 'capture' || action === 'cancel' ? (received ?? 0) : amount;
  return {
    ending: 'settled',
    object,
    // A cancel spends nothing, whatever had been captured before it.
    ...(rate === undefined || action === 'cancel' ? {} : { reportedMicros: moved * rate }),
    ...(rate === undefined || !lowered ? {} : { finalMicros: received * rate }),
    settledAmount: { amount: moved, currency },
  };
}

/** The object a 402 names, which exists though it was declined. */
function declinedObject(body: unknown): ReportedObject | undefined {
  if (!isRecord(body) || !isRecord(body['error'])) return undefined;
  const { error } = body;
  if (error['payment_intent'] !== undefined) return reportedObject(error['payment_intent']);
  return reportedObject(error['charge']);
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
  };
}

function integer(value: unknown): number | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  return value >= 0 && value <= MAX_REPORTED ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
