import type { KeyRecord } from '../../keys/key';
import type { MicroUsd } from '../../../contract/usd';
import type { Price } from '../../pricing/price';
import { BrokerRefusal } from '../../refusal';
import type { Book, ObjectName } from '../book';
import type { Admission, CapState } from '../records';
import { addsToObject, holdFor, sumOf } from './amount-to-hold';
import { knownObject, objectOfCall, rootOf, rootOfCall } from './objects';
import type { KnownObject } from './objects';
import type { Operation } from './operation';
import { refundHold } from './refunds';
import type { RefundHold } from './refunds';
import { countedApart } from './taken-up';

/** What a call has to hold and what it is forwarded with. */
export type Need = Pick<RefundHold, 'micros' | 'undoneMicros'> &
  Partial<Pick<RefundHold, 'refundOf' | 'refundAmount'>> & {
    /** What it is forwarded with though it does not name it, minor units. */
    addedAmount: number | undefined;
    /** What of its price has been counted by itself, and is not held again. */
    countedMicros?: MicroUsd;
  };

/** The price of a call with the amount that it leaves to the vendor, and what is known of its object. */
export interface PricedCall {
  price: Price;
  object: KnownObject | undefined;
}

/** What a call's need depends on beside its price. */
export interface NeedTerms {
  key: KeyRecord;
  caps: readonly CapState[];
  /** What stays of the calls of its operation that came before. */
  kept: Partial<Operation>;
  priced: PricedCall;
}

export function pricedCall(
  book: Book,
  admission: Admission,
  { addedAmount }: Partial<Operation>,
): PricedCall {
  const name = objectName(admission);
  return {
    price: saidWhole(admission.price, addedAmount ?? callAmountOf(book, admission)),
    object: name === undefined ? undefined : objectOfCall(book, name, admission.found),
  };
}

/** What a call has to hold; the refusal of one of which that cannot be told, or that its object does not allow. */
export function needOf(
  book: Book,
  admission: Admission,
  { key, caps, kept, priced }: NeedTerms,
): Need | BrokerRefusal {
  const { found, account } = admission;
  const { earlierHoldIds } = kept;
  const { price, object } = priced;
  try {
    if (price.kind === 'refund') {
      const root = rootOfCall(book, { vendor: key.vendor, account, id: price.objectId }, found);
      const hold = refundHold(book, { price, object, root, key, caps, earlierHoldIds });
      const leavesAmount =
        admission.price.kind === 'refund' && admission.price.amount === undefined;
      return { ...hold, addedAmount: leavesAmount ? hold.amount : undefined };
    }
    if (isOutdated(book, admission)) return changedMeanwhile(price);
    // What was settled of an object that was there before is in its exposure.
    const before = addsToObject(price) ? 0 : sumOf(book, earlierHoldIds);
    const rest = Math.max(0, holdFor(price, object) - before);
    const apart = countedApart(book, { vendor: key.vendor, account }, price);
    const countedMicros = Math.min(rest, apart);
    return {
      micros: rest - countedMicros,
      countedMicros,
      undoneMicros: 0,
      addedAmount: 'addedField' in price && price !== admission.price ? price.amount : undefined,
    };
  } catch (error) {
    if (error instanceof BrokerRefusal) return error;
    throw error;
  }
}

/**
 * Whether a bill may have changed since the price of its change was looked up: each of two changes at once
 * would be priced by what the bill was without the other.
 */
function isOutdated(book: Book, admission: Admission): boolean {
  const { price, callId, pricedAt } = admission;
  const name = objectName(admission);
  if (name === undefined || !('isOfState' in price) || pricedAt === undefined) return false;
  const root = rootOf(book, name);
  if (book.hasOtherCalls(root, callId)) return true;
  return book.settledHolds(root).some(({ endedAt }) => (endedAt ?? 0) > pricedAt);
}

function changedMeanwhile(price: Price): BrokerRefusal {
  const id = 'objectId' in price ? price.objectId : '';
  return new BrokerRefusal(
    'overloaded',
    `Another call has changed ${id} while the broker looked up what this one costs. Try again in a moment, one change at a time.`,
    {},
    { 'retry-after': '1' },
  );
}

/** Whether what a call needs says of its object what its key may not read. What it names itself says nothing. */
export function hidesAmount({ hidesAmount: hides, price }: Admission): boolean {
  return hides === true && !(price.kind === 'refund' && price.amount !== undefined);
}

/** The object that a call is for. */
export function objectName({ key: { vendor }, account, price }: Admission): ObjectName | undefined {
  return 'objectId' in price ? { vendor, account, id: price.objectId } : undefined;
}

/** What the vendor has said that a call moves which names no amount; nothing where the ledger knows its object by now. */
function callAmountOf(book: Book, admission: Admission): number | undefined {
  const name = objectName(admission);
  if (admission.found === undefined || name === undefined) return undefined;
  return knownObject(book, name)?.amount === undefined ? admission.found.callAmount : undefined;
}

/** The price of a call with the amount that it leaves to the vendor, where that is known. */
function saidWhole(price: Price, amount: number | undefined): Price {
  if (amount === undefined || (price.kind !== 'exposure' && price.kind !== 'refund')) return price;
  return price.amount === undefined ? { ...price, amount } : price;
}
