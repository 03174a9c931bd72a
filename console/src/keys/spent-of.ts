import type { AuditEntryView } from '../api/views';
import { sumUsd } from '../format/money';

type Row = Pick<AuditEntryView, 'settled_usd' | 'day'>;

/**
 * What a key has spent on a UTC day, by its rows of the audit log: what was given back counts on the day where it
 * was held. `null` where the rows do not add up to all that the key has spent: calls of keys under it are
 * theirs in the log.
 */
export function spentOf(rows: readonly Row[], day: string, spent: number): number | null {
  const sumOf = (some: readonly Row[]): number =>
    sumUsd(some.map(({ settled_usd: usd }) => usd ?? 0));
  return sumOf(rows) === spent ? sumOf(rows.filter((row) => row.day === day)) : null;
}
