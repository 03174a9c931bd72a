import type { Outcome } from '../pricing/price';
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
export declare function sendingOf(operation: Operation, fingerprint: string, hold: HoldState | undefined, now: number): Sending;
/** The dearer of two outcomes: what is settled, by how much; then what nobody knows. */
export declare function dearer(one: Outcome | undefined, other: Outcome): Outcome;
/**
 * What the dearest outcome makes of a hold, once no call is in flight. A hold that is `unknown`
 * is released only by an answer that proves what became of the operation.
 */
export declare function conclusionOf(dearest: Outcome, hold: HoldState): Outcome;
