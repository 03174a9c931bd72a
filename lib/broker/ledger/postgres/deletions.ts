import type { AgingRows } from '../book';
import { nameOfRow } from './aging-tables';
import { noRows } from './batch-changes';
import type { GoneRows } from './batch-changes';
import { nameOf } from './wanted-rows';

/** What a batch has deleted. */
export class Deletions {
  #rows: GoneRows | undefined;
  readonly #names = new Set<string>();

  /** `undefined` where that is nothing. */
  get rows(): GoneRows | undefined {
    return this.#rows;
  }

  has(table: keyof GoneRows, ...names: readonly string[]): boolean {
    return this.#rows !== undefined && this.#names.has(nameOf(table, ...names));
  }

  add(table: keyof AgingRows, row: AgingRows[keyof AgingRows]): void {
    const names = nameOfRow(table, row);
    const rows = (this.#rows ??= noRows());
    this.#names.add(nameOf(table, ...names));
    if (table === 'operations' || table === 'objects') rows[table].push(names);
    else rows[table].push(...names);
  }

  addBalance(name: string): void {
    (this.#rows ??= noRows()).balances.push(name);
    this.#names.add(nameOf('balances', name));
  }
}
