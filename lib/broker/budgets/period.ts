import type { BudgetPeriod } from '../../contract/budget-periods';
import { dayOf, startOfDay } from './budget';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The UTC hour of an instant, 0 to 23. */
export function hourOf(now: number): number {
  return Math.floor(now / HOUR_MS) % 24;
}

/** When the period of an instant began, in epoch milliseconds. */
export function startOfPeriod(period: BudgetPeriod, now: number): number {
  switch (period) {
    case 'day':
      return startOfDay(now);
    case 'week':
      return startOfDay(now) - ((new Date(now).getUTCDay() + 6) % 7) * DAY_MS;
    case 'month':
      return startOfMonth(now, 0);
    case '24h':
      return startOfHour(now) - DAY_MS;
  }
}

/**
 * When what counts begins to be another: the end of a day, a week or a month, and for `24h` the end of
 * the current hour, with which the oldest hour leaves.
 */
export function endOfPeriod(period: BudgetPeriod, now: number): number {
  switch (period) {
    case 'day':
      return now - (now % DAY_MS) + DAY_MS;
    case 'week':
      return startOfPeriod('week', now) + 7 * DAY_MS;
    case 'month':
      return startOfMonth(now, 1);
    case '24h':
      return startOfHour(now) + HOUR_MS;
  }
}

const endTexts = new Map<BudgetPeriod, { end: number; text: string }>();

/** {@link endOfPeriod}, ISO 8601. Each decision asks for it. */
export function endText(period: BudgetPeriod, now: number): string {
  const end = endOfPeriod(period, now);
  const known = endTexts.get(period);
  if (known?.end === end) return known.text;
  const text = new Date(end).toISOString();
  endTexts.set(period, { end, text });
  return text;
}

/**
 * What the period of an instant is called, by which two are told apart: `2026-11-23` of a day, and of the
 * week that begins with it; `2026-11` of a month. `24h`, which rolls on, is told apart by the day.
 */
export function nameOfPeriod(period: BudgetPeriod, now: number): string {
  if (period === '24h') return dayOf(now);
  const start = dayOf(startOfPeriod(period, now));
  return period === 'month' ? start.slice(0, 'YYYY-MM'.length) : start;
}

/** A cap's period in words: `a month`. */
export function periodText(period: BudgetPeriod): string {
  return period === '24h' ? 'in 24 hours' : `a ${period}`;
}

/** When the UTC hour of an instant began, in epoch milliseconds. */
export function startOfHour(now: number): number {
  return now - (now % HOUR_MS);
}

function startOfMonth(now: number, later: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later, 1);
}
