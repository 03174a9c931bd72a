import type { SqliteConnection } from './sqlite-driver';
/** Kept in `PRAGMA user_version`. */
export declare const SCHEMA_VERSION = 4;
/** Where a migration leaves the log of an older version for the audit table to take over. */
export declare const AUDIT_BEFORE_3 = "audit_before_3";
/**
 * Brings a file to the schema of this version, in one transaction.
 *
 * @param complete What is left to do within it once the tables stand.
 * @throws Error where the file is of a newer version.
 */
export declare function migrate(connection: SqliteConnection, file: string, complete: (from: number) => void): void;
/** The schema version of a file; 0 for a new one. */
export declare function userVersion(connection: SqliteConnection): number;
