import { isRecord } from './is-record';
import { capFault } from './usd';

/**
 * What a budget counts: the UTC day, the week from Monday, the month, or the current UTC hour and the
 * 24 before it.
 */
export const BUDGET_PERIODS = ['day', 'week', 'month', '24h'] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

/** Whether a budget refuses calls, or only records those that it would refuse. */
export const BUDGET_MODES = ['enforce', 'shadow'] as const;
export type BudgetMode = (typeof BUDGET_MODES)[number];

/** The caps of one subject: one a period. */
export type PeriodCaps = { [Period in BudgetPeriod]?: number };

/** Caps as a request for a key has them, in USD: a number is a cap of the day. */
export type WireCaps = number | WireCap | readonly WireCap[];

/** One cap with its period, in USD. */
export interface WireCap {
  usd: number;
  period: BudgetPeriod;
}

/** What is wrong with caps; `path` is where, below the caps: `[1].period`. */
export interface CapsFault {
  path: string;
  message: string;
}

/** What is wrong with a period, as the rest of a sentence. */
export const PERIOD_RULE = `must be one of ${BUDGET_PERIODS.map((each) => `"${each}"`).join(', ')}`;

/** What is wrong with a mode, as the rest of a sentence. */
export const MODE_RULE = 'must be "enforce" or "shadow"';

export function isPeriod(value: unknown): value is BudgetPeriod {
  return BUDGET_PERIODS.some((each) => each === value);
}

export function isMode(value: unknown): value is BudgetMode {
  return BUDGET_MODES.some((each) => each === value);
}

/**
 * Reads the caps of one subject: a number (of the day), one cap with its period, or a list of such.
 * Nothing is coerced.
 *
 * @param name How the sum of a cap with a period is called: `usd` on the wire.
 * @param asEnforced The sum as it is enforced; what is no number is given back as it is. Absent for the wire,
 * where a list has no bare numbers.
 */
export function readCaps(
  value: unknown,
  name: string,
  asEnforced?: (value: unknown) => unknown,
): { caps: PeriodCaps } | { faults: CapsFault[] } {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  const faults: CapsFault[] = [];
  if (all.length === 0 || all.length > BUDGET_PERIODS.length) {
    const message = `must have 1 to ${BUDGET_PERIODS.length} caps, one a period`;
    return { faults: [{ path: '', message }] };
  }
  const caps: PeriodCaps = {};
  // Not `forEach`: it passes over the holes of an array.
  for (const [i, each] of all.entries()) {
    const at = Array.isArray(value) ? `[${i}]` : '';
    const fault = (path: string, message: string): number =>
      faults.push({ path: `${at}${path}`, message });
    const isCap = isRecord(each);
    const unknown = isCap
      ? Object.keys(each).filter((field) => field !== name && field !== 'period')
      : [];
    for (const field of unknown) fault(`.${field}`, `is not known (known: ${name}, period)`);
    const given = isCap ? each[name] : each;
    const usd = asEnforced === undefined ? given : asEnforced(given);
    // On the wire a list of a number is no cap.
    const mayBeNumber = asEnforced !== undefined || !Array.isArray(value);
    const period = isCap && 'period' in each ? each['period'] : 'day';
    const message = isCap || mayBeNumber ? capFault(usd) : `must be an object with ${name}`;
    if (message !== undefined) fault(isCap ? `.${name}` : '', message);
    if (!isPeriod(period)) fault('.period', PERIOD_RULE);
    else if (caps[period] !== undefined) fault('', `is a second cap for the period "${period}"`);
    else caps[period] = usd as number;
  }
  return faults.length > 0 ? { faults } : { caps };
}

/** Caps in the one form in which they are sent and shown: a lone cap of the day is its number. */
export function wireCaps(caps: PeriodCaps): WireCaps {
  const all = BUDGET_PERIODS.flatMap((period): WireCap[] => {
    const usd = caps[period];
    return usd === undefined ? [] : [{ usd, period }];
  });
  const [first] = all;
  if (first === undefined || all.length > 1) return all;
  return first.period === 'day' ? first.usd : first;
}
