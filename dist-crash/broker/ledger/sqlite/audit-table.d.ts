import type { AuditChain, AuditVerdict } from '../../audit/audit-chain';
import type { AuditEntry, AuditRecord, AuditRow } from '../../audit/audit-entry';
import type { AuditFilter, Page, PageRequest } from '../ledger';
import type { SqliteConnection } from './sqlite-driver';
/** The audit log: rows are added, chained, and never changed. */
export declare class AuditTable {
    #private;
    private readonly connection;
    private readonly chain;
    constructor(connection: SqliteConnection, chain: AuditChain);
    /** @param more Stands in place of what the row says. */
    write(row: AuditRow, more?: Partial<AuditRow>): void;
    /** Writes the rows and the head down, once for all of a transaction, before its COMMIT. */
    seal(): void;
    /** What was remembered of the head may have been rolled back. */
    forget(): void;
    /** Newest first; the cursor of a page is the last sequence number on it. */
    page(filter: AuditFilter, { limit, cursor }: PageRequest): Page<AuditEntry>;
    /** As {@link page}, with the outcome of each call beside its intent. */
    records(filter: AuditFilter, { limit, cursor }: PageRequest): Promise<Page<AuditRecord>>;
    /** Walks the whole chain. */
    verify(expected?: string): Promise<AuditVerdict>;
    /** Takes over the log of a version that kept a column a field; the oldest had no chain. */
    adopt(table: string, isChained: boolean): void;
}
