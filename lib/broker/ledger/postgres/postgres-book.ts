import type { AuditHead } from '../../audit/audit-chain';
import { writeEntry } from '../../audit/audit-entry';
import type { AuditRow } from '../../audit/audit-entry';
import type { AuditSegment } from '../../audit/audit-segment';
import type { Brake } from '../../brakes/brake';
import type { Budget, BudgetRule, BudgetSubject } from '../../budgets/budget';
import type { Raise } from '../../budgets/raise';
import type { Balance, KeyRecord } from '../../keys/key';
import { withoutTokens } from '../../keys/token';
import type { MicroUsd } from '../../../contract/usd';
import type { AgingRows, Book, ObjectName, Slice, VendorObject } from '../book';
import type { Hold, LeaseRecord } from '../records';
import type { Note, NoteKind, NoteValues } from '../notes';
import type { Operation } from '../rules/operation';
import { keyBalanceName } from '../rules/caps';
import type { PlacedHold } from '../tables/hold-rows';
import { UNWRITTEN, changesOf } from './batch-changes';
import type { BatchChanges } from './batch-changes';
import { currentSlice } from './aging-tables';
import { BookBalances } from './book-balances';
import { BookCalls } from './book-calls';
import { BookLog } from './book-log';
import { BookNotes } from './book-notes';
import { BookOperations } from './book-operations';
import type { BookParts } from './book-parts';
import { Deletions } from './deletions';
import { hasOthers, holdsNaming, settledOf } from './root-holds';
import type { SentRow } from './sent-rows';
import { SetRules } from './set-rules';
import { nameOf, nameOfSlice } from './wanted-rows';

/**
 * The rows of one batch. A row that was not loaded is noted and counts as absent: what the work comes
 * to is void then, and it is run again once the row is there.
 */
export class PostgresBook implements Book {
  readonly now: number;
  /** Whether a work has asked for a row that was not loaded. */
  isIncomplete = false;
  #head: AuditHead;
  readonly #rules: SetRules;
  readonly #deletions = new Deletions();
  #log: BookLog | undefined;
  readonly #keys = new Map<string, KeyRecord>();
  readonly #newKeys = new Set<string>();
  readonly #leases = new Map<string, LeaseRecord>();
  readonly #holds = new Map<string, PlacedHold>();
  readonly #operations: BookOperations;
  readonly #objects = new Map<string, VendorObject>();
  readonly #notes: BookNotes;
  readonly #balances: BookBalances;
  readonly #calls: BookCalls;
  readonly #audit: SentRow[] = [];

  constructor(private readonly parts: BookParts) {
    this.now = parts.now;
    this.#head = parts.writer.head;
    this.#rules = new SetRules(parts.rules, () => this.#wantExclusive());
    this.#operations = new BookOperations({
      loaded: parts.loaded,
      deletions: this.#deletions,
      writer: parts.writer.id,
      miss: (vendor, hash) => this.#miss(() => parts.wanted.operation(vendor, hash)),
    });
    this.#balances = new BookBalances({
      loaded: parts.loaded,
      deletions: this.#deletions,
      now: parts.now,
      stripe: parts.writer.stripe,
      isNewKey: (id) => this.#newKeys.has(id),
      miss: (want) => this.#miss(() => want(parts.wanted)),
    });
    this.#calls = new BookCalls(parts.loaded, (id) => this.#miss(() => parts.wanted.call(id)));
    this.#notes = new BookNotes({
      loaded: parts.loaded,
      deletions: this.#deletions,
      miss: (kind, name) => this.#miss(() => parts.wanted.note(kind, name)),
    });
  }

  /** Of the last row of the log. */
  get head(): AuditHead {
    return this.#head;
  }

  key(id: string): KeyRecord | undefined {
    const { loaded, wanted, knownKey } = this.parts;
    if (this.#deletions.has('keys', id)) return undefined;
    const key = this.#keys.get(id) ?? loaded?.keys.get(id);
    // A key is guarded by its balance: who revokes it locks that too.
    if (!this.#newKeys.has(id)) {
      if (loaded?.asked.keys.has(id) !== true) this.#miss(() => wanted.key(id));
      this.#balances.want(keyBalanceName(id));
    }
    return key ?? (this.isIncomplete ? knownKey(id) : undefined);
  }

  lease(id: string): LeaseRecord | undefined {
    const { loaded, wanted } = this.parts;
    const gone = this.#deletions.has('leases', id);
    const lease = this.#leases.get(id) ?? (gone ? undefined : loaded?.leases.get(id));
    if (lease === undefined && loaded?.asked.leases.has(id) !== true) {
      this.#miss(() => wanted.lease(id));
    }
    return lease;
  }

  hold(callId: string): PlacedHold | undefined {
    const { loaded, wanted } = this.parts;
    if (this.#deletions.has('holds', callId)) return undefined;
    const hold = this.#holds.get(callId) ?? loaded?.holds.get(callId);
    if (hold === undefined && loaded?.asked.holds.has(callId) !== true) {
      this.#miss(() => wanted.hold(callId));
    }
    return hold;
  }

  operation(vendor: string, keyHash: string): Operation | undefined {
    return this.#operations.get(vendor, keyHash)?.operation;
  }

  object(name: ObjectName): VendorObject | undefined {
    const { loaded, wanted } = this.parts;
    const id = nameOf(name.vendor, name.account, name.id);
    const gone = this.#deletions.has('objects', name.vendor, name.account, name.id);
    const object = this.#objects.get(id) ?? (gone ? undefined : loaded?.objects.get(id));
    if (object === undefined && loaded?.asked.objects.has(id) !== true) {
      this.#miss(() => wanted.object(name));
    }
    return object;
  }

  exposure(root: ObjectName): MicroUsd {
    return this.settledHolds(root).reduce((sum, { settledMicros }) => sum + settledMicros, 0);
  }

  hasOtherCalls(root: ObjectName, callId: string): boolean {
    return hasOthers(this.#holdsOf(root), callId);
  }

  hasHolds(root: ObjectName): boolean {
    return this.#holdsOf(root).length > 0;
  }

  settledHolds(root: ObjectName): readonly Hold[] {
    return settledOf(this.#holdsOf(root));
  }

  refundsOf(root: ObjectName): readonly Hold[] {
    return this.#holdsOf(root, 'refundOf');
  }

  balance(name: string): Balance {
    return this.#balances.get(name);
  }

  pastBalance(name: string, fromHour?: number): Balance {
    return this.#balances.past(name, fromHour);
  }

  note<Kind extends NoteKind>(kind: Kind, name: string): NoteValues[Kind] | undefined {
    return this.#notes.get(kind, name)?.value as NoteValues[Kind] | undefined;
  }

  get hasBudgets(): boolean {
    return !this.#rules.isEmpty;
  }

  budgetsOver(subject: BudgetSubject): readonly Budget[] {
    return this.#rules.over(subject);
  }

  budgetOf(rule: BudgetRule): Budget | undefined {
    return this.#rules.budget(rule);
  }

  budgets(): readonly Budget[] {
    return this.#rules.budgets();
  }

  raises(): readonly Raise[] {
    return this.#rules.raises();
  }

  brakes(): readonly Brake[] {
    return this.#rules.brakes();
  }

  addKey(key: KeyRecord): void {
    this.#newKeys.add(key.id);
    this.#keys.set(key.id, key);
    this.parts.rememberKey(key);
  }

  revokeKey(key: KeyRecord, now: number): void {
    this.#keys.set(key.id, { ...key, revokedAt: now });
  }

  putLease(lease: LeaseRecord): void {
    const before = this.lease(lease.id);
    // No batch may admit a call by a lease that is over.
    if (before !== undefined && lease.expiresAt < before.expiresAt) this.#wantExclusive();
    this.#leases.set(lease.id, lease);
  }

  addHold(hold: Hold): void {
    this.#holds.set(hold.callId, { ...hold, position: UNWRITTEN + this.#holds.size });
  }

  changeHold(before: Hold, after: Hold): void {
    const position = this.hold(before.callId)?.position ?? UNWRITTEN;
    this.#holds.set(after.callId, { ...after, position });
  }

  putOperation(vendor: string, keyHash: string, operation: Operation): void {
    this.#operations.put(vendor, keyHash, operation);
  }

  putObject(object: VendorObject): void {
    this.#objects.set(nameOf(object.vendor, object.account, object.id), object);
  }

  putNote<Kind extends NoteKind>(kind: Kind, name: string, value: NoteValues[Kind]): void {
    this.#notes.put(kind, name, value);
  }

  deleteNote(kind: NoteKind, name: string): void {
    this.#notes.delete(kind, name);
  }

  charge(names: readonly string[], change: Partial<Balance>, beganAt?: number): void {
    this.#balances.charge(names, change, beganAt);
  }

  beginCall(callId: string, row: AuditRow): void {
    if (!this.isIncomplete) this.#calls.begin(callId, row);
  }

  endCall(callId: string): void {
    this.#calls.end(callId);
  }

  /** What the audit log says of a call that has not ended; `undefined` where it has. */
  openCall(callId: string): string | undefined {
    return this.#calls.open(callId);
  }

  /** How many calls of an instance are in flight under an operation. */
  flightsOf(vendor: string, keyHash: string, writer: string): number {
    return this.#operations.flightsOf(vendor, keyHash, writer);
  }

  /** The calls of an instance that is gone are this one's to end. */
  adoptFlights(vendor: string, keyHash: string, gone: string): void {
    this.#operations.adoptFlights(vendor, keyHash, gone);
  }

  walk<Table extends keyof AgingRows>(
    table: Table,
    from: string | undefined,
    limit: number,
  ): Slice<AgingRows[Table]> {
    const slice = { table, from, limit };
    const found = this.parts.slices.get(nameOfSlice(slice));
    if (found !== undefined) return currentSlice(this, table, found);
    this.#miss(() => this.parts.wanted.slice(slice));
    return { rows: [] };
  }

  forget<Table extends keyof AgingRows>(table: Table, row: AgingRows[Table]): void {
    if (table === 'notes') this.#notes.forget(row as Note);
    else this.#deletions.add(table, row);
  }

  deleteBalance(name: string): void {
    this.#balances.delete(name);
  }

  segments(): readonly AuditSegment[] {
    return this.#cutting()?.segments ?? [];
  }

  openLogSince(): string | undefined {
    return this.#cutting()?.openSince;
  }

  /** Only rows that have their place in the log of all can be in a segment. */
  cutLog(): AuditSegment {
    const segment = this.#cutting()?.cut(this.now);
    if (segment === undefined) throw new Error('the log is not loaded');
    return segment;
  }

  putSegment(segment: AuditSegment): void {
    this.#cutting()?.put(segment);
  }

  forgetLogRows(): boolean {
    return this.#cutting()?.forgetRows() ?? false;
  }

  putBudget(budget: Budget): void {
    this.#rules.putBudget(budget);
  }

  deleteBudget(rule: BudgetRule): void {
    this.#rules.deleteBudget(rule);
  }

  putRaise(raise: Raise): void {
    this.#rules.putRaise(raise);
  }

  deleteRaise(raiseId: string): void {
    this.#rules.deleteRaise(raiseId);
  }

  putBrake(brake: Brake): void {
    this.#rules.putBrake(brake);
  }

  deleteBrake(id: string): Brake | undefined {
    return this.#rules.deleteBrake(id);
  }

  noteBrakeHit(id: string, hit: number): void {
    this.#rules.noteHit(id, hit);
  }

  log(row: AuditRow, more?: Partial<AuditRow>): void {
    // What is void is chained to nothing.
    if (!this.isIncomplete) this.#chain(row, more);
    this.parts.logged(row, more);
  }

  /** What the batch has decided; `undefined` where that is nothing. */
  get changes(): BatchChanges | undefined {
    return changesOf({
      loaded: this.parts.loaded,
      rules: this.parts.rules,
      keys: [...this.#keys.values()],
      newKeys: this.#newKeys,
      leases: [...this.#leases.values()],
      holds: [...this.#holds.values()],
      operations: this.#operations.changed,
      objects: this.#objects,
      notes: this.#notes.changed,
      balances: this.#balances.sent,
      calls: this.#calls.changed,
      budgets: this.#rules.changedBudgets,
      raises: this.#rules.changedRaises,
      brakes: this.#rules.changedBrakes,
      audit: this.#audit,
      deletions: this.#deletions,
      segments: this.#log?.changed ?? [],
      goneLog: this.#log?.goneTo,
      hourBegan: this.parts.hourBegan,
    });
  }

  #chain(row: AuditRow, more: Partial<AuditRow> | undefined): void {
    const seq = this.#head.count + 1;
    const entry = withoutTokens(writeEntry(seq, row, more));
    const mac = this.parts.chain.next(this.#head.mac, entry);
    this.#audit.push([seq, entry, mac]);
    this.#head = { count: seq, mac };
  }

  #holdsOf(root: ObjectName, column: 'objectId' | 'refundOf' = 'objectId'): PlacedHold[] {
    const { loaded, wanted } = this.parts;
    const name = nameOf(root.vendor, root.account, root.id);
    if (loaded?.asked.roots.has(name) !== true) this.#miss(() => wanted.root(root));
    const all = new Map([...(loaded?.holds ?? []), ...this.#holds]);
    const found = holdsNaming(root, column, all.values());
    return found.filter(({ callId }) => !this.#deletions.has('holds', callId));
  }

  #wantExclusive(): void {
    const { wanted } = this.parts;
    if (wanted.isExclusive) return;
    wanted.isExclusive = true;
    this.isIncomplete = true;
  }

  #cutting(): BookLog | undefined {
    const { loaded, wanted, chain } = this.parts;
    if (loaded?.log === undefined) this.#miss(() => wanted.log());
    else this.#log ??= new BookLog(loaded.log, chain);
    return this.#log;
  }

  #miss(want: () => void): void {
    want();
    this.isIncomplete = true;
  }
}
