import type { SqliteValue } from './sqlite-driver';

/** A statement, with its values. */
export type Write = readonly [sql: string, values: readonly SqliteValue[]];

/** What the batch that is being decided writes. */
export class PendingWrites {
  #writes: Write[] = [];

  add(sql: string, values: readonly SqliteValue[]): void {
    this.#writes.push([sql, values]);
  }

  /** The batch is on its way. */
  take(): readonly Write[] {
    const writes = this.#writes;
    this.#writes = [];
    return writes;
  }

  /** The batch came to nothing. */
  clear(): void {
    this.#writes = [];
  }
}
