import type { MicroUsd } from '../../../contract/usd';
import type { Outcome, Price, TakenUp } from '../../pricing/price';
import type { Book, ObjectName } from '../book';
import type { AdmittedCall } from '../records';

/**
 * What of a bill has been counted by itself: of each item that it takes up, at most its part. An item is
 * charged once at most, and what is settled of it is never given back, so of several bills that take it
 * up in their prices no two need to count it.
 */
export function countedApart(
  book: Book,
  of: Omit<ObjectName, 'id'>,
  price: Price,
  isOnBill: (item: TakenUp) => boolean = () => true,
): MicroUsd {
  // An item that is on several lines has been counted once for all of them.
  const parts = new Map<string, MicroUsd>();
  for (const item of 'takesUp' in price ? (price.takesUp ?? []) : []) {
    if (isOnBill(item)) parts.set(item.id, (parts.get(item.id) ?? 0) + item.micros);
  }
  return [...parts].reduce(
    (sum, [id, micros]) => sum + Math.min(micros, book.exposure({ ...of, id })),
    0,
  );
}

/** What an answer reports of a bill, less what has been counted of the items that it shows. */
export function withoutCountedApart(
  book: Book,
  { vendor, account, price }: AdmittedCall,
  { takenUp = [], ...outcome }: Outcome,
): Outcome {
  const { reportedMicros } = outcome;
  if (reportedMicros === undefined) return outcome;
  const apart = countedApart(book, { vendor, account }, price, ({ id }) => takenUp.includes(id));
  return apart === 0
    ? outcome
    : { ...outcome, reportedMicros: Math.max(0, reportedMicros - apart) };
}
