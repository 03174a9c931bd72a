import type { CachedTable } from './cached-table';
import type { SqliteConnection, SqliteStatement, SqliteValue } from './sqlite-driver';

/** How many changes of rows it may have before a checkpoint: some 2 ms of work. */
const MAX_CHANGES = 1_024;

/** A table whose changes the redo log makes durable. */
export type RedoTable = Pick<
  CachedTable<unknown>,
  'name' | 'isClean' | 'changes' | 'replay' | 'flush' | 'evict' | 'committed' | 'rolledBack'
>;

type Changes = Record<string, SqliteValue[][]>;

/**
 * Makes decisions durable by one row a transaction, which says how each row that it changed is now.
 * A checkpoint writes the dirty rows to their tables and empties the log: most rows have changed
 * again by then, and are written once.
 */
export class RedoLog {
  readonly #insert: SqliteStatement;
  readonly #clear: SqliteStatement;
  #changes = 0;
  /** What {@link #changes} is once the transaction is committed. */
  #changesThen = 0;
  #isCheckpoint = false;

  constructor(
    connection: SqliteConnection,
    private readonly tables: readonly RedoTable[],
  ) {
    this.#insert = connection.prepare('INSERT INTO redo (changes) VALUES (?)');
    this.#clear = connection.prepare('DELETE FROM redo');
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

  /** Makes the transaction under way a checkpoint. */
  checkpoint(): void {
    this.#isCheckpoint = true;
  }

  /** Forgets the clean rows: another statement has changed the tables. To be done while all rows are clean. */
  evict(): void {
    for (const table of this.tables) table.evict();
  }

  /** To be done before each COMMIT. */
  beforeCommit(): void {
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
      this.#clear.run();
      this.#changesThen = 0;
      return;
    }
    this.#changesThen = this.#changes + count;
    if (count > 0) this.#insert.run(JSON.stringify(changes));
  }

  committed(): void {
    for (const table of this.tables) table.committed();
    this.#changes = this.#changesThen;
    this.#isCheckpoint = false;
  }

  rolledBack(): void {
    for (const table of this.tables) table.rolledBack();
    this.#isCheckpoint = false;
  }

  #replay(changes: Changes): void {
    for (const table of this.tables) {
      for (const values of changes[table.name] ?? []) table.replay(values);
    }
  }
}
