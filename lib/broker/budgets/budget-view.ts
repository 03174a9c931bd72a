import { toUsd } from '../../contract/usd';
import { undoneView } from '../keys/undone-view';
import { limitFields } from '../limits/limits-view';
import type { LimitsView } from '../limits/limits-view';
import { remainingOf } from '../ledger/rules/caps';
import type { CapState, AppBudget, SubjectCap } from '../ledger/records';
import type { Budget, BudgetSource, RuleSubject } from './budget';
import { raiseView } from './raise-view';
import type { RaiseView } from './raise-view';
import type { BudgetMode, BudgetPeriod } from '../../contract/budget-periods';
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
  period: BudgetPeriod;
  /** `shadow`: it refuses nothing, and what it would refuse is recorded. */
  mode: BudgetMode;
  /** The cap of its period, without what is raised. */
  daily_usd_cap: number;
  /** What each call under it must keep to; absent where nothing limits it. */
  limits?: LimitsView;
  /** A call after which its object may cost more needs an approval. */
  approve_above_usd?: number;
  /** Of its current period; absent where the budget caps several subjects, since each is counted alone. */
  spent_usd?: number;
  held_usd?: number;
  /** What refunds take back of their own subject's spend: the cap bounds it by itself. Absent where that is nothing. */
  undone_usd?: number;
  /**
   * What a call would meet: less than is left of this cap where another of the subject and period is
   * tighter, more where it is raised, and below 0 where a raise has ended or a cap was lowered.
   */
  remaining_usd?: number;
  /** What active raises add to its caps; absent without any. */
  raised_usd?: number;
  /** When its period ends (UTC); of `24h` when the oldest hour leaves it. */
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
  /** `raise` of the cap that a call meets while raises are active. */
  source: BudgetSource | 'raise';
  period: BudgetPeriod;
  mode: BudgetMode;
  /** What is raised included. */
  cap_usd: number;
  /** What of the cap is raised; absent where nothing is. */
  raised_usd?: number;
  spent_usd: number;
  held_usd: number;
  /** What refunds take back of their own subject's spend: the cap bounds it by itself. Absent where that is nothing. */
  undone_usd?: number;
  remaining_usd: number;
  resets_at?: string;
  /** The active ones, where `source` is `raise`. */
  raises?: readonly RaiseView[];
}

/** A cap over a key, as the key itself may see it. */
export interface CapView {
  scope: CapState['scope'];
  /** Of a budget. */
  period?: BudgetPeriod;
  /** What is raised included. */
  cap_usd: number;
  spent_usd: number;
  held_usd: number;
  /** What refunds take back of their own subject's spend: the cap bounds it by itself. Absent where that is nothing. */
  undone_usd?: number;
  remaining_usd: number;
  /** Absent for a parent's cap, which covers the parent's whole life. */
  resets_at?: string;
  /** What of the cap is raised; absent where nothing is. */
  raised_usd?: number;
}

export function budgetSubjectView({ scope, id, tenant, user }: RuleSubject): BudgetSubjectView {
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
    period: budget.period,
    mode: budget.mode,
    daily_usd_cap: toUsd(budget.capMicros),
    ...limitFields(budget.limits),
    ...(met === undefined ? {} : balanceView(met)),
  };
}

export function appBudgetView({ subject, period, mode, capMicros, met }: AppBudget): BudgetView {
  const { scope, id, tenant, user } = subject;
  return {
    scope,
    id,
    ...(scope === 'user' || scope === 'run' ? { tenant_id: tenant } : {}),
    ...(scope === 'run' ? { user_id: user } : {}),
    source: 'app',
    period,
    mode,
    daily_usd_cap: toUsd(capMicros),
    ...balanceView(met),
  };
}

export function subjectCapView({ subject, source, raises, ...cap }: SubjectCap): SubjectCapView {
  const { scope, id } = subject;
  return {
    scope,
    id,
    source,
    period: cap.period,
    mode: modeOf(cap),
    cap_usd: toUsd(cap.capMicros),
    ...balanceView(cap),
    ...(raises === undefined ? {} : { raises: raises.map(raiseView) }),
  };
}

export function capView(cap: CapState): CapView {
  const { scope, period, capMicros } = cap;
  return {
    scope,
    ...(period === undefined ? {} : { period }),
    cap_usd: toUsd(capMicros),
    ...balanceView(cap),
  };
}

function modeOf({ isShadow }: CapState): BudgetMode {
  return isShadow === true ? 'shadow' : 'enforce';
}

function balanceView(cap: CapState) {
  return {
    spent_usd: toUsd(cap.balance.spent),
    held_usd: toUsd(cap.balance.held),
    ...undoneView(cap.balance.undone),
    remaining_usd: toUsd(remainingOf(cap)),
    ...(cap.raisedMicros === undefined ? {} : { raised_usd: toUsd(cap.raisedMicros) }),
    ...(cap.resetsAt === undefined ? {} : { resets_at: cap.resetsAt }),
  };
}
