"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.KeptSettlements = void 0;
const refusal_1 = require("../../refusal");
/** Settlements of this many calls may wait for the store; then no more calls are admitted. */
const MAX_KEPT = 10_000;
/**
 * Settlements that the store has not taken yet. They are kept until it does: meanwhile their holds
 * stand, and no call is under way on them.
 */
class KeptSettlements {
    commits;
    operations;
    log;
    /** Calls that have ended, by the hold they shared. */
    #ended = new Map();
    #kept = new Set();
    /** How many were kept since the store last took all. */
    #keptInAll = 0;
    constructor(commits, operations, log) {
        this.commits = commits;
        this.operations = operations;
        this.log = log;
    }
    /** Settlements that could not be written so far. */
    get count() {
        return this.#kept.size;
    }
    /**
     * Writes a settlement with the next transaction that passes.
     *
     * @returns Once it is written, or kept.
     */
    async add(end, finish) {
        const { holdId } = end.hold;
        this.#count(holdId, 1);
        await this.commits.keep({
            work: finish,
            onWritten: () => {
                this.#count(holdId, -1);
                this.#forget(end);
            },
            onKept: (error) => this.#remember(end, error),
        });
    }
    /** @throws BrokerRefusal 503 where so many wait that no call may be admitted. */
    checkRoom() {
        if (this.#kept.size >= MAX_KEPT)
            throw (0, refusal_1.storeUnavailable)();
    }
    /** Whether a hold is held though every call on it has ended. */
    hasStranded({ callId, vendor, state, idempotencyKeyHash }) {
        const ended = this.#ended.get(callId);
        if (state !== 'held' || ended === undefined)
            return false;
        const operation = idempotencyKeyHash === null ? undefined : this.operations.get(vendor, idempotencyKeyHash);
        return ended >= (operation?.holdId === callId ? operation.inFlight : 1);
    }
    /** The holds whose settlements wait. */
    get holdIds() {
        return [...this.#ended.keys()];
    }
    /** To be called once nothing is written any more. */
    closed() {
        if (this.#kept.size === 0)
            return;
        this.log(`the store is closed, and the settlements of ${this.#kept.size} calls could not be written: their holds are unknown at the next start`);
    }
    #count(holdId, step) {
        if (holdId === undefined)
            return;
        const count = (this.#ended.get(holdId) ?? 0) + step;
        if (count === 0)
            this.#ended.delete(holdId);
        else
            this.#ended.set(holdId, count);
    }
    #remember(end, error) {
        if (this.#kept.has(end))
            return;
        this.#kept.add(end);
        this.#keptInAll += 1;
        if (this.#keptInAll > 1)
            return;
        const cause = error.cause instanceof Error ? error.cause : error;
        this.log(`the settlement of ${end.hold.callId} could not be written to the store (${cause.message}); it is kept, with those that follow, and written with the next transaction that passes`);
    }
    #forget(end) {
        if (!this.#kept.delete(end) || this.#kept.size > 0)
            return;
        this.log(`all settlements that were kept are written: ${this.#keptInAll}`);
        this.#keptInAll = 0;
    }
}
exports.KeptSettlements = KeptSettlements;
