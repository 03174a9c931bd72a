import type { SqliteConnection, SqliteStatement, SqliteValue } from './sqlite-driver';

const MAX_CLEAN = 2_048;

/** A row as SQLite gives it: its values by the names of their columns. */
export type FoundRow = Readonly<Record<string, SqliteValue>>;

/** A column of a table. */
export interface Column<Row> {
  name: string;
  /** What it has of a row. */
  of: (row: Row) => SqliteValue;
  /** `key`: of the primary key; `fixed`: never changes; `changing`: the others. */
  kind: 'key' | 'fixed' | 'changing';
}

/** How the rows of a table are named, written and read. */
export interface TableForm<Row> {
  table: string;
  /** Those of the primary key first. */
  columns: readonly Column<Row>[];
  keyOf(row: Row): string;
  rowOf(found: FoundRow): Row;
}

/**
 * A table whose rows are changed in memory first. A row is *dirty* while only the {@link RedoLog} has
 * it, and *clean* once the table has it. A row that changes three times between two checkpoints is
 * written once. A row is a value: to change it is to put another in its place.
 */
export class CachedTable<Row> {
  /** In the order in which the rows came to be. */
  #dirty = new Map<string, Row>();
  /** Written to the table by the transaction under way. */
  #flushed = new Map<string, Row>();
  /** The rows that the transaction under way has changed, as they were before; absent where they were clean. */
  readonly #before = new Map<string, Row | undefined>();
  readonly #clean = new Map<string, Row>();
  readonly #select: SqliteStatement;
  readonly #upsert: SqliteStatement;

  constructor(
    connection: SqliteConnection,
    private readonly form: TableForm<Row>,
  ) {
    const { table, columns } = form;
    const names = (kind?: Column<Row>['kind']): string[] =>
      columns
        .filter((column) => kind === undefined || column.kind === kind)
        .map(({ name }) => name);
    const all = names().join(', ');
    this.#select = connection.prepare(
      `SELECT ${all} FROM ${table} WHERE ${names('key')
        .map((name) => `${name} = ?`)
        .join(' AND ')}`,
    );
    this.#upsert = connection.prepare(
      `INSERT INTO ${table} (${all}) VALUES (${columns.map(() => '?').join(', ')})
       ON CONFLICT (${names('key').join(', ')}) DO UPDATE SET ${names('changing')
         .map((name) => `${name} = excluded.${name}`)
         .join(', ')}`,
    );
  }

  get name(): string {
    return this.form.table;
  }

  /** Whether the table has every row as it is. */
  get isClean(): boolean {
    return this.#dirty.size === 0;
  }

  /**
   * @param key What `keyOf` gives for the row.
   * @param values The values of its primary key.
   */
  get(key: string, values: readonly SqliteValue[]): Row | undefined {
    const known = this.uncommitted(key) ?? this.#clean.get(key);
    if (known !== undefined) return known;
    const found = this.#select.get(values);
    return found === undefined ? undefined : this.remember(found as FoundRow);
  }

  /** The row, where no query can be sure to find it as it is. */
  uncommitted(key: string): Row | undefined {
    return this.#dirty.get(key) ?? this.#flushed.get(key);
  }

  /** Keeps what a query has found in the table. */
  remember(found: FoundRow): Row {
    const row = this.form.rowOf(found);
    if (this.#clean.size >= MAX_CLEAN) this.#clean.clear();
    this.#clean.set(this.form.keyOf(row), row);
    return row;
  }

  put(row: Row): void {
    const key = this.form.keyOf(row);
    if (!this.#before.has(key)) this.#before.set(key, this.uncommitted(key));
    this.#dirty.set(key, row);
  }

  /** The rows that the transaction under way has changed, as they are now. */
  changes(): SqliteValue[][] {
    const changes: SqliteValue[][] = [];
    for (const key of this.#before.keys()) {
      const row = this.uncommitted(key);
      if (row !== undefined) changes.push(this.#valuesOf(row));
    }
    return changes;
  }

  /** Takes back what {@link changes} gave. */
  replay(values: readonly SqliteValue[]): void {
    const found: Record<string, SqliteValue> = {};
    this.form.columns.forEach(({ name }, i) => (found[name] = values[i] ?? null));
    this.put(this.form.rowOf(found));
  }

  /** Writes the dirty rows to the table, so that queries find them. */
  flush(): void {
    for (const [key, row] of this.#dirty) {
      this.#upsert.run(this.#valuesOf(row));
      this.#flushed.set(key, row);
    }
    this.#dirty.clear();
  }

  /** Forgets the clean rows: another statement has changed the table. */
  evict(): void {
    this.#clean.clear();
  }

  committed(): void {
    this.#before.clear();
    if (this.#flushed.size === 0) return;
    if (this.#clean.size + this.#flushed.size > MAX_CLEAN) this.#clean.clear();
    for (const [key, row] of this.#flushed) this.#clean.set(key, row);
    this.#flushed.clear();
  }

  rolledBack(): void {
    if (this.#flushed.size > 0) {
      this.#dirty = new Map([...this.#flushed, ...this.#dirty]);
      this.#flushed = new Map();
    }
    for (const [key, row] of this.#before) {
      if (row === undefined) this.#dirty.delete(key);
      else this.#dirty.set(key, row);
    }
    this.#before.clear();
    this.#clean.clear();
  }

  #valuesOf(row: Row): SqliteValue[] {
    return this.form.columns.map(({ of }) => of(row));
  }
}

/** A column of the primary key. */
export function key<Row>(name: string, of: (row: Row) => SqliteValue): Column<Row> {
  return { name, of, kind: 'key' };
}

/** A column that never changes. */
export function fixed<Row>(name: string, of: (row: Row) => SqliteValue): Column<Row> {
  return { name, of, kind: 'fixed' };
}

/** A column that may change. */
export function changing<Row>(name: string, of: (row: Row) => SqliteValue): Column<Row> {
  return { name, of, kind: 'changing' };
}
