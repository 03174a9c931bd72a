import type { ExecutionContext } from '@nestjs/common';
import type { Transport } from './transport';
/** HTTP, server-sent events included, on Express and Fastify. */
export declare const http: Transport;
/**
 * Whether a call has a request and a response of HTTP. A package that has Nest run its handlers and
 * names no transport gets this one's name, with a message in the place of the request.
 */
export declare function isHttp(context: ExecutionContext): boolean;
