import { stripeMatchers } from './stripe-matchers';
import type { StripeMatchers } from './stripe-matchers';

export { stripeMatchers };
export type {
  AsymmetricMatch,
  ExpectedMoney,
  ExpectedParam,
  ExpectedParams,
  StripeMatchers,
} from './stripe-matchers';

declare global {
  namespace jest {
    interface Matchers<R, T> extends StripeMatchers<R> {}
  }
}

const { expect } = globalThis as {
  expect?: { extend?: (matchers: typeof stripeMatchers) => void };
};
if (typeof expect?.extend !== 'function') {
  throw new Error(
    "nestjs-vault-key/testing/jest extends Jest's global expect, which is missing here. Where Jest injects no globals, import 'nestjs-vault-key/testing/jest-globals'.",
  );
}
expect.extend(stripeMatchers);
