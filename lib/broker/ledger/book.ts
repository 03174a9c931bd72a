import type { AuditRow } from '../audit/audit-entry';
import type { AuditSegment } from '../audit/audit-segment';
import type { Brake } from '../brakes/brake';
import type { Budget, BudgetRule, BudgetSubject } from '../budgets/budget';
import type { Raise } from '../budgets/raise';
import type { Balance, KeyRecord } from '../keys/key';
import type { MicroUsd } from '../../contract/usd';
import type { Hold, LeaseRecord } from './records';
import type { Note, NoteKind, NoteValues } from './notes';
import type { NamedOperation, Operation } from './rules/operation';

/** Names a vendor's object, within the account that it belongs to. */
export interface ObjectName {
  vendor: string;
  /** The connected account; empty for the account of the secret. */
  account: string;
  id: string;
}

/** What the ledger knows of a vendor's object. */
export interface VendorObject extends ObjectName {
  /** The object under whose id its money is counted: a charge's PaymentIntent. */
  rootId: string;
  /** Its own amount, in minor units; 0 where it was only looked up, since that may change at the vendor. */
  amount: number;
  currency: string;
  /** Whether the vendor said that it has come to its end: no later call adds to what it costs. */
  isFinal: boolean;
  /** Whether its money goes on to a connected account, so that a refund of it may leave that account its share. */
  hasDestination: boolean;
  /** When the vendor last told of it, in epoch milliseconds. */
  seenAt: number;
}

/** Some rows of a walk along a table. */
export interface Slice<Row> {
  rows: readonly Row[];
  /** Where the walk goes on; absent where the table has no more. What it holds is the store's affair. */
  next?: string;
}

/** The tables that rows leave once nothing can refer to them. */
export interface AgingRows {
  holds: Hold;
  keys: KeyRecord;
  operations: NamedOperation;
  objects: VendorObject;
  notes: Note;
  leases: LeaseRecord;
}

/**
 * The rows that a rule reads and changes, as they are within its transaction. It is synchronous: a
 * rule does nothing but read and write its book, so that a store can run it again after a rollback.
 */
export interface Book {
  /** The instant of the work under way by the store's clock, in epoch milliseconds: one for all of it. */
  readonly now: number;
  /** With what its lease says. */
  key(id: string): KeyRecord | undefined;
  lease(id: string): LeaseRecord | undefined;
  hold(callId: string): Hold | undefined;
  operation(vendor: string, keyHash: string): Operation | undefined;
  object(name: ObjectName): VendorObject | undefined;
  /**
   * Walks along a table: holds and keys in the order in which they began, the others in any. A row that
   * comes to be on the way may be left out.
   *
   * @param from The `next` of the slice before; absent at the begin.
   */
  walk<Table extends keyof AgingRows>(
    table: Table,
    from: string | undefined,
    limit: number,
  ): Slice<AgingRows[Table]>;
  /** What is settled of a root object. */
  exposure(root: ObjectName): MicroUsd;
  /** Whether another call on a root object is open, or has begun after the one with this id. */
  hasOtherCalls(root: ObjectName, callId: string): boolean;
  /** Whether a hold counts under a root object. */
  hasHolds(root: ObjectName): boolean;
  /** The settled holds of a root object, the newest first. */
  settledHolds(root: ObjectName): readonly Hold[];
  /** The holds of the refunds of a root object, whatever became of them, in any order. */
  refundsOf(root: ObjectName): readonly Hold[];
  /** What is decided by it is decided after all that others have charged to it. */
  balance(name: string): Balance;
  /**
   * As {@link balance}, of a day that is over, for which nobody waits: no hold begins in it any more, and
   * others may settle theirs meanwhile.
   *
   * @param fromHour Only what belongs to holds that began in this UTC hour of its day, or later.
   */
  pastBalance(name: string, fromHour?: number): Balance;
  /** What a note says. */
  note<Kind extends NoteKind>(kind: Kind, name: string): NoteValues[Kind] | undefined;
  /** Whether there is a budget that an operator has set. */
  readonly hasBudgets: boolean;
  /** The operators' budgets over a subject: of each period and mode its own, or the nearest default. */
  budgetsOver(subject: BudgetSubject): readonly Budget[];
  /** One budget that an operator has set. */
  budgetOf(rule: BudgetRule): Budget | undefined;
  /** Those that operators have set. */
  budgets(): readonly Budget[];
  /** Those that have expired among them, the oldest first. */
  raises(): readonly Raise[];
  /** Those that have expired among them. */
  brakes(): readonly Brake[];

  addKey(key: KeyRecord): void;
  revokeKey(key: KeyRecord, now: number): void;
  putLease(lease: LeaseRecord): void;
  addHold(hold: Hold): void;
  changeHold(before: Hold, after: Hold): void;
  putOperation(vendor: string, keyHash: string, operation: Operation): void;
  putObject(object: VendorObject): void;
  putNote<Kind extends NoteKind>(kind: Kind, name: string, value: NoteValues[Kind]): void;
  deleteNote(kind: NoteKind, name: string): void;
  /**
   * Adds to balances; opens those that are not there yet.
   *
   * @param beganAt When the hold began that the money belongs to; absent where it belongs to no hold.
   */
  charge(names: readonly string[], change: Partial<Balance>, beganAt?: number): void;
  /**
   * A call is about to leave. Until it ends the store keeps this row: where its process dies, that is
   * what the audit log says of it.
   */
  beginCall(callId: string, row: AuditRow): void;
  /** A call has ended, whether it is known or not. */
  endCall(callId: string): void;
  /** Deletes a row, and nothing else: what it counts in a balance stays there. */
  forget<Table extends keyof AgingRows>(table: Table, row: AgingRows[Table]): void;
  deleteBalance(name: string): void;
  /** What the audit log was cut into, the oldest first. */
  segments(): readonly AuditSegment[];
  /** When the first row that no segment has came to be, as it says; `undefined` where each row has one. */
  openLogSince(): string | undefined;
  /** Makes a segment of the rows that no segment has. There has to be one. */
  cutLog(): AuditSegment;
  /** Changes what is noted of a segment. Its bounds never change. */
  putSegment(segment: AuditSegment): void;
  /** Deletes some rows of segments that have left. Returns whether there were any. */
  forgetLogRows(): boolean;
  putBudget(budget: Budget): void;
  deleteBudget(rule: BudgetRule): void;
  putRaise(raise: Raise): void;
  deleteRaise(raiseId: string): void;
  putBrake(brake: Brake): void;
  /** Returns the brake that it deletes, if there is one. */
  deleteBrake(id: string): Brake | undefined;
  /** How many live keys a brake has hit, once they are counted. */
  noteBrakeHit(id: string, hit: number): void;
  /** @param more Replaces what the row says. */
  log(row: AuditRow, more?: Partial<AuditRow>): void;
}
