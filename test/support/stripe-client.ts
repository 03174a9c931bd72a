import Stripe from 'stripe';

/** The official client, straight at an offline Stripe. */
export function clientOf(
  vendor: { readonly port: number; readonly secretKey: string },
  secretKey = vendor.secretKey,
  config: Partial<ConstructorParameters<typeof Stripe>[1]> = {},
): Stripe {
  return new Stripe(secretKey, {
    host: '127.0.0.1',
    port: vendor.port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
    ...config,
  });
}

/** Stripe's error that a call ends with. */
export async function failure(
  work: Promise<unknown>,
): Promise<InstanceType<typeof Stripe.errors.StripeError>> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Stripe.errors.StripeError)) throw error;
  return error;
}
