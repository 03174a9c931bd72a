import fc from 'fast-check';
import { auditRowOf } from '../audit/audit-entry';
import type { KeyRecord } from '../keys/key';
import type { Subject } from '../keys/subject';
import type { Outcome, Price } from '../pricing/price';
import type { Ledger } from './ledger';
import type { AdmittedCall } from './records';
import { everyLedger } from '../../../test/support/ledgers';
import { TestClock } from '../../../test/support/test-clock';

const CENT = 10_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Shortly before a midnight, so that days change often. */
const START = Date.UTC(2026, 0, 1, 22);

interface PlainKey {
  cap: number;
  subject: Subject;
  budgets?: { user: number };
  parent?: number;
}
/** Two users in one tenant, one without a tenant, nobody, and anybody; one key is under another, one moves nothing. */
const KEYS: PlainKey[] = [
  { cap: 300, subject: { tenant_id: 't', user_id: 'u', run_id: 'r1' }, budgets: { user: 400 } },
  { cap: 200, subject: { tenant_id: 't', user_id: 'u', run_id: 'r2' } },
  { cap: 150, subject: { tenant_id: 't', user_id: 'u', run_id: 'r1' }, parent: 0 },
  { cap: 300, subject: { tenant_id: 't', user_id: 'v' } },
  { cap: 300, subject: { user_id: 'u' } },
  { cap: 300, subject: {} },
  { cap: 300, subject: { user_id: 'anon' } },
  { cap: 0, subject: { tenant_id: 't', user_id: 'u' } },
];
const ACCOUNTS = ['', 'acct_1'];
/** Mostly of one user, so that much is paid and refunded by the same. */
const key = fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7);
const payment = fc.nat(2);

type Ending = 'settled' | 'declined' | 'unknown';
type Step =
  | { do: 'pay'; key: number; cents: number; account: number; destination: boolean }
  | { do: 'raise' | 'capture'; key: number; payment: number; cents: number }
  | {
      do: 'refund';
      key: number;
      payment: number;
      cents: number | undefined;
      by: 'charge' | 'intent';
      says: 'nothing' | 'reverse_transfer' | 'instructions_email';
      under: number | undefined;
    }
  | { do: 'again'; refund: number }
  | { do: 'end'; flight: number; as: Ending }
  | { do: 'operator'; refund: number; cents: number | undefined }
  | { do: 'wait'; ms: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pay' as const),
      key,
      cents: fc.constantFrom(50, 100, 150),
      account: fc.nat(1),
      destination: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('raise' as const, 'capture' as const),
      key,
      payment,
      cents: fc.integer({ min: 1, max: 200 }),
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constant('refund' as const),
      key,
      payment,
      cents: fc.option(fc.constantFrom(20, 50, 50, 100, 130), { nil: undefined }),
      by: fc.constantFrom('charge' as const, 'intent' as const),
      says: fc.constantFrom(
        'nothing' as const,
        'nothing' as const,
        'reverse_transfer' as const,
        'instructions_email' as const,
      ),
      under: fc.option(fc.nat(2), { nil: undefined }),
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('again' as const), refund: fc.nat(3) }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      flight: fc.nat(3),
      as: fc.constantFrom<Ending>('settled', 'settled', 'declined', 'unknown', 'unknown'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('operator' as const),
      refund: fc.nat(2),
      cents: fc.option(fc.nat(150), { nil: undefined }),
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(HOUR, DAY) }),
  },
);

/** What counts under one key and on one day, in cents. */
interface Entry {
  key: number;
  day: string;
  spent: number;
  held: number;
  undone: number;
}

interface Payment {
  id: string;
  account: string;
  destination: boolean;
  /** What each of the keys that paid for it was charged, the oldest first. */
  paid: Entry[];
  isCaptured: boolean;
}

interface Refund extends Entry {
  callId: string;
  payment: Payment;
  cents: number;
  /** What its call was sent with. */
  sent: number;
  state: 'held' | 'settled' | 'declined' | 'unknown';
  /** How it was asked for. */
  asked: string;
  step: Extract<Step, { do: 'refund' }>;
  isNamed: boolean;
  flights: number;
  ends: Ending[];
  isEndedByOperator: boolean;
  /** Another one has taken its place. */
  earlier: Refund[];
}

/** Lists and sums: what is spent, held and undone, and what may be. */
class PlainBook {
  now = START;
  readonly entries: Entry[] = [];
  readonly payments: Payment[] = [];
  readonly refunds: Refund[] = [];
  readonly operations = new Map<string, Refund>();

  get day(): string {
    return new Date(this.now).toISOString().slice(0, 10);
  }

  enter<More extends object>(key: number, sums: Partial<Entry>, more: More): Entry & More {
    const entry = { key, day: this.day, spent: 0, held: 0, undone: 0, ...sums, ...more };
    this.entries.push(entry);
    return entry;
  }

  /** Every cap over a key, with what counts against it. */
  caps(key: number): { cap: number; spent: number; held: number; undone: number }[] {
    const { subject } = KEYS[key]!;
    const keys = chainOf(key).map((each) => ({
      cap: KEYS[each]!.cap,
      ...this.#sums((entry) => chainOf(entry.key).includes(each)),
    }));
    const user = KEYS[key]!.budgets?.user;
    if (user === undefined) return keys;
    const isOfUser = (of: number): boolean => sameUser(KEYS[of]!.subject, subject);
    return [
      ...keys,
      { cap: user, ...this.#sums((entry) => entry.day === this.day && isOfUser(entry.key)) },
    ];
  }

  #sums(counts: (entry: Entry) => boolean): { spent: number; held: number; undone: number } {
    const of = this.entries.filter(counts);
    const sum = (name: 'spent' | 'held' | 'undone') =>
      of.reduce((all, entry) => all + entry[name], 0);
    return { spent: sum('spent'), held: sum('held'), undone: sum('undone') };
  }
}

function chainOf(key: number): number[] {
  const { parent } = KEYS[key]!;
  return parent === undefined ? [key] : [key, ...chainOf(parent)];
}

function sameUser(one: Subject, other: Subject): boolean {
  return one.tenant_id === other.tenant_id && one.user_id === other.user_id;
}

function total(entries: readonly { cents: number }[]): number {
  return entries.reduce((all, { cents }) => all + cents, 0);
}

async function play(ledger: Ledger, clock: TestClock, script: readonly Step[]): Promise<void> {
  const book = new PlainBook();
  const flights: { call: AdmittedCall; refund: Refund }[] = [];
  let calls = 0;
  const keys = KEYS.map(({ cap, subject, budgets = {}, parent }, i): KeyRecord => ({
    id: `k${i}`,
    tokenHash: `h${i}`,
    label: `k${i}`,
    vendor: 'stripe',
    capMicros: cap * CENT,
    allowedEndpoints: ['/v1/refunds'],
    subject,
    budgets: Object.fromEntries(
      Object.entries(budgets).map(([scope, cents]) => [scope, { day: cents * CENT }]),
    ),
    ...(parent === undefined ? {} : { parentId: `k${parent}` }),
    createdAt: START,
    expiresAt: START + 400 * DAY,
  }));
  for (const key of keys) await ledger.issue(key);

  const admit = (key: number, account: string, price: Price, operation?: [string, string]) => {
    const callId = `call${++calls}`;
    return ledger.admit({
      callId,
      key: keys[key]!,
      account,
      price,
      ...(operation === undefined
        ? {}
        : { operation: { keyHash: operation[0], fingerprint: operation[1] } }),
      audit: { ...auditRowOf('refusal', book.now, keys[key]!), call_id: callId },
    });
  };
  /** A call that the vendor answers at once. */
  const call = async (
    key: number,
    { id, account, destination }: Omit<Payment, 'paid' | 'isCaptured'>,
    price: Price,
    cents: number,
    more: Partial<Outcome> = {},
  ): Promise<boolean> => {
    const decision = await admit(key, account, price);
    if (!decision.admitted) {
      expect(decision.refusal.code).toBe('cap_exhausted');
      return false;
    }
    const outcome: Outcome = {
      ending: 'settled',
      object: {
        id: `pi_${id}`,
        aliases: [`ch_${id}`],
        amount: cents,
        currency: 'usd',
        ...(destination ? { hasDestination: true } : {}),
      },
      reportedMicros: cents * CENT,
      ...more,
    };
    await ledger.end({ call: decision.call, outcome, audit: {} });
    return true;
  };

  for (const step of script) {
    switch (step.do) {
      case 'wait':
        book.now += step.ms;
        clock.instant = book.now;
        break;
      case 'pay': {
        const { key, cents, destination } = step;
        const of = { id: String(calls), account: ACCOUNTS[step.account]!, destination };
        const price: Price = {
          kind: 'amount',
          micros: cents * CENT,
          amount: cents,
          currency: 'usd',
        };
        const fits = book.caps(key).every(({ cap, spent, held }) => spent + held + cents <= cap);
        expect(await call(key, of, price, cents)).toBe(fits);
        if (!fits) break;
        const paid = [book.enter(key, { spent: cents }, {})];
        book.payments.push({ ...of, paid, isCaptured: false });
        break;
      }
      case 'raise': {
        const payment = book.payments[step.payment % Math.max(1, book.payments.length)];
        if (payment === undefined || payment.isCaptured) break;
        const before = payment.paid.reduce((all, { spent }) => all + spent, 0);
        const cents = before + step.cents;
        const price: Price = {
          kind: 'change',
          objectId: `pi_${payment.id}`,
          amount: cents,
          currency: 'usd',
        };
        const fits = book
          .caps(step.key)
          .every(({ cap, spent, held }) => spent + held + step.cents <= cap);
        expect(await call(step.key, payment, price, cents)).toBe(fits);
        if (fits) payment.paid.push(book.enter(step.key, { spent: step.cents }, {}));
        break;
      }
      case 'capture': {
        const payment = book.payments[step.payment % Math.max(1, book.payments.length)];
        if (payment === undefined || payment.isCaptured) break;
        const before = payment.paid.reduce((all, { spent }) => all + spent, 0);
        const cents = Math.min(before, step.cents);
        const price: Price = {
          kind: 'exposure',
          objectId: `pi_${payment.id}`,
          amount: cents,
          currency: 'usd',
        };
        expect(await call(step.key, payment, price, cents, { finalMicros: cents * CENT })).toBe(
          true,
        );
        payment.isCaptured = true;
        let rest = before - cents;
        for (const entry of [...payment.paid].reverse()) {
          const back = Math.min(rest, entry.spent);
          entry.spent -= back;
          rest -= back;
        }
        break;
      }
      case 'refund':
        await refund(step);
        break;
      case 'again': {
        // Of this day, so that it is the same operation.
        const named = book.refunds.filter((each) => each.day === book.day && each.isNamed);
        const entry = named.at(-1 - (step.refund % Math.max(1, named.length)));
        if (entry !== undefined) await refund(entry.step, entry.payment);
        break;
      }
      case 'end': {
        const [flight] = flights.splice(step.flight % Math.max(1, flights.length), 1);
        if (flight !== undefined) await end(flight.call, flight.refund, step.as);
        break;
      }
      case 'operator': {
        const open = book.refunds.filter(({ state, flights: n }) => state === 'unknown' && n === 0);
        const entry = open[step.refund % Math.max(1, open.length)];
        if (entry === undefined) break;
        const { cents } = step;
        await ledger.endHold(entry.callId, cents === undefined ? undefined : cents * CENT);
        entry.state = cents === undefined ? 'declined' : 'settled';
        entry.isEndedByOperator = true;
        entry.held = 0;
        entry.undone = Math.min(entry.undone, cents ?? 0);
        entry.spent = (cents ?? 0) - entry.undone;
        break;
      }
    }
    for (const key of KEYS.keys()) {
      for (const { cap, undone } of book.caps(key)) expect(undone).toBeLessThanOrEqual(cap);
    }
  }
  for (const key of KEYS.keys()) {
    const caps = await ledger.capsOver(`k${key}`);
    expect([
      key,
      caps.map(({ capMicros, balance: { spent, held, undone } }) => ({
        cap: capMicros / CENT,
        spent: spent / CENT,
        held: held / CENT,
        undone: undone / CENT,
      })),
    ]).toEqual([key, book.caps(key)]);
  }
  expect(await ledger.verifyAudit()).toMatchObject({ ok: true });

  async function refund(
    step: Extract<Step, { do: 'refund' }>,
    payment = book.payments[step.payment % Math.max(1, book.payments.length)],
  ): Promise<void> {
    const { key, cents, by, says, under } = step;
    if (payment === undefined) return;
    const { subject } = KEYS[key]!;
    const price: Price = {
      kind: 'refund',
      objectId: `${by === 'charge' ? 'ch' : 'pi'}_${payment.id}`,
      ...(cents === undefined ? {} : { amount: cents }),
      canUndo: says !== 'instructions_email',
      reversesTransfer: says === 'reverse_transfer',
    };
    const asked = JSON.stringify([subject.tenant_id, subject.user_id, payment.account, price]);
    // Within a day, so that the vendor forgets none of them.
    const operation = under === undefined ? undefined : `op${under}@${book.day}`;
    const decision = await admit(
      key,
      payment.account,
      price,
      operation === undefined ? undefined : [operation, asked],
    );
    const code = decision.admitted ? 'admitted' : decision.refusal.code;

    const known = operation === undefined ? undefined : book.operations.get(operation);
    if (known !== undefined && known.asked !== asked) {
      expect(code).toBe('idempotency_key_reused');
      return;
    }
    const isOver = known?.state === 'declined' || known?.isEndedByOperator === true;
    if (known !== undefined && !isOver) {
      if (!decision.admitted) throw decision.refusal;
      if (known.flights === 0) known.ends = [];
      known.flights += 1;
      flights.push({ call: decision.call, refund: known });
      return;
    }
    const earlier = [
      ...(known?.earlier ?? []),
      ...(known !== undefined && known.isEndedByOperator && known.state === 'settled'
        ? [known]
        : []),
    ];

    const paid = payment.paid.reduce((all, { spent }) => all + spent, 0);
    const isSomebody = subject.user_id !== undefined && subject.user_id !== 'anon';
    const own = payment.paid
      .filter((entry) => isSomebody && sameUser(KEYS[entry.key]!.subject, subject))
      .reduce((all, { spent }) => all + spent, 0);
    const others = book.refunds.filter(
      (each) => each.payment === payment && each.state !== 'declined' && !earlier.includes(each),
    );
    const counted = others.reduce((all, each) => all + each.spent + each.held + each.undone, 0);
    const before = total(earlier);
    const left = paid - total(others);
    // What is asked for again is asked for with the amount that it was sent with.
    const sent = known?.sent;
    const amount = cents ?? sent ?? (before > 0 ? before : left > 0 ? left : paid);
    const mayUndo =
      says !== 'instructions_email' && (!payment.destination || says === 'reverse_transfer');
    const undoable = mayUndo
      ? Math.max(0, Math.min(amount, own - Math.max(counted, total(others))))
      : 0;
    const done = earlier.reduce((all, each) => all + each.spent + each.undone, 0);
    const undoneBefore = earlier.reduce((all, each) => all + each.undone, 0);
    const needed = Math.max(0, amount - done);
    const room = Math.min(...book.caps(key).map(({ cap, undone }) => cap - undone));
    const undone = Math.max(0, Math.min(needed, undoable - undoneBefore, room));
    const held = needed - undone;
    const fits = book.caps(key).every((cap) => cap.spent + cap.held + held <= cap.cap);
    expect(code).toBe(held === 0 || fits ? 'admitted' : 'cap_exhausted');
    if (!decision.admitted) return;

    const { call: hold } = decision;
    expect(hold.addedAmount).toBe(cents === undefined ? amount : undefined);
    // Neither is more undone of a payment than was settled for it, nor more of it than is left.
    if (undone > 0) {
      expect(undone + undoneBefore + counted).toBeLessThanOrEqual(own);
    }
    const entry = book.enter(
      key,
      { held, undone },
      {
        callId: hold.callId,
        payment,
        cents: Math.max(0, amount - before),
        sent: amount,
        state: 'held' as const,
        asked,
        step,
        isNamed: operation !== undefined,
        flights: 1,
        ends: [],
        isEndedByOperator: false,
        earlier,
      },
    ) as Refund;
    book.refunds.push(entry);
    if (operation !== undefined) book.operations.set(operation, entry);
    flights.push({ call: hold, refund: entry });
  }

  async function end(hold: AdmittedCall, entry: Refund, as: Ending): Promise<void> {
    const cents = entry.cents + total(entry.earlier);
    const outcomes: Record<Ending, Outcome> = {
      settled: {
        ending: 'settled',
        reportedMicros: cents * CENT,
        settledAmount: { amount: cents, currency: 'usd' },
      },
      declined: { ending: 'released', conclusive: true },
      unknown: { ending: 'unknown' },
    };
    await ledger.end({ call: hold, outcome: outcomes[as], audit: {} });
    entry.flights -= 1;
    entry.ends.push(as);
    if (entry.flights > 0 || entry.isEndedByOperator || entry.state === 'declined') return;
    if (entry.state === 'settled') return;
    if (entry.ends.includes('settled')) entry.state = 'settled';
    else entry.state = entry.ends.includes('unknown') ? 'unknown' : 'declined';
    if (entry.state === 'settled') entry.spent = entry.held;
    if (entry.state === 'declined') entry.undone = 0;
    if (entry.state !== 'unknown') entry.held = 0;
  }
}

describe.each(everyLedger())('refunds on a ledger %s', (_name, open, numRuns) => {
  it('are undone up to what was settled to their own user, to what is left of it and to each cap, and spend beyond, for any interleaving of payments, captures, refunds, retries, outcomes and operators', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 3, maxLength: 60 }), async (script) => {
        const clock = new TestClock(START);
        const ledger = await open(clock);
        try {
          await play(ledger, clock, script);
        } finally {
          await ledger.close();
        }
      }),
      { numRuns },
    );
  });
});
