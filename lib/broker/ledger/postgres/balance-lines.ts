import { dayOf } from '../../budgets/budget';
import { HOUR_MS, hourOf } from '../../budgets/period';
import { keyIdOf } from '../rules/caps';

/** How many lines a balance has for instances that lock no other. */
export const STRIPES = 15;

const LAST_HOUR = 23;

/** A day has as many lines for each hour as for none: the line of who has locked it, and the stripes. */
const LINES = STRIPES + 1;

/** The first line of those of a key, and of each hour: it is locked by who must not be overtaken. */
export const LOCKED_LINE = 0;

/** How long after an hour has begun a decision of the one before may still be on its way. */
const LATE_MS = 600_000;

/**
 * The lines of a balance that are locked by who decides by it: that of a key, and of a day's balance the
 * one that its own hold is charged to, with the one before while that may be decided on.
 */
export function linesToLock(name: string, now: number): number[] {
  if (keyIdOf(name) !== undefined) return [LOCKED_LINE];
  if (!name.endsWith(`@${dayOf(now)}`)) return [lineOf(LAST_HOUR, LOCKED_LINE)];
  const hour = hourOf(now);
  const line = lineOf(hour, LOCKED_LINE);
  const isLate = hour > 0 && now % HOUR_MS < LATE_MS;
  return isLate ? [lineOf(hour - 1, LOCKED_LINE), line] : [line];
}

/**
 * The line of a balance that a charge goes to.
 *
 * @param hour That of its day; `undefined` of a balance that is no day's.
 * @param stripe That of the instance; {@link LOCKED_LINE} where it has locked the balance.
 */
export function lineOf(hour: number | undefined, stripe: number): number {
  return hour === undefined ? stripe : LINES * (hour + 1) + stripe;
}

/** The first line of what belongs to an hour of a day, or to a later one. */
export function firstLineOf(hour: number): number {
  return hour === 0 ? LOCKED_LINE : lineOf(hour, LOCKED_LINE);
}

/** The hour of a line, in SQL; below 0 where the balance is no day's. */
export function hourOfLine(column: string): string {
  return `${column} / ${LINES} - 1`;
}

/** The line of who has locked a day's balance, in SQL, by its hour. */
export function lineOfHour(column: string): string {
  return `${LINES} * (${column} + 1) + ${LOCKED_LINE}`;
}
