import type { BudgetView, SpendRow } from '../api/views';
import { sumUsd } from '../format/money';
import { capNow } from './needs';

/** What was spent in an hour, and what its calls have reserved. */
export interface HourSums {
  spent: number;
  open: number;
}

/** Rows of spend by the hour of their day (UTC), an hour without one too. */
export function hourSums(rows: readonly SpendRow[]): HourSums[] {
  return Array.from({ length: 24 }, (_, hour): HourSums => {
    const own = rows.filter(
      ({ hour: at }) => at !== undefined && new Date(at).getUTCHours() === hour,
    );
    return {
      spent: sumUsd(own.map(({ spent_usd: usd }) => usd)),
      open: sumUsd(own.flatMap(({ held_usd, unknown_usd }) => [held_usd, unknown_usd])),
    };
  });
}

/** What may be spent in the day at all vendors that have a cap of the day: of one vendor's the tightest decides. */
export function vendorsCap(
  budgets: readonly BudgetView[],
): { usd: number; label: string } | undefined {
  const caps = new Map<string, number>();
  for (const budget of budgets) {
    const { scope, id, period = 'day', mode = 'enforce' } = budget;
    if (scope !== 'vendor' || id === '*' || period !== 'day' || mode !== 'enforce') continue;
    caps.set(id, Math.min(capNow(budget), caps.get(id) ?? Infinity));
  }
  const [only] = caps;
  if (only === undefined) return undefined;
  return {
    usd: sumUsd([...caps.values()]),
    label: caps.size === 1 ? `Cap of ${only[0]}` : `Caps of ${caps.size} vendors`,
  };
}
