import fc from 'fast-check';
import { everyLedger } from '../../../test/support/ledgers';
import {
  RANDOM_KEYS,
  RANDOM_START,
  playCalls,
  randomSteps,
} from '../../../test/support/random-calls';
import type { RandomStep } from '../../../test/support/random-calls';
import { propertyRuns } from '../../../test/support/property-runs';
import { DAILY } from '../../../test/support/daily';
import { TestClock } from '../../../test/support/test-clock';
import { MICROS_PER_USD } from '../../contract/usd';
import type { AuditEntry } from '../audit/audit-entry';
import { dayOf, subjectsOf } from '../budgets/budget';
import type { BudgetSubject } from '../budgets/budget';
import type { Ledger } from '../ledger/ledger';
import type { Hold } from '../ledger/records';
import { Spend } from './spend';
import type { SpendRowView, SpendTotalsView } from './spend-view';

type Group = 'day' | 'tenant' | 'user' | 'tool' | 'vendor';
const GROUPS: readonly Group[] = ['day', 'tenant', 'user', 'tool', 'vendor'];
const COLUMNS = { tenant: 'tenant_id', user: 'user_id', tool: 'tool', vendor: 'vendor' } as const;
/** Every way to group: by each of them or not. */
const GROUPINGS = Array.from({ length: 2 ** GROUPS.length - 1 }, (_, mask) =>
  GROUPS.filter((_each, i) => ((mask + 1) & (1 << i)) !== 0),
);
const RANGE = { from: dayOf(RANDOM_START), to: '2026-02-28' };

/** Sums in micro-dollars, by what they are called in USD. */
type Sums = Record<keyof SpendTotalsView, number>;
const nothing = (): Sums => ({
  settled_usd: 0,
  given_back_usd: 0,
  spent_usd: 0,
  undone_usd: 0,
  held_usd: 0,
  unknown_usd: 0,
  refused_usd: 0,
  calls: 0,
  refusals: 0,
});

/** What the rows of the log and the open holds say by themselves, by group. */
function summed(entries: readonly AuditEntry[], holds: readonly Hold[], by: readonly Group[]) {
  const sums = new Map<string, Sums>();
  const sumsOf = (day: string, of: Partial<AuditEntry>) => {
    const parts = by.map((group) => (group === 'day' ? day : (of[COLUMNS[group]] ?? null)));
    const name = JSON.stringify(parts);
    const found = sums.get(name) ?? nothing();
    sums.set(name, found);
    return found;
  };
  for (const entry of entries) {
    const { event, day, at } = entry;
    if (!['call', 'settlement', 'give_back', 'refusal'].includes(event)) continue;
    const settled = entry.settled_micros ?? 0;
    if (event === 'settlement' && settled === 0 && entry.undone_micros === null) continue;
    const row = sumsOf(day ?? at.slice(0, 10), entry);
    row.spent_usd += settled;
    if (settled > 0) row.settled_usd += settled;
    if (settled < 0) row.given_back_usd -= settled;
    row.undone_usd += entry.undone_micros ?? 0;
    if (event === 'call') row.calls += 1;
    if (event !== 'refusal') continue;
    row.refusals += entry.count ?? 1;
    row.refused_usd += entry.requested_micros ?? 0;
  }
  for (const { state, heldMicros, keyId, createdAt, vendor } of holds) {
    if ((state !== 'held' && state !== 'unknown') || heldMicros === 0) continue;
    const { subject } = RANDOM_KEYS.find(({ id }) => id === keyId)!;
    sumsOf(dayOf(createdAt), { ...subject, vendor })[`${state}_usd`] += heldMicros;
  }
  return sums;
}

function micros(view: SpendTotalsView): Sums {
  const sums = nothing();
  for (const name of Object.keys(sums) as (keyof Sums)[]) {
    const value = view[name] ?? 0;
    sums[name] = name === 'calls' || name === 'refusals' ? value : inMicros(value);
  }
  return sums;
}

/** What is no whole number of micro-dollars is no sum of such. */
function inMicros(usd: number): number {
  expect(usd).toBe(Number(usd.toFixed(6)));
  return Math.round(usd * MICROS_PER_USD);
}

/**
 * The log, the holds and what spend says of them. A ledger writes the rows of repeated refusals a second
 * later: what it wrote between the answers makes them answers of two logs, and they are asked for again.
 */
async function unchangedLog(ledger: Ledger) {
  const spendOf = new Spend(ledger);
  for (;;) {
    const { entries } = await ledger.audit({}, { limit: 100_000 });
    const { entries: holds } = await ledger.holds({}, { limit: 100_000 });
    const spend = [];
    for (const by of GROUPINGS) {
      spend.push({ by, ...(await spendOf.list({ ...RANGE, by: by.join(',') })) });
    }
    const { rows: hours } = await spendOf.list({ ...RANGE, by: 'hour' });
    const { rows: days } = await spendOf.list({ ...RANGE, by: 'day' });
    const { entries: after } = await ledger.audit({}, { limit: 100_000 });
    if (after.length === entries.length) return { entries, holds, spend, hours, days };
  }
}

async function compareWithLog(ledger: Ledger): Promise<void> {
  const { entries, holds, spend, hours, days } = await unchangedLog(ledger);
  const all = [...summed(entries, holds, ['vendor']).values()];
  const total = nothing();
  for (const each of all)
    for (const name of Object.keys(total) as (keyof Sums)[]) total[name] += each[name];
  for (const { by, rows, totals, cursor } of spend) {
    expect(cursor).toBeUndefined();
    const nameOf = (row: SpendRowView) =>
      JSON.stringify(by.map((group) => row[group === 'day' ? 'day' : COLUMNS[group]]));
    const found = new Map(rows.map((row) => [nameOf(row), micros(row)]));
    expect([by, found]).toEqual([by, summed(entries, holds, by)]);
    expect([by, micros(totals)]).toEqual([by, total]);
  }
  for (const day of days) {
    const sum = nothing();
    for (const hour of hours.filter((each) => each.hour?.startsWith(day.day ?? ''))) {
      const of = micros(hour);
      for (const name of Object.keys(sum) as (keyof Sums)[]) sum[name] += of[name];
    }
    expect([day.day, sum]).toEqual([day.day, micros(day)]);
  }
}

/** What is spent, held and undone of a subject and a day is what its balance says. */
async function compareWithBalances(
  ledger: Ledger,
  clock: TestClock,
  days: readonly string[],
): Promise<void> {
  const spend = new Spend(ledger);
  const now = clock.instant;
  const { entries: holds } = await ledger.holds({}, { limit: 100_000 });
  const subjects = new Map<string, BudgetSubject>();
  for (const { subject, vendor } of RANDOM_KEYS) {
    for (const each of subjectsOf(subject, vendor)) {
      if (each.scope !== 'run') subjects.set(JSON.stringify(each), each);
    }
  }
  for (const counted of subjects.values()) {
    for (const day of days) {
      const { scope, tenant, id } = counted;
      const filter = {
        tenant: { tenant_id: id },
        user: { tenant_id: tenant, user_id: id },
        tool: { tool: id },
        vendor: { vendor: id },
        run: {},
      }[scope];
      clock.instant = now;
      const { totals } = await spend.list({ by: 'day', from: day, to: day, ...filter });
      const { spent_usd, held_usd, unknown_usd, undone_usd } = micros(totals);
      const isOfIt = (hold: Hold) => {
        const { subject } = RANDOM_KEYS.find(({ id: key }) => key === hold.keyId)!;
        return subjectsOf(subject, hold.vendor).some(
          (each) => JSON.stringify(each) === JSON.stringify(counted),
        );
      };
      const open = holds.filter(
        (hold) =>
          (hold.state === 'held' || hold.state === 'unknown') &&
          dayOf(hold.createdAt) === day &&
          isOfIt(hold),
      );
      const undoing = open.reduce((sum, { undoneMicros }) => sum + undoneMicros, 0);
      clock.instant = Date.parse(day);
      const cap = await ledger.capUnder({ ...counted, ...DAILY, capMicros: 0 });
      const said = { spent: spent_usd, held: held_usd + unknown_usd, undone: undone_usd + undoing };
      expect([counted, day, said]).toEqual([counted, day, cap!.balance]);
    }
  }
  clock.instant = now;
}

/** How many scripts are played on each store, and how long they are: in memory some ten thousand calls in all. */
const SCRIPTS: Readonly<Record<string, { scripts: number; steps: number }>> = {
  'in memory': { scripts: 60, steps: 400 },
  'in SQLite': { scripts: 10, steps: 150 },
};
const ELSEWHERE = { scripts: 3, steps: 100 };

describe.each(everyLedger())('spend %s', (name, open) => {
  it('is the sum of the audit log and of the balances by every grouping, whatever calls, refunds and operators did, and whenever it was asked for', async () => {
    const { scripts, steps: maxLength } = SCRIPTS[name] ?? ELSEWHERE;
    const script = fc.array(randomSteps, { minLength: 5, maxLength, size: 'max' });
    const play = async (steps: readonly RandomStep[], every: number): Promise<void> => {
      const clock = new TestClock(RANDOM_START);
      const ledger = await open(clock);
      const spend = new Spend(ledger);
      const { days } = await playCalls(steps, ledger, clock, async (step) => {
        if (step % every === 0) await spend.list({ by: 'user' });
      });
      await compareWithLog(ledger);
      await compareWithBalances(ledger, clock, days);
      await ledger.close();
    };
    await fc.assert(fc.asyncProperty(script, fc.integer({ min: 5, max: 100 }), play), {
      numRuns: propertyRuns(scripts),
    });
  });
});
