import { Inject, Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Observable, Subscription } from 'rxjs';
import type { Subscriber } from 'rxjs';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { VaultKeyException } from '../exceptions/vault-key.exception';
import { invalidIdentity, readIdentity } from '../vault-key/agent-identity';
import type { AgentIdentity, PartialAgentIdentity } from '../vault-key/agent-identity';
import { keyLabel } from '../vault-key/label';
import type { Invocation } from '../vault-key/invocation';
import { currentInvocation } from '../vault-key/invocation-context';
import { agentToolMark } from './agent-tool.decorator';
import type { AgentToolOptions } from './agent-tool.options';
import { AgentToolInvoker } from './agent-tool.invoker';
import { IDENTIFY_AGENT, runIdOf, userIdOf } from './identity';
import type { AgentRequest, IdentifyAgent } from './identity';
import { attachedInvocation } from './request-invocation';
import { isClosed, onceClosed } from './response-close';
import type { ClosableResponse } from './response-close';
import { isIterator, keepContext, onceRead } from './streamed-body';
import type { Transport } from './transports/transport';
import { keyOf, toolNameOf } from './tool-name';
import { transportOf } from './transports/transports';

/**
 * Gives each invocation of a handler marked with `@AgentTool` a vault key: issued after the guards
 * and before the pipes, revoked once the handler has settled and, over HTTP, the response has
 * closed. Handlers without a mark are passed through, in the context of the invocation that a
 * {@link VaultKeyMiddleware} may have opened for their request.
 *
 * Its protected methods are the places to adapt it: extend the class, override what differs, and
 * register the subclass as `APP_INTERCEPTOR` in the root module. It runs before the module's own,
 * which passes through what already has its invocation. At gateways NestJS 11 asks no interceptor
 * of the application: there the subclass goes with `@UseInterceptors` on the gateway. What else it
 * needs it takes by property injection.
 */
@Injectable()
export class AgentToolInterceptor implements NestInterceptor {
  readonly #calls = new WeakMap<ExecutionContext, RoutedCall>();

  /** @internal */
  constructor(
    private readonly invoker: AgentToolInvoker,
    @Inject(IDENTIFY_AGENT) private readonly identifyAgent: IdentifyAgent,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const mark = this.toolOf(context);
    const around = attachedInvocation(this.#callOf(context).transport?.httpRequestOf?.(context));
    if (mark === undefined) {
      return around === undefined
        ? next.handle()
        : new Observable((subscriber) => handle({ next, invocation: around, subscriber }));
    }
    // Registered twice (the module imported twice, or @UseInterceptors beside it), the second one
    // finds the invocation that the first one opened for this very call.
    if (isOpenFor(context)) return next.handle();
    return new Observable((subscriber) => {
      const run = (): void => this.#run(mark, context, next, subscriber);
      if (around === undefined) run();
      else around.enter(run);
    });
  }

  /** The mark that counts for the handler; `undefined` leaves it alone. */
  protected toolOf(context: ExecutionContext): AgentToolOptions | undefined {
    return agentToolMark(context.getHandler(), context.getClass());
  }

  /**
   * What the call's user and agent run are read from: over HTTP the request, over other transports
   * what takes its place.
   *
   * @throws CallRefusedException `transport_not_supported`, 501, over a transport that is not
   * known.
   */
  protected requestOf(context: ExecutionContext): AgentRequest {
    const { transport } = this.#callOf(context);
    if (transport !== undefined) return transport.requestOf(context);
    throw new CallRefusedException({
      status: 501,
      code: 'transport_not_supported',
      message: `${methodName(context)} is marked with @AgentTool and was called over "${context.getType<string>()}", a transport of which it is not known who calls, so it was not run. To serve that transport, extend AgentToolInterceptor, override requestOf() and identify() in it, and register it as APP_INTERCEPTOR in the root module.`,
    });
  }

  /** The response whose end the key waits for; `undefined` if the key waits for no response. */
  protected responseOf(context: ExecutionContext): ClosableResponse | undefined {
    return this.#callOf(context).transport?.responseOf?.(context);
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

  #callOf(context: ExecutionContext): RoutedCall {
    let call = this.#calls.get(context);
    if (call === undefined) {
      call = { transport: transportOf(context) };
      this.#calls.set(context, call);
    }
    return call;
  }

  #requestOf(context: ExecutionContext): AgentRequest {
    return (this.#callOf(context).request ??= this.requestOf(context));
  }

  #run(
    mark: AgentToolOptions,
    context: ExecutionContext,
    next: CallHandler,
    subscriber: Subscriber<unknown>,
  ): void {
    let response: ClosableResponse | undefined;
    try {
      // Asked first whatever `identify` may know: a transport it cannot serve opens no invocation.
      this.#requestOf(context);
      response = this.responseOf(context);
      if (response !== undefined && isClosed(response)) throw clientGoneBefore(context);
    } catch (error) {
      subscriber.error(error);
      return;
    }
    let clientGone = false;
    let answered = (): void => {};
    if (response !== undefined) {
      onceClosed(response, () => {
        clientGone = true;
        answered();
      });
    }

    const enterHandler = (invocation: Invocation): void => {
      const { transport } = this.#callOf(context);
      if (subscriber.closed || clientGone || transport?.callerGone?.(context) === true) {
        invocation.end();
        subscriber.error(clientGoneBefore(context));
        return;
      }
      if (response !== undefined) answered = invocation.keepOpen();
      handle({ next, invocation, subscriber, transport, context });
    };

    this.#open(mark, context).then(enterHandler, (error: unknown) => subscriber.error(error));
  }

  async #open(mark: AgentToolOptions, context: ExecutionContext): Promise<Invocation> {
    const identified = this.identify(context);
    const identity = isThenable(identified) ? await identified : identified;
    const label = this.labelFor(identity, context);
    return this.invoker.open(
      mark,
      { identity, args: context.getArgs(), execution: context },
      { label, execution: context, mark },
    );
  }

  /** @throws CallRefusedException `invalid_identity` where the handler cannot be told. */
  #toolNameOf(context: ExecutionContext): string {
    const [host, method] = [context.getClass(), context.getHandler()];
    const mark = this.toolOf(context);
    const named = mark?.tool ?? this.#callOf(context).transport?.toolNameOf?.(context);
    if (named !== undefined) return named;
    const key = keyOf(method, host, mark);
    if (mark !== undefined && key !== undefined) return toolNameOf({ mark, host, key, method });
    throw invalidIdentity(
      `the handler of ${host.name} is no property of its class, so its tool has no name`,
      'Name it: @AgentTool({ tool }).',
    );
  }

  #complete(given: PartialAgentIdentity | undefined, context: ExecutionContext): AgentIdentity {
    const { userId, runId, tenantId, customerId, tool } = readIdentity(given);
    return {
      userId: userId ?? userIdOf(this.#requestOf(context)),
      runId: runId ?? runIdOf(this.#requestOf(context)),
      tool: tool ?? this.#toolNameOf(context),
      ...(tenantId === undefined ? {} : { tenantId }),
      ...(customerId === undefined ? {} : { customerId }),
    };
  }
}

/** What is read of a call that Nest routes, once. */
interface RoutedCall {
  readonly transport: Transport | undefined;
  request?: AgentRequest;
}

interface Handling {
  next: CallHandler;
  invocation: Invocation;
  subscriber: Subscriber<unknown>;
  transport?: Transport | undefined;
  context?: ExecutionContext;
}

/** Runs a handler in an invocation, which stays open at least until the handler has settled. */
function handle({ next, invocation, subscriber, transport, context }: Handling): void {
  const settled = invocation.keepOpen();
  // Before anyone outside hears of it: who retries does so at once, and gets a new invocation.
  const handled = (): void => invocation.handled();
  const handling = new Subscription();
  const stop = (): void => {
    handled();
    settled();
    handling.unsubscribe();
  };
  let given = false;
  subscriber.add(() => {
    const gone = context !== undefined && transport?.callerGone?.(context) === true;
    if (given || handling.closed || !gone) stop();
    // The caller is gone, but a tool in the middle of its work still ends it.
    else handling.add(atExpiry(invocation, stop));
  });
  const enter = <T>(work: () => T): T => invocation.enter(work);
  try {
    const source = enter(() =>
      next.handle().subscribe({
        next: (value) => {
          given = true;
          if (subscriber.closed) {
            stop();
            return;
          }
          keepContext(value, enter);
          if (transport?.readsIterators === true) keepUntilRead(value, invocation);
          subscriber.next(value);
        },
        error: (error) => {
          invocation.failed(error);
          handled();
          subscriber.error(VaultKeyException.from(error) ?? error);
          stop();
        },
        complete: () => {
          handled();
          subscriber.complete();
          stop();
        },
      }),
    );
    handling.add(source);
  } catch (error) {
    invocation.failed(error);
    subscriber.error(error);
    stop();
  }
}

/** Keeps an invocation open until an iterator that its handler gave has been read to the end. */
function keepUntilRead(value: unknown, invocation: Invocation): void {
  if (!isIterator(value)) return;
  const read = invocation.keepOpen();
  const timer = atExpiry(invocation, read);
  onceRead(value, () => {
    timer.unsubscribe();
    read();
  });
}

/**
 * Calls back when the key of an invocation has expired: nothing is worth waiting for any longer.
 */
function atExpiry({ key }: Invocation, callback: () => void): Subscription {
  const timer = setTimeout(callback, key.expiresAt.getTime() - Date.now());
  timer.unref();
  return new Subscription(() => clearTimeout(timer));
}

function isOpenFor(execution: object): boolean {
  for (
    let invocation = currentInvocation();
    invocation !== undefined;
    invocation = invocation.outer
  ) {
    if (invocation.execution === execution && invocation.handled !== true && !invocation.key.ended)
      return true;
  }
  return false;
}

function methodName(context: ExecutionContext): string {
  const [host, handler] = [context.getClass(), context.getHandler()];
  return `${host.name}.${keyOf(handler, host, agentToolMark(handler, host)) ?? handler.name}`;
}

function clientGoneBefore(context: ExecutionContext): CallRefusedException {
  return new CallRefusedException({
    status: 499,
    code: 'client_closed_request',
    message: `The client had gone before ${methodName(context)} could begin, so it was not run.`,
  });
}

function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return value !== null && typeof value === 'object' && 'then' in value;
}
