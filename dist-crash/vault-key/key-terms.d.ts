import type { KeyBudgets } from '../broker-client/broker-client';
import type { InstanceLease } from './instance-lease';
/** What every key of the application is issued under. */
export interface KeyTerms {
    budgets?: KeyBudgets;
    lease?: InstanceLease;
}
/** Where {@link KeyTerms} are injected. */
export declare const KEY_TERMS: unique symbol;
