import { Injectable, Logger } from '@nestjs/common';
import { ApprovalRequiredException } from '../exceptions/approval-required.exception';
import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';
import { VaultKeyException } from '../exceptions/vault-key.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { logFields } from '../telemetry/log-fields';
import { ANONYMOUS, newRunId } from '../vault-key/agent-identity';
import type { AgentIdentity } from '../vault-key/agent-identity';
import { keyLabel } from '../vault-key/label';
import type { Invocation } from '../vault-key/invocation';
import {
  currentInvocation,
  currentNumbering,
  liveInvocation,
} from '../vault-key/invocation-context';
import { InvocationOpener } from '../vault-key/invocation-opener';
import type { InvocationRequest } from '../vault-key/invocation-opener';
import { policyFaults } from '../vault-key/vault-key-policy';
import type { VaultKeyLimits } from '../vault-key/vault-key-limits';
import type { VaultKeyPolicy } from '../vault-key/vault-key-policy';
import type {
  AgentToolContext,
  AgentToolLimits,
  AgentToolOptions,
  PerCall,
} from './agent-tool.options';
import { delayUntilApproved, delayWhilePending } from './job-approvals';
import { callsOf, refuseLateRetry } from './job-attempts';
import { jobError, putOff } from './job-errors';
import { identityOf, jobIn } from './queue-job';
import type { QueueJob } from './queue-job';
import { mayMissInterceptors } from './routed-methods';
import type { ToolCall, ToolInvoker } from './tool-invoker';

/**
 * How an invocation of a marked method is asked for; its policy follows from the mark and the call.
 */
export type ToolInvocationRequest = Omit<InvocationRequest, 'policy' | 'identity'>;

/** Opens the invocations of marked methods, however they are called. */
@Injectable()
export class AgentToolInvoker implements ToolInvoker {
  readonly #logger = new Logger('AgentTool');
  readonly #valid = new WeakSet<AgentToolOptions>();

  constructor(private readonly invocations: InvocationOpener) {}

  /**
   * Opens an invocation under a mark's policy.
   *
   * @throws VaultKeyException when no key could be issued, or the cap, endpoints, vendor, limits or approvals could
   * not be computed.
   */
  async open(
    mark: AgentToolOptions,
    call: AgentToolContext,
    request: ToolInvocationRequest,
  ): Promise<Invocation> {
    const policy = this.#valid.has(mark)
      ? (mark as VaultKeyPolicy)
      : await this.#policyOf(mark, call);
    return this.invocations.open({ ...request, policy, identity: call.identity, call });
  }

  /** Runs a method that Nest does not route, or that the application's own code calls. */
  run(call: ToolCall): unknown {
    return isAsyncGenerator(call.method) ? this.#stream(call) : this.#settle(call);
  }

  async #settle(call: ToolCall): Promise<unknown> {
    try {
      const invocation = await this.#openFor(call);
      try {
        return await invocation.enter(call.work);
      } catch (error) {
        invocation.failed(error);
        throw error;
      } finally {
        invocation.end();
      }
    } catch (error) {
      throw await toThrow(call, error);
    }
  }

  async *#stream(call: ToolCall): AsyncGenerator<unknown, unknown, unknown> {
    try {
      const invocation = await this.#openFor(call);
      // A reader that leaves a generator does not say so.
      const expired = setTimeout(
        () => invocation.end(),
        invocation.key.expiresAt.getTime() - Date.now(),
      );
      expired.unref();
      try {
        return yield* inContext(invocation, call.work);
      } catch (error) {
        invocation.failed(error);
        throw error;
      } finally {
        clearTimeout(expired);
        invocation.end();
      }
    } catch (error) {
      throw await toThrow(call, error);
    }
  }

  async #openFor({ mark, marked, tool, args }: ToolCall): Promise<Invocation> {
    const job = jobIn(args);
    if (job !== undefined) return this.#openForJob(mark, job, tool, args);
    const around = liveInvocation();
    if (around === undefined && mayMissInterceptors(marked)) {
      const error = new VaultKeyMissingException({ tool, reason: 'not_intercepted' });
      // Where no interceptor runs no filter does either: Nest answers "Internal server error".
      this.#logger.error(error.message, undefined, { tool });
      throw error;
    }
    // Work that an invocation has left behind is still that identity's.
    const own = currentInvocation()?.identity ?? { userId: ANONYMOUS, runId: newRunId() };
    const identity: AgentIdentity = { ...own, tool };
    const label = keyLabel('nest', identity.userId, identity.runId);
    return this.open(mark, { identity, args }, { label });
  }

  async #openForJob(
    mark: AgentToolOptions,
    job: QueueJob,
    tool: string,
    args: readonly unknown[],
  ): Promise<Invocation> {
    const identity: AgentIdentity = { ...identityOf(job), tool };
    try {
      this.invocations.admit();
    } catch (error) {
      throw error instanceof VaultKeyException ? await putOff(job, error) : error;
    }
    await refuseLateRetry(job);
    const delayed = await delayWhilePending(job, (id) => this.invocations.approvalState(id));
    if (delayed !== undefined) throw delayed;
    const label = keyLabel('bullmq', identity.userId, identity.runId);
    return this.open(mark, { identity, args }, { label, calls: callsOf(job) });
  }

  async #policyOf(mark: AgentToolOptions, call: AgentToolContext): Promise<VaultKeyPolicy> {
    const { dailyUsdCap, allowedEndpoints, vendor, limits, approveAbove } = mark;
    const values = [dailyUsdCap, allowedEndpoints, vendor, approveAbove];
    const perCall = [...values, ...Object.values(limits ?? {})].some(
      (value) => typeof value === 'function',
    );
    try {
      const policy: VaultKeyPolicy = {
        ...mark,
        dailyUsdCap: await valueFor('dailyUsdCap', dailyUsdCap, call),
        allowedEndpoints: await valueFor('allowedEndpoints', allowedEndpoints, call),
        vendor: await valueFor('vendor', vendor, call),
        limits: await limitsOf(limits, call),
        approveAbove: await valueFor('approveAbove', approveAbove, call),
      };
      const faults = policyFaults(policy, this.invocations);
      if (faults.length > 0) {
        throw new Error(faults.map(({ field, message }) => `${field} ${message}`).join('; '));
      }
      if (!perCall) this.#valid.add(mark);
      return policy;
    } catch (cause) {
      const tool = call.identity.tool ?? 'this tool';
      this.#logger.error(
        `Could not compute the cap, endpoints, vendor, limits or approvals of ${tool}; it was not run.`,
        cause instanceof Error ? cause.stack : String(cause),
        logFields(call.identity),
      );
      throw new VaultKeyUnavailableException({
        message: `Could not compute the cap, endpoints, vendor, limits or approvals of ${tool}; it was not run. The application's log says why.`,
        cause,
      });
    }
  }
}

/** @throws Error where a function gives nothing: no default takes the place of what was meant. */
async function valueFor<T>(field: string, value: PerCall<T>, call: AgentToolContext): Promise<T> {
  if (typeof value !== 'function') return value;
  const given: unknown = await (value as (context: AgentToolContext) => unknown)(call);
  if (given === undefined) throw new Error(`${field} is undefined`);
  return given as T;
}

/** Limits with the values that they have for a call. */
async function limitsOf(
  limits: AgentToolLimits | undefined,
  call: AgentToolContext,
): Promise<VaultKeyLimits | undefined> {
  if (limits === undefined) return undefined;
  const values: Record<string, unknown> = {};
  for (const [name, limit] of Object.entries(limits)) {
    values[name] = typeof limit === 'function' ? await limit(call) : limit;
  }
  return values;
}

/** What a generator gives, each step of it taken in an invocation. */
async function* inContext(
  invocation: Invocation,
  work: () => unknown,
): AsyncGenerator<unknown, unknown, unknown> {
  const chunks = invocation.enter(work) as AsyncGenerator<unknown, unknown, unknown>;
  let step = (): Promise<IteratorResult<unknown, unknown>> => chunks.next();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await invocation.enter(step);
      if (done === true) {
        ended = true;
        return value;
      }
      try {
        const given = yield value;
        step = () => chunks.next(given);
      } catch (thrown) {
        step = () => chunks.throw(thrown);
      }
    }
  } finally {
    if (!ended) await invocation.enter(() => chunks.return(undefined));
  }
}

/** What a call of a marked method throws, for what was thrown in it. */
async function toThrow({ args }: ToolCall, thrown: unknown): Promise<unknown> {
  const error = VaultKeyException.from(thrown) ?? thrown;
  const job = jobIn(args);
  // Within the job's own invocation there is no queue to tell, but code that may look at the
  // exception.
  if (job === undefined || currentNumbering() === callsOf(job)) return error;
  return error instanceof ApprovalRequiredException
    ? delayUntilApproved(job, error)
    : jobError(error);
}

function isAsyncGenerator(method: object): boolean {
  return Object.prototype.toString.call(method) === '[object AsyncGeneratorFunction]';
}
