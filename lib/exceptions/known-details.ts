import type { VaultKeyExceptionDetails } from './vault-key.exception';

/** The details that are known: an answer names no field it has nothing to say about. */
export function knownDetails(details: VaultKeyExceptionDetails): VaultKeyExceptionDetails {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
}
