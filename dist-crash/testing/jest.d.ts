import { stripeMatchers } from './stripe-matchers';
import type { StripeMatchers } from './stripe-matchers';
export { stripeMatchers };
export type { AsymmetricMatch, ExpectedMoney, ExpectedParam, ExpectedParams, StripeMatchers, } from './stripe-matchers';
declare global {
    namespace jest {
        interface Matchers<R, T> extends StripeMatchers<R> {
        }
    }
}
