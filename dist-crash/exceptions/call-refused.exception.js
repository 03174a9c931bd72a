"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.CallRefusedException = void 0;
const known_details_1 = require("./known-details");
const vault_key_exception_1 = require("./vault-key.exception");
/**
 * The call was refused before it reached the vendor: by the broker, whose status and code are kept,
 * or on this side because an argument is not of the form it must have (`param` names it).
 */
class CallRefusedException extends vault_key_exception_1.VaultKeyException {
    /** The argument that is at fault, where it is one. */
    param;
    constructor(init) {
        super({
            code: init.code,
            message: init.message,
            status: init.status,
            retryable: false,
            details: (0, known_details_1.knownDetails)({ ...init.details, param: init.param }),
            cause: init.cause,
        });
        this.param = init.param;
    }
    /**
     * The refusal of a call for one of its arguments: 400, nothing sent.
     *
     * @param rule What it must be, as a clause: `must be a whole number`.
     * @param code @default 'invalid_request'
     */
    static forArgument(param, rule, code = 'invalid_request') {
        return new CallRefusedException({
            status: 400,
            code,
            message: `The call was not sent: ${param} ${rule}.`,
            param,
        });
    }
    /** There is no such brake to lift. */
    static noSuchBrake(id) {
        return new CallRefusedException({
            status: 404,
            code: 'not_found',
            message: `There is no standing brake with the id ${JSON.stringify(id.slice(0, 64))}: it was never put, was lifted or has expired.`,
        });
    }
}
exports.CallRefusedException = CallRefusedException;
