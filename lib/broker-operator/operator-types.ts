import type { BudgetScope } from '../contract/scopes';
import type { HoldState, KeyStatus } from '../contract/states';
import type { KeyLimits, KeySubject } from '../broker-client/broker-client';

/**
 * Who has asked the application for a change, and why, for the audit log. Code in the application may do
 * everything: whether a person may ask for it, the application decides. Where `operators` names the
 * person, the broker asks for the role too.
 */
export interface ChangedBy {
  /** The person's name, 1–128 characters. @default the application itself, `app` */
  operator?: string | undefined;
  /** Why: 1–200 characters; required with `operator`. */
  reason?: string | undefined;
}

/** What a list is asked for beside its filters. */
export interface PageQuery {
  /** How many at most, 1–1,000. @default 100 */
  limit?: number | undefined;
  /** That of the page before; absent for the first one. */
  cursor?: string | undefined;
}

/** Which keys: all that match each field given. */
export interface KeyQuery extends KeySubject, PageQuery {
  status?: KeyStatus | undefined;
  vendor?: string | undefined;
}

/** A vault key, without its token: the broker keeps only a hash of that. */
export interface KeyInfo {
  id: string;
  label: string;
  vendor: string;
  /** The key's own cap, in USD, over the whole life of the key. */
  dailyUsdCap: number;
  allowedEndpoints: readonly string[];
  subject: KeySubject;
  /** The key of the invocation around: what this key spends counts against both. */
  parentId?: string;
  leaseId?: string;
  /** The application's own daily caps, in USD, by scope. */
  budgets?: Readonly<Record<string, number>>;
  /** What its calls must keep to beside its cap. */
  limits?: KeyLimits;
  status: KeyStatus;
  createdAt: Date;
  expiresAt: Date;
  revokedAt?: Date;
  spentUsd: number;
  /** Reserved by calls in flight and by calls with an unknown outcome, in USD. */
  heldUsd: number;
  /** What refunds take back of their own subject's spend: the cap bounds it by itself. Absent where that is nothing. */
  undoneUsd?: number;
  remainingUsd: number;
}

/** A page of keys; `cursor` asks for the next one. */
export interface KeyPageInfo {
  keys: readonly KeyInfo[];
  cursor?: string;
}

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

/** Whom a budget caps. */
export interface BudgetTarget {
  scope: BudgetScope;
  /** The subject's id; `*` caps every subject of the scope that has no budget of its own. */
  id: string;
  /** Of a user or an agent run: only within this tenant; `''` is no tenant. Absent: within each. */
  tenantId?: string | undefined;
  /** Of an agent run: only within this user. */
  userId?: string | undefined;
}

/** A daily cap over a subject, and what is spent under it today (UTC). */
export interface BudgetInfo {
  scope: BudgetScope;
  id: string;
  tenantId?: string;
  userId?: string;
  /** Who has set it. */
  source: 'operator' | 'app';
  dailyUsdCap: number;
  /** What each call under it must keep to; absent where nothing limits it. */
  limits?: KeyLimits;
  /** Absent where the budget caps several subjects, since each is counted alone. */
  spentUsd?: number;
  heldUsd?: number;
  /** What refunds take back of their own subject's spend: the cap bounds it by itself. Absent where that is nothing. */
  undoneUsd?: number;
  /** What the next call would meet: less than is left of this cap if another cap is tighter. */
  remainingUsd?: number;
  /** The midnight (UTC) at which its day ends. */
  resetsAt?: Date;
  /** How many live keys it caps; `null` if there are too many to count, absent in a list. */
  liveKeys?: number | null;
}

/** A page of budgets; `cursor` asks for the next one. */
export interface BudgetPageInfo {
  budgets: readonly BudgetInfo[];
  cursor?: string;
}

/** One daily cap over a subject, by itself. */
export interface EffectiveCap {
  scope: BudgetScope;
  /** Empty for what keys without one count against. */
  id: string;
  source: 'operator' | 'app';
  capUsd: number;
  spentUsd: number;
  heldUsd: number;
  /** What refunds take back of their own subject's spend: the cap bounds it by itself. Absent where that is nothing. */
  undoneUsd?: number;
  remainingUsd: number;
  resetsAt?: Date;
}

export interface HoldQuery extends PageQuery {
  state?: HoldState | undefined;
  vendor?: string | undefined;
  keyId?: string | undefined;
}

/** Money that a call reserved before it was sent. */
export interface HoldInfo {
  /** The id of its call, as in the audit log. */
  id: string;
  keyId: string;
  vendor: string;
  /** The vendor's connected account. */
  account?: string;
  /** The vendor's object, once it is known. */
  objectId: string | null;
  state: HoldState;
  heldUsd: number;
  /** What it takes back of its own subject's spend, beside what is held or settled; absent where that is nothing. */
  undoneUsd?: number;
  settledUsd: number;
  /** SHA-256, hex. */
  idempotencyKeyHash: string | null;
  createdAt: Date;
  endedAt: Date | null;
}

/** A page of holds; `cursor` asks for the next one. */
export interface HoldPageInfo {
  holds: readonly HoldInfo[];
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

/** How busy a broker is, in counts. */
export interface BrokerFigures {
  liveKeys: number;
  openHolds: { held: number; unknown: number };
  /** Settlements that could not be written yet; the broker keeps them and tries again. */
  keptSettlements: number;
  /** Since the process began. */
  commits: number;
  /** What those commits carried: decisions that waited together share one. */
  decisions: number;
}

/** The store that a broker keeps its ledger in. */
export interface StoreInfo {
  kind: string;
  /** How far a commit reaches before the broker acknowledges it, as the store itself reports. */
  durability: string;
}
