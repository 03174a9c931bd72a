import type { AgentToolOptions } from './agent-tool.options';
import { mcpNameOf } from './routed-methods';

/** A method that works under a mark. */
export interface NamedMethod {
  mark: AgentToolOptions;
  /** The class of the object that it is called on. */
  host: { readonly name: string };
  /** The property it is kept under: a function's own name is what a decorator or a minifier made of it. */
  key: string;
  /** What carries its metadata. */
  method: object;
}

/** The longest name that minifiers commonly give to a class. */
const MINIFIED = 2;

const keys = new WeakMap<object, string>();

/** Remembers the property that a mark is on, or that a function is kept under. */
export function rememberKey(markOrMethod: object, key: string): void {
  keys.set(markOrMethod, key);
}

/** The property of a class that a handler is kept under; `undefined` where it is not to be found. */
export function keyOf(
  handler: object,
  host: { readonly prototype: object },
  mark?: object,
): string | undefined {
  const known = (mark === undefined ? undefined : keys.get(mark)) ?? keys.get(handler);
  if (known !== undefined) return known;
  for (
    let owner: object | null = host.prototype;
    owner !== null;
    owner = Reflect.getPrototypeOf(owner)
  ) {
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (value !== handler) continue;
      keys.set(handler, key);
      return key;
    }
  }
  return undefined;
}

/** What budgets, brakes and the audit log know a tool by. */
export function toolNameOf({ mark, host, key, method }: NamedMethod): string {
  return mark.tool ?? mcpNameOf(method) ?? `${host.name}.${key}`;
}

/** Whether a tool is named by its class, whose name a minifier may have made. */
export function hasMinifiedName({ mark, host, method }: NamedMethod): boolean {
  return mark.tool === undefined && mcpNameOf(method) === undefined && host.name.length <= MINIFIED;
}
