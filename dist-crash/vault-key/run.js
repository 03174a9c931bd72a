"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Run = void 0;
const run_context_1 = require("./run-context");
/** One run that has its key. Whoever opened it ends it, once. */
class Run {
    #record;
    #onEnd;
    #ended = false;
    #keepers = 0;
    /** @param onEnd Absent where the key belongs to the run around this one, which ends it. */
    constructor(record, onEnd) {
        this.#record = record;
        this.#onEnd = onEnd;
    }
    get key() {
        return this.#record.key;
    }
    /** The handler has settled. The key goes on until the run ends, with the response. */
    handled() {
        this.#record.handled = true;
    }
    /** Runs work in the context of this run. */
    enter(work) {
        return (0, run_context_1.enterRun)(this.#record, work);
    }
    /** Keeps the run open until what it gives is called: the run ends when the last of them was. */
    keepOpen() {
        this.#keepers++;
        let done = false;
        return () => {
            if (done)
                return;
            done = true;
            if (--this.#keepers === 0)
                this.end();
        };
    }
    /** The work is over: the key serves no further call, and its revocation is on its way. */
    end() {
        if (this.#ended)
            return;
        this.#ended = true;
        this.#onEnd?.();
    }
}
exports.Run = Run;
