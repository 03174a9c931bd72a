import { Injectable } from '@nestjs/common';
import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';
import { currentRun } from './run-context';
import type { RunRecord } from './run-context';
import type { VaultKey } from './vault-key';

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
      innermost === undefined ? 'outside_run' : key === undefined ? 'other_vendor' : 'run_ended';
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
