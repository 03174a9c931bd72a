"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.VendorUnreachableException = void 0;
const common_1 = require("@nestjs/common");
const known_details_1 = require("./known-details");
const vault_key_exception_1 = require("./vault-key.exception");
/**
 * The vendor could not be reached, so nothing was sent to it. Answered as 502
 * `vendor_unreachable`; the same call may be tried again.
 */
class VendorUnreachableException extends vault_key_exception_1.VaultKeyException {
    constructor(init = {}) {
        super({
            code: 'vendor_unreachable',
            message: `${init.vendor ?? 'The vendor'} could not be reached. Nothing was sent, so nothing was charged. Try again in a moment.`,
            status: common_1.HttpStatus.BAD_GATEWAY,
            retryable: true,
            details: (0, known_details_1.knownDetails)({ vendor: init.vendor }),
            cause: init.cause,
        });
    }
}
exports.VendorUnreachableException = VendorUnreachableException;
