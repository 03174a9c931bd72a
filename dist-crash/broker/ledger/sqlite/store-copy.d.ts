import type { StoreCopy } from '../ledger';
import type { SqliteConnection } from './sqlite-driver';
/**
 * Copies a store that is in use. All that is committed is brought into the file, which then stays as
 * it is until the copy is read: what is committed meanwhile is in the `-wal` alone.
 */
export declare class StoreCopier {
    #private;
    private readonly connection;
    private readonly handle;
    /** @param handle Of the file, opened before it was locked: closing any other would free the lock. */
    constructor(connection: SqliteConnection, handle: number);
    /** Begins a copy, once the one before it is done. */
    begin(): Promise<StoreCopy>;
    /** Breaks off the copy that is on its way: the file is about to change, or to be closed. */
    stop(): void;
}
/**
 * Writes a copy to a new file, which is whole or not there.
 *
 * @throws Error where there is a file of that name, or the copy cannot be written.
 */
export declare function writeCopy({ bytes, chunks }: StoreCopy, file: string): Promise<void>;
