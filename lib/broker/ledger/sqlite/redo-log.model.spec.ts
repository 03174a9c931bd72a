import fc from 'fast-check';
import { propertyRuns } from '../../../../test/support/property-runs';
import { changing, fixed, key } from '../tables/table-form';
import type { TableForm } from '../tables/table-form';
import { CachedTable } from './cached-table';
import { OpenCallTable } from './open-call-table';
import { PendingWrites } from './pending-writes';
import { RedoLog } from './redo-log';
import { openConnection } from './sqlite-driver';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';

interface Thing {
  id: string;
  born: number;
  value: number;
}

const THINGS: TableForm<Thing> = {
  table: 'things',
  columns: [
    key('id', ({ id }) => id),
    fixed('born', ({ born }) => born),
    changing('value', ({ value }) => value),
  ],
  keyOf: ({ id }) => id,
  rowOf: ({ id, born, value }) => ({ id, born, value }) as Thing,
};

/** One table with its redo log, in memory, and what it must have. */
class Store {
  readonly connection: SqliteConnection;
  readonly #writes = new PendingWrites();
  readonly table: CachedTable<Thing>;
  readonly calls: OpenCallTable;
  readonly #redo: RedoLog;
  readonly #statements = new Map<string, SqliteStatement>();
  #decided = new Map<string, Thing>();
  #written = new Map<string, Thing>();

  constructor(of?: Store) {
    this.connection = openConnection(':memory:');
    this.connection.exec(
      `CREATE TABLE things (id TEXT PRIMARY KEY, born INTEGER, value INTEGER);
       CREATE TABLE calls (id TEXT PRIMARY KEY, entry TEXT);
       CREATE TABLE redo (id INTEGER PRIMARY KEY, changes TEXT)`,
    );
    for (const name of ['things', 'calls', 'redo']) this.#copy(name, of);
    this.table = new CachedTable(this.connection, this.#writes, THINGS, { isFiltered: true });
    this.calls = new OpenCallTable(this.connection, this.#writes);
    this.#redo = new RedoLog(this.connection, this.#writes, [this.table, this.calls]);
  }

  put(id: string, value: number): void {
    const before = this.table.get(id, [id]);
    if (before?.value !== this.#decided.get(id)?.value) throw new Error(`${id} is not as decided`);
    const row = { id, born: before?.born ?? value, value };
    this.table.put(row);
    this.#decided.set(id, row);
  }

  delete(id: string): void {
    const row = this.table.get(id, [id]);
    if (row?.value !== this.#decided.get(id)?.value) throw new Error(`${id} is not as decided`);
    if (row === undefined) return;
    this.table.delete(row);
    this.#decided.delete(id);
  }

  /** @returns How many statements the batch has. */
  batch(fate: 'written' | 'lost' | 'undone', isWhole = false): number {
    if (fate === 'undone') {
      this.#redo.undone();
      this.#writes.clear();
      this.#decided = new Map(this.#written);
      return 0;
    }
    if (isWhole) this.#redo.checkpoint();
    this.#redo.sent();
    const writes = this.#writes.take();
    if (fate === 'lost') {
      this.#redo.lost();
      this.#decided = new Map(this.#written);
      return writes.length;
    }
    for (const [sql, values] of writes) this.#statement(sql).run(values);
    this.#redo.written();
    this.#written = new Map(this.#decided);
    return writes.length;
  }

  get rowsOfLog(): number {
    const row = this.connection.prepare('SELECT COUNT(*) AS count FROM redo').get();
    return (row as { count: number }).count;
  }

  /** What the next process would find after a kill. */
  check(ids: readonly string[]): void {
    const again = new Store(this);
    for (const { table } of [this, again]) {
      const found = ids.map((id) => table.get(id, [id])).filter((row) => row !== undefined);
      expect(new Map(found.map((row) => [row.id, row]))).toEqual(this.#written);
    }
    again.connection.close();
  }

  #statement(sql: string): SqliteStatement {
    const statement = this.#statements.get(sql) ?? this.connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #copy(name: string, of: Store | undefined): void {
    const rows = (of?.connection.prepare(`SELECT * FROM ${name}`).raw().all() ?? []) as never[][];
    const marks = rows[0]?.map(() => '?').join(', ');
    if (marks === undefined) return;
    const insert = this.connection.prepare(`INSERT INTO ${name} VALUES (${marks})`);
    this.connection.exec('BEGIN');
    for (const values of rows) insert.run(values);
    this.connection.exec('COMMIT');
  }
}

const IDS = Array.from({ length: 400 }, (_, i) => `thing_${i}`);

const batches = fc.array(
  fc.record({
    changes: fc.array(
      fc.record({ id: fc.nat(IDS.length - 1), isDeletion: fc.boolean(), value: fc.nat(1_000) }),
      { minLength: 0, maxLength: 60, size: 'max' },
    ),
    fate: fc.oneof(
      { weight: 8, arbitrary: fc.constant('written' as const) },
      { weight: 1, arbitrary: fc.constantFrom('lost' as const, 'undone' as const) },
    ),
    isWhole: fc.oneof(
      { weight: 30, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
  }),
  { minLength: 40, maxLength: 80, size: 'max' },
);

describe('the redo log', () => {
  it('has every row as it was written last, whatever batch a kill comes after', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const store = new Store();
        for (const { changes, fate, isWhole } of all) {
          for (const { id, isDeletion, value } of changes) {
            if (isDeletion) store.delete(IDS[id] as string);
            else store.put(IDS[id] as string, value);
          }
          store.batch(fate, isWhole);
          store.check(IDS);
        }
      }),
      { numRuns: propertyRuns(20), endOnFailure: true },
    );
  });

  it('is emptied a few rows a batch: no decision waits until a thousand rows are written', () => {
    const store = new Store();
    let most = 0;
    let longest = 0;
    for (let i = 0; i < 3_000; i++) {
      store.put(`thing_${i}`, i);
      most = Math.max(most, store.batch('written'));
      longest = Math.max(longest, store.rowsOfLog);
    }
    expect(most).toBeLessThan(25);
    expect(longest).toBeLessThan(1_200);
  });

  it.each([
    ['many calls are open', 'written'],
    ['one batch in fifty is lost', 'lost'],
  ] as const)('is emptied while %s', (_while, fate) => {
    const store = new Store();
    const at = '2026-01-01T00:00:00.000Z';
    for (let i = 0; i < 200; i++) store.calls.begin(`open_${i}`, { at, event: 'call' });
    let longest = 0;
    for (let i = 0; i < 3_000; i++) {
      store.calls.begin(`call_${i}`, { at, event: 'call' });
      store.put(`thing_${i}`, i);
      store.batch('written');
      store.calls.end(`call_${i}`);
      store.batch(i % 50 === 0 ? fate : 'written');
      longest = Math.max(longest, store.rowsOfLog);
    }
    expect(longest).toBeLessThan(1_200);
    const again = new Store(store);
    expect(again.calls.all.map(({ callId }) => callId)).toEqual(
      expect.arrayContaining(['open_0', 'open_199']),
    );
  });

  it('refuses to say how a row is that it has changed and that is not there', () => {
    const store = new Store();
    store.put('thing_1', 1);
    store.batch('written', true);
    store.put('thing_1', 2);
    store.batch('written');
    store.connection.exec('DELETE FROM things');
    expect(() => new Store(store)).toThrow('the redo log changes thing_1, which is not there');
  });
});
