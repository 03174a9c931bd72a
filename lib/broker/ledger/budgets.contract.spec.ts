import type { KeyRecord } from '../keys/key';
import { APP_CODE, BY_APP_CODE } from '../operators/actor';
import type { Ledger } from './ledger';
import type { Decision } from './records';
import { DAILY } from '../../../test/support/daily';
import { keyRecord } from '../../../test/support/key-record';
import { everyLedger } from '../../../test/support/ledgers';
import { TestClock } from '../../../test/support/test-clock';

const CENT = 10_000;
const DAY = 86_400_000;
const START = Date.UTC(2026, 1, 27, 12);
const U = { scope: 'user', tenant: undefined, user: undefined, id: 'u' } as const;
const ORDER = { ...U, raiseId: 'r', micros: 20 * CENT, lifeMs: 3_600_000, reason: 'a test' };

describe.each(everyLedger())('budgets of a ledger %s', (_name, open) => {
  let clock: TestClock;
  let ledger: Ledger;
  let keys: KeyRecord[];
  let calls = 0;
  beforeEach(async () => {
    clock = new TestClock(START);
    ledger = await open(clock);
    keys = ['a', 'b'].map((id) => keyRecord(id, { capMicros: 1e9 }));
    for (const key of keys) await ledger.issue(key);
  });
  afterEach(() => ledger.close());

  const admit = (cents: number): Promise<Decision> =>
    ledger.admit({
      callId: `c${++calls}`,
      key: keys[calls % 2]!,
      account: '',
      price: { kind: 'amount', micros: cents * CENT, amount: cents, currency: 'usd' },
      audit: { at: new Date(clock.now()).toISOString(), event: 'call' },
    });
  const admitted = (decisions: readonly Decision[]): number =>
    decisions.filter((each) => each.admitted).length;

  it('let calls beside a raise spend no more than the cap and the raise, and all of it after', async () => {
    await ledger.putBudget({ ...U, ...DAILY, period: 'month', capMicros: 30 * CENT }, BY_APP_CODE);
    const before = Array.from({ length: 40 }, () => admit(1));
    const raised = ledger.raises.set(ORDER, APP_CODE);
    const beside = Array.from({ length: 40 }, () => admit(1));
    await raised;
    const early = admitted(await Promise.all([...before, ...beside]));
    expect(early).toBeGreaterThanOrEqual(30);
    expect(early).toBeLessThanOrEqual(50);
    const late = await Promise.all(Array.from({ length: 40 }, () => admit(1)));
    expect(early + admitted(late)).toBe(50);
    await ledger.raises.end(U, 'r', BY_APP_CODE);
    const [, cap] = await ledger.capsOver('a');
    expect([cap?.capMicros, cap?.balance.held]).toEqual([30 * CENT, 50 * CENT]);
  });

  it('are at most doubled by operators, also where the cap came after their raise', async () => {
    const ann = { name: 'ann', role: 'operator', isApp: false } as const;
    await ledger.putBudget({ ...U, ...DAILY, capMicros: 20 * CENT }, BY_APP_CODE);
    await ledger.raises.set(ORDER, ann);
    // Of another tenant, in which the user had no key by then.
    const late = keyRecord('c', {
      capMicros: 1e9,
      createdAt: clock.now() + 1,
      subject: { tenant_id: 't2', user_id: 'u' },
      budgets: { user: { week: 5 * CENT } },
    });
    await ledger.issue(late);
    keys = [late, late];
    const decisions = await Promise.all(Array.from({ length: 40 }, () => admit(1)));
    expect(admitted(decisions)).toBe(10);
    await ledger.raises.set({ ...ORDER, raiseId: 's', micros: 3 * CENT }, APP_CODE);
    expect(admitted(await Promise.all(Array.from({ length: 40 }, () => admit(1))))).toBe(3);
  });

  it.each(['day', 'week', 'month', '24h'] as const)(
    'let 40 calls at once past no budget of the %s, with what was spent on days before',
    async (period) => {
      for (let day = 0; day < 3; day++) {
        await admit(3);
        clock.instant += DAY;
      }
      await ledger.putBudget({ ...U, ...DAILY, period, capMicros: 20 * CENT }, BY_APP_CODE);
      const [, cap] = await ledger.capsOver('a');
      const spent = (cap?.balance.held ?? 0) / CENT;
      // From a Friday to a Monday, over the end of a month.
      expect(spent).toBe({ day: 0, week: 0, month: 3, '24h': 3 }[period]);
      const decisions = await Promise.all(Array.from({ length: 40 }, () => admit(1)));
      expect(admitted(decisions)).toBe(20 - spent);
    },
  );

  it('count in a month what a hold of the day before is settled at today', async () => {
    const decision = await admit(5);
    clock.instant += DAY;
    await ledger.putBudget({ ...U, ...DAILY, period: 'month', capMicros: 20 * CENT }, BY_APP_CODE);
    if (!decision.admitted) throw new Error('it was refused');
    const outcome = { ending: 'settled', reportedMicros: 18 * CENT } as const;
    await ledger.end({ call: decision.call, outcome, audit: {} });
    expect((await admit(3)).admitted).toBe(false);
    expect((await admit(2)).admitted).toBe(true);
  });
});
