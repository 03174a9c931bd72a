import type { PartialAgentIdentity } from './agent-identity';
import { RunOpener } from './run-opener';
import type { VaultKey } from './vault-key';
import type { VaultKeyPolicy } from './vault-key-policy';
/**
 * Gives work that Nest does not route (a timer, a queue, an event listener, a script) a vault key
 * of its own.
 */
export declare class VaultKeyService {
    #private;
    private readonly runs;
    constructor(runs: RunOpener);
    /**
     * Runs work under a vault key of its own: issued before, held in the work's context, and revoked
     * once the work has returned or thrown. Inside a run, the inner key counts against the outer
     * one's cap too (with a Keybrake server, which knows no such keys, the outer key is used as it is).
     *
     * @param policy What the key may do.
     * @param work What to do; gets the key.
     * @param identity On whose behalf. Inside a run: the run's own; else `anon` and a new run id.
     * @returns What the work returns.
     * @throws VaultKeyUnavailableException when no key was to be had or the policy is not sound; the
     * work has not begun then.
     * @throws What the work throws; an error of the `stripe` client as the exception it stands for.
     * @example
     * await this.vaultKeys.run(
     *   { dailyUsdCap: 50, allowedEndpoints: ['/v1/refunds'] },
     *   () => this.stripe.createRefund({ chargeId }),
     *   { userId: job.data.userId, runId: `refunds:${job.id}` },
     * );
     */
    run<T>(policy: VaultKeyPolicy, work: (key: VaultKey) => T | Promise<T>, identity?: PartialAgentIdentity): Promise<T>;
    /**
     * A vault key outside any run, for work that no callback can hold. Whoever asks for it ends it
     * with {@link revoke}; otherwise it lives until its expiry.
     *
     * @throws VaultKeyUnavailableException when no key was to be had or the policy is not sound.
     */
    issue(policy: VaultKeyPolicy, identity?: PartialAgentIdentity): Promise<VaultKey>;
    /**
     * Ends a key: it serves no further call here at once, and the broker is told within moments,
     * again and again until it has heard. Never throws.
     */
    revoke(key: VaultKey): void;
}
