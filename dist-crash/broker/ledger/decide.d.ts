import type { BudgetScope } from '../budgets/budget';
import type { Balance } from '../keys/key';
import type { MicroUsd } from '../money/usd';
import type { Price } from '../pricing/price';
import { BrokerRefusal } from '../refusal';
/** What the ledger knows of a vendor's object: its own amount in minor units, and what it may cost. */
export interface KnownObject {
    amount: number;
    currency: string;
    exposureMicros: MicroUsd;
    /** Whether the vendor said that it has come to its end: no later call adds to what it costs. */
    isFinal?: boolean;
}
/** One cap over a call, with what stands against it. */
export interface CapState {
    scope: 'key' | 'parent' | BudgetScope;
    capMicros: MicroUsd;
    balance: Balance;
    /** When a budget's day ends, ISO 8601; a key's cap covers its whole life. */
    resetsAt?: string;
}
/**
 * What a call has to hold.
 *
 * @throws BrokerRefusal where that cannot be told without knowing the object.
 */
export declare function holdFor(price: Price, object: KnownObject | undefined): MicroUsd;
/** The refusal of a hold that would pass a cap; `undefined` where it fits. What costs nothing always does. */
export declare function capRefusal(caps: readonly CapState[], micros: MicroUsd): BrokerRefusal | undefined;
/** What the tightest of the caps leaves once `micros` are held. */
export declare function remainingAfter(caps: readonly CapState[], micros: MicroUsd): MicroUsd;
/** What a hold settles at, given what the object had cost before it. */
export declare function settlementOf(heldMicros: MicroUsd, reportedMicros: MicroUsd | undefined, exposureBefore: MicroUsd): MicroUsd;
/** What is left under a cap; negative where the vendor reported more than was held. */
export declare function remainingOf({ capMicros, balance }: CapState): MicroUsd;
