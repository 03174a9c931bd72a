import fc from 'fast-check';
import type { AppBudgets, BudgetRule } from '../budgets/budget';
import type { BudgetScope } from '../../contract/scopes';
import type { Subject } from '../keys/subject';
import type { KeyRecord } from '../keys/key';
import type { Outcome } from '../pricing/price';
import type { Ledger } from './ledger';
import type { AdmittedCall } from './records';
import { everyLedger } from '../../../test/support/ledgers';
import { TestClock } from '../../../test/support/test-clock';
import { DAILY } from '../../../test/support/daily';

const CENT = 10_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Shortly before a midnight, so that days change often. */
const START = Date.UTC(2026, 0, 1, 22);

const KEYS: { cap: number; subject: Subject; budgets: AppBudgets; parent?: number }[] = [
  {
    cap: 500,
    subject: { tenant_id: 't', user_id: 'u', run_id: 'r1' },
    budgets: { user: { day: 700 * CENT } },
  },
  {
    cap: 400,
    subject: { tenant_id: 't', user_id: 'u', run_id: 'r2' },
    budgets: { run: { day: 300 * CENT } },
  },
  { cap: 600, subject: { tenant_id: 't', user_id: 'v', tool: 'x' }, budgets: {} },
  { cap: 300, subject: { tenant_id: 't', user_id: 'u', run_id: 'r1' }, budgets: {}, parent: 0 },
  { cap: 1_000, subject: {}, budgets: { tool: { day: 250 * CENT } } },
];
const RULES: BudgetRule[] = [
  { scope: 'tenant', tenant: undefined, user: undefined, id: 't', ...DAILY },
  { scope: 'user', tenant: 't', user: undefined, id: 'u', ...DAILY },
  { scope: 'user', tenant: undefined, user: undefined, id: '*', ...DAILY },
  { scope: 'tool', tenant: undefined, user: undefined, id: '*', ...DAILY },
  { scope: 'vendor', tenant: undefined, user: undefined, id: 'stripe', ...DAILY },
  { scope: 'user', tenant: undefined, user: undefined, id: 'u', ...DAILY },
  { scope: 'user', tenant: '', user: undefined, id: '*', ...DAILY },
  { scope: 'run', tenant: undefined, user: 'u', id: 'r1', ...DAILY },
];

type Step =
  | { do: 'admit'; key: number; cents: number; under?: number }
  | { do: 'end'; flight: number; as: 'settled' | 'more' | 'released' | 'conclusive' | 'unknown' }
  | { do: 'revoke'; key: number }
  | { do: 'brake'; user: 'u' | 'v' }
  | { do: 'lift' }
  | { do: 'budget'; rule: number; cents: number | undefined }
  | { do: 'settle'; hold: number; cents: number | undefined }
  | { do: 'wait'; ms: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('admit' as const),
      key: fc.nat(4),
      cents: fc.constantFrom(50, 50, 50, 120),
      under: fc.option(fc.nat(1), { nil: undefined, freq: 3 }),
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      flight: fc.nat(3),
      as: fc.constantFrom(
        'settled' as const,
        'more' as const,
        'released' as const,
        'conclusive' as const,
        'unknown' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('revoke' as const), key: fc.nat(4) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('brake' as const),
      user: fc.constantFrom('u' as const, 'v' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'lift' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('budget' as const),
      rule: fc.nat(RULES.length - 1),
      cents: fc.option(fc.integer({ min: 0, max: 900 }), { nil: undefined }),
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      hold: fc.nat(9),
      cents: fc.option(fc.nat(300), { nil: undefined }),
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1_000, 3 * HOUR, DAY),
    }),
  },
);

/** A hold as anyone would write it down by hand. */
interface PlainHold {
  callId: string;
  chain: number[];
  subject: Subject;
  day: string;
  held: number;
  settled: number;
  isEndedByOperator: boolean;
  state: 'held' | 'settled' | 'released' | 'unknown';
}

interface PlainOperation {
  fingerprint: string;
  hold: PlainHold;
  firstSentAt: number;
  flights: number;
  outcomes: Step[];
  endedAt?: number;
  /** Those of its holds that operators have settled. */
  earlier: PlainHold[];
  /** Whether an operator has ended one of its holds. */
  hasEarlier: boolean;
}

/** What the ledger must agree with: lists, sums and no store. */
class PlainBook {
  now = START;
  readonly holds: PlainHold[] = [];
  readonly revoked = new Set<number>();
  readonly rules = new Map<number, number>();
  readonly operations = new Map<number, PlainOperation>();
  braked: 'u' | 'v' | undefined;

  get day(): string {
    return new Date(this.now).toISOString().slice(0, 10);
  }

  chainOf(key: number): number[] {
    const { parent } = KEYS[key]!;
    return parent === undefined ? [key] : [key, ...this.chainOf(parent)];
  }

  taken(counts: (hold: PlainHold) => boolean): number {
    return this.holds
      .filter(counts)
      .reduce(
        (sum, { held, settled, state }) =>
          sum + (state === 'settled' ? settled : state === 'released' ? 0 : held),
        0,
      );
  }

  /** Every cap over a key, with what counts against it, in cents. */
  capsOver(key: number, day = this.day): { cap: number; taken: number }[] {
    const { subject, budgets } = KEYS[key]!;
    const keys = this.chainOf(key).map((id) => ({
      cap: KEYS[id]!.cap,
      taken: this.taken(({ chain }) => chain.includes(id)),
    }));
    const same: Record<BudgetScope, (other: Subject) => boolean> = {
      tenant: (other) => other.tenant_id === subject.tenant_id,
      user: (other) => same.tenant(other) && other.user_id === subject.user_id,
      run: (other) => same.user(other) && other.run_id === subject.run_id,
      tool: (other) => other.tool === subject.tool,
      vendor: () => true,
    };
    const days = (Object.keys(same) as BudgetScope[]).flatMap((scope) => {
      const app = scope === 'vendor' ? undefined : budgets[scope]?.day;
      const caps = [
        this.ruleOver(scope, subject),
        app === undefined ? undefined : app / CENT,
      ].filter((cap) => cap !== undefined);
      if (caps.length === 0) return [];
      const taken = this.taken((hold) => hold.day === day && same[scope](hold.subject));
      return [{ cap: Math.min(...caps), taken }];
    });
    return [...keys, ...days];
  }

  private ruleOver(
    scope: BudgetScope,
    { tenant_id, user_id, run_id }: Subject,
  ): number | undefined {
    const ruled = (index: number, caps = true) => (caps ? this.rules.get(index) : undefined);
    const isU = user_id === 'u';
    if (scope === 'tenant') return ruled(0, tenant_id === 't');
    if (scope === 'user') {
      const own = ruled(1, isU && tenant_id === 't') ?? ruled(5, isU);
      return own ?? ruled(6, tenant_id === undefined) ?? ruled(2);
    }
    if (scope === 'run') return ruled(7, isU && run_id === 'r1');
    return scope === 'tool' ? ruled(3) : ruled(4);
  }
}

const outcomes: Record<Extract<Step, { do: 'end' }>['as'], (cents: number) => Outcome> = {
  settled: () => ({ ending: 'settled' }),
  more: (cents) => ({ ending: 'settled', reportedMicros: (cents + 50) * CENT }),
  released: () => ({ ending: 'released' }),
  conclusive: () => ({ ending: 'released', conclusive: true }),
  unknown: () => ({ ending: 'unknown' }),
};

/** How the calls of one operation came out, once none is in flight. */
function concluded(before: PlainHold['state'], ends: string[]): PlainHold['state'] {
  if (ends.includes('settled') || ends.includes('more')) return 'settled';
  if (before === 'settled' || before === 'released') return before;
  if (ends.includes('unknown')) return 'unknown';
  if (before === 'unknown') return ends.includes('conclusive') ? 'released' : 'unknown';
  return 'released';
}

async function play(ledger: Ledger, clock: TestClock, script: readonly Step[]): Promise<void> {
  const book = new PlainBook();
  const flights: { hold: AdmittedCall; plain: PlainHold; under?: number; cents: number }[] = [];
  let calls = 0;
  const keys: KeyRecord[] = [];
  for (const [index, { cap, subject, budgets, parent }] of KEYS.entries()) {
    const key: KeyRecord = {
      id: `k${index}`,
      tokenHash: `h${index}`,
      label: `k${index}`,
      vendor: 'stripe',
      capMicros: cap * CENT,
      allowedEndpoints: ['/v1/payment_intents'],
      subject,
      budgets,
      ...(parent === undefined ? {} : { parentId: `k${parent}` }),
      createdAt: START,
      expiresAt: START + 400 * DAY,
    };
    keys.push(key);
    await ledger.issue(key);
  }

  for (const step of script) {
    switch (step.do) {
      case 'wait':
        book.now += step.ms;
        clock.instant = book.now;
        break;
      case 'revoke':
        await ledger.revoke([`k${step.key}`]);
        book.revoked.add(step.key);
        break;
      case 'brake':
        if (book.braked !== undefined) break;
        book.braked = step.user;
        await ledger.putBrake({
          id: 'b',
          scope: 'user',
          target: step.user,
          reason: 'a test',
        });
        break;
      case 'lift':
        expect(await ledger.liftBrake('b')).toEqual(
          book.braked === undefined
            ? undefined
            : { brake: expect.objectContaining({ target: book.braked }), liftedAt: book.now },
        );
        book.braked = undefined;
        break;
      case 'budget': {
        const rule = RULES[step.rule]!;
        if (step.cents === undefined) {
          expect(await ledger.deleteBudget(rule)).toBe(book.rules.delete(step.rule));
        } else {
          await ledger.putBudget({ ...rule, capMicros: step.cents * CENT });
          book.rules.set(step.rule, step.cents);
        }
        break;
      }
      case 'settle': {
        const open = book.holds.filter(({ state }) => state === 'unknown');
        const hold = open[step.hold % Math.max(1, open.length)];
        if (hold === undefined) break;
        const ended = ledger.endHold(
          hold.callId,
          step.cents === undefined ? undefined : step.cents * CENT,
        );
        const own = [...book.operations.values()].find((each) => each.hold === hold);
        if ((own?.flights ?? 0) > 0) {
          await expect(ended).rejects.toMatchObject({ status: 422 });
          break;
        }
        await ended;
        hold.state = step.cents === undefined ? 'released' : 'settled';
        hold.settled = step.cents ?? 0;
        hold.isEndedByOperator = true;
        for (const operation of book.operations.values()) {
          if (operation.hold !== hold) continue;
          operation.endedAt = book.now;
          if (step.cents !== undefined) operation.earlier.push(hold);
        }
        break;
      }
      case 'admit':
        await admit(step);
        break;
      case 'end':
        await end(step);
        break;
    }
  }
  for (const key of keys) await compare(key);
  await compareMeters();
  expect(await ledger.verifyAudit()).toMatchObject({ ok: true });

  async function admit({ key, cents, under }: Extract<Step, { do: 'admit' }>): Promise<void> {
    const { subject } = KEYS[key]!;
    const fingerprint = JSON.stringify([subject.tenant_id, subject.user_id, cents]);
    const callId = `call${++calls}`;
    const decision = await ledger.admit({
      callId,
      key: keys[key]!,
      account: '',
      price: { kind: 'amount', micros: cents * CENT, amount: cents, currency: 'usd' },
      ...(under === undefined ? {} : { operation: { keyHash: `i${under}`, fingerprint } }),
      audit: { at: new Date(book.now).toISOString(), event: 'refusal' },
    });
    const code = decision.admitted ? 'admitted' : decision.refusal.code;

    const known = under === undefined ? undefined : book.operations.get(under);
    const forgotten =
      known !== undefined &&
      known.flights === 0 &&
      known.endedAt !== undefined &&
      known.endedAt + DAY <= book.now;
    const isLate = known !== undefined && known.firstSentAt + 23 * HOUR < book.now;
    const isOver =
      known !== undefined && (known.hold.state === 'released' || known.hold.isEndedByOperator);
    const same = known !== undefined && !forgotten && known.fingerprint === fingerprint;
    const retry = same && !isOver && !isLate;
    // The operation moves its money once: what an operator has settled of it is not held again.
    const earlier = same && !isLate ? known.earlier : [];
    const held = Math.max(0, cents - earlier.reduce((sum, { settled }) => sum + settled, 0));
    const hasRoom = (caps: { cap: number; taken: number }[], needed: number): boolean =>
      needed === 0 || caps.every(({ cap, taken }) => taken + needed <= cap);
    const braked = book.braked !== undefined && subject.user_id === book.braked;
    let expected = 'admitted';
    if (braked) expected = 'braked';
    else if (book.revoked.has(key)) expected = 'invalid_key';
    else if (known !== undefined && !forgotten && known.fingerprint !== fingerprint)
      expected = 'idempotency_key_reused';
    else if (same && isLate && !isOver && known.flights > 0) expected = 'overloaded';
    else if (!retry && !hasRoom(book.capsOver(key), held)) expected = 'cap_exhausted';
    expect(code).toBe(expected);
    if (!decision.admitted) return;

    if (retry) {
      if (known.flights === 0) known.outcomes = [];
      known.flights++;
      flights.push({ hold: decision.call, plain: known.hold, under: under!, cents });
      return;
    }
    // Until the vendor has surely forgotten the key, what it does with it depends on the first sending.
    const isForgotten = known !== undefined && known.firstSentAt + 25 * HOUR < book.now;
    const staysFirst =
      known !== undefined &&
      !isForgotten &&
      (isLate || known.hold.isEndedByOperator || known.hasEarlier);
    const plain: PlainHold = {
      callId,
      chain: book.chainOf(key),
      subject,
      day: book.day,
      held,
      settled: 0,
      state: 'held',
      isEndedByOperator: false,
    };
    book.holds.push(plain);
    flights.push({ hold: decision.call, plain, cents, ...(under === undefined ? {} : { under }) });
    if (under !== undefined) {
      book.operations.set(under, {
        fingerprint,
        hold: plain,
        firstSentAt: staysFirst ? known.firstSentAt : book.now,
        flights: 1,
        outcomes: [],
        earlier: [...earlier],
        hasEarlier: same && !isLate && (known.hasEarlier || known.hold.isEndedByOperator),
      });
    }
  }

  async function end(step: Extract<Step, { do: 'end' }>): Promise<void> {
    if (flights.length === 0) return;
    const [flight] = flights.splice(step.flight % flights.length, 1);
    const { hold, plain, under, cents } = flight!;
    await ledger.end({ call: hold, outcome: outcomes[step.as](cents), audit: {} });
    const operation = under === undefined ? undefined : book.operations.get(under);
    const own = operation?.hold === plain ? operation : undefined;
    let ends: string[] = [step.as];
    if (own !== undefined) {
      own.outcomes.push(step);
      if (--own.flights > 0) return;
      ends = own.outcomes.map((each) => (each as { as: string }).as);
    }
    plain.state = concluded(plain.state, ends);
    const before = (own?.earlier ?? []).reduce((sum, { settled }) => sum + settled, 0);
    const cost = Math.max(plain.held, ends.includes('more') ? cents + 50 - before : 0);
    if (plain.state === 'settled') plain.settled = Math.max(plain.settled, cost);
    if (own !== undefined && plain.state !== 'unknown') own.endedAt = book.now;
  }

  async function compareMeters(): Promise<void> {
    const sum = (of: PlainHold['state'], part: 'held' | 'settled'): number =>
      book.holds.filter(({ state }) => state === of).reduce((cents, hold) => cents + hold[part], 0);
    const { openUsd } = await ledger.figures();
    const money = [...ledger.money.byVendor.values()];
    expect({
      held: Math.round(openUsd.held * 100),
      unknown: Math.round(openUsd.unknown * 100),
      spent: money.reduce((micros, { spent, givenBack }) => micros + spent - givenBack, 0) / CENT,
    }).toEqual({
      held: sum('held', 'held'),
      unknown: sum('unknown', 'held'),
      spent: sum('settled', 'settled'),
    });
  }

  async function compare(key: KeyRecord): Promise<void> {
    const index = Number(key.id.slice(1));
    const found = await ledger.key(key.id);
    const taken = book.taken(({ chain }) => chain.includes(index));
    expect((found!.balance.spent + found!.balance.held) / CENT).toBe(taken);
    const caps = await ledger.capsOver(key.id);
    expect(
      caps.map(({ capMicros, balance }) => [
        capMicros / CENT,
        (balance.spent + balance.held) / CENT,
      ]),
    ).toEqual(book.capsOver(index).map((cap) => [cap.cap, cap.taken]));
  }
}

describe.each(everyLedger())('a ledger %s', (_name, open, numRuns) => {
  const playOnce = async (script: readonly Step[]): Promise<void> => {
    const clock = new TestClock(START);
    const ledger = await open(clock);
    try {
      await play(ledger, clock, script);
    } finally {
      await ledger.close();
    }
  };

  it('is the plain book for any interleaving of calls, retries, outcomes, revokes, brakes, budgets and days', async () => {
    await fc.assert(fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 80 }), playOnce), {
      numRuns,
    });
  });

  it('has one hold at a time for any interleaving of calls under one idempotency key, and the costliest outcome decides', async () => {
    const admit: Step = { do: 'admit', key: 0, cents: 50, under: 0 };
    const ways = ['settled', 'more', 'released', 'conclusive', 'unknown'] as const;
    const few: fc.Arbitrary<Step> = fc.oneof(
      { weight: 4, arbitrary: fc.constant(admit) },
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant('end' as const),
          flight: fc.nat(2),
          as: fc.constantFrom(...ways),
        }),
      },
      { weight: 1, arbitrary: fc.constant<Step>({ do: 'wait', ms: 12 * HOUR }) },
    );
    await fc.assert(fc.asyncProperty(fc.array(few, { minLength: 3, maxLength: 16 }), playOnce), {
      numRuns,
    });
  });
});
