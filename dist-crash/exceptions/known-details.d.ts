import type { VaultKeyExceptionDetails } from './vault-key.exception';
/** The details that are known: an answer names no field it has nothing to say about. */
export declare function knownDetails(details: VaultKeyExceptionDetails): VaultKeyExceptionDetails;
