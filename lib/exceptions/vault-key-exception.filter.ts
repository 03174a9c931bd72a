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
    if (adapter.isHeadersSent(response)) {
      adapter.end(response);
      return;
    }
    adapter.setHeader(response, 'Cache-Control', 'no-store');
    const { retryAfter } = exception.details;
    if (typeof retryAfter === 'number') {
      adapter.setHeader(response, 'Retry-After', String(retryAfter));
    }
    adapter.reply(response, exception.getResponse(), exception.getStatus());
  }
}
