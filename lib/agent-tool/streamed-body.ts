import { AsyncResource } from 'node:async_hooks';
import { Readable } from 'node:stream';

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Scope = () => AsyncResource;

/**
 * Lets what a handler streams be produced in the handler's own context. Nest reads a generator or
 * stream after the handler has returned and outside its context, where the code that produces the
 * chunks would find no vault key.
 *
 * @param enter Runs a function in the context of the run.
 */
export function keepContext(value: unknown, enter: <T>(work: () => T) => T): void {
  if (typeof value !== 'object' || value === null) return;
  const body = streamOf(value);
  if (!(Symbol.asyncIterator in body) || !Object.isExtensible(body)) return;
  let resource: AsyncResource | undefined;
  const scope: Scope = () => (resource ??= enter(() => new AsyncResource('AgentTool')));
  if (body instanceof Readable) bind(body, ['_read'], scope);
  else if ('next' in body) bind(body, ['next', 'return', 'throw'], scope);
  else bindIterable(body, scope);
}

/** The stream inside a `StreamableFile`, whichever copy of Nest it comes from; else the value. */
function streamOf(value: object): object {
  if (!('getStream' in value) || typeof value.getStream !== 'function') return value;
  const stream = (value.getStream as () => unknown)();
  return typeof stream === 'object' && stream !== null ? stream : value;
}

function bind(target: object, names: readonly string[], scope: Scope): void {
  const methods = target as Record<string, unknown>;
  for (const name of names) {
    const method = methods[name];
    if (typeof method !== 'function') continue;
    Object.defineProperty(target, name, {
      configurable: true,
      writable: true,
      value: (...args: unknown[]) => scope().runInAsyncScope(method as Method, target, ...args),
    });
  }
}

function bindIterable(body: object, scope: Scope): void {
  const iterate = (body as Record<symbol, unknown>)[Symbol.asyncIterator];
  if (typeof iterate !== 'function') return;
  Object.defineProperty(body, Symbol.asyncIterator, {
    configurable: true,
    writable: true,
    value: () => {
      const iterator = scope().runInAsyncScope(iterate as Method, body) as object;
      bind(iterator, ['next', 'return', 'throw'], scope);
      return iterator;
    },
  });
}
