import { HttpStatus } from '@nestjs/common';
import type { OpenUnion } from '../contract/open-union';
import type { BrakeScope } from '../contract/scopes';
import { knownDetails } from './known-details';
import { VaultKeyException } from './vault-key.exception';

/**
 * An operator has stopped this agent, user, tool or tenant: new keys and calls with live ones
 * are refused. Answered as 403 `agent_braked`.
 */
export class AgentBrakedException extends VaultKeyException {
  /** What the brake stops: `key`, `tenant`, `user`, `run`, `tool`, `vendor` or `all`. */
  readonly scope?: OpenUnion<BrakeScope>;
  /** The operator's reason. */
  readonly reason?: string;

  constructor(init: { scope?: OpenUnion<BrakeScope>; reason?: string } = {}) {
    const over = init.scope === undefined ? '' : ` for this ${init.scope}`;
    const why = init.reason === undefined ? '' : ` Their reason: ${init.reason}.`;
    super({
      code: 'agent_braked',
      message: `An operator has stopped agent spending${init.scope === 'all' ? '' : over}.${why} Nothing was sent to the vendor. Stop, and ask a person; only an operator can lift the brake.`,
      status: HttpStatus.FORBIDDEN,
      retryable: false,
      details: knownDetails({
        scope: init.scope,
        reason: init.reason,
      }),
    });
    this.scope = init.scope;
    this.reason = init.reason;
  }
}
