import type { BudgetView, SpendRow } from '../api/views';
import { hourSums, vendorsCap } from './day-chart';

const ROW: SpendRow = {
  settled_usd: 0,
  given_back_usd: 0,
  spent_usd: 0,
  held_usd: 0,
  unknown_usd: 0,
  refused_usd: 0,
  calls: 1,
  refusals: 0,
};
const cap = (id: string, usd: number, more: Partial<BudgetView> = {}): BudgetView => ({
  scope: 'vendor',
  id,
  source: 'operator',
  daily_usd_cap: usd,
  ...more,
});

it('has each hour of the day, in UTC', () => {
  const hours = hourSums([
    { ...ROW, hour: '2026-11-23T00:00:00.000Z', spent_usd: 0.1 },
    { ...ROW, hour: '2026-11-23T23:00:00.000Z', spent_usd: -2, held_usd: 0.1, unknown_usd: 0.2 },
  ]);
  expect(hours).toHaveLength(24);
  expect([hours[0], hours[1], hours[23]]).toEqual([
    { spent: 0.1, open: 0 },
    { spent: 0, open: 0 },
    { spent: -2, open: 0.3 },
  ]);
});

it('takes the tightest cap of each vendor, raised ones as they are raised', () => {
  expect(vendorsCap([cap('stripe', 100, { raised_usd: 20 }), cap('mail', 5)])).toEqual({
    usd: 125,
    label: 'Caps of 2 vendors',
  });
  expect(vendorsCap([cap('stripe', 100), cap('stripe', 80, { source: 'app' })])).toEqual({
    usd: 80,
    label: 'Cap of stripe',
  });
});

it('tells of no cap that does not stop the spend of a day', () => {
  const others = [
    cap('stripe', 1, { mode: 'shadow' }),
    cap('stripe', 1, { period: 'month' }),
    cap('*', 1),
    cap('mira', 1, { scope: 'user' }),
  ];
  expect(vendorsCap(others)).toBeUndefined();
});
