import { CallRefusedException } from '../exceptions/call-refused.exception';
import { CallNumbering } from '../vault-key/call-numbering';
import { hashOf } from './job-hash';
import { nameOf } from './queue-job';
import type { QueueJob } from './queue-job';

/** What is known of an attempt at a job, whatever methods work at it. */
interface Attempt {
  readonly calls: CallNumbering;
  inTime?: Promise<void>;
}

/** How long a vendor is sure to know an idempotency key, less an hour to run in. */
const REPLAYABLE_MS = 23 * 3_600_000;
const FIRST_ATTEMPT = 'vault-key:first-attempt';

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
  try {
    const hash = await hashOf(job);
    if (hash === undefined) return undefined;
    const [added, written] = await hash.read('timestamp', FIRST_ATTEMPT);
    if (written !== undefined) return readTime(written);
    const first = firstPossibleAttemptOf(job, now);
    // What has been removed must not come back as a hash of this one field.
    if (added !== undefined) await hash.write({ [FIRST_ATTEMPT]: String(first) });
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
