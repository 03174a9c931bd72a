import { BatchUndo } from '../batch-undo';
import type { Slice } from '../book';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection } from './sqlite-driver';
import { deletionOf, keyValuesOf, upsertOf, valuesOf } from '../tables/table-form';
import type { FoundRow, OrderedForm } from '../tables/table-form';

/** A small table that every decision asks: all its rows are in memory. */
export class WholeTable<Row> {
  readonly #rows = new Map<string, Row>();
  /** All rows, where none has changed since they were asked for. */
  #all: readonly Row[] | undefined;
  readonly undo = new BatchUndo();
  readonly #upsert: string;
  readonly #delete: string;

  constructor(
    connection: SqliteConnection,
    private readonly writes: PendingWrites,
    private readonly form: OrderedForm<Row>,
  ) {
    for (const found of connection.prepare(`SELECT * FROM ${form.table}`).all() as FoundRow[]) {
      const row = form.rowOf(found);
      this.#rows.set(form.keyOf(row), row);
    }
    this.#upsert = upsertOf(form);
    this.#delete = deletionOf(form);
  }

  get size(): number {
    return this.#rows.size;
  }

  /** In the order of `compare`. */
  get all(): readonly Row[] {
    return (this.#all ??= [...this.#rows.values()].sort(this.form.compare));
  }

  /** As {@link Book.walk}, in one slice. */
  walk(): Slice<Row> {
    return { rows: this.all };
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  has(key: string): boolean {
    return this.#rows.has(key);
  }

  put(row: Row): void {
    this.#change(this.form.keyOf(row), row);
    this.writes.add(this.#upsert, valuesOf(this.form, row));
  }

  delete(row: Row): void {
    this.#change(this.form.keyOf(row), undefined);
    this.writes.add(this.#delete, keyValuesOf(this.form, row));
  }

  #change(key: string, row: Row | undefined): void {
    const before = this.#rows.get(key);
    this.undo.add(() => this.#set(key, before));
    this.#set(key, row);
  }

  #set(key: string, row: Row | undefined): void {
    this.#all = undefined;
    if (row === undefined) this.#rows.delete(key);
    else this.#rows.set(key, row);
  }
}
