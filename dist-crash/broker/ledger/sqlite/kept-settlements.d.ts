import type { HoldEnd, HoldRecord } from '../ledger';
import type { GroupCommit } from './group-commit';
import type { OperationTable } from './operation-table';
/**
 * Settlements that the store has not taken yet. They are kept until it does: meanwhile their holds
 * stand, and no call is under way on them.
 */
export declare class KeptSettlements {
    #private;
    private readonly commits;
    private readonly operations;
    private readonly log;
    constructor(commits: GroupCommit, operations: OperationTable, log: (line: string) => void);
    /** Settlements that could not be written so far. */
    get count(): number;
    /**
     * Writes a settlement with the next transaction that passes.
     *
     * @returns Once it is written, or kept.
     */
    add(end: HoldEnd, finish: () => void): Promise<void>;
    /** @throws BrokerRefusal 503 where so many wait that no call may be admitted. */
    checkRoom(): void;
    /** Whether a hold is held though every call on it has ended. */
    hasStranded({ callId, vendor, state, idempotencyKeyHash }: HoldRecord): boolean;
    /** The holds whose settlements wait. */
    get holdIds(): string[];
    /** To be called once nothing is written any more. */
    closed(): void;
}
