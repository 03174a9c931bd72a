"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.AgentTool = AgentTool;
exports.agentToolMarks = agentToolMarks;
exports.agentToolMark = agentToolMark;
exports.shareMetadata = shareMetadata;
exports.markOwnMethod = markOwnMethod;
const vault_key_missing_exception_1 = require("../exceptions/vault-key-missing.exception");
const package_copies_1 = require("../vault-key/package-copies");
const run_context_1 = require("../vault-key/run-context");
const tool_name_1 = require("./tool-name");
const tool_runs_1 = require("./tool-runs");
const AGENT_TOOL = Symbol.for('nestjs-vault-key:agent-tool');
const originals = new WeakMap();
/**
 * Marks a method, or all handlers of a controller, gateway or resolver, as an agent's tool: each
 * run of it gets a vault key of its own, capped and held to the endpoints named, and revoked when
 * the work is done. A method's own mark replaces its class's.
 *
 * On what Nest routes (HTTP, microservices, MCP tools, WebSockets, GraphQL) the key is issued after
 * the guards. On any other method of a provider (a queue's `process`, `@Cron`, `@OnEvent`, a method
 * that other code calls) it is issued when the method is called; such a method gives a promise of
 * its result, and an async generator stays one. It may stand above or below other decorators.
 *
 * A cap, pattern, vendor or life that is not sound keeps the application from starting; so does a
 * class-level mark on a class that Nest does not route to.
 *
 * @throws VaultKeyMissingException when the method is called on an object that the application's
 * container did not make, or by Nest with no interceptor around it (a hybrid application without
 * `inheritAppConfig`): the method does not run then.
 *
 * @example
 * @Post('charge')
 * @AgentTool({ dailyUsdCap: 500, allowedEndpoints: ['/v1/payment_intents', '/v1/payment_intents/*'] })
 * charge(@Body() { amount, customerId }: ChargeDto) {
 *   return this.stripe.createPaymentIntent({ amount, customerId });
 * }
 *
 * @example
 * // a cap of each user's own
 * @AgentTool({
 *   dailyUsdCap: ({ identity }) => limits.of(identity.userId),
 *   allowedEndpoints: ['/v1/refunds'],
 * })
 */
function AgentTool(options) {
    return (target, key, descriptor) => {
        // A mark without options is still a mark, and a fault at start-up: never an unmarked handler.
        const mark = { ...options };
        (0, package_copies_1.rememberMark)(mark);
        const method = descriptor?.value;
        const marked = descriptor === undefined || typeof method !== 'function' ? target : method;
        const own = Reflect.getOwnMetadata(AGENT_TOOL, marked);
        const marks = [mark, ...(own ?? [])];
        if (descriptor === undefined || typeof method !== 'function') {
            Reflect.defineMetadata(AGENT_TOOL, marks, target);
            return;
        }
        (0, tool_name_1.rememberKey)(mark, String(key));
        const replacement = inRunOf(mark, String(key), method);
        Reflect.defineMetadata(AGENT_TOOL, marks, replacement);
        Reflect.defineMetadata(AGENT_TOOL, replacement, target, key);
        descriptor.value = replacement;
    };
}
/** The marks of a handler or class, the outermost first; an unmarked class has those of the one above. */
function agentToolMarks(target) {
    return Reflect.getMetadata(AGENT_TOOL, target) ?? [];
}
/** The mark that counts for a handler: its own, else its class's, else that of a class above. */
function agentToolMark(handler, host) {
    return agentToolMarks(handler)[0] ?? agentToolMarks(host)[0];
}
/**
 * Gives each function that stands for a marked method the metadata of all of them. Decorators above
 * the mark may have put another function in its place without it, and those below may have kept
 * the function from before it was marked: a scope or guard must not get lost between the two.
 */
function shareMetadata(prototype, name) {
    let owner = prototype;
    while (owner !== null && !Object.hasOwn(owner, name))
        owner = Reflect.getPrototypeOf(owner);
    if (owner === null)
        return;
    const marked = Reflect.getOwnMetadata(AGENT_TOOL, owner, name);
    const method = owner[name];
    if (marked === undefined || typeof method !== 'function')
        return;
    if (agentToolMarks(method).length === 0) {
        Reflect.defineMetadata(AGENT_TOOL, agentToolMarks(marked), method);
    }
    copyMetadata(method, marked);
    for (let inner = originals.get(marked); inner !== undefined; inner = originals.get(inner)) {
        copyMetadata(marked, inner);
    }
}
/**
 * Marks the function that an object has of its own in the place of a marked method, such as a bound
 * one: Nest routes calls to it, and would find no mark on it.
 */
function markOwnMethod(host, name) {
    const own = Object.getOwnPropertyDescriptor(host, name)?.value;
    if (typeof own !== 'function')
        return;
    (0, tool_name_1.rememberKey)(own, name);
    if (agentToolMarks(own).length > 0)
        return;
    const prototype = Reflect.getPrototypeOf(host);
    const marks = agentToolMarks(prototype[name] ?? {});
    if (marks.length > 0)
        Reflect.defineMetadata(AGENT_TOOL, marks, own);
}
function inRunOf(mark, key, method) {
    const marked = function (...args) {
        const routed = (0, run_context_1.routedCall)(mark);
        if (routed === 'under_way')
            return method.apply(this, args);
        const tool = (0, tool_name_1.toolNameOf)({ mark, host: classOf(this), key, method: marked });
        if (routed === 'too_late')
            throw new vault_key_missing_exception_1.VaultKeyMissingException({ tool, reason: 'too_late' });
        const work = () => method.apply(this, args);
        return (0, tool_runs_1.toolRunsOf)(this, tool).run({ mark, marked, method, tool, args, work });
    };
    Object.defineProperties(marked, Object.getOwnPropertyDescriptors(method));
    originals.set(marked, method);
    copyMetadata(method, marked);
    return marked;
}
function classOf(host) {
    if (typeof host === 'function')
        return host;
    return typeof host === 'object' && host !== null ? host.constructor : { name: String(host) };
}
function copyMetadata(from, to) {
    for (const key of Reflect.getOwnMetadataKeys(from)) {
        if (key !== AGENT_TOOL)
            Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, from), to);
    }
}
