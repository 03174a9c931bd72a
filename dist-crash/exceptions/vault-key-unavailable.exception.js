"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.VaultKeyUnavailableException = void 0;
const common_1 = require("@nestjs/common");
const known_details_1 = require("./known-details");
const vault_key_exception_1 = require("./vault-key.exception");
/**
 * No vault key could be had, or the broker cannot take calls right now; nothing reached the vendor.
 * Answered as 503 `vault_key_unavailable`; the same call may be tried again.
 */
class VaultKeyUnavailableException extends vault_key_exception_1.VaultKeyException {
    /** Seconds to wait before trying again, where the broker said so. */
    retryAfter;
    /**
     * True when the answer to an issue request was lost: the broker may hold a live key whose token
     * nobody has. It ends with its expiry.
     */
    keyMayExist;
    constructor(init) {
        super({
            code: 'vault_key_unavailable',
            message: init.message,
            status: common_1.HttpStatus.SERVICE_UNAVAILABLE,
            retryable: true,
            details: (0, known_details_1.knownDetails)({ retryAfter: init.retryAfter }),
            cause: init.cause,
        });
        this.retryAfter = init.retryAfter;
        this.keyMayExist = init.keyMayExist ?? false;
    }
}
exports.VaultKeyUnavailableException = VaultKeyUnavailableException;
