import type { VaultKeyException } from '../../exceptions/vault-key.exception';
/** The `error` of an answer, of which the `stripe` client makes the error it throws. */
export type StripeErrorFields = Record<string, unknown>;
/** An exception as the client reads it: `code` and `message` are its own. */
export declare function errorOf(exception: VaultKeyException): StripeErrorFields;
/**
 * The status that gives an exception the fitting class of error. A cap's 402 would be a declined
 * card, and an agent that is told so tries another card: it is a 403, which is a permission.
 */
export declare function statusOf(exception: VaultKeyException): number;
