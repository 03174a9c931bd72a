import type { ExecutionContext } from '@nestjs/common';
import type { AgentIdentity } from '../vault-key/agent-identity';

/** What a cap or an allow-list may be computed from. */
export interface AgentToolContext {
  identity: AgentIdentity;
  /** The arguments Nest routes the call with; over HTTP request, response and next. */
  args: readonly unknown[];
  execution?: ExecutionContext;
}

/** A value, or how to compute it for each call. */
export type PerCall<T> = T | ((context: AgentToolContext) => T | Promise<T>);

/** What a marked handler's vault key may do. */
export interface AgentToolOptions {
  /**
   * What all calls of one run may cost together: USD, 0 to 1,000,000, at most 2 decimals. As a
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
}

const AGENT_TOOL = Symbol.for('nestjs-vault-key:agent-tool');

/**
 * Marks a handler, or all handlers of a controller, as an agent's tool: each run of it gets a vault
 * key of its own, capped and held to the endpoints named, and revoked when handler and response are
 * done. A handler's own mark replaces its class's.
 *
 * A cap, pattern, vendor or life that is not sound keeps the application from starting.
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
export function AgentTool(options: AgentToolOptions): MethodDecorator & ClassDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const marked = (descriptor?.value ?? target) as object;
    // A mark without options is still a mark, and a fault at start-up: never an unmarked handler.
    const mark = (options as AgentToolOptions | undefined) ?? ({} as AgentToolOptions);
    const own = Reflect.getOwnMetadata(AGENT_TOOL, marked) as AgentToolOptions[] | undefined;
    const marks = [mark, ...(own ?? [])];
    Reflect.defineMetadata(AGENT_TOOL, marks, marked);
  };
}

/** The marks of a handler or class, the outermost first; an unmarked class has those of the one above. */
export function agentToolMarks(target: object): readonly AgentToolOptions[] {
  return (Reflect.getMetadata(AGENT_TOOL, target) as AgentToolOptions[] | undefined) ?? [];
}

/** The mark that counts for a handler: its own, else its class's, else that of a class above. */
export function agentToolMark(handler: object, host: object): AgentToolOptions | undefined {
  return agentToolMarks(handler)[0] ?? agentToolMarks(host)[0];
}
