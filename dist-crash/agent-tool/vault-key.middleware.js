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
exports.VaultKeyMiddleware = VaultKeyMiddleware;
const common_1 = require("@nestjs/common");
const execution_context_host_1 = require("@nestjs/core/helpers/execution-context-host");
const agent_identity_1 = require("../vault-key/agent-identity");
const label_1 = require("../vault-key/label");
const vault_key_start_up_exception_1 = require("../vault-key/vault-key-start-up.exception");
const agent_tool_runner_1 = require("./agent-tool.runner");
const identity_1 = require("./identity");
const mark_rules_1 = require("./mark-rules");
const request_run_1 = require("./request-run");
const response_close_1 = require("./response-close");
const NAME = 'VaultKeyMiddleware';
/**
 * Middleware that gives every request of a route prefix a vault key, whoever answers it: Nest's
 * handlers, marked or not (a marked one has a key of its own inside the request's), and what is
 * mounted beside them. The key is `req.vaultKey` (`request.raw.vaultKey` on Fastify), handlers find
 * it in {@link CurrentVaultKey} as usual, and it is revoked once the response has closed and the
 * handler has settled.
 *
 * It runs before the guards, so that there is no `request.user` yet: the option `identify` of
 * `VaultKeyModule` has to say who calls, or the application does not start. Its context holds what
 * middleware gets, on Fastify the raw request.
 *
 * @param options What each request's key may do.
 * @throws VaultKeyStartUpException when the application starts, for options that are not sound and
 * where `identify` is missing.
 * @example
 * export class AppModule implements NestModule {
 *   configure(consumer: MiddlewareConsumer) {
 *     consumer
 *       .apply(VaultKeyMiddleware({ dailyUsdCap: 100, allowedEndpoints: ['GET /v1/charges'] }))
 *       .forRoutes('agent-tools/*path');
 *   }
 * }
 */
function VaultKeyMiddleware(options) {
    var VaultKeyMiddlewareHost_1;
    const mark = { ...options };
    let VaultKeyMiddlewareHost = VaultKeyMiddlewareHost_1 = class VaultKeyMiddlewareHost {
        runner;
        identifyAgent;
        constructor(runner, identifyAgent, rules) {
            this.runner = runner;
            this.identifyAgent = identifyAgent;
            const faults = rules.faultsOf(mark, NAME);
            const taken = rules.claimName(mark.tool ?? NAME, mark, NAME);
            if (taken !== undefined)
                faults.push(taken);
            if (identifyAgent === identity_1.identifyNobody) {
                faults.push({
                    where: NAME,
                    message: 'runs before the guards, so there is no request.user yet: the option identify of VaultKeyModule has to say who calls',
                    example: 'VaultKeyModule.forRoot({ identify: (context) => ({ userId: sessionOf(context.switchToHttp().getRequest()).userId }) })',
                });
            }
            if (faults.length > 0)
                throw new vault_key_start_up_exception_1.VaultKeyStartUpException(faults);
        }
        async use(request, response, next) {
            const execution = new execution_context_host_1.ExecutionContextHost([request, response, next], VaultKeyMiddlewareHost_1, this.use.bind(this));
            const given = (0, agent_identity_1.readIdentity)(await this.identifyAgent(execution));
            const identity = {
                ...given,
                userId: given.userId ?? (0, identity_1.userIdOf)(request),
                runId: given.runId ?? (0, identity_1.runIdOf)(request),
                tool: given.tool ?? mark.tool ?? NAME,
            };
            const open = () => this.runner.open(mark, { identity, args: execution.getArgs(), execution }, { label: (0, label_1.keyLabel)('nest', identity.userId, identity.runId) });
            const around = (0, request_run_1.attachedRun)(request);
            const run = await (around === undefined ? open() : around.enter(open));
            if ((0, response_close_1.isClosed)(response)) {
                run.end();
                return;
            }
            (0, response_close_1.onceClosed)(response, run.keepOpen());
            (0, request_run_1.attachRun)(request, run);
            run.enter(() => next());
        }
    };
    VaultKeyMiddlewareHost = VaultKeyMiddlewareHost_1 = __decorate([
        __param(0, (0, common_1.Inject)(agent_tool_runner_1.AgentToolRunner)),
        __param(1, (0, common_1.Inject)(identity_1.IDENTIFY_AGENT)),
        __param(2, (0, common_1.Inject)(mark_rules_1.MarkRules)),
        __metadata("design:paramtypes", [agent_tool_runner_1.AgentToolRunner, Function, mark_rules_1.MarkRules])
    ], VaultKeyMiddlewareHost);
    return (0, common_1.mixin)(VaultKeyMiddlewareHost);
}
