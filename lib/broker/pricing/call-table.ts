/** What is known of calls by `METHOD segment/…`, where `*` matches exactly one segment. */
export class CallTable<T> {
  readonly #rows = new Map<string, { segments: readonly string[]; value: T }[]>();

  /** Of two rows that fit one call, the one given first decides. */
  constructor(rows: Iterable<readonly [call: string, value: T]>) {
    for (const [call, value] of rows) {
      const [method = '', path = ''] = call.split(' ');
      const segments = path.split('/');
      const shape = shapeOf(method, segments);
      const alike = this.#rows.get(shape);
      if (alike === undefined) this.#rows.set(shape, [{ segments, value }]);
      else alike.push({ segments, value });
    }
  }

  find(method: string, segments: readonly string[]): T | undefined {
    const alike = this.#rows.get(shapeOf(method, segments));
    return alike?.find((row) =>
      row.segments.every((segment, i) => segment === '*' || segment === segments[i]),
    )?.value;
  }
}

function shapeOf(method: string, segments: readonly string[]): string {
  return `${method} ${segments.length}`;
}
