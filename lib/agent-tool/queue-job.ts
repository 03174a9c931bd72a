import { createHash } from 'node:crypto';
import { ANONYMOUS, isRunId, readIdentity } from '../vault-key/agent-identity';
import type { AgentIdentity } from '../vault-key/agent-identity';

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
export function nameOf({ queueName, id }: QueueJob): string {
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

/** A job's name may hold what a run id may not, or be longer: then its hash takes its place. */
function runIdOf(name: string): string {
  return isRunId(name) ? name : `job:${createHash('sha256').update(name, 'utf16le').digest('hex')}`;
}
