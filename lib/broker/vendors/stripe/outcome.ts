import type { ConfiguredPrices } from '../../pricing/configured-prices';
import { NO_CONFIGURED_PRICES } from '../../pricing/configured-prices';
import { microsOf } from '../../pricing/currency';
import type { Rates } from '../../pricing/currency';
import type { Outcome, Price, PriceableCall, ReportedObject } from '../../pricing/price';
import { isRecord } from '../../../contract/is-record';
import { documentOutcome } from './documents/outcome';
import { optional, reportedAmount } from './reported-amount';

/**
 * What Stripe answers only after its idempotency layer, which its rate limiter and authentication
 * come before: https://docs.stripe.com/api/idempotent_requests.
 */
const CONCLUSIVE: ReadonlySet<number> = new Set([400, 402, 404]);
/** An error of the idempotency layer itself: it speaks of the key, not of the payment. */
const IDEMPOTENCY_ERROR = 'idempotency_error';
/** Where the answer to a call that the operator prices may say what it came to. */
const TOTALS = ['amount', 'amount_total', 'amount_due'];

/** What an answer of Stripe's means for the hold: {@link Vendor.outcome}. */
export function outcomeOf(
  price: Price,
  call: PriceableCall,
  status: number,
  body: unknown,
  { rates, clientConfirmation }: ConfiguredPrices = NO_CONFIGURED_PRICES,
): Outcome {
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
}

function settled(price: Price, call: PriceableCall, body: unknown, rates: Rates): Outcome {
  if (price.kind === 'free' || !isRecord(body)) return { ending: 'settled' };
  if (price.kind === 'fee') return reported(largestTotal(body), body, rates);
  const document = documentOutcome(price, call, body, rates);
  if (document !== undefined) return document;
  const object = reportedObject(body);
  if (object === undefined) return { ending: 'settled' };
  if (price.kind === 'refund') return reported(object.amount, body, rates);
  if ('objectId' in price && price.objectId !== object.id) return { ending: 'settled' };

  const { amount, currency } = object;
  const micros = (minor: number): number | undefined => microsOf(minor, currency, rates);
  const action = call.segments[2];
  const received = receivedOf(body);
  switch (price.kind) {
    case 'total':
    case 'addition':
      return { ending: 'settled' };
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
  const totals = TOTALS.map((name) => reportedAmount(body[name])).filter(
    (total) => total !== undefined,
  );
  return totals.length === 0 ? undefined : Math.max(...totals);
}

/** What was captured, minor units: `null` where it is not said, `undefined` where it is no sum. */
function receivedOf(body: Record<string, unknown>): number | null | undefined {
  const said = body['amount_received'] ?? body['amount_captured'];
  if (said === undefined && !('amount_received' in body) && !('amount_captured' in body)) {
    return null;
  }
  return reportedAmount(said);
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
  const amount = reportedAmount(body['amount']);
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
