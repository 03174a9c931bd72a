import fc from 'fast-check';
import { propertyRuns } from '../../../test/support/property-runs';
import { TestDisk } from '../../../test/support/test-disk';
import { turns } from '../../../test/support/turns';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyRecord } from '../keys/key';
import type { Price } from '../pricing/price';
import { MemoryStore } from './memory/memory-store';
import type { Decision } from './records';
import { SqliteStore } from './sqlite/sqlite-store';
import type { Store } from './store';
import { StoreLedger } from './store-ledger';

const CENT = 10_000;
const KEY: KeyRecord = {
  id: 'k',
  tokenHash: 'hash',
  label: 'k',
  vendor: 'stripe',
  capMicros: 100 * CENT,
  allowedEndpoints: ['/v1/payment_intents'],
  subject: { user_id: 'u' },
  budgets: {},
  createdAt: 1_000,
  expiresAt: 1e15,
};
const payment = (cents: number): Price => ({
  kind: 'amount',
  micros: cents * CENT,
  amount: cents,
  currency: 'usd',
});

const folder = mkdtempSync(join(tmpdir(), 'vault-key-contract-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** A file that is written by a thread of its own from now on. */
async function inSqlite({ driver }: TestDisk): Promise<Store> {
  const store = new SqliteStore(join(folder, `${++files}.db`), { driver });
  const copy = await store.copy();
  copy.end();
  return store;
}

/** Every store there is: each decides a batch while the one before it is being written. */
const STORES: [name: string, open: (disk: TestDisk) => Store | Promise<Store>, runs: number][] = [
  ['in memory', (disk) => new MemoryStore({ write: () => disk.write() }), propertyRuns(300)],
  ['SQLite in a file', inSqlite, propertyRuns(15)],
];

describe.each(STORES)('a store that writes beside its decisions: %s', (_name, open, numRuns) => {
  let disk: TestDisk;
  let ledger: StoreLedger;
  let calls: number;
  beforeEach(async () => {
    disk = new TestDisk();
    ledger = new StoreLedger(await open(disk));
    calls = 0;
    await ledger.issue(KEY);
  });
  afterEach(async () => {
    disk.isFull = false;
    disk.catchUp();
    await ledger.close();
  });

  function admit(cents: number, key = KEY, by = ledger): Promise<Decision> {
    const callId = `call_${++calls}`;
    return by.admit({
      callId,
      key,
      account: '',
      price: payment(cents),
      audit: { at: 'then', event: 'refusal', call_id: callId, key_id: key.id, verdict: 'none' },
    });
  }
  const balance = async (id = KEY.id) => (await ledger.key(id))?.balance;

  it('decides a call on top of those that are being written, and tells of none before it is', async () => {
    disk.slowDown();
    const told: boolean[] = [];
    const asked = [60, 30, 60].map((cents) =>
      admit(cents).then(({ admitted }) => told.push(admitted)),
    );
    await turns();
    asked.push(admit(10).then(({ admitted }) => told.push(admitted)));
    await turns();
    expect(told).toEqual([]);
    disk.catchUp();
    await Promise.all(asked);
    expect(told).toEqual([true, true, false, true]);
    expect(await balance()).toEqual({ spent: 0, held: 100 * CENT, undone: 0 });
  });

  it('decides again what was decided on top of a batch that failed', async () => {
    disk.slowDown();
    const lost = admit(60);
    await turns();
    const onTop = [admit(30), admit(60)];
    await turns();
    disk.isFull = true;
    const refused = expect(lost).rejects.toMatchObject({ code: 'store_unavailable' });
    disk.catchUp();
    await refused;
    disk.isFull = false;
    // On top of the first one, the second of these would have passed the cap.
    const outcomes = await Promise.allSettled(onTop);
    const held = outcomes.map((each) => (each.status === 'fulfilled' ? each.value.admitted : 0));
    const sum = [30, 60].filter((_, i) => held[i] === true).reduce((all, cents) => all + cents, 0);
    expect(await balance()).toEqual({ spent: 0, held: sum * CENT, undone: 0 });
    expect(held).not.toContain(false);
  });

  it('keeps a key that was given out where the batch that writes it fails', async () => {
    const key = { ...KEY, id: 'given', tokenHash: 'hash of given' };
    await ledger.issueSoon(key);
    disk.slowDown();
    const call = admit(10, key);
    await turns();
    disk.isFull = true;
    const refused = expect(call).rejects.toMatchObject({ code: 'store_unavailable' });
    disk.catchUp();
    await refused;
    disk.isFull = false;
    expect(await admit(10, key)).toMatchObject({ admitted: true });
    expect(await balance('given')).toEqual({ spent: 0, held: 10 * CENT, undone: 0 });
    const { entries } = await ledger.audit({ event: 'issue' }, { limit: 10 });
    expect(entries.map(({ key_id: id }) => id)).toEqual(['given', 'k']);
  });

  it('keeps a settlement whose batch fails, and writes it once', async () => {
    const decision = await admit(60);
    if (!decision.admitted) throw decision.refusal;
    disk.slowDown();
    const end = ledger.end({ call: decision.call, outcome: { ending: 'settled' }, audit: {} });
    await turns();
    const onTop = admit(10);
    await turns();
    disk.isFull = true;
    const refused = expect(onTop).rejects.toMatchObject({ code: 'store_unavailable' });
    disk.catchUp();
    await end;
    await refused;
    expect((await ledger.figures()).keptSettlements).toBe(1);
    disk.isFull = false;
    expect(await admit(10)).toMatchObject({ admitted: true });
    expect(await balance()).toEqual({ spent: 60 * CENT, held: 10 * CENT, undone: 0 });
    expect((await ledger.figures()).keptSettlements).toBe(0);
  });

  it('lets an operator end a hold whose settlement was in a batch that fails meanwhile', async () => {
    const decision = await admit(60);
    if (!decision.admitted) throw decision.refusal;
    const { call } = decision;
    disk.slowDown();
    const end = ledger.end({ call, outcome: { ending: 'unknown' }, audit: {} });
    ledger.hurry();
    await turns();
    const said = ledger.endHold(call.callId, 0);
    await turns();
    // Once with the others, and once by itself.
    disk.failNext(2);
    disk.catchUp();
    await end;
    expect((await said).state).toBe('settled');
    expect(await balance()).toEqual({ spent: 0, held: 0, undone: 0 });
  });

  it('counts the refusals that it has told of, and no other, where a batch fails', async () => {
    disk.slowDown();
    const refused = [admit(101), admit(102)];
    await turns();
    refused.push(admit(103));
    await turns();
    disk.isFull = true;
    const outcomes = Promise.allSettled(refused);
    disk.catchUp();
    expect((await outcomes).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
    disk.isFull = false;
    await admit(104);
    await admit(105);
    const { entries } = await ledger.audit({ event: 'refusal' }, { limit: 10 });
    // The second one is counted in the next row of its kind.
    expect(entries.map(({ count, requested_micros: micros }) => [count, micros])).toEqual([
      [1, 104 * CENT],
    ]);
  });

  it('writes what it has kept at the close', async () => {
    const decision = await admit(60);
    if (!decision.admitted) throw decision.refusal;
    disk.isFull = true;
    await ledger.end({ call: decision.call, outcome: { ending: 'settled' }, audit: {} });
    expect((await ledger.figures()).keptSettlements).toBe(1);
    disk.isFull = false;
    await ledger.close();
    expect((await ledger.figures()).keptSettlements).toBe(0);
    expect(await balance()).toEqual({ spent: 60 * CENT, held: 0, undone: 0 });
  });

  it('has what it has told, and nothing else, whatever batches fail', async () => {
    type Step = { ask: number } | { disk: 'slow' | 'on' | 'full' | 'free' } | { turn: true };
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 5, arbitrary: fc.record({ ask: fc.integer({ min: 1, max: 60 }) }) },
      { weight: 3, arbitrary: fc.record({ disk: fc.constantFrom('slow', 'on', 'full', 'free') }) },
      { weight: 3, arbitrary: fc.constant({ turn: true as const }) },
    ) as fc.Arbitrary<Step>;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const place = new TestDisk();
        const own = new StoreLedger(await open(place));
        await own.issue(KEY);
        let told = 0;
        const asked: Promise<unknown>[] = [];
        for (const each of steps) {
          if ('turn' in each) await turns();
          else if ('ask' in each) {
            const add = ({ admitted }: Decision): void => void (told += admitted ? each.ask : 0);
            asked.push(admit(each.ask, KEY, own).then(add, () => {}));
          } else if (each.disk === 'slow') place.slowDown();
          else if (each.disk === 'on') place.catchUp();
          else place.isFull = each.disk === 'full';
        }
        place.isFull = false;
        place.catchUp();
        await Promise.all(asked);
        expect((await own.key(KEY.id))?.balance).toEqual({
          spent: 0,
          held: told * CENT,
          undone: 0,
        });
        expect(told).toBeLessThanOrEqual(100);
        expect(await own.verifyAudit()).toMatchObject({ ok: true });
        await own.close();
      }),
      { numRuns },
    );
  });
});
