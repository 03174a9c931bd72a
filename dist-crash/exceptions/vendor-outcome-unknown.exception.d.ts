import { VaultKeyException } from './vault-key.exception';
/**
 * The call had left and no usable answer came back: the vendor may or may not have executed it.
 * Answered as 502, or 504 after a time-out, `vendor_outcome_unknown`. It may be repeated with the
 * same `idempotencyKey`, which the vendor executes at most once, and in no other way.
 */
export declare class VendorOutcomeUnknownException extends VaultKeyException {
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
    });
}
