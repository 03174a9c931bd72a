import { Shelf } from './shelf';
import type { BalanceTransaction, Charge, Customer, PaymentIntent, Payout, Refund, StoredPaymentMethod } from './stripe-objects';
/** `pi_` and 24 random letters and digits. */
export declare function newId(prefix: string): string;
export declare function unixNow(): number;
/** One Stripe account in memory: its objects, and nothing that knows of HTTP. */
export declare class StripeAccount {
    #private;
    readonly paymentIntents: Shelf<PaymentIntent>;
    readonly charges: Shelf<Charge>;
    readonly refunds: Shelf<Refund>;
    readonly customers: Shelf<Customer>;
    readonly deletedCustomers: Map<string, true>;
    readonly payouts: Shelf<Payout>;
    readonly balanceTransactions: Map<string, BalanceTransaction>;
    /** The card a customer's `default_source` stands for, by customer. */
    readonly defaultSources: Map<string, StoredPaymentMethod>;
    /** @param bound how many objects of each kind are kept, the latest */
    constructor(bound: number);
    /** How many objects are kept, of all kinds. */
    get size(): number;
    /** A live customer named by a parameter. */
    customer(id: string): Customer;
    /** Stripe makes a payment method of its own from each use of `pm_card_visa`; a stored id stands for itself. */
    paymentMethod(reference: string, customer: string | null): StoredPaymentMethod;
    findPaymentMethod(id: string): StoredPaymentMethod | undefined;
    /** The card behind a token: `tok_visa`. */
    source(token: string, customer: string | null): StoredPaymentMethod;
    addBalanceTransaction(of: {
        amount: number;
        currency: string;
        description: string | null;
        source: string;
        type: string;
    }): string;
}
export declare function noBillingDetails(): Record<string, unknown>;
