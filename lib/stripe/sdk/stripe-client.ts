import type StripeConstructor from 'stripe';
// By its name: in a CommonJS module of version 22 the default is no type.
import type { Stripe } from 'stripe';
import { vendorNameFault } from '../../contract/vendor-name';
import { CallRefusedException } from '../../exceptions/call-refused.exception';
import type { CurrentVaultKey } from '../../vault-key/current-vault-key';
import { NO_OWN_TIMEOUT_MS, VaultKeyHttpClient } from './vault-key-http-client';

/** What the package `stripe` exports. */
export type StripePackage = typeof StripeConstructor;

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

/** The official client, as it is injected. */
export type InjectedStripe = Stripe & {
  /**
   * The client for one account, for invocations inside each other that have keys for several. Without
   * it a call goes to the account of the innermost one.
   *
   * @param vendor The account, by its name at the broker.
   */
  for(vendor: string): Stripe;
};

/**
 * A client of the official SDK whose every call goes with the vault key of the invocation around
 * it.
 */
export function stripeClient(
  StripeClient: StripePackage,
  vaultKeys: CurrentVaultKey,
): InjectedStripe {
  const ofAccounts = new Map<string, Stripe>();
  return Object.assign(clientOf(StripeClient, vaultKeys), {
    for(vendor: string): Stripe {
      const fault = vendorNameFault(vendor);
      if (fault !== undefined) throw CallRefusedException.forArgument('vendor', fault);
      const client = ofAccounts.get(vendor) ?? clientOf(StripeClient, vaultKeys, vendor);
      ofAccounts.set(vendor, client);
      return client;
    },
  });
}

function clientOf(
  StripeClient: StripePackage,
  vaultKeys: CurrentVaultKey,
  account?: string,
): Stripe {
  return new StripeClient('', {
    // The key is put in by the HTTP client: an authenticator that rejects leaves a call without an
    // end.
    authenticator: () => Promise.resolve(),
    httpClient: new VaultKeyHttpClient(vaultKeys, account),
    timeout: NO_OWN_TIMEOUT_MS,
    telemetry: false,
    appInfo: { name: 'nestjs-vault-key' },
  });
}
