import { dayOf } from '../../budgets/budget';
import { hourOf } from '../../budgets/period';
import { keyIdOf } from '../rules/caps';

/** How many lines a balance has for instances that lock no other. */
export const STRIPES = 15;

/** A day has as many lines for each hour as for none: the line of who has locked it, and the stripes. */
const LINES = STRIPES + 1;

/** The first line of those of a key, and of each hour: it is locked by who must not be overtaken. */
export const LOCKED_LINE = 0;

/** The line of a day that is over: that of its last hour. */
export const LAST_LINE = lineOf(23, LOCKED_LINE);

/**
 * The line of a balance that is locked by who decides by it: that of a key, and of a day's balance the one
 * that its own hold is charged to. All who decide at one moment do so in one hour, and so lock one line.
 */
export function lineToLock(name: string, now: number): number {
  if (keyIdOf(name) !== undefined) return LOCKED_LINE;
  return name.endsWith(`@${dayOf(now)}`) ? lineOf(hourOf(now), LOCKED_LINE) : LAST_LINE;
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
