"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.VendorOutcomeUnknownException = void 0;
const common_1 = require("@nestjs/common");
const known_details_1 = require("./known-details");
const vault_key_exception_1 = require("./vault-key.exception");
/**
 * The call had left and no usable answer came back: the vendor may or may not have executed it.
 * Answered as 502, or 504 after a time-out, `vendor_outcome_unknown`. It may be repeated with the
 * same `idempotencyKey`, which the vendor executes at most once, and in no other way.
 */
class VendorOutcomeUnknownException extends vault_key_exception_1.VaultKeyException {
    /** The `Idempotency-Key` the call went out with. */
    idempotencyKey;
    constructor(init) {
        const vendor = init.vendor ?? 'the vendor';
        const next = init.readOnly === true
            ? 'It only reads, so it may be repeated.'
            : init.idempotencyKey === undefined
                ? 'Do not repeat it: look up at the vendor whether it was executed.'
                : `Repeat it only with the idempotency key ${init.idempotencyKey}, or look up at the vendor whether it was executed.`;
        super({
            code: 'vendor_outcome_unknown',
            message: `A call to ${vendor} was sent, and its outcome is not known: ${init.happened}. ${next}`,
            status: init.timedOut === true ? common_1.HttpStatus.GATEWAY_TIMEOUT : common_1.HttpStatus.BAD_GATEWAY,
            retryable: init.readOnly === true || init.idempotencyKey !== undefined,
            details: (0, known_details_1.knownDetails)({
                vendor: init.vendor,
                idempotencyKey: init.idempotencyKey,
            }),
            cause: init.cause,
        });
        this.idempotencyKey = init.idempotencyKey;
    }
}
exports.VendorOutcomeUnknownException = VendorOutcomeUnknownException;
