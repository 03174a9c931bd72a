"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.VaultKeyInvalidException = void 0;
const common_1 = require("@nestjs/common");
const known_details_1 = require("./known-details");
const vault_key_exception_1 = require("./vault-key.exception");
/**
 * The broker did not accept the run's vault key. Answered as 503 `vault_key_invalid`, and never as
 * 401: it is not the caller who failed to log in.
 */
class VaultKeyInvalidException extends vault_key_exception_1.VaultKeyException {
    constructor(init = {}) {
        const vendor = init.vendor === undefined ? 'the vendor' : init.vendor;
        super({
            code: 'vault_key_invalid',
            message: `The broker did not accept this run's vault key for a call to ${vendor}: it has expired, was revoked, or is for another vendor. Nothing was sent. Begin a new run; where runs take longer than their key lives, raise expiresIn in @AgentTool.`,
            status: common_1.HttpStatus.SERVICE_UNAVAILABLE,
            retryable: false,
            details: (0, known_details_1.knownDetails)({ vendor: init.vendor }),
        });
    }
}
exports.VaultKeyInvalidException = VaultKeyInvalidException;
