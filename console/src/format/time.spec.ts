import {
  dayOf,
  daysBetween,
  daysLater,
  distanceText,
  fullText,
  hoursOf,
  instantText,
} from './time';

const NOW = Date.parse('2026-11-28T14:03:22.000Z');

it('tells the time of an instant of today, and the day of an earlier one', () => {
  expect(instantText('2026-11-28T13:59:01.000Z', 'UTC', NOW)).toBe('13:59:01');
  expect(instantText('2026-11-27T23:59:01.000Z', 'UTC', NOW)).toBe('27 Nov 23:59');
  expect(instantText('2025-11-28T13:59:01.000Z', 'UTC', NOW)).toBe('28 Nov 13:59');
});

it('tells an instant in full with the name of its time zone', () => {
  expect(fullText('2026-11-28T14:03:22.000Z', 'UTC')).toBe('28 Nov 2026, 14:03:22 UTC');
});

it.each([
  ['2026-11-28T14:03:52.000Z', 'in 30 s'],
  ['2026-11-28T13:58:22.000Z', '5 min ago'],
  ['2026-11-28T17:03:22.000Z', 'in 3 h'],
  ['2026-11-24T14:03:22.000Z', '4 days ago'],
])('%s is %s', (at, text) => {
  expect(distanceText(at, NOW)).toBe(text);
});

it('counts UTC days over the end of a month, a year and a change of the clocks', () => {
  expect(daysLater('2026-12-31', 1)).toBe('2027-01-01');
  expect(daysLater('2026-03-29', -1)).toBe('2026-03-28');
  expect(daysBetween('2026-10-24', '2026-10-26')).toBe(3);
  expect(dayOf(NOW)).toBe('2026-11-28');
});

it('has 24 hours in every day of UTC', () => {
  const hours = hoursOf('2026-10-25');
  expect(hours).toHaveLength(24);
  expect(new Date(hours[23] ?? 0).toISOString()).toBe('2026-10-25T23:00:00.000Z');
});
