import type { HoldState } from '../../../contract/states';
import type { Outcome } from '../../pricing/price';
import type { Hold } from '../records';

const HOUR_MS = 3_600_000;
/** Stripe forgets an Idempotency-Key after 24 hours; a call after 23 hours is taken for a new one. */
const RETRY_WINDOW_MS = 23 * HOUR_MS;
const FORGOTTEN_MS = 25 * HOUR_MS;
/** How long after its hold a key may not be used for anything else. */
const MEMORY_MS = 24 * HOUR_MS;

/**
 * All calls under one `Idempotency-Key`, across vault keys: they have one hold, which stays
 * charged to the key and the budgets that first held it.
 */
export interface Operation {
  /** Of everything that must be the same in a retry. */
  fingerprint: string;
  /** The call whose hold it is; absent for what costs nothing. */
  holdId?: string;
  /** Milliseconds since the epoch. */
  firstSentAt: number;
  inFlight: number;
  /** The costliest outcome of the calls that have ended since the first of those in flight began. */
  costliest?: Outcome;
  /** When its hold ended, or the last call of an operation without one. */
  endedAt?: number;
  /**
   * Its earlier holds, which an operator has settled. The operation moves its money once, so what
   * they count is neither held nor settled again.
   */
  earlierHoldIds?: readonly string[];
  /** The amount that its first call did not name and was forwarded with, minor units: so are its retries. */
  addedAmount?: number;
}

/** An operation, and what names it. */
export interface NamedOperation {
  vendor: string;
  keyHash: string;
  operation: Operation;
}

/**
 * What a call under a known key is: another use of the key, a retry, a call with a new hold, or one
 * that cannot have a new hold yet, since calls are in flight under the one before.
 */
export type Attempt = 'conflict' | 'retry' | 'new' | 'too_early';

/** What a call under a key that is known already means. */
export function classifyAttempt(
  operation: Operation,
  fingerprint: string,
  hold: Pick<Hold, 'state' | 'isEndedByOperator'> | undefined,
  now: number,
): Attempt {
  const { endedAt, inFlight } = operation;
  if (operation.fingerprint !== fingerprint) {
    const forgotten = inFlight === 0 && endedAt !== undefined && endedAt + MEMORY_MS <= now;
    return forgotten ? 'new' : 'conflict';
  }
  if (hold?.state === 'released' || hold?.isEndedByOperator === true) return 'new';
  if (isInWindow(operation, now)) return 'retry';
  return hold !== undefined && inFlight > 0 ? 'too_early' : 'new';
}

/** Whether the vendor still knows the key: what is sent under it is the first call's replay. */
export function isInWindow({ firstSentAt }: Operation, now: number): boolean {
  return firstSentAt + RETRY_WINDOW_MS >= now;
}

/** Whether the vendor has surely forgotten the key: what is sent under it now is executed. */
export function isForgotten({ firstSentAt }: Operation, now: number): boolean {
  return firstSentAt + FORGOTTEN_MS < now;
}

/**
 * Whether a call under its key would be decided as if the key were new: the vendor has forgotten it,
 * and its hold, where it has one, ended a day ago.
 */
export function isOver(
  operation: Operation,
  hold: Pick<Hold, 'state' | 'endedAt'> | undefined,
  now: number,
): boolean {
  if (operation.inFlight > 0 || !isForgotten(operation, now)) return false;
  if (hold?.state === 'held' || hold?.state === 'unknown') return false;
  const endedAt = operation.endedAt ?? hold?.endedAt ?? operation.firstSentAt;
  return endedAt + MEMORY_MS <= now;
}

/** The costlier of two outcomes: what is settled, by how much; then what is unknown. */
export function costlier(one: Outcome | undefined, other: Outcome): Outcome {
  if (one === undefined) return other;
  const difference = rankOf(other) - rankOf(one);
  if (difference !== 0) return difference > 0 ? other : one;
  return (other.reportedMicros ?? 0) > (one.reportedMicros ?? 0) ? other : one;
}

/**
 * What the costliest outcome makes of a hold, once no call is in flight. A hold that is `unknown`
 * is released only by an answer that proves what became of the operation.
 */
export function conclusionOf(costliest: Outcome, hold: HoldState): Outcome {
  if (hold === 'unknown' && costliest.ending === 'released' && costliest.conclusive !== true) {
    return { ending: 'unknown' };
  }
  return costliest;
}

function rankOf({ ending, conclusive, isUnsent }: Outcome): number {
  switch (ending) {
    case 'settled':
      return 3;
    case 'unknown':
      return 2;
    case 'released':
      if (isUnsent === true) return -1;
      return conclusive === true ? 1 : 0;
  }
}
