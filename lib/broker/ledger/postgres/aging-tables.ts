import type { AgingRows, ObjectName, Slice } from '../book';
import type { Hold, LeaseRecord } from '../records';
import type { KeyRecord } from '../../keys/key';
import { keyBalanceName } from '../rules/caps';
import type { NoteKind, NoteValues } from '../notes';
import type { NamedOperation } from '../rules/operation';
import { LEASES } from '../tables/lease-rows';
import { OBJECTS } from '../tables/object-rows';
import { OPERATIONS } from '../tables/operation-rows';
import { NOTES } from '../tables/note-rows';
import { keyColumnsOf, orderOf } from '../tables/table-form';
import type { ColumnValue, FoundRow } from '../tables/table-form';
import { LOCKED_LINE } from './balance-lines';
import type { PgLink } from './pg-link';
import type { WantedRows, WantedSlice } from './wanted-rows';

/** How the rows of a table are walked, and what is locked to decide about one. */
interface AgingTable {
  /** The columns that give the rows an order. */
  order: readonly string[];
  want: (wanted: WantedRows, found: FoundRow) => void;
}

const TABLES: { readonly [Table in keyof AgingRows]: AgingTable } = {
  holds: { order: ['position'], want: (wanted, row) => wanted.hold(text(row, 'call_id')) },
  keys: {
    order: ['position'],
    want: (wanted, row) => {
      wanted.key(text(row, 'id'));
      wanted.balance(keyBalanceName(text(row, 'id')), LOCKED_LINE);
    },
  },
  operations: {
    order: keyColumnsOf(OPERATIONS),
    want: (wanted, row) => wanted.operation(text(row, 'vendor'), text(row, 'idempotency_key_hash')),
  },
  objects: {
    order: keyColumnsOf(OBJECTS),
    want: (wanted, row) => wanted.object(objectOf(row)),
  },
  notes: {
    order: keyColumnsOf(NOTES),
    want: (wanted, row) => wanted.note(text(row, 'kind'), text(row, 'name')),
  },
  leases: { order: orderOf(LEASES), want: (wanted, row) => wanted.lease(text(row, 'id')) },
};

/** The rows of a slice as they were found, before they are locked. */
export interface FoundSlice {
  rows: readonly FoundRow[];
  next?: string;
}

/** Finds the rows of a slice, and has them wanted: what is decided about them is decided once they are locked. */
export async function findSlice(
  link: PgLink,
  { table, from, limit }: WantedSlice,
  wanted: WantedRows,
): Promise<FoundSlice> {
  const { order, want } = TABLES[table];
  const values = from === undefined ? [] : (JSON.parse(from) as ColumnValue[]);
  const marks = values.map((_, i) => `$${i + 1}`).join(', ');
  const where = values.length === 0 ? '' : `WHERE (${order.join(', ')}) > (${marks})`;
  const found = await link.query(
    `SELECT to_jsonb(t) AS row FROM vault_key.${table} t ${where} ORDER BY ${order.join(', ')} LIMIT ${limit}`,
    values,
  );
  const rows = found.map(({ row }) => row as FoundRow);
  for (const row of rows) want(wanted, row);
  const last = rows.at(-1);
  if (last === undefined || rows.length < limit) return { rows };
  return { rows, next: JSON.stringify(order.map((name) => last[name])) };
}

/** The rows of a slice as a book has them; one that is gone meanwhile is left out. */
export interface AgingBook {
  hold(callId: string): Hold | undefined;
  key(id: string): KeyRecord | undefined;
  lease(id: string): LeaseRecord | undefined;
  note<Kind extends NoteKind>(kind: Kind, name: string): NoteValues[Kind] | undefined;
  object(name: ObjectName): AgingRows['objects'] | undefined;
  operation(vendor: string, keyHash: string): NamedOperation['operation'] | undefined;
}

export function currentSlice<Table extends keyof AgingRows>(
  book: AgingBook,
  table: Table,
  { rows, next }: FoundSlice,
): Slice<AgingRows[Table]> {
  const current = rows.flatMap((row) => currentRow(book, table, row) ?? []);
  return { rows: current as AgingRows[Table][], ...(next === undefined ? {} : { next }) };
}

function currentRow(book: AgingBook, table: keyof AgingRows, row: FoundRow) {
  switch (table) {
    case 'holds':
      return book.hold(text(row, 'call_id'));
    case 'keys':
      return book.key(text(row, 'id'));
    case 'leases':
      return book.lease(text(row, 'id'));
    case 'notes': {
      const [kind, name] = [text(row, 'kind') as NoteKind, text(row, 'name')];
      const value = book.note(kind, name);
      return value === undefined ? undefined : { kind, name, value };
    }
    case 'objects':
      return book.object(objectOf(row));
    case 'operations': {
      const [vendor, keyHash] = [text(row, 'vendor'), text(row, 'idempotency_key_hash')];
      const operation = book.operation(vendor, keyHash);
      return operation === undefined ? undefined : { vendor, keyHash, operation };
    }
  }
}

/** What names a row, as the store's function takes it. */
const NAMES: { readonly [Table in keyof AgingRows]: (row: AgingRows[Table]) => string[] } = {
  holds: ({ callId }) => [callId],
  keys: ({ id }) => [id],
  leases: ({ id }) => [id],
  notes: ({ kind, name }) => [kind, name],
  objects: ({ vendor, account, id }) => [vendor, account, id],
  operations: ({ vendor, keyHash }) => [vendor, keyHash],
};

export function nameOfRow<Table extends keyof AgingRows>(
  table: Table,
  row: AgingRows[Table],
): string[] {
  return NAMES[table](row);
}

function text(row: FoundRow, column: string): string {
  return row[column] as string;
}

function objectOf(row: FoundRow): ObjectName {
  return { vendor: text(row, 'vendor'), account: text(row, 'account'), id: text(row, 'id') };
}
