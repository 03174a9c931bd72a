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
  const items = 'takesUp' in price ? (price.takesUp ?? []) : [];
  // One item may be on several lines.
  const parts = new Map<string, MicroUsd>();
  for (const { id, micros } of items.filter(isOnBill)) {
    parts.set(id, (parts.get(id) ?? 0) + micros);
  }
  let sum = 0;
  for (const [id, micros] of parts) sum += Math.min(micros, book.exposure({ ...of, id }));
  return sum;
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
