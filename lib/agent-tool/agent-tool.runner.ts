import { Injectable, Logger } from '@nestjs/common';
import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';
import { VaultKeyException } from '../exceptions/vault-key.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { ANONYMOUS, newRunId } from '../vault-key/agent-identity';
import type { AgentIdentity } from '../vault-key/agent-identity';
import { currentNumbering } from '../vault-key/run-context';
import { keyLabel } from '../vault-key/label';
import type { Run } from '../vault-key/run';
import { liveRun } from '../vault-key/run-context';
import { RunOpener } from '../vault-key/run-opener';
import type { RunRequest } from '../vault-key/run-opener';
import { policyFaults } from '../vault-key/vault-key-policy';
import type { VaultKeyPolicy } from '../vault-key/vault-key-policy';
import type { AgentToolContext, AgentToolOptions } from './agent-tool.options';
import { callsOf, identityOf, jobError, jobIn, putOff, refuseLateRetry } from './queue-job';
import type { QueueJob } from './queue-job';
import { mayMissInterceptors } from './routed-methods';
import type { ToolCall, ToolRuns } from './tool-runs';

/** How a run of a marked method is asked for; its policy follows from the mark and the call. */
export type ToolRunRequest = Omit<RunRequest, 'policy' | 'identity'>;

/** Opens the runs of marked methods, however they are called. */
@Injectable()
export class AgentToolRunner implements ToolRuns {
  readonly #logger = new Logger('AgentTool');
  readonly #sound = new WeakSet<AgentToolOptions>();

  constructor(private readonly runs: RunOpener) {}

  /**
   * Opens a run under a mark's policy.
   *
   * @throws VaultKeyException when no key could be issued, or the cap or endpoints could not be computed.
   */
  async open(
    mark: AgentToolOptions,
    call: AgentToolContext,
    request: ToolRunRequest,
  ): Promise<Run> {
    const policy = this.#sound.has(mark)
      ? (mark as VaultKeyPolicy)
      : await this.#policyOf(mark, call);
    return this.runs.open({ ...request, policy, identity: call.identity });
  }

  /** Runs a method that Nest does not route, or that the application's own code calls. */
  run(call: ToolCall): unknown {
    return isAsyncGenerator(call.method) ? this.#stream(call) : this.#settle(call);
  }

  async #settle(call: ToolCall): Promise<unknown> {
    try {
      const run = await this.#openFor(call);
      try {
        return await run.enter(call.work);
      } finally {
        run.end();
      }
    } catch (error) {
      throw toThrow(call, error);
    }
  }

  async *#stream(call: ToolCall): AsyncGenerator<unknown, unknown, unknown> {
    try {
      const run = await this.#openFor(call);
      // A reader that leaves a generator tells nobody.
      const expired = setTimeout(() => run.end(), run.key.expiresAt.getTime() - Date.now());
      expired.unref();
      try {
        return yield* inContext(run, call.work);
      } finally {
        clearTimeout(expired);
        run.end();
      }
    } catch (error) {
      throw toThrow(call, error);
    }
  }

  async #openFor({ mark, marked, tool, args }: ToolCall): Promise<Run> {
    const job = jobIn(args);
    if (job !== undefined) return this.#openForJob(mark, job, tool, args);
    const around = liveRun();
    if (around === undefined && mayMissInterceptors(marked)) {
      const error = new VaultKeyMissingException({ tool, reason: 'not_intercepted' });
      // Where no interceptor runs no filter does either: Nest answers "Internal server error".
      this.#logger.error(error.message);
      throw error;
    }
    const own = around?.identity ?? { userId: ANONYMOUS, runId: newRunId() };
    const identity: AgentIdentity = { ...own, tool };
    const label = keyLabel('nest', identity.userId, identity.runId);
    return this.open(mark, { identity, args }, { label });
  }

  async #openForJob(
    mark: AgentToolOptions,
    job: QueueJob,
    tool: string,
    args: readonly unknown[],
  ): Promise<Run> {
    const identity: AgentIdentity = { ...identityOf(job), tool };
    try {
      this.runs.admit();
    } catch (error) {
      throw error instanceof VaultKeyException ? await putOff(job, error) : error;
    }
    await refuseLateRetry(job);
    const label = keyLabel('bullmq', identity.userId, identity.runId);
    return this.open(mark, { identity, args }, { label, calls: callsOf(job) });
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
        `Could not compute the cap or endpoints of ${tool}; it was not run.`,
        cause instanceof Error ? cause.stack : String(cause),
      );
      throw new VaultKeyUnavailableException({
        message: `Could not compute the cap or endpoints of ${tool}; it was not run. The application's log says why.`,
        cause,
      });
    }
  }
}

/** What a generator gives, each step of it taken in a run. */
async function* inContext(
  run: Run,
  work: () => unknown,
): AsyncGenerator<unknown, unknown, unknown> {
  const chunks = run.enter(work) as AsyncGenerator<unknown, unknown, unknown>;
  let step = (): Promise<IteratorResult<unknown, unknown>> => chunks.next();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await run.enter(step);
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
    if (!ended) await run.enter(() => chunks.return(undefined));
  }
}

/** What a call of a marked method throws, for what was thrown in it. */
function toThrow({ args }: ToolCall, thrown: unknown): unknown {
  const error = VaultKeyException.from(thrown) ?? thrown;
  const job = jobIn(args);
  // Within the job's own run there is no queue to tell, but code that may look at the exception.
  return job === undefined || currentNumbering() === callsOf(job) ? error : jobError(error);
}

function isAsyncGenerator(method: object): boolean {
  return Object.prototype.toString.call(method) === '[object AsyncGeneratorFunction]';
}
