import { FIELDS } from './spend-view';
import type { SpendRowView } from './spend-view';
import type { SpendGroup } from './spend-request';

const SUMS = [
  'settled_usd',
  'given_back_usd',
  'spent_usd',
  'undone_usd',
  'held_usd',
  'unknown_usd',
  'refused_usd',
] as const;
const COUNTS = ['calls', 'refusals'] as const;

/** The first line: the names of the columns. */
export function csvHead(by: readonly SpendGroup[]): string {
  return csvLine([...by.map((group) => FIELDS[group]), ...SUMS, ...COUNTS]);
}

/** A row as a line of CSV (RFC 4180), with its end. */
export function csvRow(row: SpendRowView, by: readonly SpendGroup[]): string {
  return csvLine([
    ...by.map((group) => textCell(row[FIELDS[group]] ?? '')),
    ...SUMS.map((name) => usdCell(row[name] ?? 0)),
    ...COUNTS.map((name) => String(row[name])),
  ]);
}

function csvLine(cells: readonly string[]): string {
  return `${cells.join(',')}\r\n`;
}

/**
 * A text that others have chosen: where a spreadsheet would take it for a formula, it begins with an
 * apostrophe.
 */
export function textCell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** USD with two decimals, and as many more as it has. */
function usdCell(usd: number): string {
  return usd.toFixed(6).replace(/0{1,4}$/, '');
}
