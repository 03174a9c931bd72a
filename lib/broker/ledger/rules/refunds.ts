import type { MicroUsd } from '../../../contract/usd';
import { dayBalanceName, dayOf, subjectsOf } from '../../budgets/budget';
import type { BudgetSubject } from '../../budgets/budget';
import type { KeyRecord } from '../../keys/key';
import { priceOf } from '../../pricing/amount';
import { NO_RATES } from '../../pricing/currency';
import type { Price } from '../../pricing/price';
import type { Book, ObjectName } from '../book';
import type { CapState, Hold } from '../records';
import { UnknownObject, checkCurrency, checkNested, countedOf } from './amount-to-hold';
import { enforced } from './caps';
import type { KnownObject } from './objects';

/** The user of requests without one: they may be anybody's. */
const ANONYMOUS = 'anon';

/** What a refund holds. */
export interface RefundHold {
  /** The rest of its amount, which is spend. */
  micros: MicroUsd;
  /** What it takes back of its own subject's spend. */
  undoneMicros: MicroUsd;
  /** The root object that it pays back. */
  refundOf: string;
  /** Its amount in minor units. */
  amount: number;
  /** As much of that as no earlier hold of its operation counts. */
  refundAmount: number;
}

export interface RefundCall {
  price: Extract<Price, { kind: 'refund' }>;
  /** What it pays back, as the ledger or the vendor knows it. */
  object: KnownObject | undefined;
  /** Under whose id its money is counted. */
  root: ObjectName;
  key: KeyRecord;
  /** Every cap over its key. */
  caps: readonly CapState[];
  /** The holds of its operation that operators have settled: they are of the same refund. */
  earlierHoldIds: readonly string[] | undefined;
}

/**
 * What a refund holds. As much of it as takes back what the ledger has settled to its own subject is
 * undone: at most that, less all that was refunded of it, in minor units as in micro-dollars, and no more
 * than each cap. The rest is spend.
 *
 * @throws UnknownObject where its object is not known, or not what is left of it.
 * @throws BrokerRefusal where it cannot be of that amount.
 */
export function refundHold(book: Book, call: RefundCall): RefundHold {
  const { price, object, root, key, caps, earlierHoldIds = [] } = call;
  const { rates = NO_RATES } = price;
  if (object === undefined) throw new UnknownObject(price.objectId);
  checkCurrency(price.currency, object);
  // Refunds of one payment by its several ids are decided one after the other.
  const rows = [root.id, price.objectId].flatMap((id) => book.object({ ...root, id }) ?? []);
  const [whole] = rows;
  const earlier = earlierHoldIds.flatMap((id) => book.hold(id) ?? []);
  const others = book
    .refundsOf(root)
    .filter(({ state, callId }) => state !== 'released' && !earlierHoldIds.includes(callId));

  const earlierAmount = sum(earlier, ({ refundAmount }) => refundAmount);
  const refunded = sum(others, ({ refundAmount }) => refundAmount);
  const amount = price.amount ?? (earlierAmount || leftOf(object, refunded));
  if (amount === undefined) throw new UnknownObject(price.objectId);
  checkNested(price, amount);
  const own = settledTo(book, root, key);
  const left = {
    amount: Math.max(0, partOf(whole?.amount ?? 0, own, book.exposure(root)) - refunded),
    micros: Math.max(0, own - sum(others, countedOf)),
  };

  const micros = priceOf(amount, object.currency, rates);
  const undoable = mayUndo(
    price,
    rows.some(({ hasDestination }) => hasDestination),
  )
    ? Math.min(left.micros, priceOf(Math.min(amount, left.amount), object.currency, rates))
    : 0;
  // Several refunds come to more than their payment did, since each is rounded up: that is no money.
  const isRounding =
    undoable > 0 &&
    amount <= left.amount &&
    micros - undoable <= others.length &&
    priceOf(refunded + amount, object.currency, rates) <= own;
  const needed = Math.max(0, (isRounding ? undoable : micros) - sum(earlier, countedOf));
  const room = Math.min(
    ...enforced(caps).map(({ capMicros, balance }) => capMicros - balance.undone),
  );
  const undoneMicros = Math.max(
    0,
    Math.min(needed, room, undoable - sum(earlier, (hold) => hold.undoneMicros)),
  );
  return {
    micros: needed - undoneMicros,
    undoneMicros,
    refundOf: root.id,
    amount,
    refundAmount: Math.max(0, amount - earlierAmount),
  };
}

/** Minor units that the holds of one refund count. */
export function refundAmountOf(book: Book, holdIds: readonly string[]): number {
  return sum(
    holdIds.flatMap((id) => book.hold(id) ?? []),
    ({ refundAmount }) => refundAmount,
  );
}

/** Where nothing is left, the vendor says so. */
function leftOf({ amount }: KnownObject, refunded: number): number | undefined {
  return amount !== undefined && refunded < amount ? amount - refunded : amount;
}

/** A part of the money of a payment leaves a connected account only where the refund says so. */
function mayUndo(
  { canUndo, reversesTransfer }: RefundCall['price'],
  hasDestination: boolean,
): boolean {
  return canUndo === true && (!hasDestination || reversesTransfer === true);
}

/** What is settled of a root object to the subject of a key. */
function settledTo(book: Book, root: ObjectName, key: KeyRecord): MicroUsd {
  const user = userOf(key);
  if (user === undefined) return 0;
  const own = book
    .settledHolds(root)
    .filter(({ chargedTo, createdAt }) =>
      chargedTo.includes(dayBalanceName(user, dayOf(createdAt))),
    );
  return sum(own, ({ settledMicros }) => settledMicros);
}

/** The user, within its tenant, that a key works for; `undefined` where that may be anybody. */
function userOf({ subject, vendor }: KeyRecord): BudgetSubject | undefined {
  const user = subjectsOf(subject, vendor).find(({ scope }) => scope === 'user');
  return user === undefined || user.id === '' || user.id === ANONYMOUS ? undefined : user;
}

/** The minor units of an amount that a part of what it cost is for. */
function partOf(amount: number, part: MicroUsd, all: MicroUsd): number {
  if (part >= all) return amount;
  return Number((BigInt(amount) * BigInt(part)) / BigInt(all));
}

function sum(holds: readonly Hold[], of: (hold: Hold) => number): number {
  return holds.reduce((all, hold) => all + of(hold), 0);
}
