import type { AuditRow } from '../../audit/audit-entry';
import type { AuditSegment } from '../../audit/audit-segment';
import type { Brake } from '../../brakes/brake';
import type { Budget, BudgetRule, BudgetSubject } from '../../budgets/budget';
import type { Raise } from '../../budgets/raise';
import type { Balance, KeyRecord } from '../../keys/key';
import type { MicroUsd } from '../../../contract/usd';
import type { AgingRows, Book, ObjectName, Slice, VendorObject } from '../book';
import type { Hold, LeaseRecord } from '../records';
import type { Note, NoteKind, NoteValues } from '../notes';
import type { Operation } from '../rules/operation';
import type { AuditTable } from './audit-table';
import type { BrakeTable } from './brake-table';
import type { BudgetTable } from './budget-table';
import type { CachedTable } from './cached-table';
import type { HoldTable } from './hold-table';
import type { KeyTable } from './key-table';
import type { OpenCallTable } from './open-call-table';
import type { OperationTable } from './operation-table';
import type { WholeTable } from './whole-table';
import type { StoreHooks } from '../store';

/** The tables that a book consists of. */
export interface BookTables {
  keys: KeyTable;
  leases: WholeTable<LeaseRecord>;
  holds: HoldTable;
  operations: OperationTable;
  openCalls: OpenCallTable;
  notes: CachedTable<Note>;
  budgets: BudgetTable;
  raises: WholeTable<Raise>;
  brakes: BrakeTable;
  log: AuditTable;
}

/** A table that rows leave. */
interface AgingTable<Row> {
  walk(from: string | undefined, limit: number): Slice<Row>;
  delete(row: Row): void;
}

/** The rows of a SQLite store, each read when a rule asks for it. */
export class SqliteBook implements Book {
  now = 0;
  readonly #aging: { readonly [Table in keyof AgingRows]: AgingTable<AgingRows[Table]> };

  constructor(
    private readonly tables: BookTables,
    private readonly unwrittenKey: (id: string) => KeyRecord | undefined,
    private readonly logged: StoreHooks['logged'],
  ) {
    const { holds, keys, operations, notes, leases } = tables;
    this.#aging = {
      holds: {
        walk: (from, limit) => holds.holds.walk(from, limit),
        delete: (row) => holds.forget(row),
      },
      keys: keys.table,
      operations: operations.table,
      objects: holds.objects,
      notes,
      leases,
    };
  }

  key(id: string): KeyRecord | undefined {
    return this.tables.keys.get(id) ?? this.unwrittenKey(id);
  }

  lease(id: string): LeaseRecord | undefined {
    return this.tables.leases.get(id);
  }

  hold(callId: string): Hold | undefined {
    return this.tables.holds.get(callId);
  }

  operation(vendor: string, keyHash: string): Operation | undefined {
    return this.tables.operations.get(vendor, keyHash);
  }

  object(name: ObjectName): VendorObject | undefined {
    return this.tables.holds.object(name);
  }

  walk<Table extends keyof AgingRows>(
    table: Table,
    from: string | undefined,
    limit: number,
  ): Slice<AgingRows[Table]> {
    return this.#aging[table].walk(from, limit);
  }

  exposure(root: ObjectName): MicroUsd {
    return this.tables.holds.exposure(root);
  }

  hasOtherCalls(root: ObjectName, callId: string): boolean {
    return this.tables.holds.hasOthers(root, callId);
  }

  hasHolds(root: ObjectName): boolean {
    return this.tables.holds.hasAny(root);
  }

  settledHolds(root: ObjectName): readonly Hold[] {
    return this.tables.holds.settledOf(root);
  }

  refundsOf(root: ObjectName): readonly Hold[] {
    return this.tables.holds.refundsOf(root);
  }

  balance(name: string): Balance {
    return this.tables.holds.balance(name);
  }

  pastBalance(name: string, fromHour?: number): Balance {
    return this.tables.holds.balance(name, fromHour);
  }

  note<Kind extends NoteKind>(kind: Kind, name: string): NoteValues[Kind] | undefined {
    const note = this.tables.notes.get(`${kind}/${name}`, [kind, name]);
    return note?.value as NoteValues[Kind] | undefined;
  }

  get hasBudgets(): boolean {
    return !this.tables.budgets.isEmpty;
  }

  budgetsOver(subject: BudgetSubject): readonly Budget[] {
    return this.tables.budgets.over(subject);
  }

  budgetOf(rule: BudgetRule): Budget | undefined {
    return this.tables.budgets.get(rule);
  }

  budgets(): readonly Budget[] {
    return this.tables.budgets.all();
  }

  raises(): readonly Raise[] {
    return this.tables.raises.all;
  }

  brakes(): readonly Brake[] {
    return this.tables.brakes.all;
  }

  addKey(key: KeyRecord): void {
    this.tables.keys.insert(key);
  }

  revokeKey(key: KeyRecord, now: number): void {
    this.tables.keys.revoke(key, now);
  }

  putLease(lease: LeaseRecord): void {
    this.tables.leases.put(lease);
  }

  addHold(hold: Hold): void {
    this.tables.holds.add(hold);
  }

  changeHold(before: Hold, after: Hold): void {
    this.tables.holds.change(before, after);
  }

  putOperation(vendor: string, keyHash: string, operation: Operation): void {
    this.tables.operations.put(vendor, keyHash, operation);
  }

  putObject(object: VendorObject): void {
    this.tables.holds.putObject(object);
  }

  putNote<Kind extends NoteKind>(kind: Kind, name: string, value: NoteValues[Kind]): void {
    this.tables.notes.put({ kind, name, value } as Note);
  }

  deleteNote(kind: NoteKind, name: string): void {
    const value = this.note(kind, name);
    if (value !== undefined) this.tables.notes.delete({ kind, name, value } as Note);
  }

  charge(names: readonly string[], change: Partial<Balance>, beganAt?: number): void {
    this.tables.holds.charge(names, change, beganAt);
  }

  beginCall(callId: string, row: AuditRow): void {
    this.tables.openCalls.begin(callId, row);
  }

  endCall(callId: string): void {
    this.tables.openCalls.end(callId);
  }

  forget<Table extends keyof AgingRows>(table: Table, row: AgingRows[Table]): void {
    this.#aging[table].delete(row);
  }

  deleteBalance(name: string): void {
    this.tables.holds.deleteBalance(name);
  }

  segments(): readonly AuditSegment[] {
    return this.tables.log.segments.all;
  }

  openLogSince(): string | undefined {
    return this.tables.log.openSince(this.now);
  }

  cutLog(): AuditSegment {
    return this.tables.log.cut(this.now);
  }

  putSegment(segment: AuditSegment): void {
    this.tables.log.segments.put(segment);
  }

  forgetLogRows(): boolean {
    return this.tables.log.forgetRows();
  }

  putBudget(budget: Budget): void {
    this.tables.budgets.put(budget);
  }

  deleteBudget(rule: BudgetRule): void {
    this.tables.budgets.delete(rule);
  }

  putRaise(raise: Raise): void {
    this.tables.raises.put(raise);
  }

  deleteRaise(raiseId: string): void {
    const raise = this.tables.raises.get(raiseId);
    if (raise !== undefined) this.tables.raises.delete(raise);
  }

  putBrake(brake: Brake): void {
    this.tables.brakes.put(brake);
  }

  deleteBrake(id: string): Brake | undefined {
    return this.tables.brakes.lift(id);
  }

  noteBrakeHit(id: string, hit: number): void {
    this.tables.brakes.noteHit(id, hit);
  }

  log(row: AuditRow, more?: Partial<AuditRow>): void {
    this.tables.log.write(row, more);
    this.logged(row, more);
  }
}
