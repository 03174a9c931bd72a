import type { Recurring } from '../catalogue/catalogue-objects';
import { Exact } from '../totals/exact';
import type { Period } from './billing-objects';

type Every = Pick<Recurring, 'interval' | 'interval_count'>;

const SECONDS = { day: 86_400, week: 7 * 86_400 } as const;

/**
 * The instant a number of intervals after an anchor. A month that is too short for the anchor's day ends on its
 * last one: https://docs.stripe.com/billing/subscriptions/billing-cycle
 *
 * @param times below 0 for an instant before it
 */
export function intervalsAfter(anchor: number, every: Every, times: number): number {
  const { interval } = every;
  const count = every.interval_count * times;
  if (interval === 'day' || interval === 'week') return anchor + SECONDS[interval] * count;
  const date = new Date(anchor * 1000);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + (interval === 'year' ? 12 * count : count));
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, last));
  return Math.floor(date.getTime() / 1000);
}

/** The period of a cycle around an anchor in which an instant lies, from its start on and before its end. */
export function periodAt(anchor: number, every: Every, at: number): Period {
  let times = 0;
  while (intervalsAfter(anchor, every, times) > at) times -= 1;
  while (intervalsAfter(anchor, every, times + 1) <= at) times += 1;
  return {
    start: intervalsAfter(anchor, every, times),
    end: intervalsAfter(anchor, every, times + 1),
  };
}

/**
 * The part of a period from an instant to its end, to the second:
 * https://docs.stripe.com/billing/subscriptions/prorations
 */
export function partLeft({ start, end }: Period, from: number): Exact {
  const at = Math.min(Math.max(from, start), end);
  return Exact.of(end - at).over(Exact.of(end - start));
}

export function isSameCycle(a: Every, b: Every): boolean {
  return a.interval === b.interval && a.interval_count === b.interval_count;
}
