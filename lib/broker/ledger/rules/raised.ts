import type { MicroUsd } from '../../../contract/usd';
import { isFor } from '../../budgets/budget';
import type { BudgetSubject } from '../../budgets/budget';
import { isActive } from '../../budgets/raise';
import type { Raise } from '../../budgets/raise';
import type { Book } from '../book';

/** The active raises, the oldest first. */
export function activeRaises(book: Book): Raise[] {
  return book.raises().filter((raise) => isActive(raise, book.now));
}

/**
 * What the active raises add to a cap of a subject.
 *
 * @param mostByOperators What those of operators come to at most, whichever caps were known when they were set.
 */
export function raisedOver(
  book: Book,
  subject: BudgetSubject,
  mostByOperators: MicroUsd,
): MicroUsd {
  if (book.raises().length === 0) return 0;
  const raises = raisesOver(book, subject);
  const byOperators = sumOf(raises.filter(({ role }) => role !== 'admin'));
  return sumOf(raises) - Math.max(0, byOperators - mostByOperators);
}

/** The active raises of a subject. */
export function raisesOver(book: Book, subject: BudgetSubject): Raise[] {
  return activeRaises(book).filter((raise) => isFor(raise, subject));
}

/** What raises come to. */
export function sumOf(raises: readonly Raise[]): MicroUsd {
  return raises.reduce((sum, { micros }) => sum + micros, 0);
}
