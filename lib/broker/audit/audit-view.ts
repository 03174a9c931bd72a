import type { Subject } from '../keys/subject';
import { toUsd } from '../../contract/usd';
import type { MicroUsd } from '../../contract/usd';
import type { AuditEvent, AuditRecord } from './audit-entry';

/** An entry of the audit log as the management API shows it: one a call, with how it ended. */
export interface AuditEntryView {
  /** Of its first row in the chain. */
  seq: number;
  /** Of the row of outcome; `null` while a call has none. */
  outcome_seq: number | null;
  /** ISO 8601, UTC. */
  at: string;
  ended_at: string | null;
  /** `call` for one that was admitted. */
  event: Exclude<AuditEvent, 'intent' | 'outcome'> | 'call';
  /** The call's; of a `settlement` or `give_back`, that of the call whose hold it changed. */
  call_id: string | null;
  key_id: string | null;
  label: string | null;
  subject: Subject;
  vendor: string | null;
  method: string | null;
  path: string | null;
  /** `forwarded` until it is known how a call ended, then `settled`, `released`, `unknown`; the code of a refusal. */
  verdict: string | null;
  reason: string | null;
  requested_usd: number | null;
  /** What the row adds to the spend of its subject, on the day of the call that took the hold; negative where it gives back. */
  settled_usd: number | null;
  /** In the currency's minor unit. */
  amount: number | null;
  currency: string | null;
  cap_usd: number | null;
  spent_usd: number | null;
  held_usd: number | null;
  remaining_usd: number | null;
  /** SHA-256, hex. */
  idempotency_key_hash: string | null;
  vendor_status: number | null;
  vendor_request_id: string | null;
  latency_ms: number | null;
  remote_address: string | null;
  /**
   * How many refusals of this kind under this key the entry is for. `requested_usd` is their sum;
   * the method, the path and the reason are the last one's. 1 for all that is no refusal.
   */
  count: number;
}

export function auditEntryView({ row, outcome }: AuditRecord): AuditEntryView {
  const last = outcome ?? row;
  const { event } = row;
  const subject: Subject = {};
  for (const field of ['tenant_id', 'user_id', 'run_id', 'tool'] as const) {
    const value = row[field];
    if (value !== null) subject[field] = value;
  }
  return {
    seq: row.seq,
    outcome_seq: outcome?.seq ?? null,
    at: row.at,
    ended_at: outcome?.at ?? null,
    event: event === 'intent' || event === 'outcome' ? 'call' : event,
    call_id: row.call_id,
    key_id: row.key_id,
    label: row.label,
    subject,
    vendor: row.vendor,
    method: row.method,
    path: row.path,
    verdict: last.verdict,
    reason: last.reason,
    requested_usd: usdOf(row.requested_micros),
    settled_usd: usdOf(last.settled_micros),
    amount: last.amount,
    currency: last.currency,
    cap_usd: usdOf(last.cap_micros),
    spent_usd: usdOf(last.spent_after_micros),
    held_usd: usdOf(last.held_after_micros),
    remaining_usd: usdOf(last.remaining_after_micros),
    idempotency_key_hash: row.idempotency_key_hash,
    vendor_status: last.vendor_status,
    vendor_request_id: last.vendor_request_id,
    latency_ms: last.latency_ms,
    remote_address: row.remote_address,
    count: row.count ?? 1,
  };
}

function usdOf(micros: MicroUsd | null): number | null {
  return micros === null ? null : toUsd(micros);
}

/** A page of the audit log; `cursor` asks for the next one. */
export interface AuditPage {
  entries: readonly AuditEntryView[];
  cursor?: string;
}
