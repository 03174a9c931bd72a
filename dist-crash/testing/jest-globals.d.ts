import { stripeMatchers } from './stripe-matchers';
import type { StripeMatchers } from './stripe-matchers';
export { stripeMatchers };
export type { AsymmetricMatch, ExpectedMoney, ExpectedParam, ExpectedParams, StripeMatchers, } from './stripe-matchers';
declare module 'expect' {
    interface Matchers<R extends void | Promise<void>, T = unknown> extends StripeMatchers<R> {
    }
}
