import type { PendingWrites } from './pending-writes';
import type { SqliteConnection, SqliteStatement, SqliteValue } from './sqlite-driver';
import { upsertOf, valuesOf, whereKey } from './table-form';
import type { FoundRow, TableForm } from './table-form';

const MAX_CLEAN = 2_048;

/** The rows that a batch has changed, as they were before; absent where they were clean. */
type Before<Row> = Map<string, Row | undefined>;

/**
 * A table whose rows are changed in memory first. A row is *dirty* while only the {@link RedoLog} has
 * it, and *clean* once the table has it. A row that changes three times between two checkpoints is
 * written once. A row is a value: to change it is to put another in its place.
 */
export class CachedTable<Row> {
  /** In the order in which the rows came to be. */
  #dirty = new Map<string, Row>();
  /** What the checkpoint that is being written brings to the table. */
  #flushed = new Map<string, Row>();
  /** What the batch that is being decided has changed. */
  #changed: Before<Row> = new Map();
  /** What the batch that is being written has changed. */
  #sent: Before<Row> = new Map();
  readonly #clean = new Map<string, Row>();
  readonly #select: SqliteStatement;
  readonly #upsert: string;

  constructor(
    connection: SqliteConnection,
    private readonly writes: PendingWrites,
    private readonly form: TableForm<Row>,
  ) {
    this.#select = connection.prepare(`SELECT * FROM ${form.table} WHERE ${whereKey(form)}`);
    this.#upsert = upsertOf(form);
  }

  get name(): string {
    return this.form.table;
  }

  /** Whether the table has every row as it is. */
  get isClean(): boolean {
    return this.#dirty.size === 0 && this.#flushed.size === 0;
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

  /** Those that no query can be sure to find as they are, in the order in which they came to be. */
  get allUncommitted(): Iterable<Row> {
    return new Map([...this.#flushed, ...this.#dirty]).values();
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
    if (!this.#changed.has(key)) this.#changed.set(key, this.uncommitted(key));
    this.#dirty.set(key, row);
  }

  /** The rows that the batch that is being decided has changed, as they are now. */
  changes(): SqliteValue[][] {
    const changes: SqliteValue[][] = [];
    for (const key of this.#changed.keys()) {
      const row = this.uncommitted(key);
      if (row !== undefined) changes.push(valuesOf(this.form, row));
    }
    return changes;
  }

  /** Takes back what {@link changes} gave. */
  replay(values: readonly SqliteValue[]): void {
    const found: Record<string, SqliteValue> = {};
    this.form.columns.forEach(({ name }, i) => (found[name] = values[i] ?? null));
    this.put(this.form.rowOf(found));
  }

  /** Has the batch that is being decided write the dirty rows to the table. */
  flush(): void {
    for (const row of this.#dirty.values()) {
      this.writes.add(this.#upsert, valuesOf(this.form, row));
    }
    this.#flushed = this.#dirty;
    this.#dirty = new Map();
  }

  /** Forgets the clean rows: another statement has changed the table. */
  evict(): void {
    this.#clean.clear();
  }

  sent(): void {
    this.#sent = this.#changed;
    this.#changed = new Map();
  }

  written(): void {
    this.#sent = new Map();
    if (this.#flushed.size === 0) return;
    if (this.#clean.size + this.#flushed.size > MAX_CLEAN) this.#clean.clear();
    for (const [key, row] of this.#flushed) this.#clean.set(key, row);
    this.#flushed = new Map();
  }

  undone(): void {
    this.#restore(this.#changed);
  }

  lost(): void {
    if (this.#flushed.size > 0) {
      this.#dirty = new Map([...this.#flushed, ...this.#dirty]);
      this.#flushed = new Map();
    }
    this.#restore(this.#changed);
    this.#restore(this.#sent);
    this.#clean.clear();
  }

  #restore(before: Before<Row>): void {
    for (const [key, row] of before) {
      if (row === undefined || this.#flushed.get(key) === row) this.#dirty.delete(key);
      else this.#dirty.set(key, row);
    }
    before.clear();
  }
}
