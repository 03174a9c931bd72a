/** The fields of a Stripe PaymentIntent that people use; every other one is there too, untyped. */
export interface StripePaymentIntent {
    id: string;
    object: 'payment_intent';
    /** In the currency's minor unit. */
    amount: number;
    /** What a capture may still take, in the currency's minor unit. */
    amount_capturable: number;
    /** What has been collected, in the currency's minor unit. */
    amount_received: number;
    /** Lower case, such as `usd`. */
    currency: string;
    status: 'requires_payment_method' | 'requires_confirmation' | 'requires_action' | 'processing' | 'requires_capture' | 'canceled' | 'succeeded';
    capture_method: string;
    customer: string | null;
    latest_charge: string | null;
    payment_method: string | null;
    client_secret: string | null;
    /** Seconds since 1970. */
    created: number;
    metadata: Record<string, string>;
    [field: string]: unknown;
}
/** The fields of a Stripe charge that people use; every other one is there too, untyped. */
export interface StripeCharge {
    id: string;
    object: 'charge';
    /** In the currency's minor unit. */
    amount: number;
    amount_captured: number;
    amount_refunded: number;
    currency: string;
    status: 'succeeded' | 'pending' | 'failed';
    paid: boolean;
    captured: boolean;
    refunded: boolean;
    customer: string | null;
    payment_intent: string | null;
    /** Seconds since 1970. */
    created: number;
    [field: string]: unknown;
}
/** The fields of a Stripe refund that people use; every other one is there too, untyped. */
export interface StripeRefund {
    id: string;
    object: 'refund';
    /** In the currency's minor unit. */
    amount: number;
    currency: string;
    status: string | null;
    reason: string | null;
    charge: string | null;
    payment_intent: string | null;
    /** Seconds since 1970. */
    created: number;
    [field: string]: unknown;
}
/** One page of a Stripe list. */
export interface StripeList<T> {
    object: 'list';
    data: T[];
    /** Whether there is another page; ask for it with `startingAfter` the last id of this one. */
    has_more: boolean;
    url: string;
    [field: string]: unknown;
}
