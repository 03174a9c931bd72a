import { readEntry } from '../../audit/audit-entry';
import { BRAKES } from '../tables/brake-rows';
import { BUDGETS } from '../tables/budget-rows';
import { HOLDS } from '../tables/hold-rows';
import { KEYS } from '../tables/key-rows';
import { LEASES } from '../tables/lease-rows';
import { OBJECTS } from '../tables/object-rows';
import { OPERATIONS } from '../tables/operation-rows';
import { NOTES } from '../tables/note-rows';
import { SEGMENTS } from '../tables/segment-rows';
import { keyColumnsOf } from '../tables/table-form';
import type { ColumnValue, FoundRow, TableForm } from '../tables/table-form';

/** How the rows of a table are read from SQLite, and what they are in PostgreSQL. */
export interface MovedTable {
  table: string;
  /** What its rows are called. */
  rows: string;
  /** What is read of a row, in SQL, by the column that takes it. */
  read: Readonly<Record<string, string>>;
  /** The columns that give the rows an order. */
  order: readonly string[];
  /** What a row has in PostgreSQL beside that. */
  more?: (row: FoundRow, move: string) => Readonly<Record<string, ColumnValue | object>>;
}

/** The tables that move, in their order. A start has ended all calls, so that theirs is empty. */
export const MOVED_TABLES: readonly MovedTable[] = [
  { ...formed(KEYS, 'keys'), read: { position: 'rowid', ...readOf(KEYS) }, order: ['position'] },
  formed(LEASES, 'leases'),
  {
    table: 'balances',
    rows: 'balances',
    read: { name: 'name', spent: 'spent', held: 'held', undone: 'undone' },
    order: ['name'],
    more: () => ({ stripe: 0 }),
  },
  {
    ...formed(HOLDS, 'holds'),
    order: ['position'],
    more: (_, move) => ({ writer: move }),
  },
  formed(OBJECTS, 'vendor objects'),
  {
    ...formed(OPERATIONS, 'operations'),
    read: readOf(OPERATIONS, 'in_flight'),
    more: () => ({ flights: {} }),
  },
  formed(NOTES, 'notes'),
  formed(BUDGETS, 'budgets'),
  formed(BRAKES, 'brakes'),
  {
    table: 'audit',
    rows: 'audit rows',
    read: { seq: 'seq', entry: 'entry', mac: 'lower(hex(mac))' },
    order: ['seq'],
    more: ({ entry }) => searchedOf(entry as string),
  },
  formed(SEGMENTS, 'audit segments'),
];

function formed<Row>(form: TableForm<Row>, rows: string): MovedTable {
  return { table: form.table, rows, read: readOf(form), order: keyColumnsOf(form) };
}

function readOf<Row>({ columns }: TableForm<Row>, but?: string): Readonly<Record<string, string>> {
  const names = columns.map(({ name }) => name).filter((name) => name !== but);
  return Object.fromEntries(names.map((name) => [name, name]));
}

/** By what a row of the audit log is found. */
function searchedOf(entry: string): Readonly<Record<string, ColumnValue>> {
  try {
    const { at, event, actor, key_id, call_id, vendor, tenant_id, user_id, run_id, tool, verdict } =
      readEntry(entry);
    return { at, event, actor, key_id, call_id, vendor, tenant_id, user_id, run_id, tool, verdict };
  } catch {
    // One that was changed from outside moves as it is: a verification names it, before and after.
    return { at: '', event: '', actor: '' };
  }
}
