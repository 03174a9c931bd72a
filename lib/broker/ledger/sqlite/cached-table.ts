import type { Slice } from '../book';
import type { PendingWrites } from './pending-writes';
import { RowFilter } from './row-filter';
import type { SqliteConnection, SqliteStatement, SqliteValue } from './sqlite-driver';
import {
  changeOf,
  changed,
  deletionOf,
  keyColumnsOf,
  keyValuesOf,
  orderOf,
  upsertOf,
  valuesOf,
  whereKey,
} from '../tables/table-form';
import type { FoundRow, TableForm } from '../tables/table-form';

const MAX_CLEAN = 2_048;

/** What stands for a row that was deleted, until the table has heard of it. */
class Deletion {
  /** @param values Those of its primary key. */
  constructor(readonly values: readonly SqliteValue[]) {}
}

/** What is special about a table. */
export interface CachedTableSettings {
  /** Most rows that are asked for are not there. */
  isFiltered?: boolean;
}

/** The rows that a batch has changed, as they were before; absent where they were clean. */
type Before<Row> = Map<string, Row | Deletion | undefined>;

/**
 * A table whose rows are changed in memory first. A row is *dirty* while only the {@link RedoLog} has
 * it, and *clean* once the table has it. A row that changes three times between two checkpoints is
 * written once. A row is a value: to change it is to put another in its place.
 */
export class CachedTable<Row> {
  /** In the order in which the rows came to be. */
  #dirty = new Map<string, Row | Deletion>();
  /** What the checkpoint under way has still to bring to the table, as it was when the checkpoint began. */
  #flushed = new Map<string, Row | Deletion>();
  /** What of it the batch that is being written brings. */
  #slice: readonly (readonly [key: string, change: Row | Deletion])[] = [];
  /** Rows that the redo log has changed and the table has not: a checkpoint had deleted them already. */
  readonly #missing = new Set<string>();
  /** What the batch that is being decided has changed. */
  #changed: Before<Row> = new Map();
  /** Rows that it has deleted; a row may have come back since, with nothing of the one before. */
  #deleted = new Set<string>();
  /** What the batch that is being written has changed. */
  #sent: Before<Row> = new Map();
  readonly #clean = new Map<string, Row>();
  readonly #select: SqliteStatement;
  readonly #begin: SqliteStatement;
  readonly #goOn: SqliteStatement;
  readonly #filter: RowFilter | undefined;
  readonly #upsert: string;
  readonly #delete: string;

  constructor(
    connection: SqliteConnection,
    private readonly writes: PendingWrites,
    private readonly form: TableForm<Row>,
    { isFiltered = false }: CachedTableSettings = {},
  ) {
    if (isFiltered) this.#filter = new RowFilter(connection, form.table, keyColumnsOf(form));
    this.#select = connection.prepare(`SELECT * FROM ${form.table} WHERE ${whereKey(form)}`);
    const order = orderOf(form).join(', ');
    const marks = orderOf(form).map(() => '?');
    const walk = `SELECT ${order}, * FROM ${form.table}`;
    this.#begin = connection.prepare(`${walk} ORDER BY ${order} LIMIT ?`);
    this.#goOn = connection.prepare(
      `${walk} WHERE (${order}) > (${marks.join(', ')}) ORDER BY ${order} LIMIT ?`,
    );
    this.#upsert = upsertOf(form);
    this.#delete = deletionOf(form);
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
    const known = this.#change(key) ?? this.#clean.get(key);
    if (known instanceof Deletion) return undefined;
    if (known !== undefined) return known;
    if (this.#filter?.mayHave(key) === false) return undefined;
    const found = this.#select.get(values);
    return found === undefined ? undefined : this.remember(found as FoundRow);
  }

  /** Whether no query can be sure to find the row as it is. */
  isUncommitted(key: string): boolean {
    return this.#change(key) !== undefined;
  }

  /** What is decided of a row that a query has found; `undefined` where it was deleted. */
  current(found: FoundRow): Row | undefined {
    const stored = this.form.rowOf(found);
    const change = this.#change(this.form.keyOf(stored)) ?? stored;
    return change instanceof Deletion ? undefined : change;
  }

  /** As {@link Book.walk}. Those that the table has not heard of are left out. */
  walk(from: string | undefined, limit: number): Slice<Row> {
    const found = (
      from === undefined
        ? this.#begin.all(limit)
        : this.#goOn.all(...(JSON.parse(from) as SqliteValue[]), limit)
    ) as FoundRow[];
    const rows = found.map((each) => this.current(each)).filter((row) => row !== undefined);
    const last = found.at(-1);
    if (last === undefined || found.length < limit) return { rows };
    return { rows, next: JSON.stringify(orderOf(this.form).map((name) => last[name])) };
  }

  /** Those that no query can be sure to find as they are, in the order in which they came to be. */
  get allUncommitted(): Row[] {
    const changes = [...this.#allChanges.values()];
    return changes.filter((change): change is Row => !(change instanceof Deletion));
  }

  /** Keeps what a query has found in the table. */
  remember(found: FoundRow): Row {
    const row = this.form.rowOf(found);
    if (this.#clean.size >= MAX_CLEAN) this.#clean.clear();
    this.#clean.set(this.form.keyOf(row), row);
    return row;
  }

  put(row: Row): void {
    this.#set(this.form.keyOf(row), row);
  }

  delete(row: Row): void {
    const key = this.form.keyOf(row);
    this.#set(key, new Deletion(keyValuesOf(this.form, row)));
    this.#deleted.add(key);
  }

  /**
   * What the batch that is being decided has changed: of a new row all values, of one that was there
   * those that may change, of a deleted one its key.
   */
  changes(): SqliteValue[][] {
    const changes: SqliteValue[][] = [];
    for (const [key, before] of this.#changed) {
      const change = this.#change(key);
      if (change === undefined) continue;
      if (change instanceof Deletion) changes.push([...change.values]);
      else if (this.#isNew(key, before)) changes.push(valuesOf(this.form, change));
      else changes.push(changeOf(this.form, change));
    }
    return changes;
  }

  /** Takes back what {@link changes} gave. */
  replay(values: readonly SqliteValue[]): void {
    const { columns } = this.form;
    if (values.length === columns.length) {
      const found: Record<string, SqliteValue> = {};
      columns.forEach(({ name }, i) => (found[name] = values[i] ?? null));
      this.put(this.form.rowOf(found));
      return;
    }
    const keyValues = values.slice(0, columns.filter(({ kind }) => kind === 'key').length);
    const key = keyValues.join('/');
    if (values.length === keyValues.length) {
      this.#set(key, new Deletion(keyValues));
      return;
    }
    const before = this.get(key, keyValues);
    if (before === undefined) this.#missing.add(key);
    else this.put(changed(this.form, before, values));
  }

  /**
   * All that the redo log has was taken back.
   *
   * @throws Error where it has changed a row that is not there, and that it does not delete later.
   */
  replayed(): void {
    const [key] = this.#missing;
    if (key !== undefined) throw new Error(`the redo log changes ${key}, which is not there`);
  }

  /** A checkpoint begins: it brings the rows that are dirty now to the table, as they are now. */
  beginFlush(): void {
    this.#flushed = this.#flushed.size === 0 ? this.#dirty : this.#allChanges;
    this.#dirty = new Map();
  }

  /**
   * Has the batch that is being decided write rows of the checkpoint under way to the table.
   *
   * @returns How many; fewer than `limit` where no more are left.
   */
  flush(limit: number): number {
    const slice: [string, Row | Deletion][] = [];
    for (const each of this.#flushed) {
      if (slice.length >= limit) break;
      slice.push(each);
    }
    for (const [, change] of slice) {
      if (change instanceof Deletion) this.writes.add(this.#delete, change.values);
      else this.writes.add(this.#upsert, valuesOf(this.form, change));
    }
    // One batch at a time is on its way: no row of another one is.
    this.#filter?.add(slice.map(([key]) => key));
    this.#slice = slice;
    return slice.length;
  }

  /** Forgets the clean rows: another statement has changed the table. */
  evict(): void {
    this.#clean.clear();
  }

  sent(): void {
    this.#sent = this.#changed;
    this.#changed = new Map();
    this.#deleted.clear();
  }

  written(): void {
    this.#sent = new Map();
    if (this.#slice.length === 0) return;
    if (this.#clean.size + this.#slice.length > MAX_CLEAN) this.#clean.clear();
    for (const [key, change] of this.#slice) {
      this.#flushed.delete(key);
      if (change instanceof Deletion) this.#clean.delete(key);
      else this.#clean.set(key, change);
    }
    this.#slice = [];
  }

  undone(): void {
    this.#deleted.clear();
    this.#restore(this.#changed);
  }

  lost(): void {
    if (this.#flushed.size > 0) {
      this.#dirty = this.#allChanges;
      this.#flushed = new Map();
    }
    this.#slice = [];
    this.#deleted.clear();
    this.#restore(this.#changed);
    this.#restore(this.#sent);
    this.#clean.clear();
  }

  /** @param before As the batch has found it. */
  #isNew(key: string, before: Row | Deletion | undefined): boolean {
    if (this.#deleted.has(key) || before instanceof Deletion) return true;
    return before === undefined && !this.#clean.has(key);
  }

  get #allChanges(): Map<string, Row | Deletion> {
    return new Map([...this.#flushed, ...this.#dirty]);
  }

  /** What a row was changed to, where the table has not heard of it. */
  #change(key: string): Row | Deletion | undefined {
    return this.#dirty.get(key) ?? this.#flushed.get(key);
  }

  #set(key: string, change: Row | Deletion): void {
    this.#missing.delete(key);
    if (!this.#changed.has(key)) this.#changed.set(key, this.#change(key));
    this.#dirty.set(key, change);
  }

  #restore(before: Before<Row>): void {
    for (const [key, row] of before) {
      if (row === undefined || this.#flushed.get(key) === row) this.#dirty.delete(key);
      else this.#dirty.set(key, row);
    }
    before.clear();
  }
}
