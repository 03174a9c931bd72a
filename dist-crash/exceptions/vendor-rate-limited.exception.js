"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.VendorRateLimitedException = void 0;
const common_1 = require("@nestjs/common");
const known_details_1 = require("./known-details");
const vault_key_exception_1 = require("./vault-key.exception");
/**
 * The vendor takes no more calls for the moment. Answered as 429 `vendor_rate_limited`, with
 * `Retry-After` where the vendor gave one; the same call may be tried again.
 */
class VendorRateLimitedException extends vault_key_exception_1.VaultKeyException {
    /** Seconds to wait before trying again, where the vendor said so. */
    retryAfter;
    constructor(init) {
        const wait = init.retryAfter === undefined ? 'a little' : `${init.retryAfter} s`;
        super({
            code: 'vendor_rate_limited',
            message: `${init.vendor ?? 'The vendor'} takes no more calls for the moment and did not execute this one. Wait ${wait}, then try again.`,
            status: common_1.HttpStatus.TOO_MANY_REQUESTS,
            retryable: true,
            details: (0, known_details_1.knownDetails)({
                vendor: init.vendor,
                retryAfter: init.retryAfter,
                requestId: init.requestId,
            }),
        });
        this.retryAfter = init.retryAfter;
    }
}
exports.VendorRateLimitedException = VendorRateLimitedException;
