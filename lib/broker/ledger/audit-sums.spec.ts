import fc from 'fast-check';
import {
  RANDOM_KEYS,
  RANDOM_START,
  playCalls,
  randomSteps,
} from '../../../test/support/random-calls';
import type { RandomStep } from '../../../test/support/random-calls';
import { propertyRuns } from '../../../test/support/property-runs';
import { TestClock } from '../../../test/support/test-clock';
import { DAILY } from '../../../test/support/daily';
import type { AuditEntry } from '../audit/audit-entry';
import { dayBalanceName, subjectsOf } from '../budgets/budget';
import type { BudgetSubject } from '../budgets/budget';
import type { Balance } from '../keys/key';
import { keyBalanceName } from './rules/caps';
import { SqliteLedger } from './sqlite/sqlite-ledger';

async function play(script: readonly RandomStep[]): Promise<void> {
  const clock = new TestClock(RANDOM_START);
  const ledger = new SqliteLedger(':memory:', { clock });
  const { days } = await playCalls(script, ledger, clock);
  await compare(ledger, clock, days);
  await ledger.close();
}

async function compare(
  ledger: SqliteLedger,
  clock: TestClock,
  days: readonly string[],
): Promise<void> {
  const { entries } = await ledger.audit({}, { limit: 100_000 });
  const { entries: holds } = await ledger.holds({}, { limit: 100_000 });
  /** What is spent, and what is undone by refunds that have ended. */
  const sum = (counts: (row: AuditEntry) => boolean): [number, number] => {
    const rows = entries.filter(counts);
    return [
      rows.reduce((total, row) => total + (row.settled_micros ?? 0), 0),
      rows.reduce((total, row) => total + (row.undone_micros ?? 0), 0),
    ];
  };
  /** What a balance says of the same. */
  const said = (name: string, { spent, undone }: Balance): [number, number] => {
    const open = holds.filter(
      ({ state, chargedTo }) =>
        (state === 'held' || state === 'unknown') && chargedTo.includes(name),
    );
    return [spent, open.reduce((left, { undoneMicros }) => left - undoneMicros, undone)];
  };
  const metered = [0, 0];
  for (const { spent, givenBack, undone } of ledger.money.byVendor.values()) {
    metered[0]! += spent - givenBack;
    metered[1]! += undone;
  }
  expect(metered).toEqual(sum(() => true));
  const openUsd = { held: 0, unknown: 0 };
  for (const { state, heldMicros } of holds) {
    if (state === 'held' || state === 'unknown') openUsd[state] += heldMicros;
  }
  expect((await ledger.figures()).openUsd).toEqual({
    held: openUsd.held / 1_000_000,
    unknown: openUsd.unknown / 1_000_000,
  });
  const columns = ['tenant_id', 'user_id', 'run_id', 'tool', 'vendor'] as const;

  for (const { id } of RANDOM_KEYS) {
    const below = RANDOM_KEYS.filter(({ parentId, id: own }) => own === id || parentId === id);
    const rows = sum(({ key_id: keyId }) => below.some((each) => each.id === keyId));
    const { balance } = (await ledger.key(id))!;
    expect([id, rows]).toEqual([id, said(keyBalanceName(id), balance)]);
  }
  for (const { subject, vendor } of RANDOM_KEYS) {
    for (const counted of subjectsOf(subject, vendor)) {
      const whole = { ...subject, vendor } as Partial<Record<(typeof columns)[number], string>>;
      const parts = partsOf(counted);
      for (const day of days) {
        const rows = sum(
          (row) =>
            row.day === day && parts.every((column) => row[column] === (whole[column] ?? null)),
        );
        const budget = { ...counted, ...DAILY, capMicros: 0 };
        clock.instant = Date.parse(day);
        const cap = await ledger.capUnder(budget);
        const balance = cap!.balance;
        const name = dayBalanceName(counted, day);
        expect([counted, day, rows]).toEqual([counted, day, said(name, balance)]);
      }
    }
  }
}

/** The columns of a row that say whether it counts for a subject. */
function partsOf({ scope }: BudgetSubject) {
  return {
    tenant: ['tenant_id'],
    user: ['tenant_id', 'user_id'],
    run: ['tenant_id', 'user_id', 'run_id'],
    tool: ['tool'],
    vendor: ['vendor'],
  }[scope] as ('tenant_id' | 'user_id' | 'run_id' | 'tool' | 'vendor')[];
}

it('the meters, and the audit rows of a subject and a day add up to its balance, whatever calls, retries, captures, cancels, refunds and operators did', async () => {
  await fc.assert(fc.asyncProperty(fc.array(randomSteps, { minLength: 5, maxLength: 60 }), play), {
    numRuns: propertyRuns(150),
  });
});
