import type { CurrentVaultKey } from '../vault-key/current-vault-key';

/**
 * Where the official `stripe` client is injected, for what a decorator does not reach:
 * `app.get<Stripe>(STRIPE_CLIENT)`, or `overrideProvider(STRIPE_CLIENT)` in a spec.
 */
export const STRIPE_CLIENT = Symbol.for('nestjs-vault-key:stripe-client');

type NewClient = (vaultKeys: CurrentVaultKey) => object;

let newClient: NewClient | undefined;

/** Told by `nestjs-vault-key/stripe` when it is imported: nothing else here knows that package. */
export function provideStripeClient(create: NewClient): void {
  newClient = create;
}

/** The client of one application; absent where `nestjs-vault-key/stripe` is not imported. */
export function newStripeClient(vaultKeys: CurrentVaultKey): object | undefined {
  return newClient?.(vaultKeys);
}
