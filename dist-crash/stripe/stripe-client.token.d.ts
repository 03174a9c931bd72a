import type { CurrentVaultKey } from '../vault-key/current-vault-key';
/**
 * Where the official `stripe` client is injected, for what a decorator does not reach:
 * `app.get<Stripe>(STRIPE_CLIENT)`, or `overrideProvider(STRIPE_CLIENT)` in a spec.
 */
export declare const STRIPE_CLIENT: unique symbol;
type NewClient = (vaultKeys: CurrentVaultKey) => object;
/** Told by `nestjs-vault-key/stripe` when it is imported: nothing else here knows that package. */
export declare function provideStripeClient(create: NewClient): void;
/** The client of one application; none where nobody has imported `nestjs-vault-key/stripe`. */
export declare function newStripeClient(vaultKeys: CurrentVaultKey): object | undefined;
export {};
