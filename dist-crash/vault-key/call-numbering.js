"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.CallNumbering = void 0;
exports.currentNumbering = currentNumbering;
exports.numberedKey = numberedKey;
const node_crypto_1 = require("node:crypto");
const run_context_1 = require("./run-context");
/** What can stand in a key as it is, and is not taken for the hash of what cannot. */
const PLAIN = /^(?!sha256-)[\x21-\x7e]{1,190}$/;
/**
 * Idempotency keys for work that may be done again from its start, such as a job that is retried:
 * the n-th call with equal method, path, body and account has the same key each time, so that a vendor
 * executes it once. Two equal calls of one attempt are two calls.
 *
 * Calls count in the order in which they are begun, whatever the order in which they end.
 */
class CallNumbering {
    #prefix;
    #origin;
    #counts = new Map();
    #attempted = new Map();
    /**
     * @param work What tells this work from all other, such as `<queue>:<job id>`.
     * @param origin What else tells it apart, and stands in its keys within the hash alone.
     */
    constructor(work, origin = '') {
        // A key holds 1 to 255 visible ASCII characters.
        this.#prefix = PLAIN.test(work)
            ? work
            : `sha256-${(0, node_crypto_1.createHash)('sha256').update(work, 'utf16le').digest('hex')}`;
        this.#origin = origin;
    }
    /** `<work>:<hash of method, path, body and account>:<n>`. */
    keyFor({ method, path, body = '', account, generatedKey }) {
        const known = generatedKey === undefined ? undefined : this.#attempted.get(generatedKey);
        if (known !== undefined)
            return known;
        const text = JSON.stringify([method, path, body, this.#origin, account]);
        const hash = (0, node_crypto_1.createHash)('sha256').update(text).digest('hex').slice(0, 32);
        const n = (this.#counts.get(hash) ?? 0) + 1;
        this.#counts.set(hash, n);
        const key = `${this.#prefix}:${hash}:${n}`;
        if (generatedKey !== undefined)
            this.#attempted.set(generatedKey, key);
        return key;
    }
}
exports.CallNumbering = CallNumbering;
/** The numbering of the innermost work around this code that may be done again. */
function currentNumbering() {
    let run = (0, run_context_1.currentRun)();
    while (run !== undefined && run.calls === undefined)
        run = run.outer;
    return run?.calls;
}
/**
 * The idempotency key of a call that was given none, where the work around it may be done again;
 * `undefined` where it is not known to be.
 */
function numberedKey(call) {
    return currentNumbering()?.keyFor(call);
}
