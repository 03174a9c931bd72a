import { HttpStatus } from '@nestjs/common';
import { VaultKeyException } from './vault-key.exception';

/**
 * The call's method and path are not among those the invocation's key allows, so nothing was sent.
 * Answered as 403 `endpoint_not_allowed`.
 */
export class EndpointNotAllowedException extends VaultKeyException {
  /** The patterns the key allows. */
  readonly allowed: readonly string[];
  /** What was called, such as `POST /v1/payouts`. */
  readonly attempted: string;

  constructor(init: { allowed: readonly string[]; attempted: string }) {
    const allowed = init.allowed.length === 0 ? 'nothing' : init.allowed.join(', ');
    super({
      code: 'endpoint_not_allowed',
      message: `This invocation may not call ${init.attempted}. Nothing was sent to the vendor. It may call: ${allowed}. Use one of these, or add the endpoint to allowedEndpoints in @AgentTool ("*" matches exactly one path segment).`,
      status: HttpStatus.FORBIDDEN,
      retryable: false,
      details: { allowed: init.allowed, attempted: init.attempted },
    });
    this.allowed = init.allowed;
    this.attempted = init.attempted;
  }
}
