import type { BudgetMode, BudgetPeriod, WireCaps } from '../contract/budget-periods';
import type { BudgetScope } from '../contract/scopes';
import type { ApprovalState, HoldState, KeyStatus } from '../contract/states';
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
  /** The application's own caps, in USD, by scope: a number is a cap of the day. */
  budgets?: Readonly<Record<string, WireCaps>>;
  /** Present where these refuse nothing, and what they would refuse is recorded. */
  budgetsMode?: 'shadow';
  /** What its calls must keep to beside its cap. */
  limits?: KeyLimits;
  /** A call after which its object may cost more needs an approval: USD. */
  approveAboveUsd?: number;
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

/** Which budget of a subject: it has one of each period, and one in shadow mode beside it. */
export interface BudgetAddress extends BudgetTarget {
  /** @default 'day' */
  period?: BudgetPeriod | undefined;
  /**
   * `shadow`: it refuses nothing, and what it would refuse is recorded in the audit entries of the calls.
   *
   * @default 'enforce'; to read or remove a budget, that of either mode
   */
  mode?: BudgetMode | undefined;
}

/** What is added to every cap of a subject for a while. */
export interface RaiseRequest {
  /** USD, above 0, with at most 2 decimals. */
  usd: number;
  /** Such as `2h`: `1s` to `24h`, and at most to the midnight (UTC). */
  expiresIn: string;
  /** Kept in the audit log. */
  reason: string;
}

/** What was added to every cap of a subject, until it expires. */
export interface RaiseInfo {
  id: string;
  scope: BudgetScope;
  /** The id whose caps it raises. */
  target: string;
  tenantId?: string;
  userId?: string;
  usd: number;
  reason: string;
  /** Who has set it. */
  setBy: string;
  createdAt: Date;
  expiresAt: Date;
}

/** A cap over a period of a subject, and what is spent under it in the current one (UTC). */
export interface BudgetInfo {
  scope: BudgetScope;
  id: string;
  tenantId?: string;
  userId?: string;
  /** Who has set it. */
  source: 'operator' | 'app';
  period: BudgetPeriod;
  /** `shadow`: it refuses nothing, and what it would refuse is recorded. */
  mode: BudgetMode;
  /** The cap of its period, without what is raised. */
  dailyUsdCap: number;
  /** What each call under it must keep to; absent where nothing limits it. */
  limits?: KeyLimits;
  /** A call after which its object may cost more needs an approval: USD. */
  approveAboveUsd?: number;
  /** Absent where the budget caps several subjects, since each is counted alone. */
  spentUsd?: number;
  heldUsd?: number;
  /** What refunds take back of their own subject's spend: the cap bounds it by itself. Absent where that is nothing. */
  undoneUsd?: number;
  /** What the next call would meet: less than is left of this cap if another cap is tighter, more if it is raised. */
  remainingUsd?: number;
  /** What active raises add to it; absent without any. */
  raisedUsd?: number;
  /** When its period ends (UTC); of `24h` when the oldest hour leaves it. */
  resetsAt?: Date;
  /** How many live keys it caps; `null` if there are too many to count, absent in a list. */
  liveKeys?: number | null;
}

/** A page of budgets; `cursor` asks for the next one. */
export interface BudgetPageInfo {
  budgets: readonly BudgetInfo[];
  cursor?: string;
}

/** One cap over a subject, by itself. */
export interface EffectiveCap {
  scope: BudgetScope;
  /** Empty for what keys without one count against. */
  id: string;
  /** `raise` of the cap that a call meets while raises are active. */
  source: 'operator' | 'app' | 'raise';
  period: BudgetPeriod;
  mode: BudgetMode;
  /** What is raised included. */
  capUsd: number;
  /** What of the cap is raised; absent where nothing is. */
  raisedUsd?: number;
  spentUsd: number;
  heldUsd: number;
  /** What refunds take back of their own subject's spend: the cap bounds it by itself. Absent where that is nothing. */
  undoneUsd?: number;
  remainingUsd: number;
  resetsAt?: Date;
  /** The active ones, where `source` is `raise`. */
  raises?: readonly RaiseInfo[];
}

/** What each call under an operator's budget must keep to, and what needs an approval. */
export interface BudgetTerms extends KeyLimits {
  /** A call after which its object may cost more needs an approval: USD, at most 2 decimals. */
  approveAboveUsd?: number;
}

/** Which approvals: all that match each field given. */
export interface ApprovalQuery extends PageQuery {
  state?: ApprovalState | undefined;
  vendor?: string | undefined;
  tenantId?: string | undefined;
  userId?: string | undefined;
}

/** A call that a person is asked for, and the answer. */
export interface ApprovalInfo {
  /** `apr_…` */
  id: string;
  /** `expired`: nobody answered within 24 hours, or no call came within 15 minutes of the approval. */
  state: ApprovalState;
  vendor: string;
  /** The connected account. */
  account?: string;
  subject: KeySubject;
  /** The key of the call that asked, and its label. */
  keyId: string;
  label: string;
  method: string;
  path: string;
  /** The vendor's object that the call is for; `null` where it makes one. */
  objectId: string | null;
  /** What that object may cost once the call is done; of a refund its whole amount. */
  usd: number;
  /** In the minor unit of `currency`, where the call says it or the broker adds it. */
  amount: number | null;
  currency: string | null;
  customer: string | null;
  /** Where it sends money, as far as its parameters say. */
  destinations: readonly string[];
  /** All that is forwarded; the `value` of a secret is `null`. */
  parameters: readonly { name: string; value: string | null }[];
  /** What would pass unasked, and over whom that is set. */
  approveAboveUsd: number;
  scope: string;
  createdAt: Date;
  /** Until when it may be answered; once it is, until when the answer counts. */
  expiresAt: Date;
  /** Absent until a person has answered, like the next two. */
  decidedAt?: Date;
  decidedBy?: string;
  reason?: string;
  /** Absent until a call has used it, like `callId`. */
  usedAt?: Date;
  /** The call that has used it, as in the audit log. */
  callId?: string;
}

/** A page of approvals; `cursor` asks for the next one. */
export interface ApprovalPageInfo {
  approvals: readonly ApprovalInfo[];
  cursor?: string;
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

/** How busy a broker is, in counts. */
export interface BrokerFigures {
  liveKeys: number;
  openHolds: { held: number; unknown: number };
  /** What those holds hold, in USD. */
  openUsd: { held: number; unknown: number };
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
