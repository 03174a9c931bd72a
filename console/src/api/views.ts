// What the management API answers, as far as the page shows it. docs/broker.md documents each.

export type Role = 'viewer' | 'operator' | 'admin';
export type Scope = 'tenant' | 'user' | 'run' | 'tool' | 'vendor';
export type BrakeScope = Scope | 'key' | 'all';
export type KeyStatus = 'active' | 'expired' | 'revoked' | 'braked';
export type Period = 'day' | 'week' | 'month' | '24h';

export interface SessionView {
  operator: string;
  role: Role;
  expires_at?: string;
  idle_expires_at?: string;
}

export interface SubjectView {
  tenant_id?: string;
  user_id?: string;
  run_id?: string;
  tool?: string;
}

export interface PeriodCap {
  usd: number;
  period?: Period;
}

export interface KeyView {
  id: string;
  label: string;
  vendor: string;
  daily_usd_cap: number;
  allowed_endpoints: readonly string[];
  subject: SubjectView;
  parent_id?: string;
  lease_id?: string;
  /** By their scopes; a number is a cap of the day. */
  budgets?: Readonly<Record<string, number | PeriodCap | readonly (number | PeriodCap)[]>>;
  limits?: Readonly<Record<string, unknown>>;
  approve_above_usd?: number;
  status: KeyStatus;
  created_at: string;
  expires_at: string;
  revoked_at?: string;
  spent_usd: number;
  held_usd: number;
  undone_usd?: number;
  remaining_usd: number;
}

export interface KeyPage {
  keys: readonly KeyView[];
  cursor?: string;
}

/** Whom a budget caps. */
export interface BudgetTarget {
  scope: Scope;
  id: string;
  tenant_id?: string;
  user_id?: string;
}

export interface RaiseView {
  id: string;
  scope: Scope;
  target: string;
  tenant_id?: string;
  user_id?: string;
  usd: number;
  reason: string;
  set_by: string;
  created_at: string;
  expires_at: string;
}

export interface BudgetView extends BudgetTarget {
  source: string;
  daily_usd_cap: number;
  period?: Period;
  mode?: 'enforce' | 'shadow';
  approve_above_usd?: number;
  limits?: Readonly<Record<string, unknown>>;
  spent_usd?: number;
  held_usd?: number;
  undone_usd?: number;
  remaining_usd?: number;
  resets_at?: string;
  live_keys?: number | null;
  /** What active raises add to the cap. */
  raised_usd?: number;
}

export interface BudgetPage {
  budgets: readonly BudgetView[];
  cursor?: string;
}

export interface CapView {
  scope: Scope;
  id: string;
  source: string;
  period?: Period;
  mode?: 'enforce' | 'shadow';
  /** What is raised included. */
  cap_usd: number;
  raised_usd?: number;
  spent_usd: number;
  held_usd: number;
  undone_usd?: number;
  remaining_usd: number;
  resets_at?: string;
  raises?: readonly RaiseView[];
}

export interface BrakeView {
  id: string;
  scope: BrakeScope;
  target?: string;
  tenant_id?: string;
  reason: string;
  set_by?: string;
  created_at: string;
  expires_at?: string;
  hit: number | null;
}

export interface HoldView {
  id: string;
  key_id: string;
  vendor: string;
  account?: string;
  object_id: string | null;
  state: 'held' | 'settled' | 'released' | 'unknown';
  held_usd: number;
  settled_usd: number;
  undone_usd?: number;
  created_at: string;
  ended_at: string | null;
}

export interface HoldPage {
  holds: readonly HoldView[];
  cursor?: string;
}

/** What the vendor says of the object of a hold. */
export interface VendorObjectView {
  object_id: string;
  vendor: string;
  /** `null` where it could not be read; `message` says why. */
  found: Readonly<Record<string, unknown>> | null;
  message?: string;
}

export interface AuditEntryView {
  seq: number;
  at: string;
  event: string;
  actor?: string | null;
  call_id: string | null;
  key_id: string | null;
  label: string | null;
  subject: SubjectView;
  vendor: string | null;
  method: string | null;
  path: string | null;
  verdict: string | null;
  reason: string | null;
  old_value?: string | null;
  new_value?: string | null;
  /** What a budget in shadow mode would have refused. */
  would_refuse?: { scope: string; period: Period; source: string; cap_usd: number } | null;
  requested_usd: number | null;
  settled_usd: number | null;
  undone_usd?: number;
  day: string | null;
  amount: number | null;
  currency: string | null;
  cap_usd: number | null;
  spent_usd: number | null;
  held_usd: number | null;
  remaining_usd: number | null;
  vendor_status: number | null;
  vendor_request_id: string | null;
  latency_ms: number | null;
  remote_address: string | null;
  count: number;
}

export interface AuditPage {
  entries: readonly AuditEntryView[];
  cursor?: string;
}

export type AuditVerdict =
  | { ok: true; entries: number; head: string; beginsAfter?: number }
  | { ok: false; entries: number; seq: number; reason: string };

export type ApprovalState = 'pending' | 'approved' | 'denied' | 'used' | 'expired';

export interface ApprovalView {
  id: string;
  state: ApprovalState;
  vendor: string;
  account?: string;
  subject: SubjectView;
  key_id: string;
  label: string;
  method: string;
  path: string;
  object_id: string | null;
  /** What its object may cost once the call is done. */
  usd: number;
  amount: number | null;
  currency: string | null;
  customer: string | null;
  destinations: readonly string[];
  /** The `value` of a secret is `null`. */
  parameters: readonly { name: string; value: string | null }[];
  /** What would pass unasked, and whose setting that is. */
  approve_above_usd: number;
  scope: string;
  created_at: string;
  expires_at: string;
  decided_at?: string;
  decided_by?: string;
  reason?: string;
  used_at?: string;
  call_id?: string;
}

export interface ApprovalPage {
  approvals: readonly ApprovalView[];
  cursor?: string;
}

export interface SpendSums {
  settled_usd: number;
  given_back_usd: number;
  /** `settled_usd` less `given_back_usd`. */
  spent_usd: number;
  undone_usd?: number;
  held_usd: number;
  unknown_usd: number;
  refused_usd: number;
  calls: number;
  refusals: number;
}

export interface SpendRow extends SpendSums {
  day?: string;
  hour?: string;
  /** `null`: of keys without one. */
  tenant_id?: string | null;
  user_id?: string | null;
  tool?: string | null;
  vendor?: string | null;
}

export interface SpendView {
  from: string;
  to: string;
  rows: readonly SpendRow[];
  totals: SpendSums;
  cursor?: string;
}

export interface WebhookView {
  name: string;
  origin: string;
  events: readonly string[];
  status: 'active' | 'behind' | 'stopped';
  stopped_at?: string;
  /** Rows of the audit log that it has not come to yet. */
  rows_ahead: number;
  subjects_behind: number;
  next_attempt_at?: string;
  last_failure?: string;
  /** Events that have not arrived in time, the newest first. */
  parked: readonly ParkedEventView[];
}

export interface ParkedEventView {
  id: string;
  kind: string;
  reason: string;
  parked_at: string;
}

export interface ReplayView {
  id: string;
  outcome: 'delivered' | 'failed';
  receiver_status?: number;
  reason?: string;
}
