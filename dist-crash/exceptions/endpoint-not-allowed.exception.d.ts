import { VaultKeyException } from './vault-key.exception';
/**
 * The call's method and path are not among those the run's key allows, so nothing was sent.
 * Answered as 403 `endpoint_not_allowed`.
 */
export declare class EndpointNotAllowedException extends VaultKeyException {
    /** The patterns the key allows. */
    readonly allowed: readonly string[];
    /** What was called, such as `POST /v1/payouts`. */
    readonly attempted: string;
    constructor(init: {
        allowed: readonly string[];
        attempted: string;
    });
}
