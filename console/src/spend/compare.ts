import type { SpendRow } from '../api/views';
import { daysBetween, daysLater } from '../format/time';
import type { Days } from './periods';

export const GROUPS = [
  ['user', 'User'],
  ['tenant', 'Tenant'],
  ['tool', 'Tool'],
  ['vendor', 'Vendor'],
  ['day', 'Day'],
] as const;
export type Group = (typeof GROUPS)[number][0];

const FIELDS = {
  day: 'day',
  tenant: 'tenant_id',
  user: 'user_id',
  tool: 'tool',
  vendor: 'vendor',
} as const satisfies Readonly<Record<Group, keyof SpendRow>>;

/** The fields that rows of a group are told apart by: a user counts within its tenant. */
export function askedGroups(group: Group): string {
  return group === 'user' ? 'tenant,user' : group;
}

/** What tells a row from the others. */
export function rowName(row: SpendRow, group: Group): string {
  const name = row[FIELDS[group]] ?? `without a ${group}`;
  if (group !== 'user' || row.tenant_id === undefined || row.tenant_id === null)
    return String(name);
  return `${name} · ${row.tenant_id}`;
}

/** A row beside the row of the same name in the period before. */
export interface Compared {
  name: string;
  row: SpendRow | undefined;
  before: SpendRow | undefined;
}

/** The rows of two periods side by side, in the order of what was spent. */
export function compared(
  rows: readonly SpendRow[],
  before: readonly SpendRow[] | undefined,
  group: Group,
): Compared[] {
  const earlier = new Map(before?.map((row) => [rowName(row, group), row]));
  const found = rows.map((row): Compared => {
    const name = rowName(row, group);
    const own = earlier.get(name);
    earlier.delete(name);
    return { name, row, before: own };
  });
  for (const [name, row] of earlier) found.push({ name, row: undefined, before: row });
  const spent = ({ row, before: own }: Compared): number =>
    row?.spent_usd ?? -1 / (1 + (own?.spent_usd ?? 0));
  return found.sort((one, other) => spent(other) - spent(one));
}

/** Each day of a period, spent on or not; beside the first day of another period its first one. */
export function comparedDays(
  rows: readonly SpendRow[],
  before: readonly SpendRow[] | undefined,
  days: Days,
  other: Days | undefined,
): Compared[] {
  const own = new Map(rows.map((row) => [row.day, row]));
  const earlier = new Map(before?.map((row) => [row.day, row]));
  const length = Math.max(
    daysBetween(days.from, days.to),
    other === undefined ? 0 : daysBetween(other.from, other.to),
  );
  return Array.from({ length }, (_, i) => {
    const name = daysLater(days.from, i);
    return {
      name,
      row: own.get(name),
      before: other === undefined ? undefined : earlier.get(daysLater(other.from, i)),
    };
  });
}
