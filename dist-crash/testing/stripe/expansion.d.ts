import type { StripeAccount } from './stripe-account';
/** Checked before a call executes: a call refused for its `expand` must not have moved money. */
export declare function assertExpandable(kind: string, property: string): void;
/** The answer with the objects that `expand` names in place of their ids. What is stored stays as it is. */
export declare function expand(account: StripeAccount, shown: object, properties: readonly string[]): object;
