import { HttpStatus } from '@nestjs/common';
import { knownDetails } from './known-details';
import { VaultKeyException } from './vault-key.exception';

/**
 * No vault key could be had, or the broker cannot take calls right now; nothing reached the vendor.
 * Answered as 503 `vault_key_unavailable`; the same call may be tried again.
 */
export class VaultKeyUnavailableException extends VaultKeyException {
  /** Seconds to wait before trying again, where the broker said so. */
  readonly retryAfter?: number;
  /**
   * True when the answer to an issue request was lost: the broker may have a live key whose token
   * is lost. It ends with its expiry.
   */
  readonly keyMayExist: boolean;

  constructor(init: {
    /** What happened, and what to do next. Shown to callers: no secret, no address. */
    message: string;
    /** Seconds. */
    retryAfter?: number;
    keyMayExist?: boolean;
    cause?: unknown;
  }) {
    super({
      code: 'vault_key_unavailable',
      message: init.message,
      status: HttpStatus.SERVICE_UNAVAILABLE,
      retryable: true,
      details: knownDetails({ retryAfter: init.retryAfter }),
      cause: init.cause,
    });
    this.retryAfter = init.retryAfter;
    this.keyMayExist = init.keyMayExist ?? false;
  }
}
