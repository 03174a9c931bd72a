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
exports.AgentToolExplorer = void 0;
const common_1 = require("@nestjs/common");
const core_1 = require("@nestjs/core");
const vault_key_exception_filter_1 = require("../exceptions/vault-key-exception.filter");
const package_copies_1 = require("../vault-key/package-copies");
const vault_key_start_up_exception_1 = require("../vault-key/vault-key-start-up.exception");
const agent_tool_decorator_1 = require("./agent-tool.decorator");
const agent_tool_interceptor_1 = require("./agent-tool.interceptor");
const agent_tool_runner_1 = require("./agent-tool.runner");
const class_filters_1 = require("./class-filters");
const gateway_interceptor_1 = require("./gateway-interceptor");
const mark_rules_1 = require("./mark-rules");
const routed_methods_1 = require("./routed-methods");
const tool_name_1 = require("./tool-name");
const tool_runs_1 = require("./tool-runs");
/**
 * Finds the marks of an application before it takes its first call: those that are not sound keep
 * it from starting, and objects whose methods are marked learn whose runs they open.
 */
let AgentToolExplorer = class AgentToolExplorer {
    discovery;
    scanner;
    runner;
    rules;
    #marked = new Map();
    constructor(discovery, scanner, runner, rules, filter, interceptor) {
        this.discovery = discovery;
        this.scanner = scanner;
        this.runner = runner;
        this.rules = rules;
        // Before the objects are made: one that calls its own marked method as it is made is served too.
        for (const { metatype } of this.#wrappers()) {
            if (!isClass(metatype))
                continue;
            (0, class_filters_1.filterGateway)(metatype, filter);
            if (!this.#isMarked(metatype))
                continue;
            (0, tool_runs_1.bindClass)(metatype, this.runner);
            (0, gateway_interceptor_1.interceptGateway)(metatype, interceptor);
            (0, class_filters_1.filterMessages)(metatype, this.#methodsOf(metatype), filter);
        }
    }
    /** @throws VaultKeyStartUpException with every fault of every mark. */
    onModuleInit() {
        for (const { instance } of this.#wrappers()) {
            const host = classOf(instance);
            if (host === undefined || !this.#isMarked(host))
                continue;
            (0, tool_runs_1.bindClass)(host, this.runner);
            (0, tool_runs_1.bindObject)(instance, this.runner);
            for (const name of this.#methodsOf(host))
                (0, agent_tool_decorator_1.markOwnMethod)(instance, name);
        }
        const faults = new Map();
        for (const [host, marked] of this.#marked) {
            for (const name of this.#methodsOf(host))
                (0, agent_tool_decorator_1.shareMetadata)(host.prototype, name);
            for (const fault of marked.flatMap((each) => this.#faultsOf(each, host))) {
                faults.set(`${fault.where} ${fault.message}`, fault);
            }
        }
        for (const named of this.markedMethods()) {
            if ((0, agent_tool_decorator_1.agentToolMarks)(named.method).length === 0 && !(0, routed_methods_1.isHandler)(named.method))
                continue;
            for (const fault of this.rules.nameFaultsOf(named, named.where)) {
                faults.set(`${fault.where} ${fault.message}`, fault);
            }
        }
        if (faults.size > 0)
            throw new vault_key_start_up_exception_1.VaultKeyStartUpException([...faults.values()]);
    }
    onApplicationShutdown() {
        for (const host of this.#marked.keys())
            (0, tool_runs_1.unbindClass)(host, this.runner);
    }
    /** Every method that works under a mark, its own or its class's. */
    markedMethods() {
        return [...this.#marked.keys()].flatMap((host) => {
            const prototype = host.prototype;
            return this.#methodsOf(host).flatMap((name) => {
                const method = prototype[name] ?? {};
                const mark = (0, agent_tool_decorator_1.agentToolMark)(method, host);
                if (mark === undefined)
                    return [];
                const tool = (0, tool_name_1.toolNameOf)({ mark, host, key: name, method });
                return [{ where: `${host.name}.${name}`, key: name, tool, method, host, mark }];
            });
        });
    }
    #wrappers() {
        return [...this.discovery.getControllers(), ...this.discovery.getProviders()];
    }
    #methodsOf(host) {
        return this.scanner.getAllMethodNames(host.prototype);
    }
    /** Whether a class or a method of it is marked; remembers what is. */
    #isMarked(host) {
        const known = this.#marked.get(host);
        if (known !== undefined)
            return known.length > 0;
        const prototype = host.prototype;
        const methods = this.#methodsOf(host).map((name) => {
            (0, agent_tool_decorator_1.shareMetadata)(prototype, name);
            const marks = (0, agent_tool_decorator_1.agentToolMarks)(prototype[name] ?? {});
            return { where: `${host.name}.${name}`, marks, ofClass: false };
        });
        const ofClass = { where: host.name, marks: (0, agent_tool_decorator_1.agentToolMarks)(host), ofClass: true };
        const marked = [ofClass, ...methods].filter(({ marks }) => marks.length > 0);
        this.#marked.set(host, marked);
        return marked.length > 0;
    }
    #faultsOf({ where, marks, ofClass }, host) {
        if (!marks.every(package_copies_1.isOwnMark))
            return [(0, package_copies_1.foreignMarkFault)(where)];
        const faults = marks.flatMap((mark) => this.rules.faultsOf(mark, where));
        if (marks.length > 1) {
            faults.unshift({
                where,
                message: 'is marked with @AgentTool more than once, and has room for one key',
                example: 'one @AgentTool whose allowedEndpoints names them all',
            });
        }
        if (ofClass && !(0, routed_methods_1.isRoutedHost)(host)) {
            faults.unshift({
                where,
                message: 'is marked with @AgentTool as a class, which applies to the handlers of a controller, gateway or resolver, and it is none',
                example: '@AgentTool on each method that is to have a key',
            });
        }
        return faults;
    }
};
exports.AgentToolExplorer = AgentToolExplorer;
exports.AgentToolExplorer = AgentToolExplorer = __decorate([
    (0, common_1.Injectable)(),
    __metadata("design:paramtypes", [core_1.DiscoveryService,
        core_1.MetadataScanner,
        agent_tool_runner_1.AgentToolRunner,
        mark_rules_1.MarkRules,
        vault_key_exception_filter_1.VaultKeyExceptionFilter,
        agent_tool_interceptor_1.AgentToolInterceptor])
], AgentToolExplorer);
function isClass(metatype) {
    return (typeof metatype === 'function' &&
        typeof metatype.prototype === 'object' &&
        metatype.prototype !== null);
}
function classOf(instance) {
    if (typeof instance !== 'object' || instance === null)
        return undefined;
    const prototype = Object.getPrototypeOf(instance);
    const host = prototype?.constructor;
    return isClass(host) && host.prototype === prototype ? host : undefined;
}
