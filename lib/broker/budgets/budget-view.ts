import { toUsd } from '../money/usd';
import { remainingOf } from '../ledger/decide';
import type { CapState } from '../ledger/decide';
import { ANY_ID } from './budget';
import type { Budget, BudgetScope, BudgetSubject } from './budget';

/** Whom a budget is over, as the management API shows it. */
export interface BudgetSubjectView {
  scope: BudgetScope;
  id: string;
  tenant_id?: string;
  user_id?: string;
}

/** A budget as the management API shows it. */
export interface BudgetView extends BudgetSubjectView {
  daily_usd_cap: number;
  /** What stands against it today; absent where the id is `*`, since each id has its own day. */
  spent_usd?: number;
  held_usd?: number;
  remaining_usd?: number;
  /** The midnight (UTC) at which its day ends. */
  resets_at?: string;
}

/** A cap over a key, as the key itself may see it. */
export interface CapView {
  scope: CapState['scope'];
  cap_usd: number;
  spent_usd: number;
  held_usd: number;
  remaining_usd: number;
  /** Absent for a parent's cap, which covers the parent's whole life. */
  resets_at?: string;
}

export function budgetSubjectView({ scope, id, tenant, user }: BudgetSubject): BudgetSubjectView {
  return {
    scope,
    id,
    ...(tenant === '' ? {} : { tenant_id: tenant }),
    ...(user === '' ? {} : { user_id: user }),
  };
}

export function budgetView(budget: Budget, state: CapState): BudgetView {
  const { scope: _scope, cap_usd, ...today } = capView(state);
  return {
    ...budgetSubjectView(budget),
    daily_usd_cap: cap_usd,
    ...(budget.id === ANY_ID ? {} : today),
  };
}

export function capView(cap: CapState): CapView {
  return {
    scope: cap.scope,
    cap_usd: toUsd(cap.capMicros),
    spent_usd: toUsd(cap.balance.spent),
    held_usd: toUsd(cap.balance.held),
    remaining_usd: toUsd(remainingOf(cap)),
    ...(cap.resetsAt === undefined ? {} : { resets_at: cap.resetsAt }),
  };
}
