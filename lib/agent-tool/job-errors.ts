import { standFor } from '../exceptions/exception-behind';
import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';
import { VaultKeyException } from '../exceptions/vault-key.exception';
import { VendorException } from '../exceptions/vendor.exception';
import type { QueueJob } from './queue-job';

/** How long a job waits that a process about to end gives back. */
const PUT_OFF_MS = 1_000;

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
 * Gives a job back to its queue, which tries it again without counting an attempt: in another process,
 * where this one is about to end.
 *
 * @param error Why it was not begun, or cannot go on.
 * @param delayMs When it is tried again.
 * @returns What its processor is to throw; `error` itself where the queue takes no job back.
 */
export async function putOff(
  job: QueueJob,
  error: VaultKeyException,
  delayMs = PUT_OFF_MS,
): Promise<Error> {
  if (job.token === undefined || job.moveToDelayed === undefined) return error;
  try {
    await job.moveToDelayed(Date.now() + delayMs, job.token);
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
