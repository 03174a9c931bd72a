import type { SqliteConnection, SqliteStatement, SqliteValue } from './sqlite-driver';

const MAX_READ = 2_048;

/** How the rows of a table are named, read and written. */
export interface RowForm<Row> {
  table: string;
  /** The columns, those of the primary key first; a row is written by them, in this order. */
  columns: readonly string[];
  /** How many of the columns are the primary key. */
  keyColumns: number;
  /** The columns that may change once a row is there. */
  changing: readonly string[];
  keyOf(row: Row): string;
  valuesOf(row: Row): SqliteValue[];
  rowOf(values: readonly SqliteValue[]): Row;
}

/**
 * The rows of one table, those that are decided but not yet in it among them. Those are kept at
 * hand, and the {@link Journal} makes them durable; a row that changes three times is written once.
 * A row is a value: to change it is to put another in its place.
 */
export class Rows<Row> {
  /** In the order in which they came to be. */
  #unwritten = new Map<string, Row>();
  /** Written by this transaction. */
  #written = new Map<string, Row>();
  /** What this transaction has changed, and what stood there unwritten before it. */
  readonly #changed = new Map<string, Row | undefined>();
  readonly #read = new Map<string, Row>();
  readonly #select: SqliteStatement;
  readonly #upsert: SqliteStatement;

  constructor(
    connection: SqliteConnection,
    private readonly form: RowForm<Row>,
  ) {
    const { table, columns, keyColumns, changing } = form;
    const key = columns.slice(0, keyColumns);
    this.#select = connection.prepare(
      `SELECT ${columns.join(', ')} FROM ${table} WHERE ${key.map((name) => `${name} = ?`).join(' AND ')}`,
    );
    this.#upsert = connection.prepare(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
       ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${changing.map((name) => `${name} = excluded.${name}`).join(', ')}`,
    );
  }

  get table(): string {
    return this.form.table;
  }

  /** Whether the table has every row as it stands. */
  get allWritten(): boolean {
    return this.#unwritten.size === 0;
  }

  /**
   * @param key What `keyOf` gives for the row.
   * @param columns The values of its primary key.
   */
  get(key: string, columns: readonly SqliteValue[]): Row | undefined {
    const known = this.atHand(key) ?? this.#read.get(key);
    if (known !== undefined) return known;
    const found = this.#select.get(columns);
    return found === undefined ? undefined : this.remember(found as Record<string, SqliteValue>);
  }

  /** The row, where no search in the table can be sure to find it as it stands. */
  atHand(key: string): Row | undefined {
    return this.#unwritten.get(key) ?? this.#written.get(key);
  }

  /** Keeps at hand what a search has found in the table. */
  remember(found: Record<string, SqliteValue>): Row {
    const row = this.form.rowOf(this.form.columns.map((name) => found[name] ?? null));
    if (this.#read.size >= MAX_READ) this.#read.clear();
    this.#read.set(this.form.keyOf(row), row);
    return row;
  }

  put(row: Row): void {
    const key = this.form.keyOf(row);
    if (!this.#changed.has(key)) this.#changed.set(key, this.atHand(key));
    this.#unwritten.set(key, row);
  }

  /** What this transaction has changed, as the rows stand now. */
  changes(): SqliteValue[][] {
    const changes: SqliteValue[][] = [];
    for (const key of this.#changed.keys()) {
      const row = this.atHand(key);
      if (row !== undefined) changes.push(this.form.valuesOf(row));
    }
    return changes;
  }

  /** Takes back what {@link changes} gave. */
  replay(values: readonly SqliteValue[]): void {
    this.put(this.form.rowOf(values));
  }

  /** Has the table say all that there is to say, so that it can be searched. */
  write(): void {
    for (const [key, row] of this.#unwritten) {
      this.#upsert.run(this.form.valuesOf(row));
      this.#written.set(key, row);
    }
    this.#unwritten.clear();
  }

  /** Reads anew what it has read: the table was changed behind its back. */
  forgetRead(): void {
    this.#read.clear();
  }

  committed(): void {
    this.#changed.clear();
    if (this.#written.size === 0) return;
    if (this.#read.size + this.#written.size > MAX_READ) this.#read.clear();
    for (const [key, row] of this.#written) this.#read.set(key, row);
    this.#written.clear();
  }

  rolledBack(): void {
    if (this.#written.size > 0) {
      this.#unwritten = new Map([...this.#written, ...this.#unwritten]);
      this.#written = new Map();
    }
    for (const [key, row] of this.#changed) {
      if (row === undefined) this.#unwritten.delete(key);
      else this.#unwritten.set(key, row);
    }
    this.#changed.clear();
    this.#read.clear();
  }
}
