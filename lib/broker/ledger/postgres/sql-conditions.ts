type Value = string | number | readonly string[];

/** The conditions of a query, each with its values: a `?` stands for one, `??` for a question mark. */
export class SqlConditions {
  readonly #conditions: string[] = [];
  readonly #values: Value[] = [];

  add(condition: string, ...values: readonly Value[]): void {
    let next = 0;
    const text = condition.replaceAll(/\?\??/g, (mark) => {
      if (mark === '??') return '?';
      this.#values.push(values[next++] ?? '');
      return `$${this.#values.length}`;
    });
    this.#conditions.push(text);
  }

  /** Nothing where there is no value. */
  equals(column: string, value: string | undefined): void {
    if (value !== undefined) this.add(`${column} = ?`, value);
  }

  get sql(): string {
    return this.#conditions.length === 0 ? '' : `WHERE ${this.#conditions.join(' AND ')}`;
  }

  get values(): readonly Value[] {
    return this.#values;
  }
}
