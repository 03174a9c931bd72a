import type Stripe from 'stripe';
import type { CurrentVaultKey } from '../../vault-key/current-vault-key';
import { NO_OWN_TIMEOUT_MS, VaultKeyHttpClient } from './vault-key-http-client';

/** What the package `stripe` exports. */
export type StripePackage = typeof Stripe;

/** @throws Error with the command to install it, where it is not there. */
export function loadStripe(): StripePackage {
  try {
    return require('stripe') as StripePackage;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new Error(
      'nestjs-vault-key/stripe needs the package stripe, which is not installed: npm install stripe@^23',
    );
  }
}

/**
 * A client of the official SDK whose every call goes with the vault key of the invocation around
 * it.
 */
export function stripeClient(StripeClient: StripePackage, vaultKeys: CurrentVaultKey): Stripe {
  return new StripeClient('', {
    // The key is put in by the HTTP client: an authenticator that rejects leaves a call without an
    // end.
    authenticator: () => Promise.resolve(),
    httpClient: new VaultKeyHttpClient(vaultKeys),
    timeout: NO_OWN_TIMEOUT_MS,
    telemetry: false,
    appInfo: { name: 'nestjs-vault-key' },
  });
}
