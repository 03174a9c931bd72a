import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { VaultKeyException } from '../exceptions/vault-key.exception';
import { transportOf } from './transports/transports';

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
    const transport = transportOf(host);
    if (transport === undefined) throw exception;
    return transport.answer(exception, host, this.adapterHost);
  }
}
