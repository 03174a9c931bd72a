import { spentOf } from './spent-of';

it('adds up what a key has spent on one day of the two that it lives in', () => {
  const rows = [
    { settled_usd: 12.5, day: '2026-11-28' },
    { settled_usd: 40, day: '2026-11-27' },
    { settled_usd: null, day: null },
    // Given back today, of what was held yesterday.
    { settled_usd: -15, day: '2026-11-27' },
    { settled_usd: -2.5, day: '2026-11-28' },
    { settled_usd: 0.000001, day: '2026-11-28' },
  ];
  expect(spentOf(rows, '2026-11-28', 35.000001)).toBe(10.000001);
  expect(spentOf(rows, '2026-11-27', 35.000001)).toBe(25);
  expect(spentOf([], '2026-11-28', 0)).toBe(0);
});

it('says nothing of a day where keys under it have spent too', () => {
  const rows = [{ settled_usd: 12.5, day: '2026-11-28' }];
  expect(spentOf(rows, '2026-11-28', 20)).toBeNull();
});
