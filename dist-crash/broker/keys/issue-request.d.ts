import type { AppBudgets } from '../budgets/budget';
import type { MicroUsd } from '../money/usd';
import type { FieldFault } from '../refusal';
/** Who a key works for; every field optional. */
export interface Subject {
    tenant_id?: string;
    user_id?: string;
    run_id?: string;
    tool?: string;
}
/** What a valid `POST /v1/keys` asks for. */
export interface IssueRequest {
    label: string;
    vendor: string;
    capMicros: MicroUsd;
    allowedEndpoints: readonly string[];
    lifeMs: number;
    subject: Subject;
    parentId?: string;
    leaseId?: string;
    budgets: AppBudgets;
}
/** What a key hangs on; whether these are live only the ledger can tell. */
export interface KeyLinks {
    parentId?: string;
    leaseId?: string;
}
/**
 * Reads the body of `POST /v1/keys`. Nothing is coerced, and nothing missing, empty or `null` ever
 * means "unlimited" or "all". Fields that nobody knows are passed over at the top, as Keybrake does,
 * and are faults in `subject` and `budgets`.
 *
 * @param prefixes Each configured vendor's path prefix, by the vendor's name.
 */
export declare function parseIssueRequest(body: unknown, prefixes: ReadonlyMap<string, string>): {
    request: IssueRequest;
} | {
    faults: FieldFault[];
    links: KeyLinks;
};
