import type { SpendRow } from '../api/views';
import { compared, comparedDays } from './compare';
import { daysBefore, daysFault, daysOf } from './periods';

const row = (change: Partial<SpendRow>): SpendRow => ({
  settled_usd: 0,
  given_back_usd: 0,
  spent_usd: 0,
  held_usd: 0,
  unknown_usd: 0,
  refused_usd: 0,
  calls: 0,
  refusals: 0,
  ...change,
});

it('puts the rows of two periods side by side, and leaves out none', () => {
  const rows = [
    row({ user_id: 'a', tenant_id: 't', spent_usd: 1 }),
    row({ user_id: 'b', tenant_id: 't', spent_usd: 5 }),
  ];
  const before = [
    row({ user_id: 'a', tenant_id: 't', spent_usd: 9 }),
    row({ user_id: 'c', tenant_id: 't', spent_usd: 3 }),
  ];
  expect(
    compared(rows, before, 'user').map(({ name, row: now, before: then }) => [
      name,
      now?.spent_usd,
      then?.spent_usd,
    ]),
  ).toEqual([
    ['b · t', 5, undefined],
    ['a · t', 1, 9],
    ['c · t', undefined, 3],
  ]);
});

it('tells one user from the user of the same name of another tenant', () => {
  const rows = [row({ user_id: 'a', tenant_id: 't1' }), row({ user_id: 'a', tenant_id: null })];
  expect(compared(rows, undefined, 'user').map(({ name }) => name)).toEqual(['a · t1', 'a']);
});

it('has each day of a period, beside the first day of another one its first, whatever was spent', () => {
  const rows = [row({ day: '2026-11-02', spent_usd: 1 }), row({ day: '2026-11-04', spent_usd: 2 })];
  const before = [row({ day: '2026-10-31', spent_usd: 3 })];
  const days = { from: '2026-11-02', to: '2026-11-04' };
  const other = { from: '2026-10-30', to: '2026-11-01' };
  expect(
    comparedDays(rows, before, days, other).map(({ name, row: now, before: then }) => [
      name,
      now?.spent_usd,
      then?.day,
    ]),
  ).toEqual([
    ['2026-11-02', 1, undefined],
    ['2026-11-03', undefined, '2026-10-31'],
    ['2026-11-04', 2, undefined],
  ]);
});

it('compares with as many days right before', () => {
  expect(daysBefore(daysOf('7', '2026-11-28'))).toEqual({ from: '2026-11-15', to: '2026-11-21' });
  expect(daysBefore(daysOf('today', '2026-03-01'))).toEqual({
    from: '2026-02-28',
    to: '2026-02-28',
  });
});

it('says what is wrong with days before it asks for them', () => {
  expect(daysFault({ from: '2026-11-02', to: '2026-11-01' })).toBe(
    'The first day is after the last.',
  );
  expect(daysFault({ from: '', to: '2026-11-01' })).toBe('A day is missing.');
  expect(daysFault(daysOf('month', '2026-11-28'))).toBeUndefined();
});
