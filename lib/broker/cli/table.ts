const WIDTH = 100;
const GAP = '  ';
const MIN_SHRUNK = 8;

/** A column of a table; `shrinks` where its texts may be cut to make it fit. */
export interface Column<Row> {
  title: string;
  text: (row: Row) => string;
  shrinks?: boolean;
  right?: boolean;
}

/** Rows below their titles, at most 100 columns wide where cutting the texts that may be cut allows it. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map(({ text }) => shown(text(row))));
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)),
  );
  shrink(columns, widths);
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => {
        const width = widths[i] ?? 0;
        const cut = text.length > width ? `${text.slice(0, width - 1)}…` : text;
        return columns[i]?.right === true ? cut.padStart(width) : cut.padEnd(width);
      })
      .join(GAP)
      .trimEnd();
  return [columns.map(({ title }) => title), ...cells].map((texts) => `${line(texts)}\n`).join('');
}

/** What is shown of a text that others have chosen: nothing that a terminal would obey. */
export function shown(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}

/** USD with two decimals, and as many more as it has. */
export function usd(amount: number | null | undefined): string {
  if (amount === null || amount === undefined) return '';
  return amount.toFixed(6).replace(/0{1,4}$/, '');
}

/** An instant to the second, in UTC. */
export function instant(text: string | null | undefined): string {
  return text == null ? '' : `${text.slice(0, 19).replace('T', ' ')}Z`;
}

/** An instant of these days, to the minute, in UTC. */
export function minute(text: string): string {
  return `${text.slice(5, 16).replace('T', ' ')}Z`;
}

function shrink<Row>(columns: readonly Column<Row>[], widths: number[]): void {
  const total = (): number => widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
  while (total() > WIDTH) {
    let widest = -1;
    columns.forEach(({ shrinks }, i) => {
      if (shrinks === true && (widths[i] ?? 0) > Math.max(MIN_SHRUNK, widths[widest] ?? 0)) {
        widest = i;
      }
    });
    if (widest === -1) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}
