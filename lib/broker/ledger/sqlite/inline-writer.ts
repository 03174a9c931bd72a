import type { Write } from './pending-writes';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';

/** A statement failed, and with it its whole batch. */
export class FailedWrite extends Error {
  /** @param sql The statement; `undefined` where it was that which begins or ends the transaction. */
  constructor(
    readonly sql: string | undefined,
    cause: unknown,
  ) {
    super((cause as Error).message, { cause });
    this.name = 'FailedWrite';
  }
}

/** Where the batches of a store are written to. */
export interface StatementWriter {
  /**
   * Writes statements in one transaction: at once, or beside the event loop where it returns a promise.
   *
   * @throws FailedWrite
   */
  write(writes: readonly Write[]): void | Promise<void>;
  /** Asks or sets a pragma of the connection that writes, after all batches before it; a promise, or its answer. */
  pragma(text: string): unknown;
  /** Frees the file. */
  close(): void;
}

/** The code of the failure where another program has written to the store. */
export const FOREIGN_WRITE = 'FOREIGN_WRITE';

/** Writes on a connection of this thread. */
export class InlineWriter implements StatementWriter {
  readonly #statements = new Map<string, SqliteStatement>();
  readonly #readVersion: SqliteStatement;
  readonly #version: unknown;

  constructor(private readonly connection: SqliteConnection) {
    this.#readVersion = connection.prepare('PRAGMA data_version').raw();
    this.#version = this.#foreignVersion();
  }

  write(writes: readonly Write[]): void {
    let running: string | undefined;
    try {
      this.connection.exec('BEGIN IMMEDIATE');
      if (this.hasForeignWrite) throw foreignWrite();
      for (const [sql, values] of writes) {
        running = sql;
        this.#statement(sql).run(values);
      }
      running = undefined;
      this.connection.exec('COMMIT');
    } catch (error) {
      this.#rollBack();
      throw new FailedWrite(running, error);
    }
  }

  /** Whether another connection has written to the file. */
  get hasForeignWrite(): boolean {
    return this.#foreignVersion() !== this.#version;
  }

  pragma(text: string): unknown {
    return this.connection.pragma(text);
  }

  /** The connection is its owner's to close. */
  close(): void {}

  /** Changes where another connection has written to the file. */
  #foreignVersion(): unknown {
    return (this.#readVersion.get() as [unknown])[0];
  }

  #statement(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #rollBack(): void {
    try {
      this.connection.exec('ROLLBACK');
    } catch {
      // SQLite has already rolled back by itself (a full disk, an I/O error).
    }
  }
}

/** What is in memory is not what the file says: nothing can be decided until the next start. */
function foreignWrite(): Error {
  return Object.assign(
    new Error('another program has written to the store: start the broker again'),
    { code: FOREIGN_WRITE },
  );
}
