import fc from 'fast-check';
import type { AuditEntry, AuditRow } from '../audit/audit-entry';
import { auditRowOf } from '../audit/audit-entry';
import { dayBalanceName, dayOf, subjectsOf } from '../budgets/budget';
import type { BudgetSubject } from '../budgets/budget';
import type { Subject } from '../keys/subject';
import type { Balance, KeyRecord } from '../keys/key';
import type { Outcome, Price } from '../pricing/price';
import type { AdmittedCall } from './records';
import { keyBalanceName } from './rules/caps';
import { SqliteLedger } from './sqlite/sqlite-ledger';
import { propertyRuns } from '../../../test/support/property-runs';
import { TestClock } from '../../../test/support/test-clock';
import { DAILY } from '../../../test/support/daily';

const CENT = 10_000;
const HOUR = 3_600_000;
/** Shortly before a midnight, so that days change often. */
const START = Date.UTC(2026, 0, 1, 22);
const CAP = 1_000_000 * CENT;

/** Two users in two tenants, each with runs and tools; one key is under another. */
const SUBJECTS: { subject: Subject; parent?: number }[] = [
  { subject: { tenant_id: 't1', user_id: 'u1', run_id: 'r1', tool: 'pay' } },
  { subject: { tenant_id: 't1', user_id: 'u1', run_id: 'r2', tool: 'refund' } },
  { subject: { tenant_id: 't1', user_id: 'u2', run_id: 'r1', tool: 'pay' }, parent: 0 },
  { subject: { tenant_id: 't2', user_id: 'u1' } },
];
const KEYS: KeyRecord[] = SUBJECTS.map(({ subject, parent }, i) => ({
  id: `vk_${i}`,
  tokenHash: `hash${i}`,
  label: `key ${i}`,
  vendor: 'stripe',
  capMicros: CAP,
  allowedEndpoints: ['/v1/payment_intents'],
  subject,
  budgets: {},
  ...(parent === undefined ? {} : { parentId: `vk_${parent}` }),
  createdAt: START,
  expiresAt: START + 400 * 24 * HOUR,
}));

type Way = 'settled' | 'more' | 'declined' | 'released' | 'unknown';
type Step =
  | { do: 'pay'; key: number; cents: number; under: number | undefined }
  | { do: 'capture' | 'change' | 'refund'; key: number; object: number; cents: number }
  | { do: 'cancel'; key: number; object: number }
  | { do: 'retry'; key: number; operation: number }
  | { do: 'end'; call: number; as: Way }
  | { do: 'operator'; hold: number; cents: number | undefined }
  | { do: 'wait'; ms: number };

const key = fc.nat(KEYS.length - 1);
const cents = fc.integer({ min: 1, max: 300 });
const place = fc.nat(9);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pay' as const),
      key,
      cents,
      under: fc.option(fc.nat(3), { nil: undefined }),
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('capture' as const, 'change' as const, 'refund' as const),
      key,
      object: place,
      cents,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), key, object: place }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('retry' as const), key, operation: place }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      call: place,
      as: fc.constantFrom<Way>(
        'settled',
        'settled',
        'settled',
        'more',
        'declined',
        'released',
        'unknown',
        'unknown',
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('operator' as const),
      hold: place,
      cents: fc.option(fc.nat(400), { nil: undefined }),
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1_000, HOUR, 3 * HOUR),
    }),
  },
);

interface Call {
  hold: AdmittedCall;
  /** The vendor's object, where the call makes or names one. */
  objectId: string;
  cents: number;
}

interface Sent {
  price: Price;
  objectId: string;
  cents: number;
  keyHash: string;
  subject: Subject;
}

async function play(script: readonly Step[]): Promise<void> {
  const clock = new TestClock(START);
  const ledger = new SqliteLedger(':memory:', { clock });
  for (const each of KEYS) await ledger.issue(each);
  const flights: Call[] = [];
  const objects: string[] = [];
  const sent: Sent[] = [];
  const days = new Set<string>();
  let drawn = 0;

  const admit = async (index: number, price: Price, call: Omit<Call, 'hold'>, keyHash?: string) => {
    const under = KEYS[index]!;
    const { tenant_id: tenant, user_id: user } = under.subject;
    const audit: AuditRow = {
      ...auditRowOf('refusal', clock.now(), under),
      call_id: `call_${++drawn}`,
    };
    const decision = await ledger.admit({
      callId: audit.call_id ?? '',
      key: under,
      account: '',
      price,
      ...(keyHash === undefined
        ? {}
        : {
            operation: { keyHash, fingerprint: JSON.stringify([tenant, user, price, call.cents]) },
          }),
      audit,
    });
    days.add(dayOf(clock.now()));
    if (decision.admitted) flights.push({ ...call, hold: decision.call });
    return decision.admitted;
  };

  for (const step of script) {
    switch (step.do) {
      case 'wait':
        clock.instant += step.ms;
        break;
      case 'pay': {
        const objectId = `pi_${++drawn}`;
        const price: Price = {
          kind: 'amount',
          micros: step.cents * CENT,
          amount: step.cents,
          currency: 'usd',
        };
        const call = { objectId, cents: step.cents };
        const keyHash = step.under === undefined ? undefined : `key${step.under}-${drawn}`;
        if ((await admit(step.key, price, call, keyHash)) && keyHash !== undefined) {
          sent.push({ price, ...call, keyHash, subject: KEYS[step.key]!.subject });
        }
        break;
      }
      case 'retry': {
        const again = sent[step.operation % Math.max(1, sent.length)];
        if (again === undefined) break;
        // Another key of the same user, of another run and tool: the money stays where it was held.
        const { tenant_id: tenant, user_id: user } = again.subject;
        const mine = KEYS.findIndex(
          ({ subject }, i) =>
            subject.tenant_id === tenant && subject.user_id === user && i >= step.key,
        );
        if (mine >= 0) await admit(mine, again.price, again, again.keyHash);
        break;
      }
      case 'capture':
      case 'change':
      case 'refund':
      case 'cancel': {
        const objectId = objects[step.object % Math.max(1, objects.length)];
        if (objectId === undefined) break;
        const price: Price =
          step.do === 'cancel'
            ? { kind: 'cancel', objectId }
            : {
                kind: step.do === 'capture' ? 'exposure' : step.do,
                objectId,
                amount: step.cents,
                currency: 'usd',
                ...(step.do === 'refund' ? { canUndo: true } : {}),
              };
        await admit(step.key, price, {
          objectId,
          cents: step.do === 'cancel' ? 0 : step.cents,
        });
        break;
      }
      case 'end': {
        const [call] = flights.splice(step.call % Math.max(1, flights.length), 1);
        if (call === undefined) break;
        const outcome = outcomeOf(call, step.as);
        await ledger.end({ call: call.hold, outcome, audit: {} });
        if (outcome.object !== undefined) objects.push(call.objectId);
        break;
      }
      case 'operator': {
        const { entries } = await ledger.holds({ state: 'unknown' }, { limit: 100 });
        const hold = entries[step.hold % Math.max(1, entries.length)];
        if (hold === undefined) break;
        const ended = ledger.endHold(
          hold.callId,
          step.cents === undefined ? undefined : step.cents * CENT,
        );
        if (flights.some((call) => call.hold.holdId === hold.callId)) {
          await expect(ended).rejects.toMatchObject({ status: 422 });
        } else {
          await ended;
        }
        break;
      }
    }
  }
  await compare(ledger, clock, [...days]);
  await ledger.close();
}

/** What the vendor answered: what it made of the object, and what that costs now. */
function outcomeOf({ hold, objectId, cents: asked }: Call, as: Way): Outcome {
  const { kind } = hold.price;
  const object = { id: objectId, aliases: [], amount: asked, currency: 'usd' };
  switch (as) {
    case 'unknown':
      return { ending: 'unknown' };
    case 'released':
      return { ending: 'released' };
    case 'declined':
      return { ending: 'released', conclusive: true, ...(kind === 'amount' ? { object } : {}) };
    case 'settled':
    case 'more': {
      const reportedMicros = (asked + (as === 'more' ? 7 : 0)) * CENT;
      if (kind === 'refund') {
        const amount = reportedMicros / CENT;
        return {
          ending: 'settled',
          reportedMicros,
          settledAmount: { amount, currency: 'usd' },
        };
      }
      const isFinal = kind === 'exposure' || kind === 'cancel' || kind === 'change';
      return {
        ending: 'settled',
        object,
        reportedMicros,
        ...(isFinal ? { finalMicros: reportedMicros } : {}),
      };
    }
  }
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
  const counted = ledger.money.byVendor.get('stripe') ?? { spent: 0, givenBack: 0, undone: 0 };
  const all = sum(() => true);
  expect([counted.spent - counted.givenBack, counted.undone]).toEqual(all);
  const openUsd = { held: 0, unknown: 0 };
  for (const { state, heldMicros } of holds) {
    if (state === 'held' || state === 'unknown') openUsd[state] += heldMicros;
  }
  expect((await ledger.figures()).openUsd).toEqual({
    held: openUsd.held / 1_000_000,
    unknown: openUsd.unknown / 1_000_000,
  });
  const columns = ['tenant_id', 'user_id', 'run_id', 'tool', 'vendor'] as const;

  for (const { id } of KEYS) {
    const below = KEYS.filter(({ parentId, id: own }) => own === id || parentId === id);
    const rows = sum(({ key_id: keyId }) => below.some((each) => each.id === keyId));
    const { balance } = (await ledger.key(id))!;
    expect([id, rows]).toEqual([id, said(keyBalanceName(id), balance)]);
  }
  for (const { subject, vendor } of KEYS) {
    for (const counted of subjectsOf(subject, vendor)) {
      const whole = { ...subject, vendor } as Partial<Record<(typeof columns)[number], string>>;
      const parts = partsOf(counted);
      for (const day of days) {
        const rows = sum(
          (row) =>
            row.day === day && parts.every((column) => row[column] === (whole[column] ?? null)),
        );
        const budget = { ...counted, ...DAILY, capMicros: CAP };
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
  await fc.assert(fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 60 }), play), {
    numRuns: propertyRuns(150),
  });
});
