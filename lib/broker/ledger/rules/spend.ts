import { dayOf } from '../../budgets/budget';
import type { Book } from '../book';
import { SPEND_DAYS, withSums } from './spend-sums';
import type { SpendTurn } from './spend-sums';

const DAY_MS = 86_400_000;
/** The name of the one note of its kind. */
const CURSOR = '';

/** The number of the last row of the audit log that the rows of spend have in them. */
export function spendCursor(book: Book): number {
  return book.note('spend_cursor', CURSOR)?.seq ?? 0;
}

/**
 * Adds what some rows of the audit log come to.
 *
 * @returns Whether it did: not where the rows of spend have them already, or lack some before them.
 */
export function foldSpend(book: Book, turn: SpendTurn): boolean {
  // All that is read comes first: a store may have to load it.
  const days = [...turn.days].map(
    ([name, more]) => [name, more, book.note('spend', name)] as const,
  );
  const hours = [...turn.hours].map(
    ([name, more]) => [name, more, book.note('spend_hour', name)] as const,
  );
  if (spendCursor(book) !== turn.after) return false;
  for (const [name, more, before] of days) {
    book.putNote('spend', name, before === undefined ? more : withSums(before, more));
  }
  for (const [name, more, before] of hours) {
    book.putNote('spend_hour', name, before === undefined ? more : withSums(before, more));
  }
  book.putNote('spend_cursor', CURSOR, { seq: turn.last });
  return true;
}

/** The first day (UTC) whose rows stay. */
export function firstSpendDay(now: number): string {
  return dayOf(now - SPEND_DAYS * DAY_MS);
}

/** Whether a row of spend may leave: its name begins with its day. */
export function isOldSpend(name: string, now: number): boolean {
  return name.slice(0, 'YYYY-MM-DD'.length) < firstSpendDay(now);
}
