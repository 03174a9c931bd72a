import type { NestInterceptor } from '@nestjs/common';
/**
 * Has an interceptor stand around the handlers of a gateway, after those of the gateway itself.
 * NestJS 11 asks no global interceptor there.
 */
export declare function interceptGateway(host: object, interceptor: NestInterceptor): void;
