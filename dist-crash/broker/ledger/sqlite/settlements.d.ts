import type { MicroUsd } from '../../money/usd';
import type { HoldEnd, HoldRecord } from '../ledger';
import type { AuditTable } from './audit-table';
import type { HoldTable, StoredHold } from './hold-table';
import type { KeyTable } from './key-table';
import type { OperationTable } from './operation-table';
/** The name of the balance in which a key's spend is counted. */
export declare function keyBalanceName(keyId: string): string;
/**
 * Ends holds: by the answers to calls, by an operator's word, and by the answers that had come
 * when a process died. Whatever changes what is spent has a row in the audit log.
 */
export declare class Settlements {
    #private;
    private readonly keys;
    private readonly holds;
    private readonly operations;
    private readonly log;
    constructor(keys: KeyTable, holds: HoldTable, operations: OperationTable, log: AuditTable);
    /** A call has ended. */
    finish({ hold: call, outcome, now, audit }: HoldEnd): void;
    /** An operator's word on a hold: what it was settled at, or `undefined` where it is released. */
    endByOperator(hold: StoredHold, settledMicros: MicroUsd | undefined, now: number, remoteAddress: string | undefined): HoldRecord;
    /**
     * The process died while calls were in flight. Where another call of the operation had been
     * answered with a settlement, that stands: no outcome is dearer. To be done at the start.
     */
    endFlights(now: number): void;
}
