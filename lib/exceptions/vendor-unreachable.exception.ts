import { HttpStatus } from '@nestjs/common';
import { knownDetails } from './known-details';
import { VaultKeyException } from './vault-key.exception';

/**
 * The vendor could not be reached, so nothing was sent to it. Answered as 502
 * `vendor_unreachable`; the same call may be tried again.
 */
export class VendorUnreachableException extends VaultKeyException {
  constructor(init: { vendor?: string; cause?: unknown } = {}) {
    super({
      code: 'vendor_unreachable',
      message: `${init.vendor ?? 'The vendor'} could not be reached. Nothing was sent, so nothing was charged. Try again in a moment.`,
      status: HttpStatus.BAD_GATEWAY,
      retryable: true,
      details: knownDetails({ vendor: init.vendor }),
      cause: init.cause,
    });
  }
}
