import { Injectable } from '@nestjs/common';
import type { CapStatus } from '../broker-client/broker-client';
import { AgentBrakedException } from '../exceptions/agent-braked.exception';
import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';
import { currentInvocation } from './invocation-context';
import type { InvocationRecord } from './invocation-context';
import type { VaultKey } from './vault-key';

/** What may still be spent: the tightest of all caps over a key, and every one of them. */
export interface RemainingSpend extends CapStatus {
  /**
   * Every cap over the key, its own first, then those of the invocations around it and every
   * budget.
   */
  caps: readonly CapStatus[];
}

/**
 * The vault key of the invocation this code works in. A singleton that reads the asynchronous
 * context, so it can be injected anywhere and gives each of the invocations at work its own key.
 *
 * @example
 * constructor(private readonly vaultKey: CurrentVaultKey) {}
 *
 * whoPays() {
 *   return this.vaultKey.get().userId;
 * }
 */
@Injectable()
export class CurrentVaultKey {
  /**
   * The key of this invocation.
   *
   * @param vendor The account the key must be for, by its name at the broker; without it, whichever
   * the innermost invocation is for.
   * @throws VaultKeyMissingException outside an invocation, after the invocation has ended, and
   * where the invocation's key is for another vendor.
   */
  get(vendor?: string): VaultKey {
    const innermost = currentInvocation();
    const key = keyFor(innermost, vendor);
    if (key !== undefined && !key.ended) return key;
    const reason =
      innermost === undefined
        ? 'outside_invocation'
        : key === undefined
          ? 'other_vendor'
          : key.shutDown
            ? 'shut_down'
            : 'invocation_ended';
    throw new VaultKeyMissingException(vendor === undefined ? { reason } : { vendor, reason });
  }

  /**
   * The key of the innermost invocation whose account is of a kind, whatever the account is called.
   *
   * @param kind What the account is at: `stripe`.
   * @throws VaultKeyMissingException as {@link get}.
   */
  ofKind(kind: string): VaultKey {
    for (
      let invocation = currentInvocation();
      invocation !== undefined;
      invocation = invocation.outer
    ) {
      if (invocation.key.kind === kind) return this.get(invocation.key.vendor);
    }
    return this.get(kind);
  }

  /**
   * The key of this invocation, or `undefined` where {@link get} would throw.
   *
   * @param vendor The account the key must be for, by its name at the broker; without it, whichever
   * the innermost invocation is for.
   */
  tryGet(vendor?: string): VaultKey | undefined {
    const key = keyFor(currentInvocation(), vendor);
    return key === undefined || key.ended ? undefined : key;
  }

  /**
   * What this invocation may still spend, as the broker says at this moment: other invocations of
   * the same user spend from the same budgets. To be told beforehand, not to decide by: the broker
   * decides.
   *
   * @param vendor The account the key must be for, by its name at the broker; without it, whichever
   * the innermost invocation is for.
   * @returns The tightest cap over the invocation, in USD, and all of them.
   * @throws VaultKeyMissingException where {@link get} would.
   * @throws VaultKeyInvalidException where the key has expired or was revoked.
   * @throws AgentBrakedException where an operator has stopped it.
   * @throws CallRefusedException `dialect_not_supported` where the broker cannot tell.
   * @throws VaultKeyUnavailableException where the broker gave no answer.
   * @example
   * const { remaining, scope } = await this.vaultKey.remaining();
   * return `$${remaining} are left of the ${scope}'s budget`;
   */
  async remaining(vendor?: string): Promise<RemainingSpend> {
    const key = this.get(vendor);
    const { braked, caps } = await key.broker.keyState(key);
    if (braked) throw new AgentBrakedException();
    const tightest = caps.reduce((least, cap) => (cap.remaining < least.remaining ? cap : least));
    return { ...tightest, caps };
  }
}

function keyFor(
  innermost: InvocationRecord | undefined,
  vendor: string | undefined,
): VaultKey | undefined {
  for (let invocation = innermost; invocation !== undefined; invocation = invocation.outer) {
    if (vendor === undefined || invocation.key.vendor === vendor) return invocation.key;
  }
  return undefined;
}
