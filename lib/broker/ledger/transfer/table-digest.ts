/** What a table comes to: the same on both sides of a move. */
export interface TableDigest {
  rows: number;
  /** Of each column: its values summed up where they are numbers, their lengths where they are texts. */
  sums: Readonly<Record<string, string>>;
}

/** Sums stay below what 64 bits hold, however many rows there are. */
export const MODULUS = 2_147_483_647;

/** What is different in one that should be the same; `undefined` where nothing is. */
export function differenceOf(source: TableDigest, target: TableDigest): string | undefined {
  if (source.rows !== target.rows) {
    return `${source.rows} rows were read and ${target.rows} are there`;
  }
  const column = Object.keys(source.sums).find((name) => source.sums[name] !== target.sums[name]);
  return column === undefined ? undefined : `the column ${column} is not what was read`;
}

/** What a statement has given of a table. */
export function digestOf(
  row: Readonly<Record<string, unknown>>,
  columns: readonly string[],
): TableDigest {
  return {
    rows: Number(row['rows']),
    sums: Object.fromEntries(columns.map((name) => [name, String(row[name])])),
  };
}
