import { createHash } from 'node:crypto';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { standFor } from '../exceptions/exception-behind';
import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';
import { VaultKeyException } from '../exceptions/vault-key.exception';
import { VendorException } from '../exceptions/vendor.exception';
import { ANONYMOUS, isRunId, readIdentity } from '../vault-key/agent-identity';
import type { AgentIdentity } from '../vault-key/agent-identity';
import { CallNumbering } from '../vault-key/call-numbering';

/** What is read of a BullMQ job; `bullmq` itself is never loaded here. */
export interface QueueJob {
  readonly id?: string | undefined;
  readonly queueName: string;
  /** With the prefix of its keys, where it has one. */
  readonly queueQualifiedName?: string | undefined;
  readonly data: unknown;
  /** When it was added: milliseconds since 1970. */
  readonly timestamp: number;
  /** Attempts that have ended. */
  readonly attemptsMade: number;
  /** Those too whose worker was lost, and the one at work. */
  readonly attemptsStarted?: number | undefined;
  readonly stalledCounter?: number | undefined;
  readonly stacktrace?: readonly unknown[] | null | undefined;
  readonly toKey?: ((id: string) => string) | undefined;
  /** The worker's lock on the job. */
  readonly token?: string | undefined;
  readonly moveToDelayed?: ((timestamp: number, token: string) => Promise<unknown>) | undefined;
  /** What no message from outside has: a function. */
  readonly updateProgress: (progress: number) => unknown;
  /** Its Redis client is the queue's own in BullMQ 5 and its backend's in 6. */
  readonly queue?:
    | { readonly client?: unknown; readonly backend?: { readonly client?: unknown } | undefined }
    | undefined;
}

interface HashClient {
  hmget(key: string, ...fields: string[]): Promise<readonly unknown[]>;
  hset(key: string, fields: Record<string, string>): Promise<unknown>;
}

/** What is known of an attempt at a job, whatever methods work at it. */
interface Attempt {
  readonly calls: CallNumbering;
  inTime?: Promise<void>;
}

/** How long a vendor is sure to know an idempotency key, less an hour to run in. */
const REPLAYABLE_MS = 23 * 3_600_000;
/** How long a job waits that a process about to end gives back. */
const PUT_OFF_MS = 1_000;
const FIRST_ATTEMPT = 'vault-key:first-attempt';

/**
 * The job that a method was called with, as a queue calls its processor. Plain data is not taken for
 * a job: a caller may have written it, and would name the user, the agent run and the idempotency
 * keys.
 */
export function jobIn([first]: readonly unknown[]): QueueJob | undefined {
  if (typeof first !== 'object' || first === null) return undefined;
  const { queueName, timestamp, attemptsMade, updateProgress } = first as Partial<QueueJob>;
  return typeof updateProgress === 'function' &&
    typeof queueName === 'string' &&
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
 * for `anon`, in an agent run of its own.
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

const attempts = new WeakMap<QueueJob, Attempt>();

function attemptAt(job: QueueJob): Attempt {
  const known = attempts.get(job);
  if (known !== undefined) return known;
  const attempt = { calls: new CallNumbering(nameOf(job), originOf(job)) };
  attempts.set(job, attempt);
  return attempt;
}

/** The numbering of the vendor calls of one attempt at a job, whatever methods make them. */
export function callsOf(job: QueueJob): CallNumbering {
  return attemptAt(job).calls;
}

/**
 * What tells jobs of one name apart: the prefix of their queues. And, for those that the queue
 * counted out itself, when they were added: a queue that was emptied counts from 1 again. An id
 * that the application chose means the same work again.
 */
function originOf({ id, queueName, queueQualifiedName = queueName, timestamp }: QueueJob): string {
  const counted = id === undefined || /^\d+$/.test(id);
  return counted ? `${queueQualifiedName}@${timestamp}` : queueQualifiedName;
}

/** A job's name may hold what a run id may not, or be longer: then its hash takes its place. */
function runIdOf(name: string): string {
  return isRunId(name) ? name : `job:${createHash('sha256').update(name, 'utf16le').digest('hex')}`;
}

/**
 * Refuses an attempt at a job that comes so late after the first that the vendor may have forgotten
 * its idempotency keys: what the first attempt charged would be charged again.
 *
 * @throws CallRefusedException `retry_too_late`.
 */
export function refuseLateRetry(job: QueueJob): Promise<void> {
  // Asked once: however long an attempt takes, it is no retry of itself.
  return (attemptAt(job).inTime ??= checkFirstAttempt(job, Date.now()));
}

async function checkFirstAttempt(job: QueueJob, now: number): Promise<void> {
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
    const client = (await (job.queue?.backend ?? job.queue)?.client) as
      Partial<HashClient> | undefined;
    if (typeof client?.hmget !== 'function' || typeof client.hset !== 'function') return undefined;
    const key = job.toKey(job.id);
    const [added, written] = await client.hmget(key, 'timestamp', FIRST_ATTEMPT);
    if (typeof written === 'string') return readTime(written);
    const first = firstPossibleAttemptOf(job, now);
    // What has been removed must not come back as a hash of this one field.
    if (typeof added === 'string') await client.hset(key, { [FIRST_ATTEMPT]: String(first) });
    return first;
  } catch {
    return undefined;
  }
}

function readTime(text: string): number | undefined {
  const time = Number(text);
  return Number.isSafeInteger(time) && time > 0 ? time : undefined;
}

/**
 * Now, unless there may have been an attempt before. That was no earlier than the job was added;
 * its delay says nothing, since a job can be promoted.
 */
function firstPossibleAttemptOf(job: QueueJob, now: number): number {
  const { attemptsMade, attemptsStarted = 1, stalledCounter = 0, stacktrace, timestamp } = job;
  const isFirst =
    attemptsMade === 0 &&
    attemptsStarted <= 1 &&
    stalledCounter === 0 &&
    (stacktrace ?? []).length === 0;
  return isFirst ? now : Math.min(now, timestamp);
}

/**
 * What a failed job is to throw: a refusal that a retry does not help is BullMQ's
 * `UnrecoverableError`, which it knows by its name, with the exception as its `cause`.
 */
export function jobError(error: unknown): unknown {
  if (!(error instanceof VaultKeyException) || error.retryable || isUnderWay(error)) return error;
  // The rest of the work is another attempt's, whose calls have the same keys.
  if (error instanceof VaultKeyMissingException && error.reason === 'shut_down') return error;
  const unrecoverable = new UnrecoverableError(error);
  standFor(unrecoverable, error);
  return unrecoverable;
}

/** Whether the vendor is still at the same call of a worker that was lost. */
function isUnderWay(error: VaultKeyException): boolean {
  return error instanceof VendorException && error.vendorCode === 'idempotency_key_in_use';
}

/**
 * Gives a job that has not begun back to its queue, which tries it again in a second without
 * counting an attempt: in another process, where this one is about to end.
 *
 * @param error Why it was not begun.
 * @returns What its processor is to throw; `error` itself where the queue takes no job back.
 */
export async function putOff(job: QueueJob, error: VaultKeyException): Promise<Error> {
  if (job.token === undefined || job.moveToDelayed === undefined) return error;
  try {
    await job.moveToDelayed(Date.now() + PUT_OFF_MS, job.token);
  } catch {
    return error;
  }
  return new DelayedError(error);
}

/** What BullMQ, which knows it by its name, takes for a job that is not its worker's any more. */
class DelayedError extends Error {
  override readonly name = 'DelayedError';

  constructor(cause: VaultKeyException) {
    super(cause.message, { cause });
  }
}

class UnrecoverableError extends Error {
  override readonly name = 'UnrecoverableError';

  constructor(cause: VaultKeyException) {
    super(cause.message, { cause });
    // A queue keeps the stack alone, and where the refused call was made is of use there.
    this.stack = `${this.name}: ${cause.stack ?? cause.message}`;
  }
}
