import type { ParamRule } from './param-rules';
import type { AutomaticPaymentMethods, PaymentIntent } from './stripe-objects';
/** `automatic_payment_methods[enabled]` and `[allow_redirects]`: what the Dashboard enables, or not. */
export declare const automaticPaymentMethods: ParamRule<AutomaticPaymentMethods, false>;
/** `return_url`: a URL, or the scheme of a mobile application. */
export declare const returnUrl: ParamRule<string, false>;
interface Types {
    allowed_payment_method_types?: readonly string[] | undefined;
    payment_method_types?: readonly string[] | undefined;
}
interface Creation extends Types {
    automatic_payment_methods?: AutomaticPaymentMethods | undefined;
    confirm?: boolean | undefined;
    confirmation_method?: string | undefined;
    error_on_requires_action?: boolean | undefined;
    off_session?: string | undefined;
    return_url?: string | undefined;
}
/**
 * What a new PaymentIntent takes; `null` where its types are named.
 *
 * @param apiVersion `2026-10-28.endive`
 * @throws {StripeError} where parameters exclude each other
 */
export declare function automaticMethodsOf(params: Creation, apiVersion: string): AutomaticPaymentMethods | null;
/**
 * The types of payment methods that parameters name, if they do.
 *
 * @throws {StripeError} where the API's version takes none, or they are named twice
 */
export declare function typesOf(params: Types, apiVersion: string): readonly string[] | undefined;
/**
 * @param intent what the error shows of the PaymentIntent
 * @throws {StripeError} where a confirmation might redirect the customer and nobody says where back to
 */
export declare function assertReturnUrl(automatic: AutomaticPaymentMethods | null, params: {
    return_url?: string | undefined;
    use_stripe_sdk?: boolean | undefined;
}, intent?: PaymentIntent): void;
export {};
