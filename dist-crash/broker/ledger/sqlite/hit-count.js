"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.HitCount = void 0;
const key_search_1 = require("./key-search");
/** How many live keys are looked at before other work has its turn: about a millisecond. */
const SLICE_KEYS = 500;
/** As long as a slice takes, so that other calls have half of the time. */
const PAUSE_MS = 1;
/** Counts how many live keys each brake has hit, in slices between which other work is done. */
class HitCount {
    search;
    ledger;
    #timers = new Map();
    constructor(search, ledger) {
        this.search = search;
        this.ledger = ledger;
    }
    /**
     * @param before How many are hit already that no search finds.
     * @returns How many it is, where one slice tells; else it is noted once it is known.
     */
    begin(brake, now, before) {
        return this.#goOn(brake, now, { expiresAt: now, rowid: Number.MAX_SAFE_INTEGER }, before);
    }
    /** The brake was lifted. */
    end(brakeId) {
        clearTimeout(this.#timers.get(brakeId));
        this.#timers.delete(brakeId);
    }
    close() {
        for (const id of this.#timers.keys())
            this.end(id);
    }
    #goOn(brake, now, from, before) {
        this.#timers.delete(brake.id);
        try {
            const { keys, next } = this.search.live((0, key_search_1.scopeOf)(brake), from, now, SLICE_KEYS);
            const hit = before + keys.filter((key) => this.ledger.isHit(key, brake, now)).length;
            if (next !== undefined) {
                const timer = setTimeout(() => this.#goOn(brake, now, next, hit), PAUSE_MS);
                this.#timers.set(brake.id, timer.unref());
                return undefined;
            }
            this.ledger.note(brake, hit);
            return hit;
        }
        catch {
            // The store cannot be read: the brake is in force all the same, and its count stays open.
            return undefined;
        }
    }
}
exports.HitCount = HitCount;
