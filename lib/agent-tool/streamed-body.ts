import { AsyncResource } from 'node:async_hooks';
import { Readable } from 'node:stream';

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Scope = () => AsyncResource;

const ITERATOR = ['next', 'return', 'throw'];

/**
 * Lets what a handler streams be produced in the handler's own context. Nest reads a generator or
 * stream after the handler has returned and outside its context, where the code that produces the
 * chunks would find no vault key.
 *
 * @param enter Runs a function in the context of the invocation.
 */
export function keepContext(value: unknown, enter: <T>(work: () => T) => T): void {
  if (typeof value !== 'object' || value === null) return;
  const body = bodyOf(value);
  if (!(Symbol.asyncIterator in body) || !Object.isExtensible(body)) return;
  let resource: AsyncResource | undefined;
  const scope: Scope = () => (resource ??= enter(() => new AsyncResource('AgentTool')));
  if (body instanceof Readable) bind(body, ['_read'], scope);
  else if ('next' in body) bind(body, ITERATOR, scope);
  else {
    bindOpened(body, Symbol.asyncIterator, ITERATOR, scope);
    bindOpened(body, 'getReader', ['read', 'cancel'], scope);
  }
}

/** Whether a value is an async iterator, as subscriptions give. */
export function isIterator(value: unknown): value is AsyncIterator<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'next' in value &&
    typeof value.next === 'function' &&
    Object.isExtensible(value)
  );
}

/**
 * Calls back once an iterator has given its last value, has failed, or was told to stop and has.
 */
export function onceRead(iterator: AsyncIterator<unknown>, callback: () => void): void {
  const methods = iterator as unknown as Record<string, unknown>;
  for (const name of ITERATOR) {
    const method = methods[name];
    if (typeof method !== 'function') continue;
    replace(iterator, name, (...args) => {
      const step = (async () => (method as Method).apply(iterator, args))();
      const result = step as Promise<IteratorResult<unknown>>;
      result.then(({ done }) => (done === true ? callback() : undefined), callback);
      return result;
    });
  }
}

/** What a `StreamableFile` or web `Response`, whichever copy of it, streams; else the value. */
function bodyOf(value: object): object {
  const body: unknown =
    'getStream' in value && typeof value.getStream === 'function'
      ? (value.getStream as () => unknown)()
      : Object.prototype.toString.call(value) === '[object Response]'
        ? (value as { body?: unknown }).body
        : value;
  return typeof body === 'object' && body !== null ? body : value;
}

function bind(target: object, names: readonly string[], scope: Scope): void {
  const methods = target as Record<string, unknown>;
  for (const name of names) {
    const method = methods[name];
    if (typeof method !== 'function') continue;
    replace(target, name, (...args) => scope().runInAsyncScope(method as Method, target, ...args));
  }
}

/** Binds the methods of what a method of the body opens: its iterator, or its reader. */
function bindOpened(
  body: object,
  opener: PropertyKey,
  names: readonly string[],
  scope: Scope,
): void {
  const open = (body as Record<PropertyKey, unknown>)[opener];
  if (typeof open !== 'function') return;
  replace(body, opener, (...args) => {
    const opened = scope().runInAsyncScope(open as Method, body, ...args) as object;
    bind(opened, names, scope);
    return opened;
  });
}

function replace(target: object, name: PropertyKey, method: (...args: unknown[]) => unknown): void {
  Object.defineProperty(target, name, { configurable: true, writable: true, value: method });
}
