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
exports.VaultKeyModule = void 0;
const node_util_1 = require("node:util");
const common_1 = require("@nestjs/common");
const core_1 = require("@nestjs/core");
const nestjs_cls_1 = require("nestjs-cls");
const agent_tool_explorer_1 = require("./agent-tool/agent-tool.explorer");
const agent_tool_interceptor_1 = require("./agent-tool/agent-tool.interceptor");
const agent_tool_runner_1 = require("./agent-tool/agent-tool.runner");
const identity_1 = require("./agent-tool/identity");
const mark_rules_1 = require("./agent-tool/mark-rules");
const broker_client_1 = require("./broker-client/broker-client");
const broker_lifetime_1 = require("./broker-client/broker-lifetime");
const embedded_broker_client_1 = require("./broker-client/embedded-broker.client");
const vault_key_exception_filter_1 = require("./exceptions/vault-key-exception.filter");
const remaining_spend_report_1 = require("./remaining-spend/remaining-spend.report");
const proxied_stripe_service_1 = require("./stripe/proxied-stripe.service");
const stripe_client_token_1 = require("./stripe/stripe-client.token");
const vault_key_module_definition_1 = require("./vault-key.module-definition");
const vault_key_resolved_options_1 = require("./vault-key.resolved-options");
const brake_service_1 = require("./vault-key/brake.service");
const current_vault_key_1 = require("./vault-key/current-vault-key");
const graceful_stop_1 = require("./vault-key/graceful-stop");
const instance_lease_1 = require("./vault-key/instance-lease");
const key_terms_1 = require("./vault-key/key-terms");
const package_copies_1 = require("./vault-key/package-copies");
const revocation_queue_1 = require("./vault-key/revocation-queue");
const run_opener_1 = require("./vault-key/run-opener");
const vault_key_start_up_exception_1 = require("./vault-key/vault-key-start-up.exception");
const vault_key_service_1 = require("./vault-key/vault-key.service");
const RESOLVED_OPTIONS = Symbol.for('nestjs-vault-key:resolved-options');
const SHARED = Symbol.for('nestjs-vault-key:shared');
const filtered = new WeakSet();
const sharedByApplication = new WeakMap();
/** Provides everything, and alone registers what is global. */
let VaultKeyRootModule = class VaultKeyRootModule {
    constructor(application, filter) {
        if (filtered.has(application))
            return;
        filtered.add(application);
        // Nest asks the last filter first, and an APP_FILTER of this module would stand behind all of
        // the application's, whose own are put in place only when every module has been made.
        application.getGlobalFilters().unshift(filter);
    }
};
VaultKeyRootModule = __decorate([
    (0, common_1.Module)({
        imports: [nestjs_cls_1.ClsModule, core_1.DiscoveryModule],
        providers: [
            {
                provide: SHARED,
                inject: [vault_key_module_definition_1.VAULT_KEY_MODULE_OPTIONS, core_1.ModulesContainer],
                useFactory: sharedFor,
            },
            {
                provide: RESOLVED_OPTIONS,
                inject: [SHARED],
                useFactory: ({ options }) => options,
            },
            {
                provide: broker_client_1.BrokerClient,
                inject: [SHARED],
                useFactory: (shared) => (shared.client ??= clientFor(shared.options)),
            },
            {
                provide: key_terms_1.KEY_TERMS,
                inject: [SHARED, broker_client_1.BrokerClient],
                useFactory: (shared, client) => (shared.terms ??= termsOf(shared.options, client)),
            },
            {
                provide: graceful_stop_1.GracefulStop,
                inject: [SHARED],
                useFactory: (shared) => (shared.stop ??= new graceful_stop_1.GracefulStop(shared.options.shutdownGraceMs)),
            },
            {
                provide: revocation_queue_1.RevocationQueue,
                inject: [SHARED, broker_client_1.BrokerClient, key_terms_1.KEY_TERMS, graceful_stop_1.GracefulStop],
                useFactory: (shared, client, { lease }, stop) => (shared.queue ??= new revocation_queue_1.RevocationQueue(client, lease, stop)),
            },
            {
                provide: embedded_broker_client_1.EmbeddedBroker,
                inject: [broker_client_1.BrokerClient],
                useFactory: (client) => client instanceof embedded_broker_client_1.EmbeddedBrokerClient ? client.broker : (0, embedded_broker_client_1.absentEmbeddedBroker)(),
            },
            {
                provide: identity_1.IDENTIFY_AGENT,
                inject: [RESOLVED_OPTIONS],
                useFactory: ({ identify }) => identify ?? identity_1.identifyNobody,
            },
            {
                provide: mark_rules_1.KNOWN_VENDORS,
                inject: [RESOLVED_OPTIONS],
                useFactory: ({ embedded }) => embedded === undefined ? null : new Set(Object.keys(embedded.vendors)),
            },
            broker_lifetime_1.BrokerLifetime,
            run_opener_1.RunOpener,
            vault_key_service_1.VaultKeyService,
            current_vault_key_1.CurrentVaultKey,
            brake_service_1.BrakeService,
            proxied_stripe_service_1.ProxiedStripeService,
            {
                provide: stripe_client_token_1.STRIPE_CLIENT,
                inject: [SHARED, current_vault_key_1.CurrentVaultKey],
                useFactory: (shared, vaultKeys) => (shared.stripe ??= (0, stripe_client_token_1.newStripeClient)(vaultKeys)),
            },
            mark_rules_1.MarkRules,
            agent_tool_runner_1.AgentToolRunner,
            agent_tool_explorer_1.AgentToolExplorer,
            remaining_spend_report_1.RemainingSpendReport,
            agent_tool_interceptor_1.AgentToolInterceptor,
            { provide: core_1.APP_INTERCEPTOR, useExisting: agent_tool_interceptor_1.AgentToolInterceptor },
            vault_key_exception_filter_1.VaultKeyExceptionFilter,
        ],
        exports: [
            vault_key_service_1.VaultKeyService,
            current_vault_key_1.CurrentVaultKey,
            brake_service_1.BrakeService,
            proxied_stripe_service_1.ProxiedStripeService,
            stripe_client_token_1.STRIPE_CLIENT,
            embedded_broker_client_1.EmbeddedBroker,
            revocation_queue_1.RevocationQueue,
            remaining_spend_report_1.RemainingSpendReport,
            // What @UseInterceptors(AgentToolInterceptor) and VaultKeyMiddleware need in the module of
            // whoever uses them.
            agent_tool_runner_1.AgentToolRunner,
            identity_1.IDENTIFY_AGENT,
            mark_rules_1.MarkRules,
        ],
    }),
    __param(0, (0, common_1.Inject)(core_1.ApplicationConfig)),
    __param(1, (0, common_1.Inject)(vault_key_exception_filter_1.VaultKeyExceptionFilter)),
    __metadata("design:paramtypes", [core_1.ApplicationConfig,
        vault_key_exception_filter_1.VaultKeyExceptionFilter])
], VaultKeyRootModule);
/**
 * Gives every handler marked with `@AgentTool` a short-lived, capped vault key for each run.
 * Imported twice with the same options it does what it does once.
 */
let VaultKeyModule = class VaultKeyModule extends vault_key_module_definition_1.ConfigurableModuleClass {
    /**
     * Configures the module with what is known when the file is loaded.
     *
     * @throws VaultKeyStartUpException when the application starts, with every fault of the options.
     * @example
     * VaultKeyModule.forRoot({
     *   broker: { url: 'https://broker.example.com', token: process.env.KEYBRAKE_TOKEN },
     * })
     *
     * @example
     * // the broker in this process, without an account anywhere
     * VaultKeyModule.forRoot({
     *   embedded: { vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } } },
     * })
     */
    static forRoot(options = {}) {
        return facade(super.forRoot(options));
    }
    /**
     * Configures the module with what other providers know: `useFactory` with `inject`, or a class
     * with a method `createVaultKeyOptions` as `useClass` or `useExisting`.
     *
     * @throws VaultKeyStartUpException when the application starts, with every fault of the options.
     * @example
     * VaultKeyModule.forRootAsync({
     *   inject: [ConfigService],
     *   useFactory: (config: ConfigService) => ({
     *     broker: { url: config.getOrThrow('KEYBRAKE_URL'), token: config.getOrThrow('KEYBRAKE_TOKEN') },
     *   }),
     * })
     */
    static forRootAsync(options) {
        return facade(super.forRootAsync(options));
    }
};
exports.VaultKeyModule = VaultKeyModule;
exports.VaultKeyModule = VaultKeyModule = __decorate([
    (0, common_1.Module)({})
], VaultKeyModule);
/** @throws VaultKeyStartUpException where the process has several copies of the package. */
function refuseCopies() {
    const fault = (0, package_copies_1.copiesFault)();
    if (fault !== undefined)
        throw new vault_key_start_up_exception_1.VaultKeyStartUpException([fault]);
}
function facade({ module, global, imports, providers }) {
    // Before Nest looks for what another copy's classes inject, and does not find it.
    refuseCopies();
    const root = { module: VaultKeyRootModule, imports, providers };
    return { module, global, imports: [root], exports: [VaultKeyRootModule] };
}
function sharedFor(given, application) {
    refuseCopies();
    const options = (0, vault_key_resolved_options_1.resolveVaultKeyOptions)(given);
    const shared = sharedByApplication.get(application);
    if (shared === undefined) {
        const first = { options };
        sharedByApplication.set(application, first);
        return first;
    }
    if ((0, node_util_1.isDeepStrictEqual)(shared.options, options))
        return shared;
    throw new vault_key_start_up_exception_1.VaultKeyStartUpException([
        {
            where: 'VaultKeyModule',
            message: 'is imported twice with different options, and an application has one broker: import it once, in the root module',
        },
    ]);
}
async function clientFor(options) {
    return options.embedded === undefined
        ? httpClient(options.broker)
        : embeddedClient(options.embedded);
}
function termsOf({ budgets, leaseTtlSeconds }, client) {
    return {
        ...(budgets === undefined ? {} : { budgets }),
        ...(leaseTtlSeconds === undefined ? {} : { lease: new instance_lease_1.InstanceLease(client, leaseTtlSeconds) }),
    };
}
async function embeddedClient(options) {
    try {
        return await embedded_broker_client_1.EmbeddedBrokerClient.open(options);
    }
    catch (error) {
        const why = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
        const isDriver = error instanceof Error && error.name === 'SqliteDriverError';
        throw new vault_key_start_up_exception_1.VaultKeyStartUpException([
            { where: isDriver ? 'embedded' : 'embedded.store', message: `cannot be used: ${why}` },
        ]);
    }
}
/** Only an application whose broker is a server needs an HTTP client installed. */
function httpClient(options) {
    let loaded;
    try {
        loaded = require('./broker-client/http-broker.client');
    }
    catch (error) {
        if (error.code !== 'MODULE_NOT_FOUND')
            throw error;
        throw new vault_key_start_up_exception_1.VaultKeyStartUpException([
            {
                where: 'broker',
                message: 'is a server, and calling it needs the packages @nestjs/axios and axios, which are not installed',
                example: 'npm install @nestjs/axios axios (with NestJS 11: @nestjs/axios@4)',
            },
        ]);
    }
    return new loaded.HttpBrokerClient(options);
}
