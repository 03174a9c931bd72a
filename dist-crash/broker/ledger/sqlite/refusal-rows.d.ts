import type { AuditRow } from '../../audit/audit-entry';
import type { AuditTable } from './audit-table';
import type { GroupCommit } from './group-commit';
/**
 * The audit rows of refusals: for each kind and key one at once, and then at most one a second with
 * the count and the sum of those since. So an agent that is refused in a loop fills no disk. What
 * is not written yet is lost by a crash alone: it is written at the close, and again after a
 * failure.
 */
export declare class RefusalRows {
    #private;
    private readonly commits;
    private readonly log;
    constructor(commits: GroupCommit, log: AuditTable);
    /** Resolves once the row is durable, or where it is merged. */
    record(row: AuditRow): Promise<void>;
    /** As {@link record}, in the transaction under way. */
    write(row: AuditRow): void;
    /** The transaction has been committed. */
    committed(): void;
    /** The transaction has come to nothing. */
    rolledBack(): void;
    /**
     * Writes everything down, for the last time.
     *
     * @throws BrokerRefusal 503.
     */
    close(): void;
}
