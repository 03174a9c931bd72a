"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.SparseLog = void 0;
const node_perf_hooks_1 = require("node:perf_hooks");
const LINE_EVERY_MS = 1_000;
const MAX_SUBJECTS = 10_000;
/** At most one line a second about each subject, in bounded memory: what is repeated fills no disk. */
class SparseLog {
    write;
    #subjects = new Map();
    /** @param write Takes one line, without its end. */
    constructor(write) {
        this.write = write;
    }
    /** Writes a line, or counts it for the next one about its subject. */
    note(subject, line, now = node_perf_hooks_1.performance.now()) {
        const seen = this.#subjects.get(subject);
        if (seen !== undefined && now - seen.since < LINE_EVERY_MS) {
            seen.unwritten += 1;
            return;
        }
        const more = seen === undefined || seen.unwritten === 0 ? '' : ` (and ${seen.unwritten} before)`;
        this.#subjects.delete(subject);
        const [oldest] = this.#subjects.keys();
        if (this.#subjects.size >= MAX_SUBJECTS && oldest !== undefined)
            this.#subjects.delete(oldest);
        this.#subjects.set(subject, { since: now, unwritten: 0 });
        this.write(`${line}${more}`);
    }
}
exports.SparseLog = SparseLog;
