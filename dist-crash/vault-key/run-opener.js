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
var __param = (this && this.__param) || function (paramIndex, decorator) {
    return function (target, key) { decorator(target, key, paramIndex); }
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.RunOpener = void 0;
const common_1 = require("@nestjs/common");
const broker_client_1 = require("../broker-client/broker-client");
const expires_in_1 = require("../broker/keys/expires-in");
const vault_key_exception_1 = require("../exceptions/vault-key.exception");
const vault_key_unavailable_exception_1 = require("../exceptions/vault-key-unavailable.exception");
const graceful_stop_1 = require("./graceful-stop");
const key_terms_1 = require("./key-terms");
const label_1 = require("./label");
const revocation_queue_1 = require("./revocation-queue");
const run_1 = require("./run");
const run_context_1 = require("./run-context");
const vault_key_1 = require("./vault-key");
const vault_key_policy_1 = require("./vault-key-policy");
/** Opens runs: asks the broker for their keys, and sees to it that each key is revoked. */
let RunOpener = class RunOpener {
    client;
    queue;
    terms;
    stop;
    #logger = new common_1.Logger('VaultKey');
    constructor(client, queue, terms = {}, stop = new graceful_stop_1.GracefulStop()) {
        this.client = client;
        this.queue = queue;
        this.terms = terms;
        this.stop = stop;
    }
    /** What the broker can be asked to enforce. */
    get dialect() {
        return this.client.dialect;
    }
    /** @throws VaultKeyUnavailableException where the application is stopping and no run may begin here. */
    admit() {
        this.stop.admit((0, run_context_1.liveRun)() !== undefined);
    }
    /**
     * Opens a run, inside the one around the caller if there is one: the inner key counts against
     * the outer one's cap too, or, where the broker knows no parents, is the outer one.
     *
     * @throws VaultKeyException when no key was to be had.
     */
    async open(request) {
        const { identity, execution, mark, calls } = request;
        const outer = runAround(execution);
        this.stop.admit(outer !== undefined && !outer.key.ended);
        const parent = this.#parentIn(outer, request.policy.vendor ?? vault_key_policy_1.DEFAULT_VENDOR);
        if (parent !== undefined && this.client.dialect === 'keybrake') {
            return new run_1.Run({ key: parent, identity, outer, execution, mark, calls });
        }
        this.queue.runStarted();
        try {
            const key = await this.#issue(request, parent);
            const run = new run_1.Run({ key, identity, outer, execution, mark, calls }, () => {
                closed();
                this.revoke(key);
                this.queue.runEnded();
            });
            const closed = this.stop.runOpened(() => {
                key.end(true);
                run.end();
            });
            return run;
        }
        catch (error) {
            this.queue.runEnded();
            throw error;
        }
    }
    /** A key outside any run; the caller revokes it. */
    async issue(request) {
        this.admit();
        const vendor = request.policy.vendor ?? vault_key_policy_1.DEFAULT_VENDOR;
        const parent = this.#parentIn((0, run_context_1.currentRun)(), vendor);
        const key = await this.#issue(request, this.client.dialect === 'keybrake' ? undefined : parent);
        this.stop.keyIssued(key, () => {
            key.end(true);
            this.revoke(key);
        });
        return key;
    }
    /** Ends a key and queues its revocation. Again is harmless. */
    revoke(key) {
        key.end();
        this.stop.keyRevoked(key);
        this.queue.add(key.id, key.expiresAt);
    }
    #parentIn(innermost, vendor) {
        for (let run = innermost; run !== undefined; run = run.outer) {
            const { key } = run;
            if (key.vendor === vendor && !key.ended && key.broker === this.client)
                return key;
        }
        return undefined;
    }
    async #issue(request, parent) {
        const { policy, identity, label } = request;
        const vendor = policy.vendor ?? vault_key_policy_1.DEFAULT_VENDOR;
        const expiresIn = policy.expiresIn ?? expires_in_1.DEFAULT_EXPIRES_IN;
        const result = await this.#askBroker({
            label,
            vendor,
            dailyUsdCap: (0, vault_key_policy_1.toWholeCents)(policy.dailyUsdCap),
            allowedEndpoints: policy.allowedEndpoints,
            expiresIn,
            subject: subjectOf(identity),
            ...(this.terms.budgets === undefined ? {} : { budgets: this.terms.budgets }),
            ...(parent === undefined ? {} : { parentId: parent.id }),
        });
        if (!result.issued) {
            this.#handleUnusable(result, identity, expiresIn);
            throw result.error;
        }
        const key = new vault_key_1.VaultKey({
            id: result.key.id,
            token: result.key.token,
            vendor,
            label,
            userId: identity.userId,
            runId: identity.runId,
            ...(identity.tenantId === undefined ? {} : { tenantId: identity.tenantId }),
            expiresAt: result.key.expiresAt,
            broker: this.client,
        });
        try {
            // The time to stop may have passed while the broker was asked.
            this.stop.admit(true);
        }
        catch (error) {
            this.revoke(key);
            throw error;
        }
        return key;
    }
    async #askBroker(request) {
        try {
            return await this.#askUnderLease(request);
        }
        catch (cause) {
            if (cause instanceof vault_key_exception_1.VaultKeyException)
                return { issued: false, error: cause };
            const error = new vault_key_unavailable_exception_1.VaultKeyUnavailableException({
                message: 'No vault key could be issued, so nothing was run. Try again later.',
                cause,
            });
            return { issued: false, error };
        }
    }
    async #askUnderLease(request) {
        const { lease } = this.terms;
        if (lease === undefined)
            return this.client.issue(request);
        const leaseId = await lease.hold();
        const result = await this.client.issue({ ...request, leaseId });
        if (result.issued || result.leaseRefused !== true)
            return result;
        lease.lapsed(leaseId);
        return this.client.issue({ ...request, leaseId: await lease.hold() });
    }
    #handleUnusable({ error, keyId }, { tool, runId }, expiresIn) {
        const whose = tool === undefined ? `run ${runId}` : `${tool}, run ${runId}`;
        let fate = '';
        if (keyId !== undefined) {
            this.queue.add(keyId, new Date(Date.now() + ((0, expires_in_1.parseExpiresIn)(expiresIn) ?? 0)));
            fate = ` The key ${keyId} that the answer named is being revoked.`;
        }
        else if (error instanceof vault_key_unavailable_exception_1.VaultKeyUnavailableException && error.keyMayExist) {
            const end = this.terms.lease === undefined ? '' : "with this application's lease, at most ";
            fate = ` The broker may hold a key whose token nobody has; it ends ${end}after ${expiresIn}.`;
        }
        this.#logger.warn(`No vault key for ${whose}: ${error.message}${fate}`);
    }
};
exports.RunOpener = RunOpener;
exports.RunOpener = RunOpener = __decorate([
    (0, common_1.Injectable)(),
    __param(2, (0, common_1.Optional)()),
    __param(2, (0, common_1.Inject)(key_terms_1.KEY_TERMS)),
    __param(3, (0, common_1.Optional)()),
    __metadata("design:paramtypes", [broker_client_1.BrokerClient,
        revocation_queue_1.RevocationQueue, Object, graceful_stop_1.GracefulStop])
], RunOpener);
/** The run around this code. An earlier attempt at the same call is not around its retry. */
function runAround(execution) {
    let run = (0, run_context_1.currentRun)();
    while (run !== undefined && execution !== undefined && run.execution === execution) {
        run = run.outer;
    }
    return run;
}
function subjectOf(identity) {
    return {
        userId: (0, label_1.subjectId)(identity.userId),
        runId: identity.runId,
        ...(identity.tenantId === undefined ? {} : { tenantId: (0, label_1.subjectId)(identity.tenantId) }),
        ...(identity.tool === undefined ? {} : { tool: (0, label_1.subjectId)(identity.tool) }),
    };
}
