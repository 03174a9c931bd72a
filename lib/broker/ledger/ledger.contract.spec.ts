import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyRecord } from '../keys/key';
import type { Outcome, Price } from '../pricing/price';
import type { Ledger } from './ledger';
import type { Admission, AdmittedCall, Decision, StoreState } from './records';
import { MemoryStore } from './memory/memory-store';
import { PostgresStore } from './postgres/postgres-store';
import { SqliteLedger } from './sqlite/sqlite-ledger';
import { StoreLedger } from './store-ledger';
import { propertyRuns } from '../../../test/support/property-runs';
import { POSTGRES_AND_PROXY } from '../../../test/support/postgres-stores';
import type { PostgresStores, PostgresWay } from '../../../test/support/postgres-stores';
import { TestClock } from '../../../test/support/test-clock';

const CENT = 10_000;
const folder = mkdtempSync(join(tmpdir(), 'vault-key-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const started = new Map<string, PostgresStores>();
afterAll(() => Promise.all([...started.values()].map((stores) => stores.close())));

async function onPostgres([name, start]: PostgresWay, clock: TestClock): Promise<Ledger> {
  const stores = started.get(name) ?? (await start());
  started.set(name, stores);
  const store = await PostgresStore.open(await stores.url(), { auditKey: 'a key', clock });
  return new StoreLedger(store);
}

/** Every ledger there is; each passes all that follows. */
const IN_MEMORY = { kind: 'memory', durability: 'none' };
const SQLITE = { kind: 'sqlite', durability: 'full' };
type LedgerRow = [
  name: string,
  open: (clock: TestClock) => Ledger | Promise<Ledger>,
  runs: number,
  state: StoreState,
];
const LEDGERS: LedgerRow[] = [
  [
    'in memory',
    (clock) => new StoreLedger(new MemoryStore({ clock })),
    propertyRuns(150),
    IN_MEMORY,
  ],
  [
    'SQLite in memory',
    (clock) => new SqliteLedger(':memory:', { clock }),
    propertyRuns(150),
    SQLITE,
  ],
  [
    'SQLite in a file',
    (clock) => new SqliteLedger(join(folder, `${++files}.db`), { clock }),
    propertyRuns(15),
    SQLITE,
  ],
  ...POSTGRES_AND_PROXY.map((way): LedgerRow => [
    way[0],
    (clock) => onPostgres(way, clock),
    propertyRuns(15),
    { kind: 'postgres', durability: 'full' },
  ]),
];

const keyOf = (id: string, capMicros: number, more: Partial<KeyRecord> = {}): KeyRecord => ({
  id,
  tokenHash: `hash of ${id}`,
  label: id,
  vendor: 'stripe',
  capMicros,
  allowedEndpoints: ['/v1/payment_intents'],
  subject: {},
  budgets: {},
  createdAt: 1_000,
  expiresAt: 100_000,
  ...more,
});
const amount = (cents: number): Price => ({
  kind: 'amount',
  micros: cents * CENT,
  amount: cents,
  currency: 'usd',
});

describe.each(LEDGERS)('the ledger: %s', (_name, open, numRuns, state) => {
  let clock: TestClock;
  let ledger: Ledger;
  let calls = 0;
  beforeEach(async () => {
    clock = new TestClock(2_000);
    ledger = await open(clock);
  });
  afterEach(() => ledger.close());

  const admit = (key: KeyRecord, price: Price, by = ledger): Promise<Decision> =>
    by.admit({
      callId: `call_${++calls}`,
      key,
      account: '',
      price,
      audit: { at: 'then', event: 'refusal' },
    });
  const end = (hold: AdmittedCall, outcome: Outcome, by = ledger) =>
    by.end({ call: hold, outcome, audit: {} });
  const holdOf = (decision: Decision): AdmittedCall => {
    if (!decision.admitted) throw decision.refusal;
    return decision.call;
  };
  const balance = async (id: string, by = ledger) => (await by.key(id))?.balance;

  it('admits no change of a bill that was priced before another change of it has ended', async () => {
    const key = keyOf('k', 1_000 * CENT);
    await ledger.issue(key);
    const change = (pricedAt: number, objectId = 'sub_1') =>
      ledger.admit({
        callId: `call_${++calls}`,
        key,
        account: '',
        price: {
          kind: 'addition',
          objectId,
          micros: 10 * CENT,
          amount: 10,
          currency: 'usd',
          isOfState: true,
        },
        pricedAt,
        audit: { at: 'then', event: 'refusal' },
      });
    const first = holdOf(await change(clock.now()));
    const object = { id: 'sub_1', aliases: [], amount: 10, currency: 'usd' };
    expect(await change(clock.now())).toMatchObject({
      admitted: false,
      refusal: { code: 'overloaded' },
    });
    expect((await change(clock.now(), 'sub_2')).admitted).toBe(true);
    const before = clock.now();
    clock.instant += 5;
    await end(first, { ending: 'settled', object });
    expect(await change(before)).toMatchObject({ admitted: false });
    expect((await change(clock.now())).admitted).toBe(true);
  });

  it('holds what the retry of a call costs that cost nothing at first', async () => {
    const key = keyOf('k', 100 * CENT);
    await ledger.issue(key);
    const ask = (price: Price) =>
      ledger.admit({
        callId: `call_${++calls}`,
        key,
        account: '',
        price,
        operation: { keyHash: 'h', fingerprint: 'f' },
        audit: { at: 'then', event: 'refusal' },
      });
    const first = holdOf(await ask({ kind: 'free' }));
    // What stands in the vendor's objects has changed meanwhile.
    expect((await ask(amount(101))).admitted).toBe(false);
    const second = holdOf(await ask(amount(60)));
    expect(await balance('k')).toEqual({ spent: 0, held: 60 * CENT, undone: 0 });
    await end(first, { ending: 'released' });
    expect(await balance('k')).toMatchObject({ held: 60 * CENT });
    await end(second, { ending: 'settled' });
    expect(await balance('k')).toEqual({ spent: 60 * CENT, held: 0, undone: 0 });
    expect(holdOf(await ask(amount(60))).micros).toBe(0);
  });

  it('asks for an object that it does not know, and keeps for retries what the call was sent with', async () => {
    const key = keyOf('k', 2_000 * CENT);
    await ledger.issue(key);
    const refund: Price = { kind: 'refund', objectId: 'ch_1', addedField: 'amount' };
    const ask = (
      more: Partial<Admission> & { operation?: undefined } = {},
      price: Price = refund,
    ) =>
      ledger.admit({
        callId: `call_${++calls}`,
        key,
        account: '',
        price,
        canLookUp: true,
        operation: { keyHash: 'h', fingerprint: 'f' },
        audit: { at: 'then', event: 'refusal' },
        ...more,
      });
    expect(await ask()).toMatchObject({ admitted: false, asksVendor: true });
    expect((await ledger.audit({ event: 'refusal' }, { limit: 9 })).entries).toEqual([]);
    const found = {
      id: 'ch_1',
      rootId: 'pi_1',
      aliases: [],
      amount: 900,
      currency: 'usd',
      callAmount: 300,
    };
    const refused = await ask({ found, key: keyOf('none', 0) });
    expect(refused.admitted).toBe(false);
    const first = holdOf(await ask({ found }));
    expect([first.micros, first.addedAmount]).toEqual([300 * CENT, 300]);
    await end(first, { ending: 'unknown' });
    const retry = holdOf(await ask());
    expect([retry.micros, retry.addedAmount]).toEqual([0, 300]);
    await end(retry, { ending: 'released', conclusive: true });
    // After its hold is gone, it is priced by what it was sent with.
    const again = holdOf(await ask());
    expect([again.micros, again.addedAmount]).toEqual([300 * CENT, 300]);
    await end(again, { ending: 'settled' });
    // Its currency is known by now, and no amount: that may change at the vendor.
    const known = (await ledger.objects('stripe', '', ['ch_1'])).get('ch_1');
    expect(known).toMatchObject({ currency: 'usd', exposureMicros: 0 });
    expect(known?.amount).toBeUndefined();
    const named = await ask({ operation: undefined }, { ...refund, amount: 50 });
    expect(holdOf(named).micros).toBe(50 * CENT);
    expect(await ask({ operation: undefined })).toMatchObject({ asksVendor: true });
    // Its money is that of its intent.
    const capture: Price = { kind: 'exposure', objectId: 'ch_1', amount: 80 };
    const captured = holdOf(await ask({ operation: undefined }, capture));
    await end(captured, { ending: 'settled' });
    const ofIntent = { ...found, id: 'pi_1', aliases: ['ch_1'], callAmount: 900 };
    const rest: Price = { kind: 'exposure', objectId: 'pi_1', addedField: 'amount_to_capture' };
    expect(await ask({ operation: undefined }, rest)).toMatchObject({ asksVendor: true });
    const last = await ask({ operation: undefined, found: ofIntent }, rest);
    expect(holdOf(last).micros).toBe(820 * CENT);
  });

  it('holds, settles, releases, and keeps what is unknown', async () => {
    const key = keyOf('k', 1_000 * CENT);
    await ledger.issue(key);
    const [settled, released, unknown] = await Promise.all([
      admit(key, amount(100)),
      admit(key, amount(200)),
      admit(key, amount(300)),
    ]);
    expect(await balance('k')).toEqual({ spent: 0, held: 600 * CENT, undone: 0 });
    await Promise.all([
      end(holdOf(settled as Decision), { ending: 'settled' }),
      end(holdOf(released as Decision), { ending: 'released' }),
      end(holdOf(unknown as Decision), { ending: 'unknown' }),
    ]);
    expect(await balance('k')).toEqual({ spent: 100 * CENT, held: 300 * CENT, undone: 0 });
  });

  it('ends a hold once, however often it is told', async () => {
    const key = keyOf('k', 1_000 * CENT);
    await ledger.issue(key);
    const hold = holdOf(await admit(key, amount(100)));
    await end(hold, { ending: 'settled' });
    await end(hold, { ending: 'settled' });
    await end(hold, { ending: 'released' });
    expect(await balance('k')).toEqual({ spent: 100 * CENT, held: 0, undone: 0 });
  });

  it('admits nothing with a key that is revoked, expired or unknown in the very step', async () => {
    const key = keyOf('k', 1_000 * CENT);
    await ledger.issue(key);
    clock.instant = key.expiresAt - 1;
    expect((await admit(key, { kind: 'free' })).admitted).toBe(true);
    clock.instant = key.expiresAt;
    expect(await admit(key, { kind: 'free' })).toMatchObject({
      admitted: false,
      refusal: { code: 'invalid_key' },
    });
    expect(await admit(keyOf('nobody', 1), { kind: 'free' })).toMatchObject({
      refusal: { code: 'invalid_key' },
    });
    clock.instant = key.createdAt;
    // Asked for in one turn: the revocation came first.
    const [, decision] = await Promise.all([ledger.revoke(['k']), admit(key, amount(1))]);
    expect(decision).toMatchObject({ admitted: false, refusal: { code: 'invalid_key' } });
  });

  it('believes its own record of a key, not the caller’s', async () => {
    await ledger.issue(keyOf('k', 100 * CENT));
    expect(await admit(keyOf('k', 1e12), amount(101))).toMatchObject({
      admitted: false,
      refusal: { code: 'cap_exhausted' },
    });
  });

  it('finds a key by its token’s hash alone', async () => {
    await ledger.issue(keyOf('k', 0, { subject: { user_id: 'u' } }));
    expect(await ledger.keyByTokenHash('hash of k')).toMatchObject({
      id: 'k',
      subject: { user_id: 'u' },
    });
    expect(await ledger.keyByTokenHash('k')).toBeUndefined();
  });

  it('says when each key was first revoked, and which it never knew', async () => {
    await ledger.issue(keyOf('k', 0));
    clock.instant = 5_000;
    await ledger.revoke(['k']);
    clock.instant = 6_000;
    const { revokedAt, unknown } = await ledger.revoke(['k', 'x']);
    expect([[...revokedAt], unknown]).toEqual([[['k', 5_000]], ['x']]);
  });

  it('gives back what a capture lowered, the newest holds first, where each was charged', async () => {
    const [first, second] = [keyOf('a', 1_000 * CENT), keyOf('b', 1_000 * CENT)];
    await ledger.issue(first);
    await ledger.issue(second);
    const object = { id: 'pi_1', aliases: ['ch_1'], amount: 500, currency: 'usd' };
    await end(holdOf(await admit(first, amount(500))), {
      ending: 'settled',
      object,
      reportedMicros: 500 * CENT,
    });
    const more = holdOf(
      await admit(second, { kind: 'exposure', objectId: 'pi_1', amount: 700, largestNested: 0 }),
    );
    expect(more.micros).toBe(200 * CENT);
    await end(more, { ending: 'settled', object, reportedMicros: 700 * CENT });
    const capture = holdOf(
      await admit(second, { kind: 'exposure', objectId: 'pi_1', amount: 400, largestNested: 0 }),
    );
    await end(capture, {
      ending: 'settled',
      object,
      reportedMicros: 400 * CENT,
      finalMicros: 400 * CENT,
    });
    expect([await balance('a'), await balance('b')]).toEqual([
      { spent: 400 * CENT, held: 0, undone: 0 },
      { spent: 0, held: 0, undone: 0 },
    ]);
    // And once more changes nothing.
    const again = holdOf(await admit(second, { kind: 'cancel', objectId: 'pi_1' }));
    await end(again, { ending: 'settled', object, finalMicros: 400 * CENT });
    expect(await balance('a')).toEqual({ spent: 400 * CENT, held: 0, undone: 0 });
  });

  it('refuses a parent that is no live key', async () => {
    await ledger.issue(keyOf('parent', 100));
    await ledger.issue(keyOf('child', 100, { parentId: 'parent' }));
    await ledger.revoke(['parent']);
    for (const parentId of ['parent', 'nobody']) {
      await expect(ledger.issue(keyOf('late', 100, { parentId }))).rejects.toMatchObject({
        status: 422,
      });
    }
    expect(await ledger.key('late')).toBeUndefined();
  });

  it('learns from a retry which object a payment was for whose first answer was cut short', async () => {
    const key = keyOf('k', 1_000 * CENT);
    await ledger.issue(key);
    const create = (): Promise<Decision> =>
      ledger.admit({
        callId: `call_${++calls}`,
        key,
        account: '',
        price: amount(500),
        operation: { keyHash: 'i', fingerprint: 'f' },
        audit: { at: 'then', event: 'refusal' },
      });
    await end(holdOf(await create()), { ending: 'settled' });
    const object = { id: 'pi_1', aliases: [], amount: 500, currency: 'usd' };
    await end(holdOf(await create()), { ending: 'settled', object, reportedMicros: 500 * CENT });

    const capture: Price = { kind: 'exposure', objectId: 'pi_1', amount: 500 };
    expect(holdOf(await admit(key, capture)).micros).toBe(0);
    expect(await balance('k')).toEqual({ spent: 500 * CENT, held: 0, undone: 0 });
  });

  it('has no brake that has expired: the next one drops it, and it cannot be lifted', async () => {
    const brake = { scope: 'user', target: 'u', reason: 'a test' } as const;
    for (const id of ['first', 'second']) {
      await ledger.putBrake({ ...brake, id, lifeMs: 1_000 });
    }
    clock.instant += 999;
    expect(await ledger.brakes()).toHaveLength(2);
    clock.instant += 1;
    expect(await ledger.liftBrake('first')).toBeUndefined();
    await ledger.putBrake({ ...brake, id: 'third' });
    expect((await ledger.brakes()).map(({ id }) => id)).toEqual(['third']);
  });

  it('says how far a commit reaches', async () => {
    expect(await ledger.state()).toEqual(state);
  });

  it('equals a plain model under any interleaving, and no admitted call passes a cap', async () => {
    type Step =
      | { key: number; cents: number }
      | { end: number; as: Outcome['ending']; reported?: number }
      | { turn: true };
    const step: fc.Arbitrary<Step> = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ key: fc.nat(2), cents: fc.integer({ min: 1, max: 60 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          end: fc.nat(30),
          as: fc.constantFrom('settled' as const, 'released' as const, 'unknown' as const),
          reported: fc.integer({ min: 0, max: 70 }),
        }),
      },
      { weight: 2, arbitrary: fc.constant({ turn: true as const }) },
    );
    const caps = fc.tuple(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 0, max: 300 }),
    );
    await fc.assert(
      fc.asyncProperty(caps, fc.array(step, { maxLength: 40 }), async (cents, steps) => {
        const own = await open(new TestClock(2_000));
        try {
          // `2` is under `1`, and `1` under `0`.
          const keys = cents.map((cap, i) =>
            keyOf(`k${i}`, cap * CENT, i === 0 ? {} : { parentId: `k${i - 1}` }),
          );
          for (const key of keys) await own.issue(key);
          const model = keys.map(() => ({ spent: 0, held: 0, undone: 0 }));
          const open_: { hold: AdmittedCall; over: number[] }[] = [];
          let waiting: Promise<void>[] = [];
          for (const each of steps) {
            if ('turn' in each) {
              await Promise.all(waiting);
              waiting = [];
            } else if ('key' in each) {
              const key = keys[each.key] as KeyRecord;
              const over = keys.map((_, i) => i).filter((i) => i <= each.key);
              const held = each.cents * CENT;
              const fits = over.every((i) => {
                const { spent, held: before } = model[i] ?? { spent: 0, held: 0, undone: 0 };
                return spent + before + held <= (keys[i]?.capMicros ?? 0);
              });
              if (fits) for (const i of over) (model[i] as { held: number }).held += held;
              waiting.push(
                admit(key, amount(each.cents), own).then((decision) => {
                  expect(decision.admitted).toBe(fits);
                  if (decision.admitted) {
                    expect(decision.remainingMicros).toBeGreaterThanOrEqual(0);
                    open_.push({ hold: decision.call, over });
                  }
                }),
              );
            } else {
              await Promise.all(waiting);
              waiting = [];
              const [ended] = open_.length === 0 ? [] : open_.splice(each.end % open_.length, 1);
              if (ended === undefined) continue;
              const reported = (each.reported ?? 0) * CENT;
              const { micros } = ended.hold;
              for (const i of ended.over) {
                const balance = model[i] as { spent: number; held: number };
                if (each.as !== 'unknown') balance.held -= micros;
                if (each.as === 'settled') balance.spent += Math.max(micros, reported);
              }
              waiting.push(end(ended.hold, { ending: each.as, reportedMicros: reported }, own));
            }
          }
          await Promise.all(waiting);
          for (const [i, { id }] of keys.entries())
            expect(await balance(id, own)).toEqual(model[i]);
        } finally {
          await own.close();
        }
      }),
      { numRuns },
    );
  });
});
