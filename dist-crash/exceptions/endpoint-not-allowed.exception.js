"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.EndpointNotAllowedException = void 0;
const common_1 = require("@nestjs/common");
const vault_key_exception_1 = require("./vault-key.exception");
/**
 * The call's method and path are not among those the run's key allows, so nothing was sent.
 * Answered as 403 `endpoint_not_allowed`.
 */
class EndpointNotAllowedException extends vault_key_exception_1.VaultKeyException {
    /** The patterns the key allows. */
    allowed;
    /** What was called, such as `POST /v1/payouts`. */
    attempted;
    constructor(init) {
        const allowed = init.allowed.length === 0 ? 'nothing' : init.allowed.join(', ');
        super({
            code: 'endpoint_not_allowed',
            message: `This run may not call ${init.attempted}. Nothing was sent to the vendor. It may call: ${allowed}. Use one of these, or add the endpoint to allowedEndpoints in @AgentTool ("*" stands for exactly one path segment).`,
            status: common_1.HttpStatus.FORBIDDEN,
            retryable: false,
            details: { allowed: init.allowed, attempted: init.attempted },
        });
        this.allowed = init.allowed;
        this.attempted = init.attempted;
    }
}
exports.EndpointNotAllowedException = EndpointNotAllowedException;
