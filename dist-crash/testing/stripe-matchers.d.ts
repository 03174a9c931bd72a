import type { StripeCallMatch } from './stripe/stripe-script';
/** Jest's own asymmetric matchers: `expect.any(Number)`, `expect.stringMatching(/^cus_/)`. */
export interface AsymmetricMatch {
    asymmetricMatch(other: unknown): boolean;
}
/** Which movements of money a spec expects. What is left out may be anything. */
export interface ExpectedMoney {
    /** In the currency's minor unit: 1250 is $12.50. */
    amount?: number | AsymmetricMatch;
    /** Three letters, in any case. */
    currency?: string | AsymmetricMatch;
    /**
     * Exactly how many such movements.
     *
     * @default at least one
     */
    times?: number;
    /** `cus_…`, or `null` for money of no customer's. */
    customer?: string | AsymmetricMatch | null;
    /** `pi_…` */
    paymentIntent?: string | AsymmetricMatch | null;
    /** These entries, among others. Stripe keeps them as text: `{ order: 7 }` is found as `'7'`. */
    metadata?: Readonly<Record<string, string | number | boolean | AsymmetricMatch>>;
}
/** A parameter that a spec expects. Forms are text: `1200` and `true` are found as `'1200'` and `'true'`. */
export type ExpectedParam = string | number | boolean | AsymmetricMatch | undefined | readonly ExpectedParam[] | {
    readonly [name: string]: ExpectedParam;
};
/** Parameters that a spec expects, among others; `undefined` for one that must not be there. */
export type ExpectedParams = Readonly<Record<string, ExpectedParam>>;
/** What `expect(vendor)` can do once {@link stripeMatchers} are registered. */
export interface StripeMatchers<R = void> {
    /**
     * The vendor has taken this money from a card: what it executed counts, not what it was asked.
     * An authorization counts once it is captured; a decline and a replay never do.
     *
     * @example
     * expect(vendor).toHaveCharged({ amount: 1200, currency: 'usd', times: 1 });
     * expect(vendor).not.toHaveCharged();
     */
    toHaveCharged(expected?: ExpectedMoney): R;
    /**
     * The vendor has paid this money back.
     *
     * @example
     * expect(vendor).toHaveRefunded({ amount: 1200, paymentIntent: 'pi_…' });
     */
    toHaveRefunded(expected?: ExpectedMoney): R;
    /**
     * A call has arrived at the vendor, whatever came of it. What the broker refused has not.
     *
     * @param call `[METHOD ]/path` with `*` for one segment, or a function of the call.
     * @param params What the call's form or query holds, among others.
     * @example
     * expect(vendor).toHaveReceived('POST /v1/payment_intents', { amount: 1200 });
     * expect(vendor).not.toHaveReceived('POST /v1/payouts');
     */
    toHaveReceived(call: StripeCallMatch, params?: ExpectedParams): R;
}
interface MatcherResult {
    pass: boolean;
    message(): string;
}
interface MatcherContext {
    readonly isNot?: boolean;
}
type Matcher<Name extends keyof StripeMatchers> = (this: MatcherContext, received: unknown, ...expected: Parameters<StripeMatchers[Name]>) => MatcherResult;
/**
 * The matchers for `expect.extend`, where importing `nestjs-vault-key/testing/jest` does not fit.
 *
 * @example
 * expect.extend(stripeMatchers);
 */
export declare const stripeMatchers: {
    readonly [Name in keyof StripeMatchers]: Matcher<Name>;
};
export {};
