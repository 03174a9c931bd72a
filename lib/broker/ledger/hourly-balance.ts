import { hourOf } from '../budgets/period';
import { addedTo } from '../keys/key';
import type { Balance } from '../keys/key';
import { keyIdOf } from './rules/caps';

/** What the holds count that began in one UTC hour of a day. */
export type HourSum = readonly [hour: number, spent: number, held: number, undone: number];

/** A balance, and what of it belongs to which hour of its day. */
export interface HourlyBalance extends Balance {
  /** In any order, those without holds left out; absent of a balance that is no day's. */
  hours?: readonly HourSum[];
}

export const NOTHING: HourlyBalance = { spent: 0, held: 0, undone: 0 };

/** The hour of its day in which a hold counts in a balance; `undefined` of a key's, which covers its whole life. */
export function hourIn(balanceName: string, beganAt: number | undefined): number | undefined {
  if (beganAt === undefined || keyIdOf(balanceName) !== undefined) return undefined;
  return hourOf(beganAt);
}

/** A balance to which a change is added in an hour of its day. */
export function chargedIn(
  before: HourlyBalance,
  change: Partial<Balance>,
  hour: number | undefined,
): HourlyBalance {
  const after = addedTo(before, change);
  if (hour === undefined) return after;
  const { spent = 0, held = 0, undone = 0 } = change;
  const hours = before.hours ?? [];
  const i = hours.findIndex(([each]) => each === hour);
  const known = hours[i];
  if (known === undefined) return { ...after, hours: [...hours, [hour, spent, held, undone]] };
  const sum: HourSum = [hour, known[1] + spent, known[2] + held, known[3] + undone];
  return { ...after, hours: hours.with(i, sum) };
}

/** What of a balance belongs to holds that began in an hour of its day, or later on that day. */
export function sumFrom({ spent, held, undone, hours = [] }: HourlyBalance, hour: number): Balance {
  if (hour === 0) return { spent, held, undone };
  return hours
    .filter(([each]) => each >= hour)
    .reduce<Balance>(
      (sum, [, ...part]) => addedTo(sum, { spent: part[0], held: part[1], undone: part[2] }),
      NOTHING,
    );
}
