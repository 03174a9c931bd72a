import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { PostgresServer } from './postgres-server';

interface VendorAndPostgres {
  vendor: StripeVendor;
  server: PostgresServer;
}

/**
 * The offline Stripe and a PostgreSQL, for all tests of a suite; both end with it.
 *
 * @param take Called with them before the first test.
 */
export function withVendorAndPostgres(take: (made: VendorAndPostgres) => void): void {
  let made: VendorAndPostgres;
  beforeAll(async () => {
    made = { vendor: await createStripeVendor(), server: await PostgresServer.start() };
    take(made);
  }, 60_000);
  afterAll(async () => {
    await made.vendor.close();
    await made.server.remove();
  });
}
