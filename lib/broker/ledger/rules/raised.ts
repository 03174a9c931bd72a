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

/** What the active raises add to each cap of a subject. */
export function raisedOver(book: Book, subject: BudgetSubject): MicroUsd {
  const raises = book.raises();
  if (raises.length === 0) return 0;
  return sumOf(raises.filter((raise) => isActive(raise, book.now) && isFor(raise, subject)));
}

/** The active raises of a subject. */
export function raisesOver(book: Book, subject: BudgetSubject): Raise[] {
  return activeRaises(book).filter((raise) => isFor(raise, subject));
}

/** What raises come to. */
export function sumOf(raises: readonly Raise[]): MicroUsd {
  return raises.reduce((sum, { micros }) => sum + micros, 0);
}
