import type { Rows } from './rows';
import type { SqliteConnection } from './sqlite-driver';
/**
 * Makes decisions durable by one row a transaction, which says how each row that it changed stands
 * now. What waits is written to its tables all at once, later: most of it has changed again by
 * then, and is written once.
 */
export declare class Journal {
    #private;
    constructor(connection: SqliteConnection, tables: readonly Rows<never>[]);
    /** Whether the tables say all that there is to say. */
    get isWritten(): boolean;
    /** Has this transaction write everything to the tables, which alone can be searched. */
    writeAll(): void;
    /** The tables were changed behind its back. To be done while they say all that there is to say. */
    forgetRead(): void;
    /** To be done before each COMMIT. */
    beforeCommit(): void;
    committed(): void;
    rolledBack(): void;
}
