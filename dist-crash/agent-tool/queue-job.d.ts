import { VaultKeyException } from '../exceptions/vault-key.exception';
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
    readonly queue?: {
        readonly client?: unknown;
        readonly backend?: {
            readonly client?: unknown;
        } | undefined;
    } | undefined;
}
/**
 * The job that a method was called with, as a queue calls its processor. What is data alone is none:
 * a caller may have written it, and would name the user, the run and the idempotency keys.
 */
export declare function jobIn([first]: readonly unknown[]): QueueJob | undefined;
/**
 * On whose behalf a job works: `userId`, `runId` and `tenantId` of its data. Without them it works
 * for `anon`, in a run of its own.
 *
 * @throws CallRefusedException `invalid_identity`, naming the field.
 */
export declare function identityOf(job: QueueJob): Omit<AgentIdentity, 'tool'>;
/** The numbering of the vendor calls of one attempt at a job, whatever methods make them. */
export declare function callsOf(job: QueueJob): CallNumbering;
/**
 * Refuses an attempt at a job that comes so late after the first that the vendor may have forgotten
 * its idempotency keys: what the first attempt charged would be charged again.
 *
 * @throws CallRefusedException `retry_too_late`.
 */
export declare function refuseLateRetry(job: QueueJob): Promise<void>;
/**
 * What a failed job is to throw: a refusal that a retry does not help is BullMQ's
 * `UnrecoverableError`, which it knows by its name, with the exception as its `cause`.
 */
export declare function jobError(error: unknown): unknown;
/**
 * Gives a job that has not begun back to its queue, which tries it again in a second without
 * counting an attempt: in another process, where this one is about to end.
 *
 * @param error Why it was not begun.
 * @returns What its processor is to throw; `error` itself where the queue takes no job back.
 */
export declare function putOff(job: QueueJob, error: VaultKeyException): Promise<Error>;
