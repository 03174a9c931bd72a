/**
 * The parameters with which each call is forwarded, as {@link ParameterList} reads them: of those
 * that Stripe's reference names (https://docs.stripe.com/api), the ones that move no money beyond
 * the price of the call, and start nothing that does.
 */
export declare const STRIPE_PARAMETERS: Readonly<Record<string, string>>;
