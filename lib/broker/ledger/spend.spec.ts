import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresServer } from '../../../test/support/postgres-server';
import { sweepNow } from '../../../test/support/sweep-now';
import { TestClock } from '../../../test/support/test-clock';
import type { AuditRow } from '../audit/audit-entry';
import { instantText } from '../instant';
import { MemoryStore } from './memory/memory-store';
import { PostgresStore } from './postgres/postgres-store';
import { oldSegment } from './rules/audit-segments';
import { spendCursor } from './rules/spend';
import { SpendFold } from './spend-fold';
import type { SpendEntry, SpendUnit } from './spend';
import { closeStore } from './sqlite/open-store';
import { openConnection } from './sqlite/sqlite-driver';
import { SqliteStore } from './sqlite/sqlite-store';
import type { Store } from './store';
import { StoreLedger } from './store-ledger';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
// Rows that events are replayed from stay for seven.
const KEPT = 8 * DAY;
const START = Date.UTC(2026, 0, 1, 12);

const folder = mkdtempSync(join(tmpdir(), 'vault-key-spend-'));
let files = 0;
const newFile = () => join(folder, `${++files}.db`);

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
}, 60_000);
afterAll(async () => {
  await server.remove();
  rmSync(folder, { recursive: true, force: true });
});

const postgres = (url: string, clock: TestClock) =>
  PostgresStore.open(url, { auditKey: 'a key', clock });
const STORES: [name: string, open: (clock: TestClock) => Store | Promise<Store>][] = [
  ['in memory', (clock) => new MemoryStore({ clock })],
  ['in SQLite', (clock) => new SqliteStore(newFile(), { clock })],
  ['in PostgreSQL', async (clock) => postgres(await server.store(), clock)],
];

/** A call's row: what a user has spent, in micro-dollars. */
function spent(user: string, micros: number, more: Partial<AuditRow> = {}): AuditRow {
  const at = instantText(START);
  const day = at.slice(0, 10);
  return {
    at,
    event: 'call',
    vendor: 'stripe',
    user_id: user,
    settled_micros: micros,
    day,
    ...more,
  };
}

function write(store: Store, rows: readonly AuditRow[]): Promise<void> {
  return store.run((book) => rows.forEach((row) => book.log(row)));
}

/** So many rows of some users; the n-th is of n micro-dollars. */
const manyRows = (count: number, users = 3) =>
  Array.from({ length: count }, (_, i) => spent(`u${i % users}`, i + 1));
const sumTo = (count: number) => (count * (count + 1)) / 2;

async function entriesOf(ledger: StoreLedger, unit: SpendUnit = 'day'): Promise<SpendEntry[]> {
  const found: SpendEntry[] = [];
  const range = { unit, from: '2020-01-01', to: '2030-01-01' };
  for await (const slice of ledger.spend.rows(range)) found.push(...slice);
  return found;
}

async function settledOf(ledger: StoreLedger): Promise<number> {
  return (await entriesOf(ledger)).reduce((sum, { settled }) => sum + settled, 0);
}

describe.each(STORES)('the rows of spend %s', (_name, open) => {
  let clock: TestClock;
  let store: Store;
  let ledger: StoreLedger;
  beforeEach(async () => {
    clock = new TestClock(START);
    store = await open(clock);
    ledger = new StoreLedger(store);
  });
  afterEach(() => ledger.close());

  it('are one a day and subject, and have each row of the log once', async () => {
    await write(store, [
      spent('u1', 5),
      spent('u1', 7, { tenant_id: 't1' }),
      spent('u1', 1, { day: '2025-12-31' }),
    ]);
    const first = await entriesOf(ledger);
    await write(store, [spent('u1', 6), { at: instantText(START), event: 'issue' }]);
    const sums = async () =>
      (await entriesOf(ledger)).map(({ time, tenant, settled, calls }) => [
        time,
        tenant,
        settled,
        calls,
      ]);
    expect(first).toHaveLength(3);
    const found = await sums();
    expect(found).toHaveLength(3);
    expect(found[0]).toEqual(['2025-12-31', null, 1, 1]);
    expect(found).toContainEqual(['2026-01-01', null, 11, 2]);
    expect(found).toContainEqual(['2026-01-01', 't1', 7, 1]);
    expect(await sums()).toEqual(found);
  });

  it('add up over several turns', async () => {
    for (let i = 0; i < 3; i++) await write(store, manyRows(1_000, 250));
    expect(await settledOf(ledger)).toBe(3 * sumTo(1_000));
    expect(await store.look(spendCursor)).toBe(3_000);
  });

  it('have in the last hour of a day what was settled or given back after it', async () => {
    const late = instantText(START + DAY);
    await write(store, [
      spent('u1', 100),
      spent('u1', 50, { event: 'settlement', at: late }),
      spent('u1', -30, { event: 'give_back', at: late }),
      spent('u1', 9, { event: 'settlement', at: instantText(START + HOUR) }),
    ]);
    const hours = await entriesOf(ledger, 'hour');
    expect(hours.map(({ time, settled, givenBack }) => [time, settled, givenBack])).toEqual([
      ['2026-01-01T12', 100, 0],
      ['2026-01-01T13', 9, 0],
      ['2026-01-01T23', 50, 30],
    ]);
  });

  it('leave after 400 days, hours too, and how far the log was read stays', async () => {
    await write(store, [
      spent('u1', 1, { at: instantText(START - DAY), day: '2025-12-31' }),
      spent('u1', 2),
    ]);
    expect(await settledOf(ledger)).toBe(3);
    clock.instant += 400 * DAY;
    await sweepNow(store, KEPT);
    expect(await settledOf(ledger)).toBe(2);
    expect(await entriesOf(ledger, 'hour')).toHaveLength(1);
    clock.instant += DAY;
    await sweepNow(store, KEPT);
    expect(await entriesOf(ledger)).toEqual([]);
    expect(await entriesOf(ledger, 'hour')).toEqual([]);
  });

  it('have all rows of a segment before it leaves the store', async () => {
    await write(store, manyRows(300));
    const segment = await ledger.auditSegments.cut();
    await ledger.auditSegments.confirm(segment.last, segment.head);
    clock.instant += KEPT + DAY;
    const isOld = () => store.look((book) => oldSegment(book, KEPT)?.last);
    expect(await isOld()).toBeUndefined();
    await new SpendFold(store).catchUp();
    expect(await isOld()).toBe(300);
    await sweepNow(store, KEPT);
    expect((await ledger.audit({}, { limit: 1 })).entries).toEqual([]);
    await write(store, [spent('u1', 1)]);
    expect(await settledOf(ledger)).toBe(sumTo(300) + 1);
  });

  it('have each row once where several fold at once', async () => {
    const folds = [new SpendFold(store), new SpendFold(store), new SpendFold(store)];
    for (let i = 0; i < 3; i++) {
      await write(store, manyRows(1_000, 10));
      await Promise.all(folds.map((fold) => fold.catchUp()));
      expect(await store.look(spendCursor)).toBe((i + 1) * 1_000);
    }
    expect(await settledOf(ledger)).toBe(3 * sumTo(1_000));
  });
});

it('a process that is killed between two turns leaves the rows of spend as far as they went: the next one goes on there', async () => {
  const file = newFile();
  const copy = newFile();
  const settings = { clock: new TestClock(START), auditKey: 'a key of the operator' };
  const store = new SqliteStore(file, settings);
  const ledger = new StoreLedger(store);
  for (let i = 0; i < 12; i++) await write(store, manyRows(1_000));
  let turns = 0;
  const run = store.run.bind(store);
  store.run = async (work) => {
    const result = await run(work);
    // What a process that is killed here leaves behind.
    if (++turns === 2) for (const end of ['', '-wal']) copyFileSync(file + end, copy + end);
    return result;
  };
  expect(await settledOf(ledger)).toBe(12 * sumTo(1_000));
  expect(turns).toBe(3);
  await ledger.close();

  const left = new SqliteStore(copy, settings);
  const next = new StoreLedger(left);
  const cursor = await left.look(spendCursor);
  expect(cursor).toBeGreaterThan(0);
  expect(cursor).toBeLessThan(12_000);
  expect(await settledOf(next)).toBe(12 * sumTo(1_000));
  await next.close();
});

it('a row that was changed from outside and cannot be read is passed over: the rows after it count', async () => {
  const file = newFile();
  const settings = { clock: new TestClock(START), auditKey: 'a key of the operator' };
  const written = new SqliteStore(file, settings);
  const before = new StoreLedger(written);
  await write(written, manyRows(10));
  await before.close();
  const connection = openConnection(file);
  connection.prepare("UPDATE audit SET entry = 'no row' WHERE seq = 10").run();
  connection.prepare("UPDATE audit SET entry = 'no row' WHERE seq = 4").run();
  closeStore(connection);
  const store = new SqliteStore(file, settings);
  const ledger = new StoreLedger(store);
  expect(await settledOf(ledger)).toBe(sumTo(9) - 4);
  expect(await store.look(spendCursor)).toBe(10);
  await ledger.close();
});

it('a turn that cannot be written changes nothing, and is done by the next fold', async () => {
  let isBroken = false;
  const write_ = () => {
    if (isBroken) throw new Error('no room');
  };
  const store = new MemoryStore({ clock: new TestClock(START), write: write_ });
  const ledger = new StoreLedger(store);
  await write(store, manyRows(10));
  isBroken = true;
  await expect(new SpendFold(store).catchUp()).rejects.toMatchObject({ code: 'store_unavailable' });
  isBroken = false;
  expect(await settledOf(ledger)).toBe(sumTo(10));
  await ledger.close();
});

it('two processes on one PostgreSQL fold the rows of both, each once, in the order of the one log', async () => {
  const clock = new TestClock(START);
  const url = await server.store();
  const stores = await Promise.all([postgres(url, clock), postgres(url, clock)]);
  const ledgers = stores.map((store) => new StoreLedger(store));
  await Promise.all(
    stores.map(async (store, i) => {
      for (let n = 0; n < 6; n++) {
        await write(store, manyRows(500, 20));
        // One writes while the other folds.
        if (n % 2 === i) await settledOf(ledgers[i]!);
      }
    }),
  );
  const sums = await Promise.all(ledgers.map((ledger) => settledOf(ledger)));
  expect(sums).toEqual([12 * sumTo(500), 12 * sumTo(500)]);
  await Promise.all(ledgers.map((ledger) => ledger.close()));
});
