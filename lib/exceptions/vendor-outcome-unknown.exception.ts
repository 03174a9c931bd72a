import { HttpStatus } from '@nestjs/common';
import { knownDetails } from './known-details';
import { VaultKeyException } from './vault-key.exception';

/**
 * The call had left and no usable answer came back: the vendor may or may not have executed it.
 * Answered as 502, or 504 after a time-out, `vendor_outcome_unknown`. It may be repeated with the
 * same `idempotencyKey`, which the vendor executes at most once, and in no other way.
 */
export class VendorOutcomeUnknownException extends VaultKeyException {
  /** The `Idempotency-Key` the call went out with. */
  readonly idempotencyKey?: string;

  constructor(init: {
    vendor?: string;
    /** What happened, as a clause: `no answer came within 85 s`. */
    happened: string;
    timedOut?: boolean;
    idempotencyKey?: string;
    /** True for a call that only reads, and so may be repeated as it is. */
    readOnly?: boolean;
    cause?: unknown;
  }) {
    const vendor = init.vendor ?? 'the vendor';
    const next =
      init.readOnly === true
        ? 'It only reads, so it may be repeated.'
        : init.idempotencyKey === undefined
          ? 'Do not repeat it: look up at the vendor whether it was executed.'
          : `Repeat it only with the idempotency key ${init.idempotencyKey}, or look up at the vendor whether it was executed.`;
    super({
      code: 'vendor_outcome_unknown',
      message: `A call to ${vendor} was sent, and its outcome is not known: ${init.happened}. ${next}`,
      status: init.timedOut === true ? HttpStatus.GATEWAY_TIMEOUT : HttpStatus.BAD_GATEWAY,
      retryable: init.readOnly === true || init.idempotencyKey !== undefined,
      details: knownDetails({
        vendor: init.vendor,
        idempotencyKey: init.idempotencyKey,
      }),
      cause: init.cause,
    });
    this.idempotencyKey = init.idempotencyKey;
  }
}
