import type { MicroUsd } from '../../../contract/usd';
import { amountUnknown, checkNested, invalidAmount, priceOf } from '../../pricing/amount';
import { NO_RATES } from '../../pricing/currency';
import type { Price } from '../../pricing/price';
import type { BrokerRefusal } from '../../refusal';
import type { Book } from '../book';
import type { KnownObject } from './objects';

/**
 * What a call has to hold.
 *
 * @throws BrokerRefusal where that cannot be told without knowing the object.
 */
export function holdFor(price: Price, object: KnownObject | undefined): MicroUsd {
  switch (price.kind) {
    case 'free':
    case 'cancel':
      return 0;
    case 'amount':
    case 'fee':
    case 'addition':
      return price.micros;
    case 'total':
      return Math.max(0, price.micros - (object?.exposureMicros ?? 0));
    case 'exposure':
    case 'change': {
      const { rates = NO_RATES, largestNested } = price;
      if (object === undefined) throw unknownObject(price.objectId);
      checkCurrency(price.currency, object);
      const amount = price.amount ?? object.amount;
      checkNested(largestNested, amount);
      if (object.isFinal === true) return 0;
      if (price.kind === 'change' && price.amount === undefined) return 0;
      return Math.max(0, priceOf(amount, object.currency, rates) - object.exposureMicros);
    }
    case 'refund': {
      if (object === undefined) throw unknownObject(price.objectId);
      checkCurrency(price.currency, object);
      const amount = price.amount ?? object.amount;
      checkNested(price.largestNested, amount);
      return priceOf(amount, object.currency, price.rates ?? NO_RATES);
    }
  }
}

/** Whether a call adds to what an object costs that was there before it. */
export function addsToObject(price: Price): price is Extract<Price, { objectId: string }> {
  return 'objectId' in price && price.kind !== 'refund';
}

/** What holds of one operation count that have ended. */
export function settledOf(book: Book, holdIds: readonly string[] = []): MicroUsd {
  return holdIds.reduce((sum, id) => sum + (book.hold(id)?.settledMicros ?? 0), 0);
}

/** What a hold settles at, given what the object, or the operation, had cost before it. */
export function settlementOf(
  heldMicros: MicroUsd,
  reportedMicros: MicroUsd | undefined,
  before: MicroUsd,
): MicroUsd {
  return Math.max(heldMicros, (reportedMicros ?? 0) - before);
}

function checkCurrency(given: string | undefined, object: KnownObject): void {
  if (given !== undefined && given !== object.currency) {
    throw invalidAmount('currency', `The object is in ${object.currency}, not in ${given}.`);
  }
}

function unknownObject(id: string): BrokerRefusal {
  return amountUnknown(
    id === ''
      ? 'The call names no payment, so the broker cannot tell what it costs.'
      : `The broker does not know ${id.slice(0, 64)}: it was not made through this broker, so its currency and amount are not known and the call cannot be priced.`,
  );
}
