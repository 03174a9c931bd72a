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
