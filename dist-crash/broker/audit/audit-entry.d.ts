import type { KeyRecord } from '../keys/key';
/** What an audit row is about. */
export type AuditEvent = 'issue' | 'revoke' | 'refusal' | 'intent' | 'outcome' | 'brake' | 'lift' | 'budget' | 'settlement' | 'give_back';
/**
 * One row of the audit log. A call that was admitted has two, `intent` and `outcome`, with one
 * `call_id`. A hold that ended otherwise than by the answer to its own call has a `settlement`, and
 * what is given back of a hold that was settled is a `give_back`, each with the `call_id` of the
 * call that took the hold. So the sum of `settled_micros` over the rows of these calls is what was
 * spent under the subject on the day on which they began. No body, no token, no secret. Amounts in micro-dollars and, where the call named
 * them, in the currency's minor unit.
 */
export interface AuditEntry {
    seq: number;
    /** ISO 8601, UTC. */
    at: string;
    event: AuditEvent;
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
    /** `forwarded`, `settled`, `released`, `unknown`, `given_back`, or the code of a refusal. */
    verdict: string | null;
    reason: string | null;
    requested_micros: number | null;
    /** What the row adds to what is spent; negative in a `give_back`. */
    settled_micros: number | null;
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
    latency_ms: number | null;
    remote_address: string | null;
    /** How many refusals the row is for; `requested_micros` is their sum. `null` in all other rows. */
    count: number | null;
}
/** An act as it is read back: its row, and where it is a call that has ended, the row of its outcome. */
export interface AuditRecord {
    row: AuditEntry;
    outcome?: AuditEntry;
}
/** A row before the store has numbered it; what is absent is `null`. */
export type AuditRow = {
    at: string;
    event: AuditEvent;
} & Partial<Omit<AuditEntry, 'seq' | 'at' | 'event'>>;
/** The columns in the order in which they are stored. */
export declare const AUDIT_COLUMNS: readonly ["at", "event", "call_id", "key_id", "label", "tenant_id", "user_id", "run_id", "tool", "vendor", "method", "path", "verdict", "reason", "requested_micros", "settled_micros", "amount", "currency", "spent_after_micros", "held_after_micros", "remaining_after_micros", "cap_micros", "idempotency_key_hash", "vendor_status", "vendor_request_id", "latency_ms", "remote_address", "count"];
/** A row about a key. */
export declare function auditRowOf(event: AuditEvent, now: number, key: KeyRecord, remoteAddress?: string): AuditRow;
/**
 * A row as it is stored and chained: a JSON array of its number and {@link AUDIT_COLUMNS}.
 *
 * @param more Stands in place of what the row says.
 */
export declare function writeEntry(seq: number, row: AuditRow, more?: Partial<AuditRow>): string;
/** Reads what {@link writeEntry} wrote. */
export declare function readEntry(text: string): AuditEntry;
