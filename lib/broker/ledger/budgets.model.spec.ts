import fc from 'fast-check';
import { BUDGET_PERIODS } from '../../contract/budget-periods';
import type { BudgetMode, BudgetPeriod, PeriodCaps } from '../../contract/budget-periods';
import type { BudgetRule } from '../budgets/budget';
import type { KeyRecord } from '../keys/key';
import type { Actor, OperatorRole } from '../operators/actor';
import { BY_APP_CODE } from '../operators/actor';
import type { Outcome } from '../pricing/price';
import { BrokerRefusal } from '../refusal';
import type { Ledger } from './ledger';
import type { AdmittedCall, CapState } from './records';
import { everyLedger } from '../../../test/support/ledgers';
import { keyRecord } from '../../../test/support/key-record';
import { TestClock } from '../../../test/support/test-clock';

const CENT = 10_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A Friday, shortly before a month and a week end. */
const START = Date.UTC(2026, 0, 30, 21, 40);

/** Caps in cents. Two keys of one user, one with budgets; one of another user, whose budgets only record. */
const KEYS: { user: string; budgets: PeriodCaps; isShadow?: true }[] = [
  { user: 'u', budgets: { day: 120, month: 400 } },
  { user: 'u', budgets: {} },
  { user: 'v', budgets: { day: 60, '24h': 100 }, isShadow: true },
];
const RULES: { id: string; period: BudgetPeriod; mode: BudgetMode }[] = [
  { id: 'u', period: 'week', mode: 'enforce' },
  { id: 'u', period: '24h', mode: 'enforce' },
  { id: 'u', period: 'day', mode: 'shadow' },
  { id: '*', period: 'day', mode: 'enforce' },
  { id: '*', period: 'month', mode: 'enforce' },
  { id: '*', period: 'week', mode: 'shadow' },
];

type Way = 'settled' | 'more' | 'released' | 'unknown';
type Step =
  | { do: 'pay'; key: number; cents: number; as?: Way }
  | { do: 'end'; call: number; as: Way }
  | { do: 'wait'; ms: number }
  | { do: 'rule'; rule: number; cents: number | undefined }
  | { do: 'raise'; user: 'u' | 'v'; cents: number; hours: number; role: OperatorRole }
  | { do: 'endRaise'; raise: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('pay' as const),
      key: fc.nat(KEYS.length - 1),
      cents: fc.integer({ min: 1, max: 80 }),
      as: fc.option(fc.constantFrom<Way>('settled', 'more', 'released', 'unknown'), {
        nil: undefined,
      }),
    }) as fc.Arbitrary<Step>,
  },
  fc.record({
    do: fc.constant('end' as const),
    call: fc.nat(5),
    as: fc.constantFrom<Way>('settled', 'more', 'released', 'unknown'),
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(19 * MINUTE, 50 * MINUTE, 7 * HOUR, 23 * HOUR, DAY, 3 * DAY, 20 * DAY),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('rule' as const),
      rule: fc.nat(RULES.length - 1),
      cents: fc.option(fc.constantFrom(0, 50, 150, 300), { nil: undefined }),
    }),
  },
  fc.record({
    do: fc.constant('raise' as const),
    user: fc.constantFrom('u' as const, 'v' as const),
    cents: fc.constantFrom(1, 40, 90),
    hours: fc.constantFrom(1, 24),
    role: fc.constantFrom<OperatorRole>('operator', 'admin'),
  }),
  fc.record({ do: fc.constant('endRaise' as const), raise: fc.nat(3) }),
);

interface PlainHold {
  user: string;
  at: number;
  cents: number;
}
interface PlainRaise {
  id: string;
  user: string;
  cents: number;
  until: number;
  isOperators: boolean;
}
interface PlainCap {
  period: BudgetPeriod;
  mode: BudgetMode;
  cents: number;
}

/** What the periods come to, by walking along the calendar. */
class PlainBook {
  now = START;
  readonly holds: PlainHold[] = [];
  readonly rules = new Map<number, number>();
  raises: PlainRaise[] = [];

  /** The caps that were set over a user of a key. */
  setCaps(key: number): PlainCap[] {
    const { user, budgets, isShadow } = KEYS[key]!;
    const rules = [...this.rules].map(([i, cents]) => ({ ...RULES[i]!, cents }));
    const own = rules.filter(({ id }) => id === user);
    const defaults = rules.filter(
      ({ id, period, mode }) =>
        id === '*' && !own.some((each) => each.period === period && each.mode === mode),
    );
    const app = Object.entries(budgets).map(([period, cents]): PlainCap => {
      return { period: period as BudgetPeriod, mode: isShadow ? 'shadow' : 'enforce', cents };
    });
    return [...own, ...defaults, ...app];
  }

  /** Of each period and mode the tightest, what is raised included: `[period, refuses, cap, taken]`. */
  caps(key: number): [BudgetPeriod, boolean, number, number][] {
    const { user } = KEYS[key]!;
    const raised = (byOperators: boolean): number =>
      this.raisesOf(user)
        .filter(({ isOperators }) => isOperators === byOperators)
        .reduce((sum, { cents }) => sum + cents, 0);
    return BUDGET_PERIODS.flatMap((period) =>
      [true, false].flatMap((refuses): [BudgetPeriod, boolean, number, number][] => {
        const caps = this.setCaps(key)
          .filter((cap) => cap.period === period)
          .filter(({ mode, cents }) => refuses === (mode === 'enforce' || cents === 0))
          .map(({ cents }) => cents);
        if (caps.length === 0) return [];
        const cap = Math.min(...caps);
        // Those of operators come to at most a cap that refuses.
        const byOperators = Math.min(raised(true), refuses ? cap : Infinity);
        return [[period, refuses, cap + raised(false) + byOperators, this.taken(user, period)]];
      }),
    );
  }

  raisesOf(user: string): PlainRaise[] {
    return this.raises.filter((each) => each.user === user && each.until > this.now);
  }

  taken(user: string, period: BudgetPeriod): number {
    const start = this.#start(period);
    return this.holds
      .filter((hold) => hold.user === user && hold.at >= start)
      .reduce((sum, { cents }) => sum + cents, 0);
  }

  #start(period: BudgetPeriod): number {
    const isBegin = (date: Date): boolean => {
      if (period === '24h') return date.getTime() <= this.now - DAY;
      if (date.getUTCHours() !== 0) return false;
      if (period === 'week') return date.getUTCDay() === 1;
      return period === 'day' || date.getUTCDate() === 1;
    };
    let hour = this.now - (this.now % HOUR);
    while (!isBegin(new Date(hour))) hour -= HOUR;
    // The current hour and the 24 before it.
    return period === '24h' ? this.now - (this.now % HOUR) - DAY : hour;
  }
}

describe.each(everyLedger())(
  'budgets over periods, raises and shadow caps %s',
  (_name, open, runs) => {
    it('count what a plain model counts, across midnights, Mondays, months and hours', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (script) => {
          const clock = new TestClock(START);
          const ledger = await open(clock);
          try {
            await play(ledger, clock, script);
          } finally {
            await ledger.close();
          }
        }),
        { numRuns: Math.ceil(runs / 3) },
      );
    });
  },
);

async function play(ledger: Ledger, clock: TestClock, script: readonly Step[]): Promise<void> {
  const book = new PlainBook();
  const keys = KEYS.map(({ user, budgets, isShadow }, i): KeyRecord =>
    keyRecord(`k${i}`, {
      capMicros: 1e12,
      subject: { user_id: user },
      budgets: Object.keys(budgets).length === 0 ? {} : { user: inMicros(budgets) },
      ...(isShadow ? { budgetsMode: 'shadow' as const } : {}),
    }),
  );
  for (const key of keys) await ledger.issue(key);
  const open: { call: AdmittedCall; hold: PlainHold }[] = [];
  const end = async (at: number, as: Way): Promise<void> => {
    const [ended] = open.splice(at, 1);
    if (ended === undefined) return;
    const { call, hold } = ended;
    await ledger.end({ call, outcome: outcomes[as](hold.cents), audit: {} });
    if (as === 'more') hold.cents += 7;
    if (as === 'released') hold.cents = 0;
  };
  let calls = 0;
  let raises = 0;
  for (const each of script) {
    if (each.do === 'wait') book.now = clock.instant += each.ms;
    else if (each.do === 'end') await end(each.call, each.as);
    else if (each.do === 'rule') {
      const rule = ruleOf(each.rule);
      if (each.cents === undefined) {
        expect(await ledger.deleteBudget(rule, BY_APP_CODE)).toBe(book.rules.delete(each.rule));
      } else {
        await ledger.putBudget({ ...rule, capMicros: each.cents * CENT }, BY_APP_CODE);
        book.rules.set(each.rule, each.cents);
      }
    } else if (each.do === 'raise') {
      const { user, cents, hours, role } = each;
      const key = user === 'u' ? 1 : 2;
      const id = `r${raises++}`;
      const order = { scope: 'user', tenant: undefined, user: undefined, id: user } as const;
      // The newest key of u has no budgets of the application's.
      const all = book.setCaps(key);
      const refusing = all.filter(({ mode, cents: cap }) => mode === 'enforce' || cap === 0);
      const caps = (refusing.length === 0 ? all : refusing).map((cap) => cap.cents);
      const before = book
        .raisesOf(user)
        .filter(({ isOperators }) => isOperators)
        .reduce((sum, raise) => sum + raise.cents, 0);
      const expected =
        caps.length === 0
          ? 'invalid_request'
          : role === 'operator' && before + cents > Math.min(...caps)
            ? 'forbidden'
            : 'raised';
      const asked = { ...order, raiseId: id, micros: cents * CENT, lifeMs: hours * HOUR };
      const answer = await ledger.raises
        .set({ ...asked, reason: 'a test' }, actor(role))
        .then(() => 'raised')
        .catch((error: unknown) => codeOf(error));
      expect(answer).toBe(expected);
      if (answer !== 'raised') continue;
      const midnight = book.now - (book.now % DAY) + DAY;
      const until = Math.min(book.now + hours * HOUR, midnight);
      book.raises.push({ id, user, cents, until, isOperators: role === 'operator' });
    } else if (each.do === 'endRaise') {
      const raise = book.raises[each.raise];
      if (raise === undefined) continue;
      const rule = { scope: 'user', tenant: undefined, user: undefined, id: raise.user } as const;
      const ended = await ledger.raises.end(rule, raise.id, BY_APP_CODE);
      expect(ended !== undefined).toBe(book.raisesOf(raise.user).includes(raise));
      book.raises = book.raises.filter((other) => other !== raise);
    } else {
      const { cents } = each;
      const caps = book.caps(each.key);
      const passes = ([, refuses, cap, taken]: (typeof caps)[number], only: boolean): boolean =>
        refuses !== only || taken + cents <= cap;
      const decision = await ledger.admit({
        callId: `c${calls++}`,
        key: keys[each.key]!,
        account: '',
        price: { kind: 'amount', micros: cents * CENT, amount: cents, currency: 'usd' },
        audit: { at: new Date(book.now).toISOString(), event: 'call' },
      });
      expect(decision.admitted).toBe(caps.every((cap) => passes(cap, true)));
      if (!decision.admitted) continue;
      const { would_refuse: wouldRefuse = null } = decision.call.audit;
      expect(wouldRefuse === null).toBe(caps.every((cap) => passes(cap, false)));
      const hold = { user: KEYS[each.key]!.user, at: book.now, cents };
      book.holds.push(hold);
      open.push({ call: decision.call, hold });
      if (each.as !== undefined) await end(open.length - 1, each.as);
    }
    for (const [i, { id }] of keys.entries()) {
      const [, ...caps] = await ledger.capsOver(id);
      expect(caps.map(plain).sort(byText)).toEqual(book.caps(i).sort(byText));
    }
  }
}

const outcomes: Record<Way, (cents: number) => Outcome> = {
  settled: () => ({ ending: 'settled' }),
  more: (cents) => ({ ending: 'settled', reportedMicros: (cents + 7) * CENT }),
  released: () => ({ ending: 'released' }),
  unknown: () => ({ ending: 'unknown' }),
};

function byText(one: unknown, other: unknown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}

function plain({ period = 'day', isShadow, capMicros, balance }: CapState) {
  return [period, isShadow !== true, capMicros / CENT, (balance.spent + balance.held) / CENT];
}

function ruleOf(index: number): BudgetRule {
  const { id, period, mode } = RULES[index]!;
  return { scope: 'user', tenant: undefined, user: undefined, id, period, mode };
}

function inMicros(caps: PeriodCaps): PeriodCaps {
  return Object.fromEntries(Object.entries(caps).map(([period, cents]) => [period, cents * CENT]));
}

function actor(role: OperatorRole): Actor {
  return { name: role, role, isApp: false };
}

function codeOf(error: unknown): string {
  if (error instanceof BrokerRefusal) return error.code;
  throw error;
}
