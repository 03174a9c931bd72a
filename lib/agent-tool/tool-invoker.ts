import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';
import type { AgentToolOptions } from './agent-tool.options';

/** A call of a marked method that no interceptor has opened an invocation for. */
export interface ToolCall {
  mark: AgentToolOptions;
  /** What takes the method's place, with the metadata of the decorators on it. */
  marked: object;
  /** The method itself. */
  method: object;
  /** `Class.method`. */
  tool: string;
  args: readonly unknown[];
  work: () => unknown;
}

/** Gives calls of marked methods an invocation: one of an application. */
export interface ToolInvoker {
  run(call: ToolCall): unknown;
}

const byObject = new WeakMap<object, ToolInvoker>();
const byClass = new WeakMap<object, Set<ToolInvoker>>();

/**
 * Lets the marked methods of an object that the container has made find its application's
 * invocations.
 */
export function bindObject(host: object, invoker: ToolInvoker): void {
  byObject.set(host, invoker);
}

/** The same for a class whose objects are made later: request-scoped and transient ones. */
export function bindClass(host: object, invoker: ToolInvoker): void {
  const bound = byClass.get(host) ?? new Set();
  byClass.set(host, bound.add(invoker));
}

export function unbindClass(host: object, invoker: ToolInvoker): void {
  byClass.get(host)?.delete(invoker);
}

/** @throws VaultKeyMissingException `not_bound` where it cannot be told whose the object is. */
export function toolInvokerOf(host: unknown, tool: string): ToolInvoker {
  if (typeof host === 'object' && host !== null) {
    const own = byObject.get(host);
    if (own !== undefined) return own;
    const [only, ...others] = byClass.get(host.constructor) ?? [];
    if (only !== undefined && others.length === 0) return only;
  }
  throw new VaultKeyMissingException({ tool, reason: 'not_bound' });
}
