import type { ExecutionContext } from '@nestjs/common';
import type { AgentIdentity } from '../vault-key/agent-identity';
/** What a cap or an allow-list may be computed from. */
export interface AgentToolContext {
    identity: AgentIdentity;
    /**
     * The arguments Nest routes the call with (over HTTP request, response and next); those the
     * method was called with where Nest does not route it.
     */
    args: readonly unknown[];
    /** Absent where Nest does not route the call: a job, a timer, an event. */
    execution?: ExecutionContext;
}
/** A value, or how to compute it for each call. */
export type PerCall<T> = T | ((context: AgentToolContext) => T | Promise<T>);
/** What a marked handler's vault key may do. */
export interface AgentToolOptions {
    /**
     * What all calls of one run may cost together: USD, 0 to 1,000,000, rounded down to the cent. As a
     * function it is asked before each run; one that throws or gives a bad value stops the run.
     */
    dailyUsdCap: PerCall<number>;
    /**
     * The vendor endpoints the run may call, 1 to 100 patterns. `*` stands for exactly one path
     * segment; a pattern without a method grants GET and POST.
     */
    allowedEndpoints: PerCall<readonly string[]>;
    /**
     * The vendor the key is for.
     *
     * @default 'stripe'
     */
    vendor?: string | undefined;
    /**
     * How long the key lives if nothing revokes it, `1s` to `24h`: set it to the longest run, streams
     * included.
     *
     * @default '5m'
     */
    expiresIn?: string | undefined;
    /**
     * The tool's name, 1 to 128 characters: what budgets, brakes and the audit log know it by. No two
     * marks of an application have one name. Needed where a minifier makes the names of classes.
     *
     * @default the MCP tool's name, else `Class.method`
     */
    tool?: string | undefined;
}
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
export declare function AgentTool(options: AgentToolOptions): MethodDecorator & ClassDecorator;
/** The marks of a handler or class, the outermost first; an unmarked class has those of the one above. */
export declare function agentToolMarks(target: object): readonly AgentToolOptions[];
/** The mark that counts for a handler: its own, else its class's, else that of a class above. */
export declare function agentToolMark(handler: object, host: object): AgentToolOptions | undefined;
/**
 * Gives each function that stands for a marked method the metadata of all of them. Decorators above
 * the mark may have put another function in its place without it, and those below may have kept
 * the function from before it was marked: a scope or guard must not get lost between the two.
 */
export declare function shareMetadata(prototype: object, name: string): void;
/**
 * Marks the function that an object has of its own in the place of a marked method, such as a bound
 * one: Nest routes calls to it, and would find no mark on it.
 */
export declare function markOwnMethod(host: object, name: string): void;
