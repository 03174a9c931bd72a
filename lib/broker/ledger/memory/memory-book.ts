import type { AuditChain } from '../../audit/audit-chain';
import { writeEntry } from '../../audit/audit-entry';
import type { AuditRow } from '../../audit/audit-entry';
import type { AuditSegment } from '../../audit/audit-segment';
import type { Brake } from '../../brakes/brake';
import { ruleName } from '../../budgets/budget';
import type { Budget, BudgetRule, BudgetSubject } from '../../budgets/budget';
import { BudgetIndex } from '../../budgets/budget-index';
import type { Raise } from '../../budgets/raise';
import type { Balance, KeyRecord } from '../../keys/key';
import { withoutTokens } from '../../keys/token';
import type { MicroUsd } from '../../../contract/usd';
import { BatchUndo } from '../batch-undo';
import type { AgingRows, Book, ObjectName, Slice, VendorObject } from '../book';
import { NOTHING, chargedIn, hourIn, sumFrom } from '../hourly-balance';
import type { HourlyBalance } from '../hourly-balance';
import type { Hold, LeaseRecord } from '../records';
import type { Note, NoteKind, NoteValues } from '../notes';
import type { Operation } from '../rules/operation';
import type { StoreHooks } from '../store';

/** The rows of a book in maps, each under one name, and how to take back what is not written yet. */
export class MemoryBook implements Book {
  now = 0;
  readonly keys = new Map<string, KeyRecord>();
  readonly leases = new Map<string, LeaseRecord>();
  /** In the order in which they began. */
  readonly holds = new Map<string, Hold>();
  readonly operations = new Map<string, Operation>();
  readonly objects = new Map<string, VendorObject>();
  readonly notes = new Map<string, Note>();
  readonly balances = new Map<string, HourlyBalance>();
  readonly rules = new Map<string, Budget>();
  readonly setRaises = new Map<string, Raise>();
  readonly activeBrakes = new Map<string, Brake>();
  readonly rows: { row: AuditRow; more: Partial<AuditRow> | undefined }[] = [];
  readonly #segments = new Map<number, AuditSegment>();
  /** The ids of the holds of each root object, and of those of its refunds. */
  readonly #holdsOfRoot = new Map<string, Set<string>>();
  readonly #refundsOfRoot = new Map<string, Set<string>>();
  readonly undo = new BatchUndo();

  constructor(
    private readonly unwrittenKey: (id: string) => KeyRecord | undefined,
    readonly chain: AuditChain,
    private readonly logged: StoreHooks['logged'],
  ) {}

  key(id: string): KeyRecord | undefined {
    const key = this.keys.get(id) ?? this.unwrittenKey(id);
    if (key?.lease === undefined) return key;
    const expiresAt = this.leases.get(key.lease.id)?.expiresAt ?? 0;
    return { ...key, lease: { id: key.lease.id, expiresAt } };
  }

  lease(id: string): LeaseRecord | undefined {
    return this.leases.get(id);
  }

  hold(callId: string): Hold | undefined {
    return this.holds.get(callId);
  }

  operation(vendor: string, keyHash: string): Operation | undefined {
    return this.operations.get(`${vendor}/${keyHash}`);
  }

  object(name: ObjectName): VendorObject | undefined {
    return this.objects.get(nameOf(name));
  }

  /** In one slice. */
  walk<Table extends keyof AgingRows>(table: Table): Slice<AgingRows[Table]>;
  walk(table: keyof AgingRows): Slice<AgingRows[keyof AgingRows]> {
    if (table !== 'operations') return { rows: [...this[table].values()] };
    const rows = [...this.operations].map(([name, operation]) => {
      const [vendor = '', keyHash = ''] = name.split('/');
      return { vendor, keyHash, operation };
    });
    return { rows };
  }

  hasHolds(root: ObjectName): boolean {
    return [...(this.#holdsOfRoot.get(nameOf(root)) ?? [])].some((id) => this.holds.has(id));
  }

  exposure(root: ObjectName): MicroUsd {
    return this.settledHolds(root).reduce((sum, hold) => sum + hold.settledMicros, 0);
  }

  hasOtherCalls(root: ObjectName, callId: string): boolean {
    const ids = [...(this.#holdsOfRoot.get(nameOf(root)) ?? [])];
    const order = [...this.holds.keys()];
    const own = order.indexOf(callId);
    return ids.some((id) => {
      if (id === callId) return false;
      const state = this.holds.get(id)?.state;
      const isOpen = state === 'held' || state === 'unknown';
      return isOpen || (own !== -1 && order.indexOf(id) > own);
    });
  }

  settledHolds(root: ObjectName): readonly Hold[] {
    const ids = this.#holdsOfRoot.get(nameOf(root));
    if (ids === undefined) return [];
    return [...this.holds.values()]
      .filter(({ callId, state }) => state === 'settled' && ids.has(callId))
      .reverse();
  }

  refundsOf(root: ObjectName): readonly Hold[] {
    const ids = [...(this.#refundsOfRoot.get(nameOf(root)) ?? [])];
    return ids.flatMap((id) => this.holds.get(id) ?? []);
  }

  balance(name: string): Balance {
    return this.pastBalance(name);
  }

  pastBalance(name: string, fromHour = 0): Balance {
    return sumFrom(this.balances.get(name) ?? NOTHING, fromHour);
  }

  note<Kind extends NoteKind>(kind: Kind, name: string): NoteValues[Kind] | undefined {
    return this.notes.get(`${kind}/${name}`)?.value as NoteValues[Kind] | undefined;
  }

  get hasBudgets(): boolean {
    return this.rules.size > 0;
  }

  budgetsOver(subject: BudgetSubject): readonly Budget[] {
    return new BudgetIndex(this.rules.values()).over(subject);
  }

  budgetOf(rule: BudgetRule): Budget | undefined {
    return this.rules.get(ruleName(rule));
  }

  budgets(): readonly Budget[] {
    return [...this.rules.values()];
  }

  raises(): readonly Raise[] {
    return [...this.setRaises.values()];
  }

  brakes(): readonly Brake[] {
    return [...this.activeBrakes.values()];
  }

  addKey(key: KeyRecord): void {
    this.#set(this.keys, key.id, key);
  }

  revokeKey(key: KeyRecord, now: number): void {
    this.#set(this.keys, key.id, { ...key, revokedAt: now });
  }

  putLease(lease: LeaseRecord): void {
    this.#set(this.leases, lease.id, lease);
  }

  addHold(hold: Hold): void {
    this.#set(this.holds, hold.callId, hold);
    this.#link(hold);
    if (hold.refundOf !== null) this.#linkTo(this.#refundsOfRoot, hold, hold.refundOf);
  }

  changeHold(before: Hold, after: Hold): void {
    this.#set(this.holds, after.callId, after);
    if (before.objectId !== after.objectId) this.#link(after);
  }

  putOperation(vendor: string, keyHash: string, operation: Operation): void {
    this.#set(this.operations, `${vendor}/${keyHash}`, operation);
  }

  putObject(object: VendorObject): void {
    this.#set(this.objects, nameOf(object), object);
  }

  putNote<Kind extends NoteKind>(kind: Kind, name: string, value: NoteValues[Kind]): void {
    this.#set(this.notes, `${kind}/${name}`, { kind, name, value } as Note);
  }

  deleteNote(kind: NoteKind, name: string): void {
    this.#delete(this.notes, `${kind}/${name}`);
  }

  charge(names: readonly string[], change: Partial<Balance>, beganAt?: number): void {
    for (const name of names) {
      const before = this.balances.get(name) ?? NOTHING;
      this.#set(this.balances, name, chargedIn(before, change, hourIn(name, beganAt)));
    }
  }

  /** There is no next start that would ask for it. */
  beginCall(): void {}

  endCall(): void {}

  forget<Table extends keyof AgingRows>(table: Table, row: AgingRows[Table]): void;
  forget(table: keyof AgingRows, row: AgingRows[keyof AgingRows]): void {
    this.#delete<unknown>(this[table], nameIn[table](row as never));
  }

  deleteBalance(name: string): void {
    this.#delete(this.balances, name);
  }

  segments(): readonly AuditSegment[] {
    return [...this.#segments.values()];
  }

  openLogSince(): string | undefined {
    return this.rows[this.#lastSegment?.last ?? 0]?.row.at;
  }

  cutLog(): AuditSegment {
    const { last = 0, head: previousHead = '' } = this.#lastSegment ?? {};
    const rows = this.chained();
    const bounds = {
      first: last + 1,
      last: rows.length,
      previousHead,
      head: rows.at(-1)?.mac ?? '',
    };
    const segment = {
      ...bounds,
      seal: this.chain.sealSegment(bounds),
      sealedAt: this.now,
      exportedAt: null,
      leftAt: null,
    };
    this.#set(this.#segments, segment.last, segment);
    return segment;
  }

  putSegment(segment: AuditSegment): void {
    this.#set(this.#segments, segment.last, segment);
  }

  /** The rows stay, and are shown no more. */
  forgetLogRows(): boolean {
    return false;
  }

  /** The rows of the log as they are stored elsewhere. */
  chained(): { seq: number; text: string; mac: string }[] {
    let mac = '';
    return this.rows.map(({ row, more }, i) => {
      const text = withoutTokens(writeEntry(i + 1, row, more));
      mac = this.chain.next(mac, text);
      return { seq: i + 1, text, mac };
    });
  }

  get #lastSegment(): AuditSegment | undefined {
    return this.segments().at(-1);
  }

  putBudget(budget: Budget): void {
    this.#set(this.rules, ruleName(budget), budget);
  }

  deleteBudget(rule: BudgetRule): void {
    this.#delete(this.rules, ruleName(rule));
  }

  putRaise(raise: Raise): void {
    this.#set(this.setRaises, raise.raiseId, raise);
  }

  deleteRaise(raiseId: string): void {
    this.#delete(this.setRaises, raiseId);
  }

  putBrake(brake: Brake): void {
    this.#set(this.activeBrakes, brake.id, brake);
  }

  deleteBrake(id: string): Brake | undefined {
    const brake = this.activeBrakes.get(id);
    if (brake !== undefined) this.#delete(this.activeBrakes, id);
    return brake;
  }

  noteBrakeHit(id: string, hit: number): void {
    const brake = this.activeBrakes.get(id);
    if (brake !== undefined) this.#set(this.activeBrakes, id, { ...brake, hit });
  }

  log(row: AuditRow, more?: Partial<AuditRow>): void {
    this.rows.push({ row, more });
    this.logged(row, more);
    this.undo.add(() => this.rows.pop());
  }

  #link(hold: Hold): void {
    if (hold.objectId !== null) this.#linkTo(this.#holdsOfRoot, hold, hold.objectId);
  }

  #linkTo(
    holdsOf: Map<string, Set<string>>,
    { vendor, account, callId }: Hold,
    rootId: string,
  ): void {
    const root = nameOf({ vendor, account, id: rootId });
    const ids = holdsOf.get(root) ?? new Set();
    if (ids.has(callId)) return;
    holdsOf.set(root, ids.add(callId));
    this.undo.add(() => ids.delete(callId));
  }

  #set<Name, Row>(rows: Map<Name, Row>, name: Name, row: Row): void {
    const before = rows.get(name);
    rows.set(name, row);
    this.undo.add(() => (before === undefined ? rows.delete(name) : rows.set(name, before)));
  }

  #delete<Row>(rows: Map<string, Row>, name: string): void {
    const before = [...rows];
    if (!rows.delete(name)) return;
    this.undo.add(() => {
      rows.clear();
      for (const [each, row] of before) rows.set(each, row);
    });
  }
}

/** The names of rows in their maps. */
const nameIn: { readonly [Table in keyof AgingRows]: (row: AgingRows[Table]) => string } = {
  holds: ({ callId }) => callId,
  keys: ({ id }) => id,
  operations: ({ vendor, keyHash }) => `${vendor}/${keyHash}`,
  objects: nameOf,
  notes: ({ kind, name }) => `${kind}/${name}`,
  leases: ({ id }) => id,
};

function nameOf({ vendor, account, id }: ObjectName): string {
  return JSON.stringify([vendor, account, id]);
}
