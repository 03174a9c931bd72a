import type { MicroUsd } from '../../../contract/usd';
import { invalidAmount, priceOf } from '../../pricing/amount';
import { NO_RATES } from '../../pricing/currency';
import type { ObjectPrice, Price } from '../../pricing/price';
import { BrokerRefusal } from '../../refusal';
import type { Book } from '../book';
import type { Hold } from '../records';
import type { KnownObject } from './objects';

/** A call's object is not known, or not enough of it, to say what the call costs. */
export class UnknownObject extends BrokerRefusal {
  constructor(id: string) {
    super(
      'amount_unknown',
      id === ''
        ? 'The call names no payment, so the broker cannot tell what it costs.'
        : `The broker does not know ${id.slice(0, 64)}: it was not made through this broker, so its currency and amount are not known and the call cannot be priced.`,
    );
  }
}

/**
 * What a call that is no refund has to hold.
 *
 * @throws UnknownObject where that cannot be told without knowing more of the object.
 * @throws BrokerRefusal where the call says what its object does not allow.
 */
export function holdFor(
  price: Exclude<Price, { kind: 'refund' }>,
  object: KnownObject | undefined,
): MicroUsd {
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
      if (object === undefined) throw new UnknownObject(price.objectId);
      checkCurrency(price.currency, object);
      const amount = price.amount ?? object.amount;
      checkNested(price, amount);
      if (object.isFinal === true) return 0;
      if (price.kind === 'change' && price.amount === undefined) {
        if (amount === undefined && price.largestNested !== undefined) {
          throw new UnknownObject(price.objectId);
        }
        return 0;
      }
      if (amount === undefined) throw new UnknownObject(price.objectId);
      return price.kind === 'change'
        ? Math.max(0, microsOfObject(amount, price, object) - object.exposureMicros)
        : addedBy(amount, price, object);
    }
  }
}

/**
 * What confirming or capturing an amount adds to what its object costs. Where the ledger has not paid
 * for all of the object, the amount may come on top of what it has: a second part that is captured.
 */
function addedBy(amount: number, price: ObjectPrice, object: KnownObject): MicroUsd {
  const { exposureMicros } = object;
  const micros = microsOfObject(amount, price, object);
  const unpaid =
    object.amount === undefined
      ? micros
      : microsOfObject(object.amount, price, object) - exposureMicros;
  return Math.max(0, micros - exposureMicros, Math.min(micros, unpaid));
}

function microsOfObject(amount: number, { rates }: ObjectPrice, object: KnownObject): MicroUsd {
  return priceOf(amount, object.currency, rates ?? NO_RATES);
}

/** Whether a call adds to what an object costs that was there before it. */
export function addsToObject(price: Price): price is Extract<Price, { objectId: string }> {
  return 'objectId' in price && price.kind !== 'refund';
}

/** What a hold counts under its caps: as spent or held, and as undone. */
export function countedOf(hold: Hold): MicroUsd {
  const { state, heldMicros, settledMicros, undoneMicros } = hold;
  const isOpen = state === 'held' || state === 'unknown';
  return (isOpen ? heldMicros : settledMicros) + undoneMicros;
}

/** What some holds count. */
export function sumOf(book: Book, holdIds: readonly string[] = []): MicroUsd {
  const holds = holdIds.flatMap((id) => book.hold(id) ?? []);
  return holds.reduce((sum, hold) => sum + countedOf(hold), 0);
}

/** What a hold settles at, given what the object, or the operation, had cost before it. */
export function settlementOf(
  heldMicros: MicroUsd,
  reportedMicros: MicroUsd | undefined,
  before: MicroUsd,
): MicroUsd {
  return Math.max(heldMicros, (reportedMicros ?? 0) - before);
}

export function checkCurrency(given: string | undefined, { currency }: { currency: string }): void {
  if (given !== undefined && given !== currency) {
    throw invalidAmount('currency', `The object is in ${currency}, not in ${given}.`);
  }
}

/** The amount is not said: it may be the object's own, and the call's key not allowed to read that. */
export function checkNested({ largestNested }: ObjectPrice, amount: number | undefined): void {
  if (amount === undefined || largestNested === undefined || largestNested <= amount) return;
  throw invalidAmount(
    null,
    `An amount nested in the body (${largestNested}) is larger than the amount of the call.`,
  );
}
