import type { KeySubject } from '../broker-client/broker-client';
import type { BudgetPeriod } from '../contract/budget-periods';
import type { BudgetScope } from '../contract/scopes';
import type { PageQuery } from './operator-types';

/** A part of the audit log that was cut off, so that it can be exported, and leave the store. */
export interface AuditSegmentInfo {
  /** The numbers of its first and of its last row. */
  first: number;
  last: number;
  /** The chain's value before its first row; empty where that is the log's first. */
  previousHead: string;
  /** The chain's value at its last row. */
  head: string;
  /** HMAC-SHA-256 of the four above, with the key of the chain. */
  seal: string;
  sealedAt: Date;
  /** When an export of it was confirmed; only then may its rows leave the store. */
  exportedAt: Date | null;
  /** Since when its rows are no longer in the store. */
  leftAt: Date | null;
}

/** A page of segments, the newest first; `cursor` asks for the next one. */
export interface AuditSegmentPageInfo {
  segments: readonly AuditSegmentInfo[];
  cursor?: string;
}

/** Which entries of the audit log: all that match each field given. */
export interface AuditQuery extends KeySubject, PageQuery {
  /** An operator's name, `app` for the application, `key` for what the holders of vault keys did. */
  actor?: string | undefined;
  keyId?: string | undefined;
  callId?: string | undefined;
  /** `call`, `refusal`, `issue`, `revoke`, `brake`, … */
  event?: string | undefined;
  vendor?: string | undefined;
  /** `settled`, `released`, `unknown`, or the code of a refusal. */
  verdict?: string | undefined;
  /** Inclusive. A call is found by when it was admitted, and only once it has ended. */
  from?: Date | undefined;
  /** Exclusive. */
  to?: Date | undefined;
}

/** One entry of the audit log: a call that has ended, a refusal, or what an operator did. */
export interface AuditEntryInfo {
  /** Its place in the chain. */
  seq: number;
  /** Of a call, when it was admitted. */
  at: Date;
  event: string;
  /** Who did it: an operator's name, `app`, `key`, or `broker` for what the broker did by itself. */
  actor: string;
  callId: string | null;
  keyId: string | null;
  label: string | null;
  subject: KeySubject;
  vendor: string | null;
  method: string | null;
  path: string | null;
  verdict: string | null;
  /** Why the broker refused, or why an operator changed something. */
  reason: string | null;
  /** What a change found, in a few words; `null` where nothing was there. */
  oldValue: string | null;
  /** What it left; `null` where nothing is there now. */
  newValue: string | null;
  requestedUsd: number | null;
  /** What the entry adds to the spend of its subject; negative where it gives money back. */
  settledUsd: number | null;
  /** What the entry adds to what its subject has undone, by a refund of its own spend; absent where that is nothing. */
  undoneUsd?: number;
  /** The day (UTC, `YYYY-MM-DD`) on which `settledUsd` counts; `null` where that is `null`. */
  day: string | null;
  /** In the minor unit of `currency`. */
  amount: number | null;
  currency: string | null;
  capUsd: number | null;
  spentUsd: number | null;
  heldUsd: number | null;
  remainingUsd: number | null;
  /** SHA-256, hex. */
  idempotencyKeyHash: string | null;
  vendorStatus: number | null;
  vendorRequestId: string | null;
  latencyMs: number | null;
  remoteAddress: string | null;
  /** How many refusals of one kind the entry counts; 1 for everything else. */
  count: number;
  /** Of a `threshold` and a `budget`: the period of the budget. Absent in all other entries. */
  period?: BudgetPeriod;
  /** Of a call that was admitted: the first budget in shadow mode that would have refused it; absent where none would. */
  wouldRefuse?: {
    scope: BudgetScope;
    period: BudgetPeriod;
    source: 'operator' | 'app';
    capUsd: number;
  };
}

/** A page of the audit log; `cursor` asks for the next one. */
export interface AuditPageInfo {
  entries: readonly AuditEntryInfo[];
  cursor?: string;
}

/** What a check of the audit log found. `seq` is the first row that was changed, dropped or moved. */
export type AuditVerdictInfo =
  /** `beginsAfter` is the last row of those that have left with exported segments. */
  | { ok: true; entries: number; head: string; beginsAfter?: number }
  | { ok: false; entries: number; seq: number; reason: string };
