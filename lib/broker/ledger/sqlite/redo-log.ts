import type { CachedTable } from './cached-table';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection, SqliteValue } from './sqlite-driver';

/** How many changes of rows it may have before a checkpoint begins. */
const MAX_CHANGES = 1_024;
/** How many rows of a checkpoint a batch writes at least: some 0.2 ms of work. */
const MIN_SLICE = 16;

/** A table whose changes the redo log makes durable. */
export type RedoTable = Omit<
  CachedTable<unknown>,
  'get' | 'put' | 'delete' | 'remember' | 'current' | 'walk' | 'isUncommitted' | 'allUncommitted'
>;

type Changes = Record<string, SqliteValue[][]>;

/**
 * Makes decisions durable by one row a batch, which says how each row that it changed is now. A
 * checkpoint writes the dirty rows to their tables: most have changed again by then, and are written
 * once. It goes on over many batches, some rows in each, so that no decision waits for it; once all
 * are written, the rows of the log that came before it are deleted.
 */
export class RedoLog {
  /** Of the newest row of the log. */
  #id = 0;
  /** Changes that no checkpoint has begun to write. */
  #changes = 0;
  /** What {@link #changes} is once the batch on its way is written. */
  #changesThen = 0;
  /** The newest row of the log whose changes the checkpoint under way writes. */
  #checkpoint: number | undefined;
  /** Whether the batch that is being decided writes all rows. */
  #isWhole = false;

  constructor(
    connection: SqliteConnection,
    private readonly writes: PendingWrites,
    private readonly tables: readonly RedoTable[],
  ) {
    const rows = connection.prepare('SELECT id, changes FROM redo ORDER BY id').all();
    for (const { id, changes } of rows as { id: number; changes: string }[]) {
      this.#id = id;
      this.#replay(JSON.parse(changes) as Changes);
    }
    for (const table of tables) table.replayed();
  }

  /** Whether the tables have every row as it is. */
  get isClean(): boolean {
    return this.tables.every((table) => table.isClean);
  }

  /** Has the batch that is being decided write all dirty rows. */
  checkpoint(): void {
    this.#isWhole = true;
  }

  /** Forgets the clean rows: another statement has changed the tables. To be done while all rows are clean. */
  evict(): void {
    for (const table of this.tables) table.evict();
  }

  /** Has the batch write what it has changed: it is on its way. */
  sent(): void {
    if (this.#isWhole) this.#writeAll();
    else this.#writeChanges();
    this.#isWhole = false;
    for (const table of this.tables) table.sent();
  }

  written(): void {
    for (const table of this.tables) table.written();
    this.#changes = this.#changesThen;
  }

  undone(): void {
    for (const table of this.tables) table.undone();
    this.#isWhole = false;
  }

  /** A checkpoint under way comes to nothing: what it has written already is what the log says. */
  lost(): void {
    for (const table of this.tables) table.lost();
    // The next batch begins another one.
    if (this.#checkpoint !== undefined) this.#changes = Math.max(this.#changes, MAX_CHANGES);
    this.#checkpoint = undefined;
    this.#isWhole = false;
  }

  #writeAll(): void {
    for (const table of this.tables) {
      table.beginFlush();
      table.flush(Infinity);
    }
    this.writes.add('DELETE FROM redo', []);
    this.#checkpoint = undefined;
    this.#changesThen = 0;
  }

  #writeChanges(): void {
    const changes: Changes = {};
    let count = 0;
    for (const table of this.tables) {
      const changed = table.changes();
      if (changed.length === 0) continue;
      changes[table.name] = changed;
      count += changed.length;
    }
    if (count > 0) {
      this.#id += 1;
      const row = [this.#id, JSON.stringify(changes)];
      this.writes.add('INSERT INTO redo (id, changes) VALUES (?, ?)', row);
    }
    this.#changesThen = this.#changes + count;
    if (this.#checkpoint === undefined && this.#changesThen > MAX_CHANGES) {
      for (const table of this.tables) table.beginFlush();
      this.#checkpoint = this.#id;
      this.#changesThen = 0;
    }
    // More rows than come to be: a checkpoint ends before the next one is due.
    if (this.#checkpoint !== undefined) this.#goOn(this.#checkpoint, MIN_SLICE + 2 * count);
  }

  #goOn(checkpoint: number, rows: number): void {
    let left = rows;
    for (const table of this.tables) {
      left -= table.flush(left);
      if (left <= 0) return;
    }
    this.writes.add('DELETE FROM redo WHERE id <= ?', [checkpoint]);
    this.#checkpoint = undefined;
  }

  #replay(changes: Changes): void {
    for (const table of this.tables) {
      for (const values of changes[table.name] ?? []) table.replay(values);
    }
  }
}
