import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';
import type { AgentToolOptions } from './agent-tool.options';

/** A call of a marked method that no interceptor has opened a run for. */
export interface ToolCall {
  mark: AgentToolOptions;
  /** What stands in the method's place, with the metadata of the decorators on it. */
  marked: object;
  /** The method itself. */
  method: object;
  /** `Class.method`. */
  tool: string;
  args: readonly unknown[];
  work: () => unknown;
}

/** Gives calls of marked methods a run: one of an application. */
export interface ToolRuns {
  run(call: ToolCall): unknown;
}

const byObject = new WeakMap<object, ToolRuns>();
const byClass = new WeakMap<object, Set<ToolRuns>>();

/** Lets the marked methods of an object that the container has made find its application's runs. */
export function bindObject(host: object, runs: ToolRuns): void {
  byObject.set(host, runs);
}

/** The same for a class whose objects are made later: request-scoped and transient ones. */
export function bindClass(host: object, runs: ToolRuns): void {
  const bound = byClass.get(host) ?? new Set();
  byClass.set(host, bound.add(runs));
}

export function unbindClass(host: object, runs: ToolRuns): void {
  byClass.get(host)?.delete(runs);
}

/** @throws VaultKeyMissingException `not_bound` where it cannot be told whose the object is. */
export function toolRunsOf(host: unknown, tool: string): ToolRuns {
  if (typeof host === 'object' && host !== null) {
    const own = byObject.get(host);
    if (own !== undefined) return own;
    const [only, ...others] = byClass.get(host.constructor) ?? [];
    if (only !== undefined && others.length === 0) return only;
  }
  throw new VaultKeyMissingException({ tool, reason: 'not_bound' });
}
