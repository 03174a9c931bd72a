import { HttpStatus } from '@nestjs/common';
import { knownDetails } from './known-details';
import { VaultKeyException } from './vault-key.exception';

/**
 * The broker did not accept the invocation's vault key. Answered as 503 `vault_key_invalid`, and
 * never as 401: it is not the caller who failed to log in.
 */
export class VaultKeyInvalidException extends VaultKeyException {
  constructor(init: { vendor?: string } = {}) {
    const vendor = init.vendor === undefined ? 'the vendor' : init.vendor;
    super({
      code: 'vault_key_invalid',
      message: `The broker did not accept this invocation's vault key for a call to ${vendor}: it has expired, was revoked, or is for another vendor. Nothing was sent. Begin a new invocation; where invocations take longer than their key lives, raise expiresIn in @AgentTool.`,
      status: HttpStatus.SERVICE_UNAVAILABLE,
      retryable: false,
      details: knownDetails({ vendor: init.vendor }),
    });
  }
}
