import { HttpStatus } from '@nestjs/common';
import { knownDetails } from './known-details';
import { VaultKeyException } from './vault-key.exception';

/**
 * The vendor takes no more calls for the moment. Answered as 429 `vendor_rate_limited`, with
 * `Retry-After` where the vendor gave one; the same call may be tried again.
 */
export class VendorRateLimitedException extends VaultKeyException {
  /** Seconds to wait before trying again, where the vendor said so. */
  readonly retryAfter?: number;

  constructor(init: {
    vendor?: string;
    /** Seconds. */
    retryAfter?: number;
    requestId?: string;
  }) {
    const wait = init.retryAfter === undefined ? 'a little' : `${init.retryAfter} s`;
    super({
      code: 'vendor_rate_limited',
      message: `${init.vendor ?? 'The vendor'} takes no more calls for the moment and did not execute this one. Wait ${wait}, then try again.`,
      status: HttpStatus.TOO_MANY_REQUESTS,
      retryable: true,
      details: knownDetails({
        vendor: init.vendor,
        retryAfter: init.retryAfter,
        requestId: init.requestId,
      }),
    });
    this.retryAfter = init.retryAfter;
  }
}
