import type { SqliteValue } from './sqlite-driver';

/** The `WHERE` of a filtered list. Columns are names of ours, never a caller's. */
export class Conditions {
  readonly #conditions: string[] = [];
  readonly values: SqliteValue[] = [];

  equals(column: string, value: string | undefined): void {
    if (value !== undefined) this.add(`${column} = ?`, value);
  }

  add(condition: string, ...values: SqliteValue[]): void {
    this.#conditions.push(condition);
    this.values.push(...values);
  }

  get sql(): string {
    return this.#conditions.length === 0 ? '' : `WHERE ${this.#conditions.join(' AND ')}`;
  }
}
