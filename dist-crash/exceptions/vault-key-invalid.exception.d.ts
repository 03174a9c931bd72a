import { VaultKeyException } from './vault-key.exception';
/**
 * The broker did not accept the run's vault key. Answered as 503 `vault_key_invalid`, and never as
 * 401: it is not the caller who failed to log in.
 */
export declare class VaultKeyInvalidException extends VaultKeyException {
    constructor(init?: {
        vendor?: string;
    });
}
