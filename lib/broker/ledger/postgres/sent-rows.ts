import { HOLDS } from '../tables/hold-rows';
import { KEYS } from '../tables/key-rows';
import { LEASES } from '../tables/lease-rows';
import { NOTES } from '../tables/note-rows';
import { OBJECTS } from '../tables/object-rows';
import { OPERATIONS } from '../tables/operation-rows';
import { BRAKES } from '../tables/brake-rows';
import { BUDGETS } from '../tables/budget-rows';
import { RAISES } from '../tables/raise-rows';
import { SEGMENTS } from '../tables/segment-rows';
import { changingColumnsOf, columnsOf } from '../tables/table-form';
import type { ColumnValue } from '../tables/table-form';
import type { FlownOperation } from './loaded-rows';

/** A row as the store's function takes it: its values alone, in the order of {@link SENT_COLUMNS}. */
export type SentRow = readonly (ColumnValue | Readonly<Record<string, number>>)[];

/** An operation, by what names it. */
export interface NamedOperation extends FlownOperation {
  vendor: string;
  keyHash: string;
}

/** Of an operation it is sent whose calls are in flight, in place of how many. */
const operationColumns = columnsOf(OPERATIONS).map((name) =>
  name === 'in_flight' ? 'flights' : name,
);

/** The columns of the rows that a batch sends, by what is done with them. */
export const SENT_COLUMNS = {
  keys: columnsOf(KEYS),
  revoked: ['id', 'revoked_at'],
  balances: ['name', 'stripe', 'spent', 'held', 'undone'],
  begun: columnsOf(HOLDS),
  changed: changingColumnsOf(HOLDS),
  newOperations: operationColumns,
  operations: operationColumns,
  newObjects: columnsOf(OBJECTS),
  objects: changingColumnsOf(OBJECTS),
  newNotes: columnsOf(NOTES),
  notes: changingColumnsOf(NOTES),
  leases: columnsOf(LEASES),
  calls: ['id', 'entry'],
  audit: ['seq', 'entry', 'mac'],
  segments: columnsOf(SEGMENTS),
  budgets: columnsOf(BUDGETS),
  raises: columnsOf(RAISES),
  brakes: columnsOf(BRAKES),
} as const satisfies Record<string, readonly string[]>;

/** The columns that are no texts, by their types: a name has the same one in all tables. */
const TYPED: readonly (readonly [type: string, names: readonly string[]])[] = [
  ['int', ['stripe', 'final', 'destination', 'ended_by_operator']],
  ['bigint', ['cap_micros', 'micros', 'spent', 'held', 'settled', 'undone']],
  ['bigint', ['amount', 'added_amount', 'refund_amount', 'position', 'seq', 'first', 'last']],
  ['bigint', ['created_at', 'expires_at', 'revoked_at', 'ended_at', 'first_sent_at', 'seen_at']],
  ['bigint', ['sealed_at', 'exported_at', 'left_at', 'ttl_ms', 'hit']],
];

/** Rows that a batch has sent, as a table, in SQL. Lists of values take the server half the time that objects take. */
export function rowsSent(kind: keyof typeof SENT_COLUMNS, list = `arg -> '${kind}'`): string {
  const values = SENT_COLUMNS[kind].map((name, place) => `${valueAt(place, name)} AS ${name}`);
  return `(SELECT ${values.join(', ')} FROM jsonb_array_elements(${list}) r)`;
}

function valueAt(place: number, name: string): string {
  if (name === 'flights') return `r -> ${place}`;
  const [type] = TYPED.find(([, names]) => names.includes(name)) ?? [];
  return type === undefined ? `r ->> ${place}` : `(r ->> ${place})::${type}`;
}

export function sentOperation(operation: NamedOperation): SentRow {
  return OPERATIONS.columns.map(({ name, of }) =>
    name === 'in_flight' ? operation.flights : of(operation),
  );
}
