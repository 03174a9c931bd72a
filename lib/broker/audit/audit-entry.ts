import type { BudgetPeriod } from '../../contract/budget-periods';
import { instantText } from '../instant';
import type { KeyRecord } from '../keys/key';
import { KEY_ACTOR } from '../operators/actor';
import type { Actor } from '../operators/actor';

/** What an audit row is about. */
export type AuditEvent =
  | 'issue'
  | 'revoke'
  | 'refusal'
  | 'call'
  | 'brake'
  | 'lift'
  | 'budget'
  | 'raise'
  | 'settlement'
  | 'give_back'
  | 'lookup'
  | 'approval'
  | 'threshold'
  | 'webhook'
  | 'segment'
  | 'backup'
  | 'reload';

/**
 * One row of the audit log. A call that was admitted has one, written once it has ended. A hold that
 * ended otherwise than by the answer to its own call has a `settlement`, and what is given back of a
 * hold that was settled is a `give_back`, each with the `call_id` of the call that took the hold. So
 * the sum of `settled_micros` over the rows of a subject and a `day` is what it has spent on that
 * day, and that of `undone_micros` what it has undone, but for what is still held or unknown. A `lookup`
 * is what the broker itself has read at the vendor to price the call of its `call_id`. A `threshold` tells
 * that spent and held have come to a part of a budget's cap, a `webhook` what became of one, a `segment` that
 * the log was cut or an export of it confirmed, a `backup` that a copy of the store was begun, a `reload` which
 * settings it changed. No body, no token, no secret. Amounts in micro-dollars and, where the call named them, in the
 * currency's minor unit.
 */
export interface AuditEntry {
  seq: number;
  /** ISO 8601, UTC. Of a call, when it was admitted. */
  at: string;
  event: AuditEvent;
  /** Who did it: an operator's name, `app`, or `key` for what a vault key's holder did. */
  actor: string;
  call_id: string | null;
  key_id: string | null;
  label: string | null;
  tenant_id: string | null;
  user_id: string | null;
  run_id: string | null;
  tool: string | null;
  vendor: string | null;
  method: string | null;
  path: string | null;
  /** `settled`, `released`, `unknown`, `given_back`, `found`, or the code of a refusal. */
  verdict: string | null;
  /** Of a change by an operator, why. */
  reason: string | null;
  requested_micros: number | null;
  /** What the row adds to what is spent; negative in a `give_back`. */
  settled_micros: number | null;
  /** What the row adds to what is undone: of a refund that takes back its subject's own spend. */
  undone_micros: number | null;
  /** The day (UTC) on which `settled_micros` counts: that on which the call was admitted that took the hold. */
  day: string | null;
  /** Minor units. */
  amount: number | null;
  currency: string | null;
  spent_after_micros: number | null;
  held_after_micros: number | null;
  remaining_after_micros: number | null;
  cap_micros: number | null;
  /** SHA-256, hex. */
  idempotency_key_hash: string | null;
  vendor_status: number | null;
  vendor_request_id: string | null;
  /** From the admission of a call to its end. */
  latency_ms: number | null;
  remote_address: string | null;
  /** How many refusals the row is for; `requested_micros` is their sum. `null` in all other rows. */
  count: number | null;
  /**
   * Of a call that was admitted: the first budget in shadow mode that would have refused it, as the JSON
   * of `[scope, period, source, cap in micro-dollars]`.
   */
  would_refuse: string | null;
  /** What a change found, in a few words: a cap, a brake, the state of a hold. */
  old_value: string | null;
  /** What it left. */
  new_value: string | null;
  /** Of a `threshold`, a `brake` and a `lift`: whose budget it is, or what is stopped. */
  scope: string | null;
  /** Of a `threshold`: which part of the cap was passed. */
  percent: number | null;
  /** Of a `threshold` and a `budget`: the period of the budget. */
  period: BudgetPeriod | null;
}

/** A row before the store has numbered it; what is absent is `null`, and the actor `key`. */
export type AuditRow = { at: string; event: AuditEvent } & Partial<
  Omit<AuditEntry, 'seq' | 'at' | 'event'>
>;

/** The columns in the order in which they are stored: those that few rows have come last. */
export const AUDIT_COLUMNS = [
  'at',
  'event',
  'key_id',
  'vendor',
  'label',
  'cap_micros',
  'tenant_id',
  'user_id',
  'run_id',
  'tool',
  'remote_address',
  'actor',
  'call_id',
  'method',
  'path',
  'verdict',
  'requested_micros',
  'spent_after_micros',
  'held_after_micros',
  'remaining_after_micros',
  'settled_micros',
  'day',
  'amount',
  'currency',
  'vendor_status',
  'latency_ms',
  'vendor_request_id',
  'idempotency_key_hash',
  'reason',
  'count',
  'undone_micros',
  'would_refuse',
  'old_value',
  'new_value',
  'scope',
  'percent',
  'period',
] as const satisfies readonly (keyof AuditRow)[];

/**
 * A row about a key.
 *
 * @param by Who did it; the key's holder where it is absent.
 */
export function auditRowOf(
  event: AuditEvent,
  now: number,
  key: KeyRecord,
  by?: Pick<Actor, 'name' | 'remoteAddress'>,
): AuditRow {
  return {
    ...(by === undefined ? {} : { actor: by.name }),
    at: instantText(now),
    event,
    key_id: key.id,
    label: key.label,
    vendor: key.vendor,
    cap_micros: key.capMicros,
    ...key.subject,
    remote_address: by?.remoteAddress ?? null,
  };
}

/** The format of {@link writeEntry}, so that a later one can be told from it. */
const FORMAT = 1;
/** What comes before the columns: the format, and the number of the row. */
const HEAD = 2;

/** The place of a field in a stored row. */
export function placeOf(column: keyof AuditEntry): number {
  return column === 'seq' ? 1 : HEAD + AUDIT_COLUMNS.indexOf(column);
}

/**
 * A row as it is stored and chained: a JSON array of the format, its number and {@link AUDIT_COLUMNS}, up
 * to the last one that has a value.
 *
 * @param more Replaces what the row says.
 */
export function writeEntry(seq: number, row: AuditRow, more: Partial<AuditRow> = {}): string {
  const fields: (string | number | null)[] = [FORMAT, seq];
  for (const column of AUDIT_COLUMNS) {
    fields.push(valueOf(row, more, column));
  }
  while (fields.at(-1) === null) fields.pop();
  return JSON.stringify(fields);
}

/** What a row says in a column. */
export function valueOf(
  row: AuditRow,
  more: Partial<AuditRow>,
  column: (typeof AUDIT_COLUMNS)[number],
): string | number | null {
  const given = more[column];
  const value = given === undefined ? row[column] : given;
  return value ?? (column === 'actor' ? KEY_ACTOR : null);
}

/** A stored row under another number. */
export function renumbered(text: string, seq: number): string {
  return text.replace(/^\[(\d+),\d+/, `[$1,${seq}`);
}

/**
 * Reads what {@link writeEntry} wrote.
 *
 * @throws Error where it is of another format.
 */
export function readEntry(text: string): AuditEntry {
  const [format, seq, ...fields] = JSON.parse(text) as (string | number | null)[];
  if (format !== FORMAT) throw new Error(`an audit row of the format ${String(format)}`);
  const entry: Record<string, unknown> = { seq };
  AUDIT_COLUMNS.forEach((column, i) => (entry[column] = fields[i] ?? null));
  return entry as unknown as AuditEntry;
}
