import type { NestInterceptor } from '@nestjs/common';

const INTERCEPTORS = '__interceptors__';
const GATEWAY = 'websockets:is_gateway';

const ours = new WeakSet<object>();

/**
 * Puts an interceptor around the handlers of a gateway, after those of the gateway itself.
 * NestJS 11 asks no global interceptor there.
 */
export function interceptGateway(host: object, interceptor: NestInterceptor): void {
  if (!Reflect.hasMetadata(GATEWAY, host)) return;
  const interceptors = (Reflect.getMetadata(INTERCEPTORS, host) ?? []) as object[];
  ours.add(interceptor);
  // What an application before this one put here makes room.
  const others = interceptors.filter((each) => !ours.has(each));
  Reflect.defineMetadata(INTERCEPTORS, [...others, interceptor], host);
}
