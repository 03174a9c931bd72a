import { Injectable } from '@nestjs/common';
import { VaultKeyException } from '../exceptions/vault-key.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { ANONYMOUS, newRunId, readIdentity, withGiven } from './agent-identity';
import type { AgentIdentity, PartialAgentIdentity } from './agent-identity';
import { keyLabel } from './label';
import { currentInvocation } from './invocation-context';
import { InvocationOpener } from './invocation-opener';
import type { InvocationRequest } from './invocation-opener';
import type { VaultKey } from './vault-key';
import { policyFaults } from './vault-key-policy';
import type { VaultKeyPolicy } from './vault-key-policy';

/**
 * Gives work that Nest does not route (a timer, a queue, an event listener, a script) a vault key
 * of its own.
 */
@Injectable()
export class VaultKeyService {
  /** @internal */
  constructor(private readonly invocations: InvocationOpener) {}

  /**
   * Runs work under a vault key of its own: issued before, held in the work's context, and revoked
   * once the work has returned or thrown. Inside an invocation, the inner key counts against the
   * outer one's cap too (with a Keybrake server, which knows no such keys, the outer key is used as
   * it is).
   *
   * @param policy What the key may do.
   * @param work What to do; gets the key.
   * @param identity On whose behalf. Inside a run: the run's own; else `anon` and a new run id.
   * @returns What the work returns.
   * @throws VaultKeyUnavailableException when no key could be issued or the policy is invalid; the
   * work has not begun then.
   * @throws What the work throws; an error of the `stripe` client as the exception it means.
   * @example
   * await this.vaultKeys.run(
   *   { dailyUsdCap: 50, allowedEndpoints: ['/v1/refunds'] },
   *   () => this.stripe.createRefund({ chargeId }),
   *   { userId: job.data.userId, runId: `refunds:${job.id}` },
   * );
   */
  async run<T>(
    policy: VaultKeyPolicy,
    work: (key: VaultKey) => T | Promise<T>,
    identity?: PartialAgentIdentity,
  ): Promise<T> {
    const invocation = await this.invocations.open(this.#requestFor(policy, identity));
    try {
      return await invocation.enter(() => work(invocation.key));
    } catch (error) {
      invocation.failed(error);
      throw VaultKeyException.from(error) ?? error;
    } finally {
      invocation.end();
    }
  }

  /**
   * A vault key outside any invocation, for work that no callback can hold. The caller that asks for it
   * ends it with {@link revoke}; otherwise it lives until its expiry.
   *
   * @throws VaultKeyUnavailableException when no key could be issued or the policy is invalid.
   */
  async issue(policy: VaultKeyPolicy, identity?: PartialAgentIdentity): Promise<VaultKey> {
    return this.invocations.issue(this.#requestFor(policy, identity));
  }

  /**
   * Ends a key: it serves no further call here at once, and the broker is told within moments,
   * again and again until it has heard. Never throws.
   */
  revoke(key: VaultKey): void {
    this.invocations.revoke(key);
  }

  #requestFor(policy: VaultKeyPolicy, given: PartialAgentIdentity | undefined): InvocationRequest {
    const faults = policyFaults(policy, this.invocations);
    if (faults.length > 0) {
      throw new VaultKeyUnavailableException({
        message: `The policy of this invocation is invalid, so it was not begun: ${faults
          .map(({ field, message }) => `${field} ${message}`)
          .join('; ')}.`,
      });
    }
    const identity = this.#identityFrom(given);
    return { policy, identity, label: keyLabel('nest', identity.userId, identity.runId) };
  }

  #identityFrom(given: PartialAgentIdentity | undefined): AgentIdentity {
    // Work that an invocation has left behind is still that identity's.
    const own = currentInvocation()?.identity ?? { userId: ANONYMOUS, runId: newRunId() };
    return withGiven(own, readIdentity(given));
  }
}
