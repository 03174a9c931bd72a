import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';

const FILTERS = '__exceptionFilters__';
const GATEWAY = 'websockets:is_gateway';
const PATTERN = 'microservices:pattern';

const ours = new WeakSet<object>();

/**
 * Has a filter answer for a gateway. Nest asks no global filter there, only those of the gateway
 * itself: this one is asked after them.
 */
export function filterGateway(host: object, filter: ExceptionFilter): void {
  if (Reflect.hasMetadata(GATEWAY, host)) addFilter(host, filter);
}

/**
 * Has a filter answer where a handler of messages was called with no interceptor around it: no
 * global filter is asked there either, and the caller would be told "Internal server error".
 */
export function filterMessages(
  host: { readonly prototype: object },
  methods: readonly string[],
  filter: ExceptionFilter,
): void {
  const prototype = host.prototype as Record<string, object>;
  if (methods.some((name) => Reflect.hasMetadata(PATTERN, prototype[name] ?? {}))) {
    addFilter(host, new NotInterceptedFilter(filter));
  }
}

/** Answers the exceptions of handlers that had no interceptor around them. */
class NotIntercepted {
  static [Symbol.hasInstance](error: unknown): boolean {
    return error instanceof VaultKeyMissingException && error.reason === 'not_intercepted';
  }
}

@Catch(NotIntercepted)
class NotInterceptedFilter implements ExceptionFilter {
  constructor(private readonly filter: ExceptionFilter) {}

  catch(exception: unknown, host: ArgumentsHost): unknown {
    return this.filter.catch(exception, host);
  }
}

function addFilter(host: object, filter: ExceptionFilter): void {
  const filters = (Reflect.getMetadata(FILTERS, host) ?? []) as object[];
  ours.add(filter);
  // Nest asks the last first. What an application before this one put here makes room.
  Reflect.defineMetadata(FILTERS, [filter, ...filters.filter((each) => !ours.has(each))], host);
}
