import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';
import { rememberMark } from '../vault-key/package-copies';
import { routedCall } from '../vault-key/invocation-context';
import type { AgentToolOptions } from './agent-tool.options';
import { rememberKey, toolNameOf } from './tool-name';
import { toolInvokerOf } from './tool-invoker';

type Method = (this: unknown, ...args: unknown[]) => unknown;

const AGENT_TOOL = Symbol.for('nestjs-vault-key:agent-tool');
const originals = new WeakMap<Method, Method>();

/**
 * Marks a method, or all handlers of a controller, gateway or resolver, as an agent's tool: each
 * invocation of it gets a vault key of its own, capped and held to the endpoints named, and revoked
 * when the work is done. A method's own mark replaces its class's.
 *
 * On what Nest routes (HTTP, microservices, MCP tools, WebSockets, GraphQL) the key is issued after
 * the guards. On any other method of a provider (a queue's `process`, `@Cron`, `@OnEvent`, a method
 * that other code calls) it is issued when the method is called; such a method gives a promise of
 * its result, and an async generator stays one. It may be above or below other decorators.
 *
 * A cap, pattern, vendor or life that is invalid keeps the application from starting; so does a
 * class-level mark on a class that Nest does not route to.
 *
 * @throws VaultKeyMissingException when the method is called on an object that the application's
 * container did not make, or by Nest with no interceptor around it (a hybrid application without
 * `inheritAppConfig`): the method does not run then.
 *
 * @example
 * @Post('charge')
 * @AgentTool({ dailyUsdCap: 500, allowedEndpoints: ['/v1/payment_intents', '/v1/payment_intents/*'] })
 * charge(@Body() { amount, paymentMethod }: ChargeDto) {
 *   return this.stripe.createPaymentIntent({ amount, paymentMethod, confirm: true });
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
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    // A mark without options is still a mark, and a fault at start-up: never an unmarked handler.
    const mark = { ...options };
    rememberMark(mark);
    const method: unknown = descriptor?.value;
    const marked = descriptor === undefined || typeof method !== 'function' ? target : method;
    const own = Reflect.getOwnMetadata(AGENT_TOOL, marked) as AgentToolOptions[] | undefined;
    const marks = [mark, ...(own ?? [])];
    if (descriptor === undefined || typeof method !== 'function') {
      Reflect.defineMetadata(AGENT_TOOL, marks, target);
      return;
    }
    rememberKey(mark, String(key));
    const replacement = inInvocationOf(mark, String(key), method as Method);
    Reflect.defineMetadata(AGENT_TOOL, marks, replacement);
    Reflect.defineMetadata(AGENT_TOOL, replacement, target, key as string);
    descriptor.value = replacement;
  };
}

/**
 * The marks of a handler or class, the outermost first; an unmarked class has those of the one
 * above.
 */
export function agentToolMarks(target: object): readonly AgentToolOptions[] {
  return (Reflect.getMetadata(AGENT_TOOL, target) as AgentToolOptions[] | undefined) ?? [];
}

/** The mark that counts for a handler: its own, else its class's, else that of a class above. */
export function agentToolMark(handler: object, host: object): AgentToolOptions | undefined {
  return agentToolMarks(handler)[0] ?? agentToolMarks(host)[0];
}

/**
 * Gives each function that takes the place of a marked method the metadata of all of them.
 * Decorators above the mark may have put another function in its place without it, and those below
 * may have kept the function from before it was marked: a scope or guard must not get lost between
 * the two.
 */
export function shareMetadata(prototype: object, name: string): void {
  let owner: object | null = prototype;
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Reflect.getPrototypeOf(owner);
  if (owner === null) return;
  const marked = Reflect.getOwnMetadata(AGENT_TOOL, owner, name) as Method | undefined;
  const method = (owner as Record<string, unknown>)[name];
  if (marked === undefined || typeof method !== 'function') return;
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
export function markOwnMethod(host: object, name: string): void {
  const own: unknown = Object.getOwnPropertyDescriptor(host, name)?.value;
  if (typeof own !== 'function') return;
  rememberKey(own, name);
  if (agentToolMarks(own).length > 0) return;
  const prototype = Reflect.getPrototypeOf(host) as Record<string, object>;
  const marks = agentToolMarks(prototype[name] ?? {});
  if (marks.length > 0) Reflect.defineMetadata(AGENT_TOOL, marks, own);
}

function inInvocationOf(mark: AgentToolOptions, key: string, method: Method): Method {
  const marked: Method = function (...args) {
    const routed = routedCall(mark);
    if (routed === 'under_way') return method.apply(this, args);
    const tool = toolNameOf({ mark, host: classOf(this), key, method: marked });
    if (routed === 'too_late') throw new VaultKeyMissingException({ tool, reason: 'too_late' });
    const work = (): unknown => method.apply(this, args);
    return toolInvokerOf(this, tool).run({ mark, marked, method, tool, args, work });
  };
  Object.defineProperties(marked, Object.getOwnPropertyDescriptors(method));
  originals.set(marked, method);
  copyMetadata(method, marked);
  return marked;
}

function classOf(host: unknown): { readonly name: string } {
  if (typeof host === 'function') return host;
  return typeof host === 'object' && host !== null ? host.constructor : { name: String(host) };
}

function copyMetadata(from: object, to: object): void {
  for (const key of Reflect.getOwnMetadataKeys(from)) {
    if (key !== AGENT_TOOL) Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, from), to);
  }
}
