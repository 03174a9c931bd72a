import fc from 'fast-check';
import { BUDGET_PERIODS } from '../../lib/contract/budget-periods';
import type { PeriodCaps } from '../../lib/contract/budget-periods';
import { dayOf } from '../../lib/broker/budgets/budget';
import { endOfPeriod, startOfPeriod } from '../../lib/broker/budgets/period';
import type { KeyRecord } from '../../lib/broker/keys/key';
import type { Ledger } from '../../lib/broker/ledger/ledger';
import type { Decision } from '../../lib/broker/ledger/records';
import { keyRecord } from './key-record';

const CENT = 10_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The first instant of an hour, a day, a week and a month. */
export const EDGE = Date.parse('2026-06-01T00:00:00.000Z');

const CAPS: PeriodCaps = { day: 12 * CENT, '24h': 14 * CENT, week: 20 * CENT, month: 31 * CENT };
const CALL_CENTS = 4;

/** A key whose user has a cap of each period. */
export function cappedKey(caps: PeriodCaps = CAPS): KeyRecord {
  return keyRecord('k', { capMicros: 1e12, budgets: { user: caps } });
}

let calls = 0;

/** Asks for a call of some cents. */
export function charge(ledger: Ledger, key: KeyRecord, cents = CALL_CENTS): Promise<Decision> {
  const callId = `call_${++calls}`;
  return ledger.admit({
    callId,
    key,
    account: '',
    price: { kind: 'amount', micros: cents * CENT, amount: cents, currency: 'usd' },
    audit: { at: '2026-01-01T00:00:00.000Z', event: 'refusal', call_id: callId, key_id: key.id },
  });
}

/** Where a clock is set to: shortly before or after an hour, a day, a week or a month begins, or anywhere. */
export const anInstant = fc
  .tuple(
    fc.constantFrom(0, -HOUR, HOUR, 2 * HOUR, -24 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR),
    fc.constantFrom(-25 * MINUTE, -MINUTE, -50, 0, 50, MINUTE, 25 * MINUTE),
  )
  .map(([hours, beside]) => EDGE + hours + beside);

/** Each period whose holds come to more than its cap. */
export async function passedCaps(ledger: Ledger): Promise<string[]> {
  const { entries: holds } = await ledger.holds({}, { limit: 10_000 });
  const passed = new Set<string>();
  for (const period of BUDGET_PERIODS) {
    for (const { createdAt } of holds) {
      const [start, end] = [startOfPeriod(period, createdAt), endOfPeriod(period, createdAt)];
      const sum = holds
        .filter((hold) => hold.createdAt >= start && hold.createdAt < end)
        .reduce((micros, hold) => micros + hold.heldMicros, 0);
      if (sum > (CAPS[period] ?? Infinity)) passed.add(`${period} of ${dayOf(start)}: ${sum}`);
    }
  }
  return [...passed];
}
