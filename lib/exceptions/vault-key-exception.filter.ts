import type { ServerResponse } from 'node:http';
import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { VaultKeyException } from './vault-key.exception';

/**
 * Answers a {@link VaultKeyException} over HTTP: its status and body, `Cache-Control: no-store`,
 * and `Retry-After` where the exception knows how long to wait. Works on Express and Fastify. Over
 * other transports the exception goes on as it is.
 *
 * `VaultKeyModule` registers it for the whole application; the exceptions answer with the same
 * status and body where it does not run.
 */
@Catch(VaultKeyException)
export class VaultKeyExceptionFilter implements ExceptionFilter<VaultKeyException> {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(exception: VaultKeyException, host: ArgumentsHost): void | Observable<never> {
    switch (host.getType()) {
      case 'http':
        return this.answer(exception, host.switchToHttp().getResponse());
      case 'rpc':
        return throwError(() => exception);
      default:
        throw exception;
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
