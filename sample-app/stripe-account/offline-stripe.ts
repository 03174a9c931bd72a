import type { OnApplicationShutdown } from '@nestjs/common';
import { createStripeVendor } from 'nestjs-vault-key/testing';
import type { StripeVendor } from 'nestjs-vault-key/testing';
import { StripeAccount } from './stripe-account';
import type { Movement } from './stripe-account';

/** A Stripe in this process, with no network and no account; it remembers the latest thousand calls. */
export class OfflineStripe extends StripeAccount implements OnApplicationShutdown {
  readonly description = 'offline, in this process: no account, no network, no money';
  readonly #vendor: StripeVendor;

  private constructor(vendor: StripeVendor) {
    super();
    this.#vendor = vendor;
  }

  static async start(): Promise<OfflineStripe> {
    return new OfflineStripe(await createStripeVendor({ keep: 1_000 }));
  }

  get secretKey(): string {
    return this.#vendor.secretKey;
  }

  get baseUrl(): string {
    return this.#vendor.url;
  }

  /** All of them: this Stripe serves only the sample, so what belongs to no agent run must not have happened. */
  async movements(): Promise<Movement[]> {
    return this.#vendor.book.executed
      .filter(({ kind }) => kind !== 'authorization')
      .map(({ id, paymentIntent, amount, metadata }) => ({
        id: paymentIntent ?? id,
        cents: amount,
        vaultKeyId: metadata['vault_key'],
      }));
  }

  onApplicationShutdown(): Promise<void> {
    return this.#vendor.close();
  }
}
