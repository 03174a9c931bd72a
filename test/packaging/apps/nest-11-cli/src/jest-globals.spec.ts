import { expect, it } from '@jest/globals';
import { createStripeVendor } from 'nestjs-vault-key/testing';
import 'nestjs-vault-key/testing/jest-globals';

it('the matchers are there where Jest injects no globals', async () => {
  const vendor = await createStripeVendor();
  try {
    expect(vendor).not.toHaveCharged();
    expect(vendor).not.toHaveReceived('POST /v1/charges');
  } finally {
    await vendor.close();
  }
});
