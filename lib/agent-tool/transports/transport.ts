import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import type { Observable } from 'rxjs';
import type { VaultKeyException } from '../../exceptions/vault-key.exception';
import type { AgentRequest } from '../identity';
import type { attachedInvocation } from '../request-invocation';
import type { ClosableResponse } from '../response-close';

/** How a call is read that came over one of the transports Nest routes, and how it is refused. */
export interface Transport {
  /** What the call's user and agent run are read from. */
  requestOf(context: ExecutionContext): AgentRequest;
  /** The HTTP request the call came in, on which a middleware may have left its invocation. */
  httpRequestOf?(context: ExecutionContext): Parameters<typeof attachedInvocation>[0];
  /** The response whose end the key waits for. */
  responseOf?(context: ExecutionContext): ClosableResponse | undefined;
  /** The tool's own name, where it has one beside `Class.method`. */
  toolNameOf?(context: ExecutionContext): string | undefined;
  /** Whether the caller is gone. Asked where Nest drops a call for that. */
  callerGone?(context: ExecutionContext): boolean;
  /** Whether an async iterator that a handler gives is read to its end, with the key it needs. */
  readonly readsIterators?: boolean;
  /**
   * Answers a call with an exception: what a filter of Nest's returns for this transport.
   *
   * @throws The exception, where Nest itself answers with it.
   */
  answer(
    exception: VaultKeyException,
    host: ArgumentsHost,
    adapterHost: HttpAdapterHost,
  ): void | Observable<unknown>;
}
