import type { AcceptedDoubts } from '../store-doubt';
/**
 * Kept in `PRAGMA application_id`, in the header of the file: whether all that was committed is in
 * the file itself, or a `-wal` beside it has a part.
 */
export declare const WHOLE = 1449869911;
export declare const WITH_WAL = 1449869867;
/** Whether a file is there, with at least one byte. */
export declare function hasContent(file: string): boolean;
/**
 * Makes an empty file that only its owner can read. It is made under another name: to close a file
 * frees it of all locks that this process has on it.
 */
export declare function createFile(file: string): void;
/**
 * @throws DoubtfulStoreError where there is nothing in the file, and its neighbours say that there was.
 */
export declare function checkNewFile(file: string, doubts: AcceptedDoubts): void;
/**
 * @param handle Of the file, opened before the store is: to read it by another would free its locks.
 * @throws DoubtfulStoreError where a part of the store is missing beside it.
 * @throws Error where a part of another store is beside it.
 */
export declare function checkParts(file: string, handle: number, doubts: AcceptedDoubts): void;
/** The header of a copy that is whole in one file. */
export declare function asWhole(header: Buffer): Buffer;
/** Says beside the store which process has it, for one that would like to. */
export declare function writeHolder(file: string): void;
export declare function removeHolder(file: string): void;
/** The process that has the store, by its own word. */
export declare function readHolder(file: string): {
    pid: number;
    host: string;
} | undefined;
/** Makes a name that was given or taken in a file's folder durable. */
export declare function syncFolder(file: string): void;
