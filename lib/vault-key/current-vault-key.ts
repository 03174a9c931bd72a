import { Injectable } from '@nestjs/common';
import type { CapStanding } from '../broker-client/broker-client';
import { AgentBrakedException } from '../exceptions/agent-braked.exception';
import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';
import { currentRun } from './run-context';
import type { RunRecord } from './run-context';
import type { VaultKey } from './vault-key';

/** What may still be spent: the tightest of all caps over a key, and every one of them. */
export interface RemainingSpend extends CapStanding {
  /** Every cap over the key, its own first, then those of the runs around it and every budget. */
  caps: readonly CapStanding[];
}

/**
 * The vault key of the run this code works in. A singleton that reads the asynchronous context, so
 * it can be injected anywhere and gives each of the runs at work its own key.
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
   * The key of this run.
   *
   * @param vendor The vendor the key must be for; without it, whichever the innermost run is for.
   * @throws VaultKeyMissingException outside a run, after the run has ended, and where the run's
   * key is for another vendor.
   */
  get(vendor?: string): VaultKey {
    const innermost = currentRun();
    const key = keyFor(innermost, vendor);
    if (key !== undefined && !key.ended) return key;
    const reason =
      innermost === undefined
        ? 'outside_run'
        : key === undefined
          ? 'other_vendor'
          : key.shutDown
            ? 'shut_down'
            : 'run_ended';
    throw new VaultKeyMissingException(vendor === undefined ? { reason } : { vendor, reason });
  }

  /**
   * The key of this run, or `undefined` where {@link get} would throw.
   *
   * @param vendor The vendor the key must be for; without it, whichever the innermost run is for.
   */
  tryGet(vendor?: string): VaultKey | undefined {
    const key = keyFor(currentRun(), vendor);
    return key === undefined || key.ended ? undefined : key;
  }

  /**
   * What this run may still spend, as the broker says at this moment: other runs of the same
   * user spend from the same budgets. To be told beforehand, not to decide by: the broker decides.
   *
   * @param vendor The vendor the key must be for; without it, whichever the innermost run is for.
   * @returns The tightest cap over the run, in USD, and all of them.
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
    const { braked, caps } = await key.broker.standing(key);
    if (braked) throw new AgentBrakedException();
    const tightest = caps.reduce((least, cap) => (cap.remaining < least.remaining ? cap : least));
    return { ...tightest, caps };
  }
}

function keyFor(
  innermost: RunRecord | undefined,
  vendor: string | undefined,
): VaultKey | undefined {
  for (let run = innermost; run !== undefined; run = run.outer) {
    if (vendor === undefined || run.key.vendor === vendor) return run.key;
  }
  return undefined;
}
