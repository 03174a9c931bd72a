import { standFor } from '../../exceptions/exception-behind';
import type { VaultKeyException } from '../../exceptions/vault-key.exception';

/** The `error` of an answer, of which the `stripe` client makes the error it throws. */
export type StripeErrorFields = Record<string, unknown>;

/** An exception as the client reads it: `code` and `message` are its own. */
export function errorOf(exception: VaultKeyException): StripeErrorFields {
  const { code, message, retryable, details } = exception;
  const error = { ...details, type: 'vault_key_error', code, message, retryable };
  standFor(error, exception);
  return error;
}

/**
 * The status that gives an exception the fitting class of error. A cap's 402 would be a declined
 * card, and an agent that is told so tries another card: it is a 403, which is a permission.
 */
export function statusOf(exception: VaultKeyException): number {
  const status = exception.getStatus();
  if (status === 402) return 403;
  return status === 403 || status === 404 || status >= 500 ? status : 400;
}
