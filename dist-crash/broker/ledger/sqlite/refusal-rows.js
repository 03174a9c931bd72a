"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.RefusalRows = void 0;
const node_perf_hooks_1 = require("node:perf_hooks");
const ROW_EVERY_MS = 1_000;
/** An agent chooses the path it asks for, and parts of what is said of it. */
const MAX_TEXT = 256;
/**
 * The audit rows of refusals: for each kind and key one at once, and then at most one a second with
 * the count and the sum of those since. So an agent that is refused in a loop fills no disk. What
 * is not written yet is lost by a crash alone: it is written at the close, and again after a
 * failure.
 */
class RefusalRows {
    commits;
    log;
    /** By key and kind, the one whose row is the oldest first. */
    #kinds = new Map();
    /** What the transaction under way does, until it is committed. */
    #begun = new Set();
    #merged = [];
    #written = [];
    #timer;
    constructor(commits, log) {
        this.commits = commits;
        this.log = log;
    }
    /** Resolves once the row is durable, or where it is merged. */
    record(row) {
        const kind = this.#kinds.get(nameOf(row));
        if (kind === undefined)
            return this.commits.run(() => this.write(row));
        merge(kind, row);
        return Promise.resolve();
    }
    /** As {@link record}, in the transaction under way. */
    write(row) {
        const name = nameOf(row);
        if (this.#kinds.has(name) || this.#begun.has(name)) {
            this.#merged.push(row);
            return;
        }
        this.#begun.add(name);
        this.log.write(row, { ...cut(row), count: 1 });
    }
    /** The transaction has been committed. */
    committed() {
        const since = node_perf_hooks_1.performance.now();
        for (const name of this.#begun) {
            this.#kinds.set(name, { since, count: 0, micros: null, last: undefined });
        }
        for (const { name, count, micros } of this.#written) {
            const kind = this.#kinds.get(name);
            if (kind === undefined)
                continue;
            kind.since = since;
            kind.count -= count;
            kind.micros = kind.count === 0 ? null : (kind.micros ?? 0) - (micros ?? 0);
            this.#kinds.delete(name);
            this.#kinds.set(name, kind);
        }
        for (const row of this.#merged) {
            const kind = this.#kinds.get(nameOf(row));
            if (kind !== undefined)
                merge(kind, row);
        }
        this.rolledBack();
        this.#arm();
    }
    /** The transaction has come to nothing. */
    rolledBack() {
        this.#begun.clear();
        this.#merged = [];
        this.#written = [];
    }
    /**
     * Writes everything down, for the last time.
     *
     * @throws BrokerRefusal 503.
     */
    close() {
        clearTimeout(this.#timer);
        try {
            if ([...this.#kinds.values()].some(({ count }) => count > 0)) {
                this.commits.runNow(() => this.#writeThoseBefore(Infinity));
            }
        }
        finally {
            clearTimeout(this.#timer);
        }
    }
    #arm(delayMs) {
        const [oldest] = this.#kinds.values();
        if (oldest === undefined || this.#timer !== undefined)
            return;
        const due = oldest.since + ROW_EVERY_MS - node_perf_hooks_1.performance.now();
        this.#timer = setTimeout(() => this.#writeDue(), delayMs ?? Math.max(0, due));
    }
    #writeDue() {
        const before = node_perf_hooks_1.performance.now() - ROW_EVERY_MS;
        let isDue = false;
        for (const [name, { since, count }] of this.#kinds) {
            if (since > before)
                break;
            if (count > 0)
                isDue = true;
            else
                this.#kinds.delete(name);
        }
        const isWritten = isDue
            ? this.commits.runSoon(() => this.#writeThoseBefore(before))
            : Promise.resolve();
        isWritten.then(() => this.#armAgain(), 
        // It is not lost: the count stands, and is written when the store can be.
        () => this.#armAgain(ROW_EVERY_MS));
    }
    #armAgain(delayMs) {
        this.#timer = undefined;
        if (!this.commits.closed)
            this.#arm(delayMs);
    }
    /** In a transaction. */
    #writeThoseBefore(before) {
        for (const [name, { since, count, micros, last }] of this.#kinds) {
            if (since > before)
                break;
            if (count === 0 || last === undefined)
                continue;
            const one = count === 1 ? {} : { ...NOT_OF_SEVERAL, requested_micros: micros };
            this.log.write(last, { ...cut(last), ...one, count });
            this.#written.push({ name, count, micros });
        }
    }
}
exports.RefusalRows = RefusalRows;
/** What one row cannot say of several refusals; of the rest it says what is true of the last one. */
const NOT_OF_SEVERAL = { call_id: null, idempotency_key_hash: null, amount: null, currency: null };
function nameOf(row) {
    return `${row.key_id} ${row.verdict}`;
}
function merge(kind, row) {
    kind.count += 1;
    kind.last = row;
    const { requested_micros: micros = null } = row;
    if (micros !== null)
        kind.micros = (kind.micros ?? 0) + micros;
}
function cut({ path, reason }) {
    return { path: cutText(path), reason: cutText(reason) };
}
function cutText(text = null) {
    if (text === null || text.length <= MAX_TEXT)
        return text;
    return `${text.slice(0, MAX_TEXT - 1).toWellFormed()}…`;
}
