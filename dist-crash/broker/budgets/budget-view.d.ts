import type { CapState } from '../ledger/decide';
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
export declare function budgetSubjectView({ scope, id, tenant, user }: BudgetSubject): BudgetSubjectView;
export declare function budgetView(budget: Budget, state: CapState): BudgetView;
export declare function capView(cap: CapState): CapView;
