import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { sweepNow } from '../../../test/support/sweep-now';
import { propertyRuns } from '../../../test/support/property-runs';
import { PostgresServer } from '../../../test/support/postgres-server';
import { TestClock } from '../../../test/support/test-clock';
import { TestDisk } from '../../../test/support/test-disk';
import { turns } from '../../../test/support/turns';
import type { Budget } from '../budgets/budget';
import type { KeyRecord } from '../keys/key';
import type { Outcome, Price } from '../pricing/price';
import { MemoryStore } from './memory/memory-store';
import { PostgresStore } from './postgres/postgres-store';
import type { AdmittedCall } from './records';
import { AGING_TABLES } from './rules/retention';
import { SqliteStore } from './sqlite/sqlite-store';
import type { Note } from './notes';
import type { Store } from './store';
import { StoreLedger } from './store-ledger';
import { DAILY } from '../../../test/support/daily';

const CENT = 10_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 1, 22);
/** Balances of days stay as long, whatever is set. */
const KEPT = 62 * DAY;

const folder = mkdtempSync(join(tmpdir(), 'vault-key-retention-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => join(folder, `${++files}.db`);

const keyOf = (clock: TestClock, id: string, more: Partial<KeyRecord> = {}): KeyRecord => ({
  id,
  tokenHash: `hash of ${id}`,
  label: id,
  vendor: 'stripe',
  capMicros: 700 * CENT,
  allowedEndpoints: ['/v1/payment_intents'],
  subject: { user_id: 'u' },
  budgets: {},
  createdAt: clock.now(),
  expiresAt: clock.now() + DAY,
  ...more,
});

const priceOf = (cents: number): Price => ({
  kind: 'amount',
  micros: cents * CENT,
  amount: cents,
  currency: 'usd',
});

const paid = (id: string, cents: number): Outcome => ({
  ending: 'settled',
  reportedMicros: cents * CENT,
  object: { id, aliases: [`ch_${id}`], amount: cents, currency: 'usd', isFinal: true },
});

const isOfSpend = ({ kind }: Note) => kind.startsWith('spend');

/** A ledger, and what is asked of it. */
class Subject {
  readonly ledger: StoreLedger;
  readonly calls: AdmittedCall[] = [];
  #sent = 0;

  constructor(
    readonly store: Store,
    readonly clock: TestClock,
  ) {
    this.ledger = new StoreLedger(store);
  }

  sweep(): Promise<void> {
    return sweepNow(this.store, KEPT);
  }

  /** The code of the refusal; `undefined` where the call was admitted. */
  async pay(key: KeyRecord, cents: number, under?: string): Promise<string | undefined> {
    const decision = await this.ledger.admit({
      callId: `call_${++this.#sent}`,
      key,
      account: '',
      price: priceOf(cents),
      ...(under === undefined
        ? {}
        : { operation: { keyHash: under, fingerprint: `${under} for ${cents}` } }),
      audit: { at: new Date(this.clock.now()).toISOString(), event: 'refusal', key_id: key.id },
    });
    if (!decision.admitted) return decision.refusal.code;
    this.calls.push(decision.call);
    return undefined;
  }

  end(call: AdmittedCall, outcome: Outcome): Promise<void> {
    return this.ledger.end({ call, outcome, audit: {} });
  }

  /** What is spent and held of the budget of the user. */
  left(): Promise<unknown> {
    return this.ledger.capUnder(BUDGET);
  }

  /** How many rows there are of each table. */
  async rows(): Promise<Record<string, number>> {
    await this.store.checkpoint();
    return this.store.look((book) =>
      Object.fromEntries(
        AGING_TABLES.map((table) => {
          const { rows } = book.walk(table, undefined, 1_000);
          // Rows of spend stay by a rule of their own.
          return [table, rows.filter((row) => !('kind' in row && isOfSpend(row))).length];
        }),
      ),
    );
  }
}

const BUDGET: Budget = {
  scope: 'user',
  tenant: undefined,
  user: undefined,
  id: 'u',
  ...DAILY,
  capMicros: 1_000 * CENT,
};
const EMPTY = { holds: 0, keys: 0, operations: 0, objects: 0, notes: 0, leases: 0 };

type Step =
  | { do: 'issue'; revoked: boolean }
  | { do: 'pay'; cents: number; under: string | undefined }
  | { do: 'end'; call: number; as: 'settled' | 'released' | 'unknown' }
  | { do: 'settle'; call: number }
  | { do: 'wait'; ms: number }
  | { do: 'sweep' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('issue' as const), revoked: fc.boolean() }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('pay' as const),
        cents: fc.constantFrom(100, 250),
        under: fc.constantFrom(undefined, 'a', 'b'),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('end' as const),
        call: fc.nat(3),
        as: fc.constantFrom('settled' as const, 'released' as const, 'unknown' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('settle' as const), call: fc.nat(5) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        ms: fc.constantFrom(HOUR, 13 * HOUR, 26 * HOUR, 40 * DAY),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ do: 'sweep' as const }) },
  ),
  { minLength: 10, maxLength: 40 },
);

/** Does the same with a ledger that rows leave and with one that keeps everything. */
async function play(all: readonly Step[], swept: Subject, whole: Subject): Promise<void> {
  const both = [swept, whole];
  const { clock } = swept;
  let keys = 0;
  let key = keyOf(clock, `key_${++keys}`);
  for (const { ledger } of both) {
    await ledger.putBudget(BUDGET);
    await ledger.issue(key);
  }
  const open: number[] = [];
  for (const step of all) {
    switch (step.do) {
      case 'issue':
        if (step.revoked) for (const { ledger } of both) await ledger.revoke([key.id]);
        key = keyOf(clock, `key_${++keys}`);
        for (const { ledger } of both) await ledger.issue(key);
        break;
      case 'pay': {
        const before = whole.calls.length;
        const [one, other] = [
          await swept.pay(key, step.cents, step.under),
          await whole.pay(key, step.cents, step.under),
        ];
        expect(one).toBe(other);
        if (whole.calls.length > before) open.push(before);
        break;
      }
      case 'end': {
        const [at] = open.splice(step.call % Math.max(1, open.length), 1);
        if (at === undefined) break;
        for (const each of both) {
          const call = each.calls[at] as AdmittedCall;
          const cents = call.price.kind === 'amount' ? call.price.amount : 0;
          await each.end(
            call,
            step.as === 'settled' ? paid(`pi_${call.holdId}`, cents ?? 0) : { ending: step.as },
          );
        }
        break;
      }
      case 'settle': {
        const id = whole.calls[step.call]?.holdId ?? 'none';
        const outcomes = await Promise.all(
          both.map(({ ledger }) =>
            ledger.endHold(id, 50 * CENT).then(
              () => 'settled',
              (error: { status: number }) => error.status,
            ),
          ),
        );
        // A hold that has left cannot be ended, and neither can one that has ended.
        expect(outcomes[0] === 'settled').toBe(outcomes[1] === 'settled');
        break;
      }
      case 'wait':
        clock.instant += step.ms;
        break;
      case 'sweep':
        await swept.sweep();
        break;
    }
    expect(await swept.left()).toEqual(await whole.left());
  }
}

/** Ends what is open, and waits until everything may leave. */
async function leaveAll(subject: Subject): Promise<void> {
  const { ledger, calls, clock } = subject;
  for (const call of calls) await ledger.end({ call, outcome: { ending: 'unknown' }, audit: {} });
  for (const { holdId = '' } of calls) await ledger.endHold(holdId, undefined).catch(() => {});
  await subject.store.checkpoint();
  clock.instant += KEPT + 2 * DAY;
  await subject.sweep();
}

/** Plays steps on a store that rows leave, beside one that keeps all, until nothing is left in the first. */
async function leaveWithoutATrace(
  all: readonly Step[],
  open: (clock: TestClock) => Store | Promise<Store>,
): Promise<void> {
  const clock = new TestClock(START);
  const swept = new Subject(await open(clock), clock);
  const whole = new Subject(new MemoryStore({ clock }), clock);
  await play(all, swept, whole);
  await leaveAll(swept);
  expect(await swept.rows()).toEqual(EMPTY);
  await swept.ledger.close();
  await whole.ledger.close();
}

describe('rows that nothing can refer to any more', () => {
  it('leave without a trace in what is decided', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        await leaveWithoutATrace(all, (clock) => new MemoryStore({ clock }));
      }),
      { numRuns: propertyRuns(150) },
    );
  });

  it('leave a key in use that was sent again before its hold left, and answered after', async () => {
    const steps: Step[] = [
      { do: 'pay', cents: 250, under: 'a' },
      { do: 'end', call: 0, as: 'settled' },
      { do: 'pay', cents: 250, under: 'a' },
      { do: 'wait', ms: KEPT + DAY },
      { do: 'sweep' },
      { do: 'issue', revoked: false },
      { do: 'end', call: 0, as: 'unknown' },
      { do: 'wait', ms: HOUR },
      { do: 'sweep' },
      { do: 'pay', cents: 100, under: 'a' },
    ];
    await leaveWithoutATrace(steps, (clock) => new MemoryStore({ clock }));
  });

  it('leave a SQLite store too, and a copy that a kill has left adds up', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(100), async (all, cut) => {
        const clock = new TestClock(START);
        const file = newFile();
        const swept = new Subject(new SqliteStore(file, { clock }), clock);
        const whole = new Subject(new MemoryStore({ clock }), clock);
        const at = Math.floor((all.length * cut) / 101);
        await play(all.slice(0, at), swept, whole);
        const copy = newFile();
        for (const end of ['', '-wal', '.audit-key']) {
          if (existsSync(file + end)) copyFileSync(file + end, copy + end);
        }
        const before = await swept.rows();
        // A start checks each balance against the sum of its holds.
        const killed = new SqliteStore(copy, { clock });
        expect(await new Subject(killed, clock).rows()).toEqual(before);
        await killed.close();
        await leaveAll(swept);
        expect(await swept.rows()).toEqual(EMPTY);
        await swept.ledger.close();
        const again = new Subject(new SqliteStore(file, { clock }), clock);
        expect(await again.rows()).toEqual(EMPTY);
        await again.ledger.close();
      }),
      { numRuns: propertyRuns(20) },
    );
  });

  it('leave a store in PostgreSQL too', async () => {
    const server = await PostgresServer.start();
    const open = async (clock: TestClock): Promise<Store> =>
      PostgresStore.open(await server.store(), { auditKey: 'a key', clock });
    try {
      await fc.assert(
        fc.asyncProperty(steps, async (all) => {
          await leaveWithoutATrace(all, open);
        }),
        { numRuns: propertyRuns(20) },
      );
    } finally {
      await server.remove();
    }
  }, 120_000);

  it('stay where the batch that would have deleted them could not be written', async () => {
    const clock = new TestClock(START);
    const disk = new TestDisk();
    const subject = new Subject(new MemoryStore({ clock, write: () => disk.write() }), clock);
    const key = keyOf(clock, 'k');
    await subject.ledger.issue(key);
    await subject.pay(key, 100);
    await subject.end(subject.calls[0] as AdmittedCall, { ending: 'settled' });
    const before = await subject.rows();
    clock.instant += KEPT + 2 * DAY;
    disk.isFull = true;
    await expect(subject.sweep()).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await subject.rows()).toEqual(before);
    disk.isFull = false;
    await subject.sweep();
    expect(await subject.rows()).toEqual(EMPTY);
  });

  it.each(['held', 'unknown'] as const)('are never those of a hold that is %s', async (state) => {
    const clock = new TestClock(START);
    const subject = new Subject(new MemoryStore({ clock }), clock);
    const key = keyOf(clock, 'k');
    await subject.ledger.issue(key);
    await subject.pay(key, 100, 'a');
    const [call] = subject.calls;
    if (state === 'unknown') await subject.end(call as AdmittedCall, { ending: 'unknown' });
    clock.instant += 400 * DAY;
    await subject.sweep();
    expect(await subject.rows()).toEqual({ ...EMPTY, holds: 1, keys: 1, operations: 1 });
    const page = await subject.ledger.holds({ state }, { limit: 10 });
    expect(page.entries.map(({ heldMicros }) => heldMicros)).toEqual([100 * CENT]);
  });

  it('stay for the time that is set, counted from their end', async () => {
    const clock = new TestClock(START);
    const subject = new Subject(new MemoryStore({ clock }), clock);
    const key = keyOf(clock, 'k');
    await subject.ledger.issue(key);
    await subject.pay(key, 100, 'a');
    clock.instant += DAY;
    await subject.end(subject.calls[0] as AdmittedCall, paid('pi_1', 100));
    clock.instant += KEPT;
    await subject.sweep();
    expect(await subject.rows()).toEqual({
      holds: 1,
      keys: 1,
      operations: 0,
      objects: 2,
      leases: 0,
      notes: 0,
    });
    clock.instant += 1;
    await subject.sweep();
    expect(await subject.rows()).toEqual(EMPTY);
  });

  it('leave in turns between which others are decided', async () => {
    const clock = new TestClock(START);
    const subject = new Subject(new MemoryStore({ clock }), clock);
    for (let i = 0; i < 250; i++) await subject.ledger.issue(keyOf(clock, `k${i}`));
    clock.instant += KEPT + 2 * DAY;
    const sweep = subject.sweep();
    await turns();
    const key = keyOf(clock, 'new');
    await subject.ledger.issue(key);
    expect(await subject.pay(key, 100)).toBeUndefined();
    await sweep;
    expect(await subject.rows()).toEqual({ ...EMPTY, keys: 1, holds: 1 });
  });
});
