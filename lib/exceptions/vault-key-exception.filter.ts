import type { ServerResponse } from 'node:http';
import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { mcpAnswer, mcpRequestOf } from './mcp-answer';
import { VaultKeyException } from './vault-key.exception';

/** A client of a WebSocket gateway: what Nest itself tells them by. */
interface WsClient {
  /** Of `ws`, and of nothing else. */
  readyState?: unknown;
  send?(text: string): void;
  emit?(event: string, payload: unknown): void;
}

/**
 * Answers a {@link VaultKeyException} in the words of the transport the call came over.
 *
 * - HTTP, on Express and Fastify: its status and body, `Cache-Control: no-store`, and `Retry-After`
 *   where the exception knows how long to wait.
 * - Microservices: the body, as of an `RpcException` made of it.
 * - MCP: a result with `isError`, whose text says what was refused and whether to retry, and whose
 *   `_meta` holds the body as `nestjs-vault-key/refusal`.
 * - WebSocket: the event `exception` with the body and the `cause`, which holds the message's
 *   pattern and data, as Nest's own answers do. An acknowledgement is left unanswered.
 * - GraphQL: an error with the exception's message, whose `extensions` hold its code as `code` and
 *   the rest of the body.
 *
 * `VaultKeyModule` registers it for the whole application, gateways included. A filter of the
 * application's own that catches these exceptions comes first, however it is registered: as
 * `APP_FILTER`, with `useGlobalFilters()`, with `@UseFilters()`; gateways know the last alone. Where
 * this one does not run, the exceptions answer with the same over HTTP and GraphQL, and Nest says
 * "Internal server error" elsewhere.
 */
@Catch(VaultKeyException)
export class VaultKeyExceptionFilter implements ExceptionFilter<VaultKeyException> {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(exception: VaultKeyException, host: ArgumentsHost): void | Observable<unknown> {
    switch (host.getType()) {
      case 'http':
        return this.answer(exception, host.switchToHttp().getResponse());
      case 'rpc': {
        const mcpRequest = mcpRequestOf(host.switchToRpc().getContext<unknown>());
        if (mcpRequest !== undefined) return mcpAnswer(exception, mcpRequest);
        return throwError(() => exception.getResponse());
      }
      case 'ws':
        return this.tell(exception, host.switchToWs());
      default:
        throw exception;
    }
  }

  private tell(exception: VaultKeyException, host: ReturnType<ArgumentsHost['switchToWs']>): void {
    const client = host.getClient<WsClient>();
    const cause = { pattern: host.getPattern(), data: host.getData<unknown>() };
    const payload = { ...exception.getResponse(), cause };
    // Not emit(), which `ws` has too: it would stay on this side.
    if (typeof client.readyState === 'number') {
      client.send?.(JSON.stringify({ event: 'exception', data: payload }));
    } else {
      client.emit?.('exception', payload);
    }
  }

  private answer(exception: VaultKeyException, response: unknown): void {
    const adapter = this.adapterHost.httpAdapter;
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
    const { raw } = response as { raw?: ServerResponse };
    if (raw === undefined || raw.headersSent) {
      adapter.end(response);
      return;
    }
    raw.writeHead(status, { ...headers, 'Content-Type': 'application/json; charset=utf-8' });
    raw.end(JSON.stringify(body));
  }
}
