import type { BudgetSource } from '../budgets/budget';
import type { BudgetPeriod } from '../../contract/budget-periods';
import type { BudgetScope } from '../../contract/scopes';
import type { Subject } from '../keys/subject';
import { undoneView } from '../keys/undone-view';
import { toUsd } from '../../contract/usd';
import type { MicroUsd } from '../../contract/usd';
import type { AuditEntry, AuditEvent } from './audit-entry';

/** An entry of the audit log as the management API shows it. */
export interface AuditEntryView {
  /** Its place in the chain. */
  seq: number;
  /** ISO 8601, UTC. Of a call, when it was admitted. */
  at: string;
  /** `call` for one that was admitted, and has ended. */
  event: AuditEvent;
  /**
   * Who did it: an operator's name, `app` for the application, `key` for the holder of the vault key, and
   * `broker` for what the broker did by itself.
   */
  actor: string;
  /** The call's; of a `settlement` or `give_back`, that of the call whose hold it changed. */
  call_id: string | null;
  key_id: string | null;
  label: string | null;
  subject: Subject;
  vendor: string | null;
  method: string | null;
  path: string | null;
  /** How a call ended: `settled`, `released`, `unknown`; the code of a refusal. */
  verdict: string | null;
  /** Why the broker refused, or why an operator changed something. */
  reason: string | null;
  /** What a change found, in a few words, such as `$500`; `null` where nothing was there. */
  old_value: string | null;
  /** What it left; `null` where nothing is there now. */
  new_value: string | null;
  requested_usd: number | null;
  /** What the row adds to the spend of its subject; negative where it gives back. */
  settled_usd: number | null;
  /** What the row adds to what its subject has undone, by a refund of its own spend; absent where that is nothing. */
  undone_usd?: number;
  /** The day (UTC) on which `settled_usd` counts; `null` where that is `null`. */
  day: string | null;
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
  /** From the admission of a call to its end. */
  latency_ms: number | null;
  remote_address: string | null;
  /**
   * How many refusals of this kind under this key the entry is for. `requested_usd` is their sum;
   * the method, the path and the reason are the last one's. 1 for all that is no refusal.
   */
  count: number;
  /** Of a call that was admitted: the first budget in shadow mode that would have refused it; absent where none would. */
  would_refuse?: WouldRefuseView;
  /** Of a `threshold`, a `brake` and a `lift`: whose budget it is, or what is stopped. Absent in all other entries. */
  scope?: string;
  /** Of a `threshold`: which part of the cap was passed. Absent in all other entries. */
  percent?: number;
  /** Of a `threshold` and a `budget`: the period of the budget. Absent in all other entries. */
  period?: BudgetPeriod;
}

/** A budget in shadow mode that would have refused a call. */
export interface WouldRefuseView {
  scope: BudgetScope;
  period: BudgetPeriod;
  source: BudgetSource;
  cap_usd: number;
}

/** Whom a row is about. */
export function auditSubject(row: AuditEntry): Subject {
  const subject: Subject = {};
  for (const field of ['tenant_id', 'user_id', 'run_id', 'tool'] as const) {
    const value = row[field];
    if (value !== null) subject[field] = value;
  }
  return subject;
}

export function auditEntryView(row: AuditEntry): AuditEntryView {
  return {
    seq: row.seq,
    at: row.at,
    event: row.event,
    actor: row.actor,
    call_id: row.call_id,
    key_id: row.key_id,
    label: row.label,
    subject: auditSubject(row),
    vendor: row.vendor,
    method: row.method,
    path: row.path,
    verdict: row.verdict,
    reason: row.reason,
    old_value: row.old_value,
    new_value: row.new_value,
    requested_usd: usdOf(row.requested_micros),
    settled_usd: usdOf(row.settled_micros),
    ...undoneView(row.undone_micros),
    day: row.day,
    amount: row.amount,
    currency: row.currency,
    cap_usd: usdOf(row.cap_micros),
    spent_usd: usdOf(row.spent_after_micros),
    held_usd: usdOf(row.held_after_micros),
    remaining_usd: usdOf(row.remaining_after_micros),
    idempotency_key_hash: row.idempotency_key_hash,
    vendor_status: row.vendor_status,
    vendor_request_id: row.vendor_request_id,
    latency_ms: row.latency_ms,
    remote_address: row.remote_address,
    count: row.count ?? 1,
    ...(row.would_refuse === null ? {} : { would_refuse: wouldRefuseView(row.would_refuse) }),
    ...(row.scope === null ? {} : { scope: row.scope }),
    ...(row.percent === null ? {} : { percent: row.percent }),
    ...(row.period === null ? {} : { period: row.period }),
  };
}

/** What a row says of the budget in shadow mode that would have refused its call. */
export function wouldRefuseView(text: string): WouldRefuseView {
  const [scope, period, source, micros] = JSON.parse(text) as [
    BudgetScope,
    BudgetPeriod,
    BudgetSource,
    MicroUsd,
  ];
  return { scope, period, source, cap_usd: toUsd(micros) };
}

/** An amount of a row as the management API shows it. */
export function usdOf(micros: MicroUsd | null): number | null {
  return micros === null ? null : toUsd(micros);
}

/** A page of the audit log; `cursor` asks for the next one. */
export interface AuditPage {
  entries: readonly AuditEntryView[];
  cursor?: string;
}
