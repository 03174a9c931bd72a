import { createHash } from 'node:crypto';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { VaultKeyException } from '../exceptions/vault-key.exception';
import { ANONYMOUS, isRunId, readIdentity } from '../vault-key/agent-identity';
import type { AgentIdentity } from '../vault-key/agent-identity';
import { CallNumbering } from '../vault-key/call-numbering';

/** What is read of a BullMQ job; `bullmq` itself is never loaded here. */
export interface QueueJob {
  readonly id?: string | undefined;
  readonly queueName: string;
  readonly data: unknown;
  /** When it was added: milliseconds since 1970. */
  readonly timestamp: number;
  /** Milliseconds it was to wait before its first attempt. */
  readonly delay?: number | undefined;
  /** Attempts that have failed; started ones too, where a worker was lost. */
  readonly attemptsMade: number;
  readonly attemptsStarted?: number | undefined;
  readonly stacktrace?: readonly unknown[] | null | undefined;
  readonly toKey?: ((id: string) => string) | undefined;
  readonly queue?: { readonly client?: unknown } | undefined;
}

interface HashClient {
  hsetnx(key: string, field: string, value: string): Promise<unknown>;
  hget(key: string, field: string): Promise<string | null>;
}

/** How long a vendor is sure to know an idempotency key, less an hour to run in. */
const REPLAYABLE_MS = 23 * 3_600_000;
const FIRST_ATTEMPT = 'vault-key:first-attempt';

/** The job that a method was called with, as a queue calls its processor. */
export function jobIn([first]: readonly unknown[]): QueueJob | undefined {
  if (typeof first !== 'object' || first === null) return undefined;
  const { queueName, timestamp, attemptsMade } = first as Partial<QueueJob>;
  return typeof queueName === 'string' &&
    typeof timestamp === 'number' &&
    typeof attemptsMade === 'number' &&
    'data' in first
    ? (first as QueueJob)
    : undefined;
}

/** `<queue>:<job id>`: what tells a job from all others. */
function nameOf({ queueName, id }: QueueJob): string {
  return `${queueName}:${id ?? 'job'}`;
}

/**
 * On whose behalf a job works: `userId`, `runId` and `tenantId` of its data. Without them it works
 * for `anon`, in a run of its own.
 *
 * @throws CallRefusedException `invalid_identity`, naming the field.
 */
export function identityOf(job: QueueJob): Omit<AgentIdentity, 'tool'> {
  const data = (typeof job.data === 'object' && job.data !== null ? job.data : {}) as Record<
    string,
    unknown
  >;
  const given = Object.fromEntries(
    ['userId', 'runId', 'tenantId'].flatMap((field) =>
      data[field] === undefined || data[field] === null ? [] : [[field, data[field]]],
    ),
  );
  const { userId, runId, tenantId } = readIdentity(
    given,
    `Correct the data of job ${nameOf(job)}.`,
  );
  return {
    userId: userId ?? ANONYMOUS,
    runId: runId ?? runIdOf(nameOf(job)),
    ...(tenantId === undefined ? {} : { tenantId }),
  };
}

const numberings = new WeakMap<QueueJob, CallNumbering>();

/** The numbering of the vendor calls of one attempt at a job, whatever methods make them. */
export function callsOf(job: QueueJob): CallNumbering {
  const known = numberings.get(job);
  if (known !== undefined) return known;
  const calls = new CallNumbering(nameOf(job));
  numberings.set(job, calls);
  return calls;
}

/** A job's name may hold what a run id may not, or be longer: then its hash stands for it. */
function runIdOf(name: string): string {
  return isRunId(name) ? name : `job:${createHash('sha256').update(name).digest('hex')}`;
}

/**
 * Refuses an attempt at a job that comes so late after the first that the vendor may have forgotten
 * its idempotency keys: what the first attempt charged would be charged again.
 *
 * @throws CallRefusedException `retry_too_late`.
 */
export async function refuseLateRetry(job: QueueJob, now = Date.now()): Promise<void> {
  const first = (await firstAttemptOf(job, now)) ?? firstPossibleAttemptOf(job, now);
  if (now - first <= REPLAYABLE_MS) return;
  throw new CallRefusedException({
    status: 409,
    code: 'retry_too_late',
    message: `This attempt at job ${nameOf(job)} comes more than 23 hours after the first (${new Date(first).toISOString()}). Vendors keep idempotency keys for 24, and what an earlier attempt charged would be charged again, so it was not run. Look up at the vendor what was executed, and add a new job for the rest.`,
  });
}

/** The time the first attempt wrote down in the job itself, where its queue is kept in Redis. */
async function firstAttemptOf(job: QueueJob, now: number): Promise<number | undefined> {
  if (job.id === undefined || job.toKey === undefined) return undefined;
  try {
    const client = (await job.queue?.client) as Partial<HashClient> | undefined;
    if (typeof client?.hsetnx !== 'function' || typeof client.hget !== 'function') return undefined;
    const key = job.toKey(job.id);
    const first = firstPossibleAttemptOf(job, now);
    await client.hsetnx(key, FIRST_ATTEMPT, String(first));
    const written = Number(await client.hget(key, FIRST_ATTEMPT));
    return Number.isSafeInteger(written) && written > 0 ? written : undefined;
  } catch {
    return undefined;
  }
}

/** Now, unless there has been an attempt before: then no earlier than the job itself. */
function firstPossibleAttemptOf(job: QueueJob, now: number): number {
  const { attemptsMade, attemptsStarted = 1, stacktrace, timestamp, delay = 0 } = job;
  const isFirst = attemptsMade === 0 && attemptsStarted <= 1 && (stacktrace ?? []).length === 0;
  return isFirst ? now : Math.min(now, timestamp + delay);
}

/**
 * What a failed job is to throw: a refusal that a retry does not help is BullMQ's
 * `UnrecoverableError`, which it knows by its name, with the exception as its `cause`.
 */
export function jobError(error: unknown): unknown {
  return error instanceof VaultKeyException && !error.retryable
    ? new UnrecoverableError(error)
    : error;
}

class UnrecoverableError extends Error {
  override readonly name = 'UnrecoverableError';

  constructor(cause: VaultKeyException) {
    super(cause.message, { cause });
  }
}
