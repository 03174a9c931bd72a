import type { Subject } from '../keys/issue-request';
import type { MicroUsd } from '../money/usd';
/** Whose spend a budget counts. A user counts within its tenant, a run within its tenant and user. */
export declare const BUDGET_SCOPES: readonly ["tenant", "user", "run", "tool", "vendor"];
export type BudgetScope = (typeof BUDGET_SCOPES)[number];
/** The scopes of an application's own layer: it travels with each key. */
export declare const APP_BUDGET_SCOPES: readonly ["tenant", "user", "run", "tool"];
export type AppBudgets = {
    [Scope in (typeof APP_BUDGET_SCOPES)[number]]?: MicroUsd;
};
/** Stands for every id of a scope that has no budget of its own. */
export declare const ANY_ID = "*";
/** Who is counted; a part that a key lacks is empty. */
export interface BudgetSubject {
    scope: BudgetScope;
    tenant: string;
    user: string;
    id: string;
}
/** An operator's daily cap. */
export interface Budget extends BudgetSubject {
    capMicros: MicroUsd;
}
/** The subjects that a key's holds are counted under, whether or not a cap stands over them. */
export declare function subjectsOf(subject: Subject, vendor: string): BudgetSubject[];
/** The name of a budget's rule. */
export declare function budgetName({ scope, tenant, user, id }: BudgetSubject): string;
/**
 * The rules that could stand over a subject, the nearest first: its own, then the default of its
 * user, of its tenant, of all.
 */
export declare function ruleNames(subject: BudgetSubject): string[];
/** The UTC calendar day of an instant, `2026-11-23`. */
export declare function dayOf(now: number): string;
/** The midnight (UTC) at which a day ends, ISO 8601. */
export declare function endOfDay(now: number): string;
/** The name of the balance in which one day of a subject is counted. */
export declare function dayBalanceName(subject: BudgetSubject, day: string): string;
