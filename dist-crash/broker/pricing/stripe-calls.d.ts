/** How the price of a call is found. `field` is the top-level parameter that says the amount. */
export type CallRule = 
/** New money: `field` and `currency`. */
{
    rule: 'new';
    field: string;
}
/** What the object's total by `field`, or its whole known amount, adds to its exposure. */
 | {
    rule: 'exposure';
    field: string;
}
/** What a new total adds to the object's exposure; nothing where no total is given. */
 | {
    rule: 'change';
    field: string;
} | {
    rule: 'cancel';
} | {
    rule: 'refund';
}
/** Nothing: no parameter that the call may have moves money, or starts what does. */
 | {
    rule: 'free';
};
/** The version of Stripe's API that this table and its parameters are written for. */
export declare const STRIPE_VERSION = "2026-10-28.endive";
/**
 * What each call of Stripe's v1 costs, by method and path below `/v1/`; `*` is an id. Any other
 * call but GET is refused.
 */
export declare const STRIPE_CALLS: Readonly<Record<string, CallRule>>;
