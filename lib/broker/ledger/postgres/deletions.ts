import type { AgingRows } from '../book';
import { nameOfRow } from './aging-tables';
import { nameOf } from './wanted-rows';

/** What names the rows that a batch has deleted. */
export interface GoneRows {
  balances: string[];
  holds: string[];
  keys: string[];
  leases: string[];
  operations: string[][];
  objects: string[][];
  notes: string[][];
}

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

  add<Table extends keyof AgingRows>(table: Table, row: AgingRows[Table]): void {
    const names = nameOfRow(table, row);
    const rows = (this.#rows ??= noRows());
    this.#names.add(nameOf(table, ...names));
    const of: keyof AgingRows = table;
    if (of === 'operations' || of === 'objects' || of === 'notes') rows[of].push(names);
    else rows[of].push(...names);
  }

  addBalance(name: string): void {
    (this.#rows ??= noRows()).balances.push(name);
    this.#names.add(nameOf('balances', name));
  }
}

function noRows(): GoneRows {
  return {
    balances: [],
    holds: [],
    keys: [],
    leases: [],
    operations: [],
    objects: [],
    notes: [],
  };
}
