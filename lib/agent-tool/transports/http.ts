import type { ExecutionContext } from '@nestjs/common';
import type { AgentRequest } from '../identity';
import type { ClosableResponse } from '../response-close';
import type { Transport } from './transport';

/** HTTP, server-sent events included, on Express and Fastify. */
export const http: Transport = {
  requestOf: (context) => context.switchToHttp().getRequest<AgentRequest>(),
  httpRequestOf: (context) => context.switchToHttp().getRequest(),
  responseOf(context) {
    const response = context
      .switchToHttp()
      .getResponse<ClosableResponse & { raw?: ClosableResponse }>();
    return response.raw ?? response;
  },
};

/**
 * Whether a call has a request and a response of HTTP. A package that has Nest run its handlers and
 * names no transport gets this one's name, with a message in the place of the request.
 */
export function isHttp(context: ExecutionContext): boolean {
  const [request, response] = context.getArgs<[Partial<AgentRequest>?, object?]>();
  return [request?.headers, response].every((each) => typeof each === 'object' && each !== null);
}
