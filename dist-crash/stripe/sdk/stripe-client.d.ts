import type Stripe from 'stripe';
import type { CurrentVaultKey } from '../../vault-key/current-vault-key';
/** What the package `stripe` exports. */
export type StripePackage = typeof Stripe;
/** @throws Error with the command to install it, where it is not there. */
export declare function loadStripe(): StripePackage;
/** A client of the official SDK whose every call goes with the vault key of the run around it. */
export declare function stripeClient(StripeClient: StripePackage, vaultKeys: CurrentVaultKey): Stripe;
