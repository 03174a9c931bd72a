"use strict";
var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {
    var c = arguments.length, r = c < 3 ? target : desc === null ? desc = Object.getOwnPropertyDescriptor(target, key) : desc, d;
    if (typeof Reflect === "object" && typeof Reflect.decorate === "function") r = Reflect.decorate(decorators, target, key, desc);
    else for (var i = decorators.length - 1; i >= 0; i--) if (d = decorators[i]) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return c > 3 && r && Object.defineProperty(target, key, r), r;
};
var __metadata = (this && this.__metadata) || function (k, v) {
    if (typeof Reflect === "object" && typeof Reflect.metadata === "function") return Reflect.metadata(k, v);
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.VaultKeyService = void 0;
const common_1 = require("@nestjs/common");
const vault_key_exception_1 = require("../exceptions/vault-key.exception");
const vault_key_unavailable_exception_1 = require("../exceptions/vault-key-unavailable.exception");
const agent_identity_1 = require("./agent-identity");
const label_1 = require("./label");
const run_context_1 = require("./run-context");
const run_opener_1 = require("./run-opener");
const vault_key_policy_1 = require("./vault-key-policy");
/**
 * Gives work that Nest does not route (a timer, a queue, an event listener, a script) a vault key
 * of its own.
 */
let VaultKeyService = class VaultKeyService {
    runs;
    constructor(runs) {
        this.runs = runs;
    }
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
    async run(policy, work, identity) {
        const run = await this.runs.open(this.#requestFor(policy, identity));
        try {
            return await run.enter(() => work(run.key));
        }
        catch (error) {
            throw vault_key_exception_1.VaultKeyException.from(error) ?? error;
        }
        finally {
            run.end();
        }
    }
    /**
     * A vault key outside any run, for work that no callback can hold. Whoever asks for it ends it
     * with {@link revoke}; otherwise it lives until its expiry.
     *
     * @throws VaultKeyUnavailableException when no key was to be had or the policy is not sound.
     */
    async issue(policy, identity) {
        return this.runs.issue(this.#requestFor(policy, identity));
    }
    /**
     * Ends a key: it serves no further call here at once, and the broker is told within moments,
     * again and again until it has heard. Never throws.
     */
    revoke(key) {
        this.runs.revoke(key);
    }
    #requestFor(policy, given) {
        const faults = (0, vault_key_policy_1.policyFaults)(policy, this.runs.dialect);
        if (faults.length > 0) {
            throw new vault_key_unavailable_exception_1.VaultKeyUnavailableException({
                message: `The policy of this run is not sound, so it was not begun: ${faults
                    .map(({ field, message }) => `${field} ${message}`)
                    .join('; ')}.`,
            });
        }
        const identity = this.#identityFrom(given);
        return { policy, identity, label: (0, label_1.keyLabel)('nest', identity.userId, identity.runId) };
    }
    #identityFrom(given) {
        const own = (0, run_context_1.liveRun)()?.identity ?? { userId: agent_identity_1.ANONYMOUS, runId: (0, agent_identity_1.newRunId)() };
        return { ...own, ...(0, agent_identity_1.readIdentity)(given) };
    }
};
exports.VaultKeyService = VaultKeyService;
exports.VaultKeyService = VaultKeyService = __decorate([
    (0, common_1.Injectable)(),
    __metadata("design:paramtypes", [run_opener_1.RunOpener])
], VaultKeyService);
