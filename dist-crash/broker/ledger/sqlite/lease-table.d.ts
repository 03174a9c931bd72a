import type { SqliteConnection } from './sqlite-driver';
/** An application instance's heartbeat. */
export interface Lease {
    id: string;
    ttlMs: number;
    /** Milliseconds since the epoch. */
    expiresAt: number;
}
/** Leases, those that have lapsed included. Every call under one asks for it, so they are kept at hand. */
export declare class LeaseTable {
    #private;
    constructor(connection: SqliteConnection);
    get(id: string): Lease | undefined;
    put(lease: Lease): void;
    /** What is at hand may have been rolled back. */
    forget(): void;
}
