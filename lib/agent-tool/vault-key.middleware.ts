import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, mixin } from '@nestjs/common';
import type { NestMiddleware, Type } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host';
import { readIdentity } from '../vault-key/agent-identity';
import type { AgentIdentity } from '../vault-key/agent-identity';
import { keyLabel } from '../vault-key/label';
import { VaultKeyStartUpException } from '../vault-key/vault-key-start-up.exception';
import type { StartUpIssue } from '../vault-key/vault-key-start-up.exception';
import type { AgentToolOptions } from './agent-tool.options';
import { AgentToolInvoker } from './agent-tool.invoker';
import { IDENTIFY_AGENT, identifyNobody, runIdOf, userIdOf } from './identity';
import type { IdentifyAgent } from './identity';
import { MarkRules } from './mark-rules';
import { attachInvocation, attachedInvocation } from './request-invocation';
import type { RequestWithVaultKey } from './request-invocation';
import { isClosed, onceClosed } from './response-close';

const NAME = 'VaultKeyMiddleware';

/**
 * Middleware that gives every request of a route prefix a vault key, whatever answers it: Nest's
 * handlers, marked or not (a marked one has a key of its own inside the request's), and what is
 * mounted beside them. The key is `req.vaultKey` (`request.raw.vaultKey` on Fastify), handlers find
 * it in {@link CurrentVaultKey} as usual, and it is revoked once the response has closed and the
 * handler has settled.
 *
 * It runs before the guards, so that there is no `request.user` yet: the option `identify` of
 * `VaultKeyModule` has to say who calls, or the application does not start. Its context holds what
 * middleware gets, on Fastify the raw request.
 *
 * @param options What each request's key may do.
 * @throws VaultKeyStartUpException when the application starts, for options that are invalid and
 * where `identify` is missing.
 * @example
 * export class AppModule implements NestModule {
 *   configure(consumer: MiddlewareConsumer) {
 *     consumer
 *       .apply(VaultKeyMiddleware({ dailyUsdCap: 100, allowedEndpoints: ['GET /v1/charges'] }))
 *       .forRoutes('agent-tools/*path');
 *   }
 * }
 */
export function VaultKeyMiddleware(options: AgentToolOptions): Type<NestMiddleware> {
  const mark = { ...options };

  class VaultKeyMiddlewareHost implements NestMiddleware<IncomingMessage, ServerResponse> {
    constructor(
      @Inject(AgentToolInvoker) private readonly invoker: AgentToolInvoker,
      @Inject(IDENTIFY_AGENT) private readonly identifyAgent: IdentifyAgent,
      @Inject(MarkRules) rules: MarkRules,
    ) {
      const faults: StartUpIssue[] = rules.faultsOf(mark, NAME);
      const taken = rules.claimName(mark.tool ?? NAME, mark, NAME);
      if (taken !== undefined) faults.push(taken);
      if (identifyAgent === identifyNobody) {
        faults.push({
          where: NAME,
          message:
            'runs before the guards, so there is no request.user yet: the option identify of VaultKeyModule has to say who calls',
          example:
            'VaultKeyModule.forRoot({ identify: (context) => ({ userId: sessionOf(context.switchToHttp().getRequest()).userId }) })',
        });
      }
      if (faults.length > 0) throw new VaultKeyStartUpException(faults);
    }

    async use(
      request: IncomingMessage & RequestWithVaultKey,
      response: ServerResponse,
      next: (error?: unknown) => void,
    ): Promise<void> {
      const execution = new ExecutionContextHost(
        [request, response, next],
        VaultKeyMiddlewareHost,
        this.use.bind(this),
      );
      const given = readIdentity(await this.identifyAgent(execution));
      const identity: AgentIdentity = {
        ...given,
        userId: given.userId ?? userIdOf(request),
        runId: given.runId ?? runIdOf(request),
        tool: given.tool ?? mark.tool ?? NAME,
      };
      const open = () =>
        this.invoker.open(
          mark,
          { identity, args: execution.getArgs(), execution },
          { label: keyLabel('nest', identity.userId, identity.runId) },
        );
      const around = attachedInvocation(request);
      const invocation = await (around === undefined ? open() : around.enter(open));
      if (isClosed(response)) {
        invocation.end();
        return;
      }
      onceClosed(response, invocation.keepOpen());
      attachInvocation(request, invocation);
      invocation.enter(() => next());
    }
  }

  return mixin(VaultKeyMiddlewareHost);
}
