import type { SqliteConnection } from './sqlite-driver';
/** What happens to work that is kept until it is written. */
export interface KeptWork {
    work: () => void;
    /** Called in the moment of its COMMIT: whatever is read from then on sees it. */
    onWritten?: () => void;
    /** Called for each attempt that failed. */
    onKept?: (error: Error) => void;
}
/** What is to be done around each transaction. */
export interface CommitEdges {
    beforeCommit?: () => void;
    onCommit?: () => void;
    onRollback?: () => void;
    /** The disk has refused a transaction, and had not refused the one before it. */
    onFailure?: (reason: string) => void;
    /** A transaction is on the disk again. */
    onRecovery?: () => void;
}
/**
 * Runs decisions one after the other, those of two turns of the event loop in one transaction: one
 * flush to the disk serves them all. A promise resolves after its COMMIT.
 */
export declare class GroupCommit {
    #private;
    private readonly connection;
    private readonly edges;
    constructor(connection: SqliteConnection, edges?: CommitEdges);
    /** Commits with what else is asked for in this turn of the event loop and the next. */
    run<T>(work: () => T): Promise<T>;
    /** As {@link run}, but may wait a few milliseconds for the next commit, so as to need none of its own. */
    runSoon<T>(work: () => T): Promise<T>;
    /**
     * As {@link runSoon}, for what must not be lost: where it cannot be committed it is kept, and is
     * committed right before the next transaction that passes, by a timer, or at the close.
     *
     * @returns Once it was tried for the first time: whether it is written.
     */
    keep({ work, onWritten, onKept }: KeptWork): Promise<boolean>;
    /** Does work in a transaction of its own, at once, after all that waits. */
    runNow<T>(work: () => T): T;
    /** Commits what waits, now: a read that follows sees it. */
    flush(): void;
    /** Whether the last attempt to commit failed: nothing may be taken for done before its time. */
    get failed(): boolean;
    /** Whether nothing is committed any more. */
    get closed(): boolean;
    /** How many commits there were, and how many decisions they carried. */
    get figures(): {
        commits: number;
        decisions: number;
    };
    close(): void;
}
