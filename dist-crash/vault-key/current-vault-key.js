"use strict";
var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {
    var c = arguments.length, r = c < 3 ? target : desc === null ? desc = Object.getOwnPropertyDescriptor(target, key) : desc, d;
    if (typeof Reflect === "object" && typeof Reflect.decorate === "function") r = Reflect.decorate(decorators, target, key, desc);
    else for (var i = decorators.length - 1; i >= 0; i--) if (d = decorators[i]) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return c > 3 && r && Object.defineProperty(target, key, r), r;
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.CurrentVaultKey = void 0;
const common_1 = require("@nestjs/common");
const agent_braked_exception_1 = require("../exceptions/agent-braked.exception");
const vault_key_missing_exception_1 = require("../exceptions/vault-key-missing.exception");
const run_context_1 = require("./run-context");
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
let CurrentVaultKey = class CurrentVaultKey {
    /**
     * The key of this run.
     *
     * @param vendor The vendor the key must be for; without it, whichever the innermost run is for.
     * @throws VaultKeyMissingException outside a run, after the run has ended, and where the run's
     * key is for another vendor.
     */
    get(vendor) {
        const innermost = (0, run_context_1.currentRun)();
        const key = keyFor(innermost, vendor);
        if (key !== undefined && !key.ended)
            return key;
        const reason = innermost === undefined
            ? 'outside_run'
            : key === undefined
                ? 'other_vendor'
                : key.shutDown
                    ? 'shut_down'
                    : 'run_ended';
        throw new vault_key_missing_exception_1.VaultKeyMissingException(vendor === undefined ? { reason } : { vendor, reason });
    }
    /**
     * The key of this run, or `undefined` where {@link get} would throw.
     *
     * @param vendor The vendor the key must be for; without it, whichever the innermost run is for.
     */
    tryGet(vendor) {
        const key = keyFor((0, run_context_1.currentRun)(), vendor);
        return key === undefined || key.ended ? undefined : key;
    }
    /**
     * What this run may still spend, by the broker's word at this moment: other runs of the same
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
    async remaining(vendor) {
        const key = this.get(vendor);
        const { braked, caps } = await key.broker.standing(key);
        if (braked)
            throw new agent_braked_exception_1.AgentBrakedException();
        const tightest = caps.reduce((least, cap) => (cap.remaining < least.remaining ? cap : least));
        return { ...tightest, caps };
    }
};
exports.CurrentVaultKey = CurrentVaultKey;
exports.CurrentVaultKey = CurrentVaultKey = __decorate([
    (0, common_1.Injectable)()
], CurrentVaultKey);
function keyFor(innermost, vendor) {
    for (let run = innermost; run !== undefined; run = run.outer) {
        if (vendor === undefined || run.key.vendor === vendor)
            return run.key;
    }
    return undefined;
}
