import type { AuditVerdict } from '../../audit/audit-chain';
import type { AuditEntry, AuditRecord, AuditRow } from '../../audit/audit-entry';
import type { Brake } from '../../brakes/brake';
import type { Budget, BudgetSubject } from '../../budgets/budget';
import type { KeyRecord, KeyWithBalance } from '../../keys/key';
import type { MicroUsd } from '../../money/usd';
import type { FieldFault } from '../../refusal';
import type { CapState } from '../decide';
import type { Admission, AuditFilter, Decision, HoldEnd, HoldFilter, HoldRecord, KeyFilter, Ledger, LedgerFigures, LeaseRecord, Page, PageRequest, RevokeDecision, StoreState } from '../ledger';
import type { StoreCopy } from '../ledger';
import type { StoreSettings } from './sqlite-store';
/** How a ledger is opened; what is not given is as for a store of its own. */
export interface LedgerSettings extends Partial<StoreSettings> {
    /** Takes the lines of the log, without their ends. */
    log?: ((line: string) => void) | undefined;
}
/**
 * The ledger in one SQLite file, or in memory. One process has the file (an exclusive lock), and
 * every acknowledged decision is on the disk (`synchronous=FULL`).
 */
export declare class SqliteLedger implements Ledger {
    #private;
    /**
     * @param file A path, or `:memory:`.
     * @throws StoreInUseError where a broker has the file.
     * @throws DoubtfulStoreError where it may not be the store that was left.
     * @throws Error where it cannot be opened, or is of a newer version.
     */
    constructor(file: string, settings?: LedgerSettings);
    issue(key: KeyRecord, remoteAddress?: string): Promise<void>;
    issueSoon(key: KeyRecord, remoteAddress?: string): Promise<void>;
    linkFaults(links: {
        parentId?: string;
        leaseId?: string;
    }, now: number): Promise<readonly FieldFault[]>;
    revoke(ids: readonly string[], now: number, remoteAddress?: string): Promise<RevokeDecision>;
    keyByTokenHash(hash: string): KeyRecord | undefined;
    key(id: string, now: number): Promise<KeyWithBalance | undefined>;
    keys(filter: KeyFilter, page: PageRequest, now: number): Promise<Page<KeyWithBalance>>;
    capsOver(keyId: string, now: number): Promise<readonly CapState[]>;
    admit(admission: Admission): Promise<Decision>;
    end(end: HoldEnd): Promise<void>;
    recordRefusal(row: AuditRow): Promise<void>;
    holds(filter: HoldFilter, page: PageRequest): Promise<Page<HoldRecord>>;
    endUnknown(callId: string, settledMicros: MicroUsd | undefined, now: number, remoteAddress?: string): Promise<HoldRecord>;
    putBudget(budget: Budget, now: number, remoteAddress?: string): Promise<void>;
    deleteBudget(subject: BudgetSubject, now: number, remoteAddress?: string): Promise<boolean>;
    budgets(): Promise<readonly Budget[]>;
    budgetState(budget: Budget, now: number): Promise<CapState>;
    putBrake(brake: Brake, remoteAddress?: string): Promise<number | undefined>;
    liftBrake(id: string, now: number, remoteAddress?: string): Promise<Brake | undefined>;
    brakes(now: number): Promise<readonly Brake[]>;
    putLease(lease: LeaseRecord): Promise<void>;
    renewLease(id: string, now: number): Promise<LeaseRecord | undefined>;
    endLease(id: string, now: number): Promise<boolean>;
    audit(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEntry>>;
    auditRecords(filter: AuditFilter, page: PageRequest): Promise<Page<AuditRecord>>;
    verifyAudit(head?: string): Promise<AuditVerdict>;
    figures(now: number): Promise<LedgerFigures>;
    state(): Promise<StoreState>;
    copy(): Promise<StoreCopy>;
    close(): Promise<void>;
}
