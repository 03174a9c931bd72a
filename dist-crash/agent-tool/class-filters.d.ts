import type { ExceptionFilter } from '@nestjs/common';
/**
 * Has a filter answer for a gateway. Nest asks no global filter there, only those of the gateway
 * itself: this one is asked after them.
 */
export declare function filterGateway(host: object, filter: ExceptionFilter): void;
/**
 * Has a filter answer where a handler of messages was called with no interceptor around it: no
 * global filter is asked there either, and the caller would be told "Internal server error".
 */
export declare function filterMessages(host: {
    readonly prototype: object;
}, methods: readonly string[], filter: ExceptionFilter): void;
