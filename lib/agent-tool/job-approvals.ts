import { ApprovalRequiredException } from '../exceptions/approval-required.exception';
import type { ApprovalState } from '../contract/states';
import { hashOf } from './job-hash';
import { putOff } from './job-errors';
import type { QueueJob } from './queue-job';

/** An approval that a job waits for, as the job itself has it. */
interface AwaitedApproval {
  id: string;
  /** When it was asked for, and until when it may be answered: milliseconds since 1970. */
  since: number;
  until: number;
}

const AWAITED = 'vault-key:approval';
/** How soon after an answer its job begins: a tenth of the time that the answer took, within these bounds. */
const SOONEST_MS = 2_000;
const LATEST_MS = 30_000;
/** Of an approval that does not say until when it may be answered. */
const PENDING_MS = 24 * 3_600_000;

/**
 * Gives a job back to its queue whose work needs an approval, without counting an attempt.
 *
 * @returns What its processor is to throw; the exception itself where the queue takes no job back.
 */
export async function delayUntilApproved(
  job: QueueJob,
  exception: ApprovalRequiredException,
): Promise<Error> {
  const { approvalId: id, expiresAt } = exception;
  const now = Date.now();
  const until = expiresAt === undefined ? now + PENDING_MS : Date.parse(expiresAt);
  // Where it cannot be written down, the work itself asks again.
  const isKept = await keep(job, { id, since: now, until });
  return putOff(job, exception, isKept ? SOONEST_MS : LATEST_MS);
}

/**
 * Gives a job back to its queue that still waits for an answer, and is not to begin its work meanwhile.
 *
 * @param stateOf What has become of an approval; `undefined` where the broker knows none of that id.
 * @returns What its processor is to throw; `undefined` where its work can begin.
 */
export async function delayWhilePending(
  job: QueueJob,
  stateOf: (id: string) => Promise<ApprovalState | undefined>,
): Promise<Error | undefined> {
  const awaited = await awaitedBy(job);
  const now = Date.now();
  if (awaited === undefined || awaited.until <= now) return undefined;
  const { id, since, until } = awaited;
  const isPending = await stateOf(id).then(
    (state) => state === 'pending',
    // A broker that gives no answer has given none to a person either.
    () => true,
  );
  if (!isPending) {
    await keep(job, undefined);
    return undefined;
  }
  const delayMs = Math.min(LATEST_MS, Math.max(SOONEST_MS, (now - since) / 10));
  const expiresAt = new Date(until).toISOString();
  return putOff(job, new ApprovalRequiredException({ approvalId: id, expiresAt }), delayMs);
}

async function keep(job: QueueJob, awaited: AwaitedApproval | undefined): Promise<boolean> {
  try {
    const hash = await hashOf(job);
    const [added] = (await hash?.read('timestamp')) ?? [];
    // What has been removed must not come back as a hash of this one field.
    if (hash === undefined || added === undefined) return false;
    await hash.write({ [AWAITED]: awaited === undefined ? '' : JSON.stringify(awaited) });
    return true;
  } catch {
    return false;
  }
}

async function awaitedBy(job: QueueJob): Promise<AwaitedApproval | undefined> {
  try {
    const [text] = (await (await hashOf(job))?.read(AWAITED)) ?? [];
    if (text === undefined || text === '') return undefined;
    const { id, since, until } = JSON.parse(text) as AwaitedApproval;
    const isWhole = typeof id === 'string' && Number.isFinite(since) && Number.isFinite(until);
    return isWhole ? { id, since, until } : undefined;
  } catch {
    return undefined;
  }
}
