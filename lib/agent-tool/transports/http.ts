import type { ServerResponse } from 'node:http';
import type { ArgumentsHost } from '@nestjs/common';
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
  /** Its status and body; `Retry-After` where the exception knows how long to wait. */
  answer(exception, host, { httpAdapter: adapter }): void {
    const response = host.switchToHttp().getResponse<{ raw?: ServerResponse }>();
    const status = exception.getStatus();
    const body = exception.getResponse();
    const { retryAfter } = exception.details;
    const headers = {
      'Cache-Control': 'no-store',
      ...(typeof retryAfter === 'number' ? { 'Retry-After': String(retryAfter) } : {}),
    };
    if (!adapter.isHeadersSent(response)) {
      for (const [name, value] of Object.entries(headers)) {
        adapter.setHeader(response, name, value);
      }
      adapter.reply(response, body, status);
      return;
    }
    // Fastify counts a hijacked reply as sent before anything was: ended as it is, it would say 200.
    const { raw } = response;
    if (raw === undefined || raw.headersSent) {
      adapter.end(response);
      return;
    }
    raw.writeHead(status, { ...headers, 'Content-Type': 'application/json; charset=utf-8' });
    raw.end(JSON.stringify(body));
  },
};

/**
 * Whether a call has a request and a response of HTTP. A package that has Nest run its handlers and
 * names no transport gets this one's name, with a message in the place of the request.
 */
export function isHttp(host: ArgumentsHost): boolean {
  const [request, response] = host.getArgs<[Partial<AgentRequest>?, object?]>();
  return [request?.headers, response].every((each) => typeof each === 'object' && each !== null);
}
