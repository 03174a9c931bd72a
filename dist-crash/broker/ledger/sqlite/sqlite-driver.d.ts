/** A prepared statement, as libsql and better-sqlite3 both have it; values given as one array cost least. */
export interface SqliteStatement {
    run(...values: readonly SqliteValue[] | [readonly SqliteValue[]]): unknown;
    get(...values: readonly SqliteValue[] | [readonly SqliteValue[]]): unknown;
    all(...values: readonly SqliteValue[] | [readonly SqliteValue[]]): unknown[];
    iterate(...values: readonly SqliteValue[]): IterableIterator<unknown>;
    /** Rows as arrays from now on. */
    raw(): SqliteStatement;
}
export type SqliteValue = string | number | null;
/** A connection, as libsql and better-sqlite3 both have it. */
export interface SqliteConnection {
    prepare(sql: string): SqliteStatement;
    exec(sql: string): unknown;
    pragma(text: string): unknown;
    close(): unknown;
}
/** The driver is not installed for this platform. It says nothing of any store. */
export declare class SqliteDriverError extends Error {
    constructor(cause: unknown);
}
/**
 * Opens a file, or `:memory:`. The driver is loaded here and nowhere else, when a store is first opened.
 *
 * @throws SqliteDriverError where it is not installed.
 */
export declare function openConnection(file: string): SqliteConnection;
