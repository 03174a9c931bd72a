/**
 * What can say that a store is not the one that was left, and can be meant all the same.
 *
 * - `lost-wal`: the file says that a `-wal` belongs to it, and there is none beside it
 * - `new-file`: no store, or an empty one, beside an audit key or a `-wal` that are left of another
 * - `other-audit-key`: the audit key is not the one that the log is chained with
 * - `balances`: what is spent and held under the caps is not the sum of the calls
 * - `clock`: the machine's clock is more than 5 minutes behind the latest instant in the store
 */
export declare const STORE_DOUBTS: readonly ["lost-wal", "new-file", "other-audit-key", "balances", "clock"];
/** One of {@link STORE_DOUBTS}. */
export type StoreDoubt = (typeof STORE_DOUBTS)[number];
/** A store that may not be the one that was left. `message` says why, and how to start with it. */
export declare class DoubtfulStoreError extends Error {
    readonly doubt: StoreDoubt;
    constructor(doubt: StoreDoubt, reason: string);
}
/** The doubts that are meant; {@link raise} throws for each other one. */
export declare class AcceptedDoubts {
    #private;
    constructor(accepted?: Iterable<StoreDoubt>);
    /** @throws DoubtfulStoreError unless the doubt is meant. */
    raise(doubt: StoreDoubt, reason: string): void;
}
/** A store that a broker already has open. */
export declare class StoreInUseError extends Error {
    readonly file: string;
    readonly holder: {
        pid: number;
        host: string;
    } | 'this process' | undefined;
    /** The fact alone, without what to do. */
    readonly what: string;
    /** @param holder The process that has it; `undefined` where it cannot be told. */
    constructor(file: string, holder: {
        pid: number;
        host: string;
    } | 'this process' | undefined);
}
