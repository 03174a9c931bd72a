import fc from 'fast-check';
import { keyRecord } from '../../../test/support/key-record';
import { everyLedger } from '../../../test/support/ledgers';
import { TestClock } from '../../../test/support/test-clock';
import type { AuditEntry } from '../audit/audit-entry';
import type { KeyRecord } from '../keys/key';
import type { Ledger } from './ledger';
import type { AdmittedCall } from './records';

const DOLLAR = 1_000_000;
const START = Date.UTC(2026, 0, 1, 12);
const DAY_MS = 86_400_000;

type Step =
  | { do: 'charge'; usd: number }
  | { do: 'end'; which: number; percent: number }
  | { do: 'cap'; usd: number }
  | { do: 'next day' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('charge' as const),
        usd: fc.integer({ min: 1, max: 60 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('end' as const),
        which: fc.nat(20),
        // Less than was held, nothing, or more: a vendor may report what it wants.
        percent: fc.constantFrom(0, 30, 100, 100, 170),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('cap' as const),
        usd: fc.constantFrom(0, 60, 100, 250),
      }),
    },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'next day' }) },
  ),
  { maxLength: 30 },
);

describe.each(everyLedger())('thresholds of budgets: %s', (_name, open, numRuns) => {
  let clock: TestClock;
  let ledger: Ledger;
  let key: KeyRecord;
  let calls: number;
  beforeEach(begin);
  afterEach(() => ledger.close());

  async function begin(): Promise<void> {
    clock = new TestClock(START);
    ledger = await open(clock);
    calls = 0;
    key = keyRecord('k', {
      capMicros: 100_000 * DOLLAR,
      subject: { user_id: 'u', tenant_id: 't' },
    });
    await ledger.issue(key);
  }

  const cap = (usd: number) =>
    ledger.putBudget({
      scope: 'user',
      tenant: 't',
      user: undefined,
      id: 'u',
      period: 'day',
      mode: 'enforce',
      capMicros: usd * DOLLAR,
    });
  const charge = async (usd: number, by = key): Promise<AdmittedCall | undefined> => {
    const decision = await ledger.admit({
      callId: `call_${++calls}`,
      key: by,
      account: '',
      price: { kind: 'amount', micros: usd * DOLLAR, amount: usd * 100, currency: 'usd' },
      audit: { at: 'then', event: 'refusal' },
    });
    return decision.admitted ? decision.call : undefined;
  };
  const end = (call: AdmittedCall, usd: number) =>
    ledger.end({
      call,
      outcome:
        usd === 0 ? { ending: 'released' } : { ending: 'settled', reportedMicros: usd * DOLLAR },
      audit: {},
    });
  const told = async (): Promise<readonly AuditEntry[]> => {
    const { entries } = await ledger.audit({ event: 'threshold' }, { limit: 100 });
    return [...entries].reverse();
  };
  const percents = async () => (await told()).map(({ percent }) => percent);
  const state = async () => (await ledger.capsOver('k')).find(({ scope }) => scope === 'user');

  it('tells each part of a cap that a call passes, with whose it is and what is left', async () => {
    await cap(100);
    await charge(49);
    expect(await told()).toEqual([]);
    await charge(1);
    await charge(40);
    expect(await told()).toEqual([
      expect.objectContaining({
        percent: 50,
        spent_after_micros: 0,
        held_after_micros: 50 * DOLLAR,
      }),
      expect.objectContaining({
        percent: 80,
        scope: 'user',
        tenant_id: 't',
        user_id: 'u',
        run_id: null,
        key_id: null,
        day: '2026-01-01',
        cap_micros: 100 * DOLLAR,
        held_after_micros: 90 * DOLLAR,
        remaining_after_micros: 10 * DOLLAR,
      }),
    ]);
    expect(await percents()).toEqual([50, 80]);
    await charge(10);
    expect(await percents()).toEqual([50, 80, 100]);
  });

  it('tells all that one call passes, the lowest first', async () => {
    await cap(100);
    await charge(100);
    expect(await percents()).toEqual([50, 80, 100]);
  });

  it('tells none twice: not where money comes back, not after a higher cap', async () => {
    await cap(100);
    const first = await charge(60);
    await end(first as AdmittedCall, 0);
    await charge(60);
    await cap(200);
    await charge(60);
    expect(await percents()).toEqual([50]);
    await charge(60);
    expect(await percents()).toEqual([50, 80]);
  });

  it('tells what a vendor reports beyond what was held, and what an operator settles', async () => {
    await cap(100);
    const [one, two] = [await charge(10), await charge(10)];
    await end(one as AdmittedCall, 45);
    await ledger.end({ call: two as AdmittedCall, outcome: { ending: 'unknown' }, audit: {} });
    expect(await percents()).toEqual([50]);
    await ledger.endHold((two as AdmittedCall).callId, 50 * DOLLAR);
    expect(await percents()).toEqual([50, 80]);
  });

  it('tells again on the next day, and nothing of a day that is over', async () => {
    await cap(100);
    const late = await charge(50);
    clock.instant += DAY_MS;
    await end(late as AdmittedCall, 90);
    expect(await percents()).toEqual([50]);
    await charge(50);
    expect((await told()).map(({ percent, day }) => [percent, day])).toEqual([
      [50, '2026-01-01'],
      [50, '2026-01-02'],
    ]);
  });

  it.each(['week', 'month', '24h'] as const)(
    'tells what a call of the day before comes to today, of a budget of the %s',
    async (period) => {
      const rule = { scope: 'user', tenant: 't', user: undefined, id: 'u' } as const;
      await ledger.putBudget({ ...rule, period, mode: 'enforce', capMicros: 100 * DOLLAR });
      await ledger.putBudget({
        ...rule,
        period: 'day',
        mode: 'enforce',
        capMicros: 100 * DOLLAR,
      });
      const late = await charge(40);
      clock.instant += 20 * 3_600_000;
      await end(late as AdmittedCall, 60);
      await charge(25);
      expect((await told()).map(({ percent, reason }) => [percent, reason])).toEqual([
        [50, expect.stringContaining('$60.00 spent and $0.00 held')],
        [80, expect.stringContaining('$60.00 spent and $25.00 held')],
      ]);
    },
  );

  it('tells nothing of a cap of 0, of a key without budgets, and what is configured', async () => {
    await charge(60);
    await cap(0);
    await charge(60);
    expect(await told()).toEqual([]);
    await cap(1_000);
    ledger.thresholds.percents = [10, 7];
    await charge(100);
    expect(await percents()).toEqual([7, 10]);
    ledger.thresholds.percents = [];
    await charge(500);
    expect(await percents()).toEqual([7, 10]);
  });

  it('tells each threshold that is passed, once a period, whatever calls come to', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        await ledger.close();
        await begin();
        await cap(100);
        const open: { call: AdmittedCall; usd: number }[] = [];
        let seen = 0;
        const highest = new Map<string | null, number>();
        for (const step of script) {
          const before = await state();
          if (step.do === 'charge') {
            const call = await charge(step.usd);
            if (call !== undefined) open.push({ call, usd: step.usd });
          } else if (step.do === 'cap') {
            await cap(step.usd);
          } else if (step.do === 'next day') {
            clock.instant += DAY_MS;
            key = { ...key, expiresAt: 1e15 };
          } else {
            const [ended] = open.splice(step.which % Math.max(1, open.length), 1);
            if (ended !== undefined) await end(ended.call, (ended.usd * step.percent) / 100);
          }
          const after = await state();
          const rows = (await told()).slice(seen);
          seen += rows.length;
          const day = new Date(clock.instant).toISOString().slice(0, 10);
          for (const {
            percent,
            day: of,
            spent_after_micros,
            held_after_micros,
            cap_micros,
          } of rows) {
            // Of this day, above what was told, and true of what is spent and held now.
            expect(of).toBe(day);
            expect(percent).toBeGreaterThan(highest.get(day) ?? 0);
            highest.set(day, percent ?? 0);
            expect([spent_after_micros, held_after_micros, cap_micros]).toEqual([
              after?.balance.spent,
              after?.balance.held,
              after?.capMicros,
            ]);
            const sum = (spent_after_micros ?? 0) + (held_after_micros ?? 0);
            expect(sum * 100).toBeGreaterThanOrEqual((percent ?? 0) * (cap_micros ?? 0));
          }
          if (before === undefined || after === undefined || step.do === 'next day') continue;
          const sumOf = ({ balance }: typeof after) => balance.spent + balance.held;
          for (const percent of step.do === 'cap' || after.capMicros === 0 ? [] : [50, 80, 100]) {
            const bound = percent * after.capMicros;
            if (sumOf(before) * 100 >= bound || sumOf(after) * 100 < bound) continue;
            expect(highest.get(day) ?? 0).toBeGreaterThanOrEqual(percent);
          }
        }
      }),
      { numRuns },
    );
  });
});
