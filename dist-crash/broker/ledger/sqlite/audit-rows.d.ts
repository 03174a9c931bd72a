import type { AuditEvent, AuditRow } from '../../audit/audit-entry';
import type { BudgetSubject } from '../../budgets/budget';
import type { KeyRecord } from '../../keys/key';
import type { CapState } from '../decide';
import type { HoldRecord } from '../ledger';
/** What a row says of a cap and of the balance under it. */
export declare function auditOfCap(cap: CapState): Partial<AuditRow>;
/** A row about what an operator did. */
export declare function operatorRow(event: AuditEvent, now: number, remoteAddress: string | undefined): AuditRow;
/**
 * A row about a hold, under the key that it is charged to. Its `call_id` is that of the call which
 * took the hold: on that call's day the money counts.
 */
export declare function auditOfHold(event: AuditEvent, now: number, hold: HoldRecord, key: KeyRecord | undefined, remoteAddress?: string): AuditRow;
/** The columns that name the subject of a budget. */
export declare function auditOfSubject({ scope, tenant, user, id }: BudgetSubject): Partial<AuditRow>;
