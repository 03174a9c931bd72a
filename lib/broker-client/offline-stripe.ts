import { Logger } from '@nestjs/common';
import type { BrokerOptions } from '../broker/broker.options';
import { EmbeddedBrokerClient } from './embedded-broker.client';

/** The secret that calls to the Stripe in this process carry. It opens nothing else. */
export const OFFLINE_SECRET_KEY = 'sk_test_offline';

/** An embedded broker whose Stripe is in this process too: no network, no account, no money. */
export async function openOffline(options: BrokerOptions): Promise<EmbeddedBrokerClient> {
  // Loaded here: an application in use has no need of it.
  const { createStripeVendor } =
    require('../testing/stripe-vendor') as typeof import('../testing/stripe-vendor');
  const stripe = await createStripeVendor({ secretKey: OFFLINE_SECRET_KEY });
  const vendors = { stripe: { secretKey: stripe.secretKey, baseUrl: stripe.url } };
  try {
    const client = await EmbeddedBrokerClient.open({ ...options, vendors }, () => stripe.close());
    new Logger('VaultKeyModule').log(
      `Stripe is offline: calls go to ${stripe.url}, in this process, and move no money`,
    );
    return client;
  } catch (error) {
    await stripe.close();
    throw error;
  }
}
