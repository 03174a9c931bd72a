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
exports.AgentToolRunner = void 0;
const common_1 = require("@nestjs/common");
const vault_key_missing_exception_1 = require("../exceptions/vault-key-missing.exception");
const vault_key_exception_1 = require("../exceptions/vault-key.exception");
const vault_key_unavailable_exception_1 = require("../exceptions/vault-key-unavailable.exception");
const agent_identity_1 = require("../vault-key/agent-identity");
const call_numbering_1 = require("../vault-key/call-numbering");
const label_1 = require("../vault-key/label");
const run_context_1 = require("../vault-key/run-context");
const run_opener_1 = require("../vault-key/run-opener");
const vault_key_policy_1 = require("../vault-key/vault-key-policy");
const queue_job_1 = require("./queue-job");
const routed_methods_1 = require("./routed-methods");
/** Opens the runs of marked methods, however they are called. */
let AgentToolRunner = class AgentToolRunner {
    runs;
    #logger = new common_1.Logger('AgentTool');
    #sound = new WeakSet();
    constructor(runs) {
        this.runs = runs;
    }
    /**
     * Opens a run under a mark's policy.
     *
     * @throws VaultKeyException when no key was to be had, or the policy was not.
     */
    async open(mark, call, request) {
        const policy = this.#sound.has(mark)
            ? mark
            : await this.#policyOf(mark, call);
        return this.runs.open({ ...request, policy, identity: call.identity });
    }
    /** Runs a method that Nest does not route, or that the application's own code calls. */
    run(call) {
        return isAsyncGenerator(call.method) ? this.#stream(call) : this.#settle(call);
    }
    async #settle(call) {
        try {
            const run = await this.#openFor(call);
            try {
                return await run.enter(call.work);
            }
            finally {
                run.end();
            }
        }
        catch (error) {
            throw toThrow(call, error);
        }
    }
    async *#stream(call) {
        try {
            const run = await this.#openFor(call);
            // Nobody says so when what reads a generator lets go of it.
            const expired = setTimeout(() => run.end(), run.key.expiresAt.getTime() - Date.now());
            expired.unref();
            try {
                return yield* inContext(run, call.work);
            }
            finally {
                clearTimeout(expired);
                run.end();
            }
        }
        catch (error) {
            throw toThrow(call, error);
        }
    }
    async #openFor({ mark, marked, tool, args }) {
        const job = (0, queue_job_1.jobIn)(args);
        if (job !== undefined)
            return this.#openForJob(mark, job, tool, args);
        const around = (0, run_context_1.liveRun)();
        if (around === undefined && (0, routed_methods_1.mayMissInterceptors)(marked)) {
            const error = new vault_key_missing_exception_1.VaultKeyMissingException({ tool, reason: 'not_intercepted' });
            // Where no interceptor runs no filter does either: Nest answers "Internal server error".
            this.#logger.error(error.message);
            throw error;
        }
        const own = around?.identity ?? { userId: agent_identity_1.ANONYMOUS, runId: (0, agent_identity_1.newRunId)() };
        const identity = { ...own, tool };
        const label = (0, label_1.keyLabel)('nest', identity.userId, identity.runId);
        return this.open(mark, { identity, args }, { label });
    }
    async #openForJob(mark, job, tool, args) {
        const identity = { ...(0, queue_job_1.identityOf)(job), tool };
        try {
            this.runs.admit();
        }
        catch (error) {
            throw error instanceof vault_key_exception_1.VaultKeyException ? await (0, queue_job_1.putOff)(job, error) : error;
        }
        await (0, queue_job_1.refuseLateRetry)(job);
        const label = (0, label_1.keyLabel)('bullmq', identity.userId, identity.runId);
        return this.open(mark, { identity, args }, { label, calls: (0, queue_job_1.callsOf)(job) });
    }
    async #policyOf(mark, call) {
        const { dailyUsdCap, allowedEndpoints } = mark;
        const perCall = typeof dailyUsdCap === 'function' || typeof allowedEndpoints === 'function';
        try {
            const policy = {
                ...mark,
                dailyUsdCap: typeof dailyUsdCap === 'function' ? await dailyUsdCap(call) : dailyUsdCap,
                allowedEndpoints: typeof allowedEndpoints === 'function' ? await allowedEndpoints(call) : allowedEndpoints,
            };
            const faults = (0, vault_key_policy_1.policyFaults)(policy, this.runs.dialect);
            if (faults.length > 0) {
                throw new Error(faults.map(({ field, message }) => `${field} ${message}`).join('; '));
            }
            if (!perCall)
                this.#sound.add(mark);
            return policy;
        }
        catch (cause) {
            const tool = call.identity.tool ?? 'this tool';
            this.#logger.error(`The policy of ${tool} is not to be had, so it was not run.`, cause instanceof Error ? cause.stack : String(cause));
            throw new vault_key_unavailable_exception_1.VaultKeyUnavailableException({
                message: `What ${tool} may spend or call could not be told, so it was not run. The application's log says why.`,
                cause,
            });
        }
    }
};
exports.AgentToolRunner = AgentToolRunner;
exports.AgentToolRunner = AgentToolRunner = __decorate([
    (0, common_1.Injectable)(),
    __metadata("design:paramtypes", [run_opener_1.RunOpener])
], AgentToolRunner);
/** What a generator gives, each step of it taken in a run. */
async function* inContext(run, work) {
    const chunks = run.enter(work);
    let step = () => chunks.next();
    let ended = false;
    try {
        for (;;) {
            const { done, value } = await run.enter(step);
            if (done === true) {
                ended = true;
                return value;
            }
            try {
                const given = yield value;
                step = () => chunks.next(given);
            }
            catch (thrown) {
                step = () => chunks.throw(thrown);
            }
        }
    }
    finally {
        if (!ended)
            await run.enter(() => chunks.return(undefined));
    }
}
/** What a call of a marked method throws, for what was thrown in it. */
function toThrow({ args }, thrown) {
    const error = vault_key_exception_1.VaultKeyException.from(thrown) ?? thrown;
    const job = (0, queue_job_1.jobIn)(args);
    // Within the job's own run there is no queue to tell, but code that may look at the exception.
    return job === undefined || (0, call_numbering_1.currentNumbering)() === (0, queue_job_1.callsOf)(job) ? error : (0, queue_job_1.jobError)(error);
}
function isAsyncGenerator(method) {
    return Object.prototype.toString.call(method) === '[object AsyncGeneratorFunction]';
}
