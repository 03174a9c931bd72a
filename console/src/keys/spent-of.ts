import type { AuditEntryView } from '../api/views';
import { sumUsd } from '../format/money';

/** What rows of the audit log come to on a UTC day: what was given back counts on the day where it was held. */
export function spentOf(
  rows: readonly Pick<AuditEntryView, 'settled_usd' | 'day'>[],
  day: string,
): number {
  return sumUsd(rows.map(({ settled_usd: usd, day: of }) => (of === day ? (usd ?? 0) : 0)));
}
