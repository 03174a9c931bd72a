import type { SqliteValue } from './sqlite-driver';

/** The `WHERE` of a search. Columns are names of ours, never a caller's. */
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

  /** Both these and the others. */
  addAll(others: Conditions): void {
    this.#conditions.push(...others.#conditions);
    this.values.push(...others.values);
  }

  /** At least one of several. */
  addAny(several: readonly Conditions[]): void {
    this.add(
      several.length === 0 ? '0' : `(${several.map((each) => each.#all).join(' OR ')})`,
      ...several.flatMap(({ values }) => values),
    );
  }

  /** Not one of several. Their conditions must be true or false, never NULL. */
  addNone(several: readonly Conditions[]): void {
    if (several.length === 0) return;
    this.add(
      `NOT (${several.map((each) => each.#all).join(' OR ')})`,
      ...several.flatMap(({ values }) => values),
    );
  }

  get sql(): string {
    return this.#conditions.length === 0 ? '' : `WHERE ${this.#conditions.join(' AND ')}`;
  }

  get #all(): string {
    return this.#conditions.length === 0 ? '1' : `(${this.#conditions.join(' AND ')})`;
  }
}
