import { afterAll, beforeAll, expect, it } from '@jest/globals';
import './jest-globals';
import { createStripeVendor } from './stripe-vendor';
import type { StripeVendor } from './stripe-vendor';

let vendor: StripeVendor;
beforeAll(async () => {
  vendor = await createStripeVendor();
});
afterAll(() => vendor.close());

it("the expect of '@jest/globals' knows the matchers too", () => {
  expect(vendor).not.toHaveCharged({ amount: expect.any(Number), currency: 'usd' });
  expect(() => expect(vendor).toHaveReceived('POST /v1/refunds')).toThrow('received no call');
});

it('without a global expect to extend, the import says which one to use', () => {
  const { expect: injected } = globalThis as { expect?: unknown };
  try {
    delete (globalThis as { expect?: unknown }).expect;
    expect(() => require('./jest') as unknown).toThrow("'nestjs-vault-key/testing/jest-globals'");
  } finally {
    Object.assign(globalThis, { expect: injected });
  }
});
