import type { FieldFault } from '../refusal';
import type { Budget, BudgetSubject } from './budget';
/** Who a budget is over, as its path and its `tenant_id` and `user_id` name it. */
export interface BudgetPath {
    scope: string;
    id: string;
    tenant_id?: unknown;
    user_id?: unknown;
}
/** Reads whom a budget is over, without coercing anything. */
export declare function parseBudgetSubject(path: BudgetPath, vendors: ReadonlySet<string>): {
    subject: BudgetSubject;
} | {
    faults: FieldFault[];
};
/** Reads the body of `PUT /v1/budgets/{scope}/{id}`. */
export declare function parseBudgetRequest(scope: string, id: string, body: unknown, vendors: ReadonlySet<string>): {
    budget: Budget;
} | {
    faults: FieldFault[];
};
