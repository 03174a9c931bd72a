"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.sendingOf = sendingOf;
exports.dearer = dearer;
exports.conclusionOf = conclusionOf;
const HOUR_MS = 3_600_000;
/** Stripe forgets an Idempotency-Key after 24 hours; a call after 23 is taken for a new one. */
const FIRST_SENDING_MS = 23 * HOUR_MS;
/** How long after its hold a key may not be used for anything else. */
const MEMORY_MS = 24 * HOUR_MS;
/** What a call under a key that is known already means. */
function sendingOf(operation, fingerprint, hold, now) {
    const { endedAt, firstSentAt, inFlight } = operation;
    if (operation.fingerprint !== fingerprint) {
        const forgotten = inFlight === 0 && endedAt !== undefined && endedAt + MEMORY_MS <= now;
        return forgotten ? 'anew' : 'other';
    }
    return hold === 'released' || firstSentAt + FIRST_SENDING_MS < now ? 'anew' : 'retry';
}
/** The dearer of two outcomes: what is settled, by how much; then what nobody knows. */
function dearer(one, other) {
    if (one === undefined)
        return other;
    const difference = rankOf(other) - rankOf(one);
    if (difference !== 0)
        return difference > 0 ? other : one;
    return (other.reportedMicros ?? 0) > (one.reportedMicros ?? 0) ? other : one;
}
/**
 * What the dearest outcome makes of a hold, once no call is in flight. A hold that is `unknown`
 * is released only by an answer that proves what became of the operation.
 */
function conclusionOf(dearest, hold) {
    if (hold === 'unknown' && dearest.ending === 'released' && dearest.proof !== true) {
        return { ending: 'unknown' };
    }
    return dearest;
}
function rankOf({ ending, proof }) {
    switch (ending) {
        case 'settled':
            return 3;
        case 'unknown':
            return 2;
        case 'released':
            return proof === true ? 1 : 0;
    }
}
