"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.StoreInUseError = exports.AcceptedDoubts = exports.DoubtfulStoreError = exports.STORE_DOUBTS = void 0;
/**
 * What can say that a store is not the one that was left, and can be meant all the same.
 *
 * - `lost-wal`: the file says that a `-wal` belongs to it, and there is none beside it
 * - `new-file`: no store, or an empty one, beside an audit key or a `-wal` that are left of another
 * - `other-audit-key`: the audit key is not the one that the log is chained with
 * - `balances`: what is spent and held under the caps is not the sum of the calls
 * - `clock`: the machine's clock is more than 5 minutes behind the latest instant in the store
 */
exports.STORE_DOUBTS = [
    'lost-wal',
    'new-file',
    'other-audit-key',
    'balances',
    'clock',
];
/** A store that may not be the one that was left. `message` says why, and how to start with it. */
class DoubtfulStoreError extends Error {
    doubt;
    constructor(doubt, reason) {
        super(`${reason} If this is meant, start once with --accept-store ${doubt} (acceptStore: ['${doubt}'] in code).`);
        this.doubt = doubt;
        this.name = 'DoubtfulStoreError';
    }
}
exports.DoubtfulStoreError = DoubtfulStoreError;
/** The doubts that are meant; {@link raise} throws for each other one. */
class AcceptedDoubts {
    #accepted;
    constructor(accepted = []) {
        this.#accepted = new Set(accepted);
    }
    /** @throws DoubtfulStoreError unless the doubt is meant. */
    raise(doubt, reason) {
        if (!this.#accepted.has(doubt))
            throw new DoubtfulStoreError(doubt, reason);
    }
}
exports.AcceptedDoubts = AcceptedDoubts;
/** A store that a broker already has open. */
class StoreInUseError extends Error {
    file;
    holder;
    /** The fact alone, without what to do. */
    what;
    /** @param holder The process that has it; `undefined` where it cannot be told. */
    constructor(file, holder) {
        const what = `The store ${file} is in use by ${nameOf(holder)}`;
        super(`${what}: a SQLite store has one process. To share it, run vault-key-broker beside the applications and give each of them broker: { url, token }.`);
        this.file = file;
        this.holder = holder;
        this.name = 'StoreInUseError';
        this.what = what;
    }
}
exports.StoreInUseError = StoreInUseError;
function nameOf(holder) {
    if (holder === undefined)
        return 'another process';
    if (holder === 'this process')
        return `another broker of this very process (${process.pid})`;
    return `process ${holder.pid} on ${holder.host}`;
}
