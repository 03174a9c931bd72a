import type { ExceptionFilter } from '@nestjs/common';

const FILTERS = '__exceptionFilters__';
const GATEWAY = 'websockets:is_gateway';

const ours = new WeakSet<object>();

/**
 * Has a filter answer for a gateway. Nest asks no global filter there, only those of the gateway
 * itself: this one is asked after them.
 */
export function filterGateway(host: object, filter: ExceptionFilter): void {
  if (!Reflect.hasMetadata(GATEWAY, host)) return;
  const filters = (Reflect.getMetadata(FILTERS, host) ?? []) as object[];
  ours.add(filter);
  // Nest asks the last first. What an application before this one put here makes room.
  Reflect.defineMetadata(FILTERS, [filter, ...filters.filter((each) => !ours.has(each))], host);
}
