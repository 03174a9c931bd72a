import { keyRecord } from '../../../test/support/key-record';
import { sweepNow } from '../../../test/support/sweep-now';
import { TestClock } from '../../../test/support/test-clock';
import { MemoryStore } from './memory/memory-store';
import { StoreLedger } from './store-ledger';

const DOLLAR = 1_000_000;
const HOUR = 3_600_000;

it('a threshold of 24 hours is told once on a day, whatever has left the store meanwhile', async () => {
  const clock = new TestClock(Date.UTC(2026, 0, 1, 8));
  const store = new MemoryStore({ clock });
  const ledger = new StoreLedger(store);
  const key = keyRecord('k', {
    capMicros: 1_000 * DOLLAR,
    createdAt: clock.now(),
    budgets: { user: { '24h': 100 * DOLLAR } },
  });
  await ledger.issue(key);
  const pay = async (id: string) => {
    const decision = await ledger.admit({
      callId: id,
      key,
      account: '',
      price: { kind: 'amount', micros: 60 * DOLLAR, amount: 6_000, currency: 'usd' },
      audit: { at: 'then', event: 'refusal' },
    });
    if (!decision.admitted) throw decision.refusal;
    return decision.call;
  };
  const told = async () => {
    const { entries } = await ledger.audit({ event: 'threshold' }, { limit: 9 });
    return entries.map(({ percent }) => percent);
  };
  const first = await pay('call_1');
  await ledger.end({ call: first, outcome: { ending: 'released' }, audit: {} });
  expect(await told()).toEqual([50]);
  clock.instant += 2 * HOUR;
  await sweepNow(store, 90 * 24 * HOUR);
  await pay('call_2');
  expect(await told()).toEqual([50]);
  await ledger.close();
});
