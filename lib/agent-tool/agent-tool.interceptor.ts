import { Inject, Injectable, Logger } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Observable } from 'rxjs';
import type { Subscriber } from 'rxjs';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { VaultKeyException } from '../exceptions/vault-key.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { readIdentity } from '../vault-key/agent-identity';
import type { AgentIdentity, PartialAgentIdentity } from '../vault-key/agent-identity';
import { keyLabel } from '../vault-key/label';
import type { Run } from '../vault-key/run';
import { currentRun } from '../vault-key/run-context';
import { RunOpener } from '../vault-key/run-opener';
import { policyFaults } from '../vault-key/vault-key-policy';
import type { VaultKeyPolicy } from '../vault-key/vault-key-policy';
import { agentToolMark } from './agent-tool.decorator';
import type { AgentToolContext, AgentToolOptions } from './agent-tool.decorator';
import { IDENTIFY_AGENT, runIdOf, userIdOf } from './identity';
import type { AgentRequest, IdentifyAgent } from './identity';
import { isClosed, onceClosed } from './response-close';
import type { ClosableResponse } from './response-close';
import { keepContext } from './streamed-body';

/**
 * Gives each run of a handler marked with `@AgentTool` a vault key: issued after the guards and
 * before the pipes, revoked once the handler has settled and the response has closed. Handlers
 * without a mark are passed through untouched.
 *
 * Its protected methods are the places to adapt it: extend the class, override what differs, and
 * register the subclass as `APP_INTERCEPTOR` in the root module. It runs before the module's own,
 * which passes through what already has its run. What else it needs it takes by property injection.
 */
@Injectable()
export class AgentToolInterceptor implements NestInterceptor {
  readonly #logger = new Logger('AgentTool');
  readonly #sound = new WeakSet<AgentToolOptions>();

  constructor(
    protected readonly runs: RunOpener,
    @Inject(IDENTIFY_AGENT) protected readonly identifyAgent: IdentifyAgent,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const mark = this.toolOf(context);
    // Registered twice (the module imported twice, or @UseInterceptors beside it), the second one
    // finds the run that the first one opened for this very call.
    if (mark === undefined || isOpenFor(context)) return next.handle();
    return new Observable((subscriber) => this.#run(mark, context, next, subscriber));
  }

  /** The mark that counts for the handler; `undefined` leaves it alone. */
  protected toolOf(context: ExecutionContext): AgentToolOptions | undefined {
    return agentToolMark(context.getHandler(), context.getClass());
  }

  /**
   * The request behind the call: what its user and run are read from.
   *
   * @throws CallRefusedException `transport_not_supported` for all that is not HTTP.
   */
  protected requestOf(context: ExecutionContext): AgentRequest {
    const transport = context.getType<string>();
    if (transport === 'http') return context.switchToHttp().getRequest<AgentRequest>();
    throw new CallRefusedException({
      status: 501,
      code: 'transport_not_supported',
      message: `${toolName(context)} is marked with @AgentTool and was called over "${transport}", where this version gives no vault key, so it was not run. To serve that transport, extend AgentToolInterceptor, override requestOf() and identify() in it, and register it as APP_INTERCEPTOR in the root module.`,
    });
  }

  /** The response whose end the key waits for; `undefined` where there is none to wait for. */
  protected responseOf(context: ExecutionContext): ClosableResponse | undefined {
    if (context.getType<string>() !== 'http') return undefined;
    const response = context
      .switchToHttp()
      .getResponse<ClosableResponse & { raw?: ClosableResponse }>();
    return response.raw ?? response;
  }

  /** On whose behalf the call works: the application's `identify`, completed from the request. */
  protected identify(context: ExecutionContext): AgentIdentity | Promise<AgentIdentity> {
    const given = this.identifyAgent(context);
    return isThenable(given)
      ? given.then((identity) => this.#complete(identity, context))
      : this.#complete(given, context);
  }

  /** The key's label, 1–200 printable characters: what key lists and the audit log show. */
  protected labelFor(identity: AgentIdentity, _context: ExecutionContext): string {
    return keyLabel('nest', identity.userId, identity.runId);
  }

  #run(
    mark: AgentToolOptions,
    context: ExecutionContext,
    next: CallHandler,
    subscriber: Subscriber<unknown>,
  ): void {
    let run: Run | undefined;
    let handlerSettled = false;
    let responseOpen = false;
    let clientGone = false;
    const endOnceDone = (): void => {
      if (handlerSettled && !responseOpen) run?.end();
    };

    try {
      // Asked first whatever `identify` may know: a transport it cannot serve opens no run.
      this.requestOf(context);
      const response = this.responseOf(context);
      if (response !== undefined) {
        if (isClosed(response)) throw clientGoneBefore(context);
        responseOpen = true;
        onceClosed(response, () => {
          responseOpen = false;
          clientGone = true;
          endOnceDone();
        });
      }
    } catch (error) {
      subscriber.error(error);
      return;
    }

    const enterHandler = (opened: Run): void => {
      if (subscriber.closed || clientGone) {
        opened.end();
        subscriber.error(clientGoneBefore(context));
        return;
      }
      run = opened;
      // Before anyone outside hears of it: who retries does so at once, and gets a new run.
      const settled = (): void => opened.handled();
      subscriber.add(() => {
        settled();
        handlerSettled = true;
        endOnceDone();
      });
      const enter = <T>(work: () => T): T => opened.enter(work);
      try {
        const handling = enter(() =>
          next.handle().subscribe({
            next: (value) => {
              keepContext(value, enter);
              subscriber.next(value);
            },
            error: (error) => {
              settled();
              subscriber.error(VaultKeyException.from(error) ?? error);
            },
            complete: () => {
              settled();
              subscriber.complete();
            },
          }),
        );
        subscriber.add(handling);
      } catch (error) {
        subscriber.error(error);
      }
    };

    this.#open(mark, context).then(enterHandler, (error: unknown) => subscriber.error(error));
  }

  async #open(mark: AgentToolOptions, context: ExecutionContext): Promise<Run> {
    const identified = this.identify(context);
    const identity = isThenable(identified) ? await identified : identified;
    const policy = this.#sound.has(mark)
      ? (mark as VaultKeyPolicy)
      : await this.#policyOf(mark, { identity, args: context.getArgs(), execution: context });
    const label = this.labelFor(identity, context);
    return this.runs.open({ policy, identity, label, execution: context });
  }

  async #policyOf(mark: AgentToolOptions, call: AgentToolContext): Promise<VaultKeyPolicy> {
    const { dailyUsdCap, allowedEndpoints } = mark;
    const perCall = typeof dailyUsdCap === 'function' || typeof allowedEndpoints === 'function';
    try {
      const policy: VaultKeyPolicy = {
        ...mark,
        dailyUsdCap: typeof dailyUsdCap === 'function' ? await dailyUsdCap(call) : dailyUsdCap,
        allowedEndpoints:
          typeof allowedEndpoints === 'function' ? await allowedEndpoints(call) : allowedEndpoints,
      };
      const faults = policyFaults(policy, this.runs.dialect);
      if (faults.length > 0) {
        throw new Error(faults.map(({ field, message }) => `${field} ${message}`).join('; '));
      }
      if (!perCall) this.#sound.add(mark);
      return policy;
    } catch (cause) {
      const tool = call.identity.tool ?? 'this tool';
      this.#logger.error(
        `The policy of ${tool} is not to be had, so it was not run.`,
        cause instanceof Error ? cause.stack : String(cause),
      );
      throw new VaultKeyUnavailableException({
        message: `What ${tool} may spend or call could not be told, so it was not run. The application's log says why.`,
        cause,
      });
    }
  }

  #complete(given: PartialAgentIdentity | undefined, context: ExecutionContext): AgentIdentity {
    const { userId, runId, tenantId, tool } = readIdentity(given);
    return {
      userId: userId ?? userIdOf(this.requestOf(context)),
      runId: runId ?? runIdOf(this.requestOf(context)),
      tool: tool ?? toolName(context),
      ...(tenantId === undefined ? {} : { tenantId }),
    };
  }
}

function isOpenFor(execution: object): boolean {
  for (let run = currentRun(); run !== undefined; run = run.outer) {
    if (run.execution === execution && run.handled !== true && !run.key.ended) return true;
  }
  return false;
}

function toolName(context: ExecutionContext): string {
  return `${context.getClass().name}.${context.getHandler().name}`;
}

function clientGoneBefore(context: ExecutionContext): CallRefusedException {
  return new CallRefusedException({
    status: 499,
    code: 'client_closed_request',
    message: `The client had gone before ${toolName(context)} could begin, so it was not run.`,
  });
}

function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return value !== null && typeof value === 'object' && 'then' in value;
}
