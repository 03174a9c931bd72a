import { VaultKeyException } from './vault-key.exception';
import type { VaultKeyExceptionDetails } from './vault-key.exception';
/**
 * The call was refused before it reached the vendor: by the broker, whose status and code are kept,
 * or on this side because an argument is not of the form it must have (`param` names it).
 */
export declare class CallRefusedException extends VaultKeyException {
    /** The argument that is at fault, where it is one. */
    readonly param?: string;
    constructor(init: {
        /** 400–599. */
        status: number;
        /** Such as `invalid_amount`, `invalid_path`, `amount_unknown`. */
        code: string;
        message: string;
        param?: string;
        details?: VaultKeyExceptionDetails;
        cause?: unknown;
    });
    /**
     * The refusal of a call for one of its arguments: 400, nothing sent.
     *
     * @param rule What it must be, as a clause: `must be a whole number`.
     * @param code @default 'invalid_request'
     */
    static forArgument(param: string, rule: string, code?: string): CallRefusedException;
    /** There is no such brake to lift. */
    static noSuchBrake(id: string): CallRefusedException;
}
