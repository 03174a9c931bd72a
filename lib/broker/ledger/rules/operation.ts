import type { Outcome } from '../../pricing/price';

const HOUR_MS = 3_600_000;
/** Stripe forgets an Idempotency-Key after 24 hours; a call after 23 is taken for a new one. */
const FIRST_SENDING_MS = 23 * HOUR_MS;
/** How long after its hold a key may not be used for anything else. */
const MEMORY_MS = 24 * HOUR_MS;

/**
 * All that is sent under one `Idempotency-Key`, across vault keys: it has one hold, which stays
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
  /** The dearest outcome of the calls that have ended since the first of those in flight began. */
  dearest?: Outcome;
  /** When its hold ended, or the last call of an operation without one. */
  endedAt?: number;
}

export type HoldState = 'held' | 'settled' | 'released' | 'unknown';

/** What a call under a known key is: another use of the key, a retry, or held anew. */
export type Sending = 'other' | 'retry' | 'anew';

/** What a call under a key that is known already means. */
export function sendingOf(
  operation: Operation,
  fingerprint: string,
  hold: HoldState | undefined,
  now: number,
): Sending {
  const { endedAt, firstSentAt, inFlight } = operation;
  if (operation.fingerprint !== fingerprint) {
    const forgotten = inFlight === 0 && endedAt !== undefined && endedAt + MEMORY_MS <= now;
    return forgotten ? 'anew' : 'other';
  }
  return hold === 'released' || firstSentAt + FIRST_SENDING_MS < now ? 'anew' : 'retry';
}

/** The dearer of two outcomes: what is settled, by how much; then what nobody knows. */
export function dearer(one: Outcome | undefined, other: Outcome): Outcome {
  if (one === undefined) return other;
  const difference = rankOf(other) - rankOf(one);
  if (difference !== 0) return difference > 0 ? other : one;
  return (other.reportedMicros ?? 0) > (one.reportedMicros ?? 0) ? other : one;
}

/**
 * What the dearest outcome makes of a hold, once no call is in flight. A hold that is `unknown`
 * is released only by an answer that proves what became of the operation.
 */
export function conclusionOf(dearest: Outcome, hold: HoldState): Outcome {
  if (hold === 'unknown' && dearest.ending === 'released' && dearest.proof !== true) {
    return { ending: 'unknown' };
  }
  return dearest;
}

function rankOf({ ending, proof }: Outcome): number {
  switch (ending) {
    case 'settled':
      return 3;
    case 'unknown':
      return 2;
    case 'released':
      return proof === true ? 1 : 0;
  }
}
