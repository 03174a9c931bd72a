"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Clock = void 0;
const node_perf_hooks_1 = require("node:perf_hooks");
/** A step of the machine's clock that is told: NTP corrects smaller ones every day. */
const JUMP_MS = 5_000;
const MACHINE = {
    wall: () => Date.now(),
    monotonic: () => node_perf_hooks_1.performance.now(),
};
/**
 * A broker's time: the instant of its start, and what the monotonic clock has counted since. A
 * machine whose clock is set back brings no expired key and no lapsed lease back to life.
 */
class Clock {
    log;
    source;
    #start;
    #startedAt;
    /** How far the machine's clock was ahead when that was last told. */
    #told = 0;
    /** @param log Takes one line for each jump of the machine's clock. */
    constructor(log = () => { }, source = MACHINE) {
        this.log = log;
        this.source = source;
        this.#start = source.wall();
        this.#startedAt = source.monotonic();
    }
    /** Epoch milliseconds. */
    now() {
        const now = Math.floor(this.#start + this.source.monotonic() - this.#startedAt);
        const ahead = this.source.wall() - now;
        const jump = ahead - this.#told;
        if (Math.abs(jump) > JUMP_MS) {
            this.#told = ahead;
            this.log(`the machine's clock was set ${jump < 0 ? 'back' : 'forward'} by ${Math.round(Math.abs(jump) / 1_000)} s; the broker keeps its own time, ${new Date(now).toISOString()}, until it is started again`);
        }
        return now;
    }
}
exports.Clock = Clock;
