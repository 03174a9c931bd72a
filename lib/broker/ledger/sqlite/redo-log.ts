import type { CachedTable } from './cached-table';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection, SqliteValue } from './sqlite-driver';

/** How many changes of rows it may have before a checkpoint: some 2 ms of work. */
const MAX_CHANGES = 1_024;

/** A table whose changes the redo log makes durable. */
export type RedoTable = Omit<
  CachedTable<unknown>,
  'get' | 'put' | 'delete' | 'remember' | 'current' | 'walk' | 'isUncommitted' | 'allUncommitted'
>;

type Changes = Record<string, SqliteValue[][]>;

/**
 * Makes decisions durable by one row a batch, which says how each row that it changed is now. A
 * checkpoint writes the dirty rows to their tables and empties the log: most rows have changed again
 * by then, and are written once.
 */
export class RedoLog {
  #changes = 0;
  /** What {@link #changes} is once the batch on its way is written. */
  #changesThen = 0;
  #isCheckpoint = false;

  constructor(
    connection: SqliteConnection,
    private readonly writes: PendingWrites,
    private readonly tables: readonly RedoTable[],
  ) {
    for (const { changes } of connection.prepare('SELECT changes FROM redo ORDER BY id').all() as {
      changes: string;
    }[]) {
      this.#replay(JSON.parse(changes) as Changes);
    }
  }

  /** Whether the tables have every row as it is. */
  get isClean(): boolean {
    return this.tables.every((table) => table.isClean);
  }

  /** Makes the batch that is being decided a checkpoint. */
  checkpoint(): void {
    this.#isCheckpoint = true;
  }

  /** Forgets the clean rows: another statement has changed the tables. To be done while all rows are clean. */
  evict(): void {
    for (const table of this.tables) table.evict();
  }

  /** Has the batch write what it has changed: it is on its way. */
  sent(): void {
    const changes: Changes = {};
    let count = 0;
    for (const table of this.tables) {
      const changed = table.changes();
      if (changed.length === 0) continue;
      changes[table.name] = changed;
      count += changed.length;
    }
    if (this.#isCheckpoint || this.#changes + count > MAX_CHANGES) {
      for (const table of this.tables) table.flush();
      this.writes.add('DELETE FROM redo', []);
      this.#changesThen = 0;
    } else {
      if (count > 0) {
        this.writes.add('INSERT INTO redo (changes) VALUES (?)', [JSON.stringify(changes)]);
      }
      this.#changesThen = this.#changes + count;
    }
    this.#isCheckpoint = false;
    for (const table of this.tables) table.sent();
  }

  written(): void {
    for (const table of this.tables) table.written();
    this.#changes = this.#changesThen;
  }

  undone(): void {
    for (const table of this.tables) table.undone();
    this.#isCheckpoint = false;
  }

  lost(): void {
    for (const table of this.tables) table.lost();
    this.#isCheckpoint = false;
  }

  #replay(changes: Changes): void {
    for (const table of this.tables) {
      for (const values of changes[table.name] ?? []) table.replay(values);
    }
  }
}
