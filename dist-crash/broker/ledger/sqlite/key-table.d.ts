import type { KeyRecord } from '../../keys/key';
import type { LeaseTable } from './lease-table';
import { Rows } from './rows';
import type { SqliteConnection } from './sqlite-driver';
/** Keys, each with what its lease says. */
export declare class KeyTable {
    #private;
    private readonly connection;
    private readonly leases;
    readonly rows: Rows<KeyRecord>;
    constructor(connection: SqliteConnection, leases: LeaseTable);
    insert(key: KeyRecord): void;
    get(id: string): KeyRecord | undefined;
    /** A key that is not revoked. */
    byTokenHash(hash: string): KeyRecord | undefined;
    revoke(key: KeyRecord, now: number): void;
    /** Counts the keys that the table has. To be done once, before any is issued. */
    beginCount(now: number): void;
    /** How many keys live, and how many are neither revoked nor expired. */
    counts(now: number): {
        live: number;
        unrevoked: number;
    };
    committed(): void;
    rolledBack(): void;
}
