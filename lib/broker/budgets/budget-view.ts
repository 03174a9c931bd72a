import { toUsd } from '../../contract/usd';
import { undoneView } from '../keys/undone-view';
import { limitFields } from '../limits/limits-view';
import type { LimitsView } from '../limits/limits-view';
import { remainingOf } from '../ledger/rules/caps';
import type { CapState, AppBudget, SubjectCap } from '../ledger/records';
import type { Budget, BudgetRule, BudgetSource } from './budget';
import type { BudgetScope } from '../../contract/scopes';

/** Whom a budget caps, as the management API shows it. */
export interface BudgetSubjectView {
  scope: BudgetScope;
  id: string;
  /** Empty: the keys without a tenant. Absent from a user's or a run's: each tenant, counted alone. */
  tenant_id?: string;
  /** Of a run, as `tenant_id`. */
  user_id?: string;
}

/** A budget as the management API shows it. */
export interface BudgetView extends BudgetSubjectView {
  source: BudgetSource;
  daily_usd_cap: number;
  /** What each call under it must keep to; absent where nothing limits it. */
  limits?: LimitsView;
  /** A call after which its object may cost more needs an approval. */
  approve_above_usd?: number;
  /** Of today; absent where the budget caps several subjects, since each is counted alone. */
  spent_usd?: number;
  held_usd?: number;
  /** What refunds take back of their own subject's spend: the cap bounds it by itself. Absent where that is nothing. */
  undone_usd?: number;
  /** What a call would meet: less than is left of this cap where another of the subject is tighter. */
  remaining_usd?: number;
  /** The midnight (UTC) at which its day ends. */
  resets_at?: string;
}

/** One budget, and how many live keys it caps: `null` where there are too many to count in one request. */
export interface CountedBudgetView extends BudgetView {
  live_keys: number | null;
}

/** One cap over a subject, by itself, and who has set it. */
export interface SubjectCapView {
  scope: BudgetScope;
  /** Empty where keys without one are counted. */
  id: string;
  source: BudgetSource;
  cap_usd: number;
  spent_usd: number;
  held_usd: number;
  /** What refunds take back of their own subject's spend: the cap bounds it by itself. Absent where that is nothing. */
  undone_usd?: number;
  remaining_usd: number;
  resets_at?: string;
}

/** A cap over a key, as the key itself may see it. */
export interface CapView {
  scope: CapState['scope'];
  cap_usd: number;
  spent_usd: number;
  held_usd: number;
  /** What refunds take back of their own subject's spend: the cap bounds it by itself. Absent where that is nothing. */
  undone_usd?: number;
  remaining_usd: number;
  /** Absent for a parent's cap, which covers the parent's whole life. */
  resets_at?: string;
}

export function budgetSubjectView({ scope, id, tenant, user }: BudgetRule): BudgetSubjectView {
  return {
    scope,
    id,
    ...(tenant === undefined ? {} : { tenant_id: tenant }),
    ...(user === undefined ? {} : { user_id: user }),
  };
}

/** @param met The cap that a call would meet; `undefined` where the budget caps several subjects. */
export function budgetView(budget: Budget, met: CapState | undefined): BudgetView {
  return {
    ...budgetSubjectView(budget),
    source: 'operator',
    daily_usd_cap: toUsd(budget.capMicros),
    ...limitFields(budget.limits),
    ...(met === undefined ? {} : dayView(met)),
  };
}

export function appBudgetView({ subject, capMicros, met }: AppBudget): BudgetView {
  const { scope, id, tenant, user } = subject;
  return {
    scope,
    id,
    ...(scope === 'user' || scope === 'run' ? { tenant_id: tenant } : {}),
    ...(scope === 'run' ? { user_id: user } : {}),
    source: 'app',
    daily_usd_cap: toUsd(capMicros),
    ...dayView(met),
  };
}

export function subjectCapView({ subject, source, ...cap }: SubjectCap): SubjectCapView {
  const { scope, id } = subject;
  return { scope, id, source, cap_usd: toUsd(cap.capMicros), ...dayView(cap) };
}

export function capView(cap: CapState): CapView {
  return { scope: cap.scope, cap_usd: toUsd(cap.capMicros), ...dayView(cap) };
}

function dayView(cap: CapState) {
  return {
    spent_usd: toUsd(cap.balance.spent),
    held_usd: toUsd(cap.balance.held),
    ...undoneView(cap.balance.undone),
    remaining_usd: toUsd(remainingOf(cap)),
    ...(cap.resetsAt === undefined ? {} : { resets_at: cap.resetsAt }),
  };
}
