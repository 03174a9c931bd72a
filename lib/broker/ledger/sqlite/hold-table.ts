import type { Balance } from '../../keys/key';
import type { MicroUsd } from '../../../contract/usd';
import type { ObjectName, VendorObject } from '../book';
import type { Hold } from '../records';
import { BatchNotes } from '../batch-notes';
import { NOTHING, chargedIn, hourIn, sumFrom } from '../hourly-balance';
import type { StoreCounts } from '../store';
import { CachedTable } from './cached-table';
import type { PendingWrites } from './pending-writes';
import type { RedoTable } from './redo-log';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';
import { BALANCES } from '../tables/balance-rows';
import type { NamedBalance } from '../tables/balance-rows';
import { HOLDS } from '../tables/hold-rows';
import type { PlacedHold } from '../tables/hold-rows';
import { OBJECTS, keyOfObject } from '../tables/object-rows';
import type { FoundRow } from '../tables/table-form';

/** Balances, the holds that count in them, and what is known of the vendor's objects. */
export class HoldTable {
  readonly holds: CachedTable<PlacedHold>;
  readonly #balances: CachedTable<NamedBalance>;
  readonly objects: CachedTable<VendorObject>;
  /** How many holds have no end yet, and what batches change of that. */
  readonly #open = { held: 0, unknown: 0 };
  readonly #openMicros = { held: 0, unknown: 0 };
  readonly #opened = new BatchNotes<{
    state: 'held' | 'unknown';
    by: 1 | -1;
    micros: MicroUsd;
  }>();
  #lastPosition = 0;
  readonly #sql;

  constructor(connection: SqliteConnection, writes: PendingWrites) {
    const prepare = (sql: string): SqliteStatement => connection.prepare(sql);
    this.holds = new CachedTable(connection, writes, HOLDS);
    this.#balances = new CachedTable(connection, writes, BALANCES, {
      isFiltered: true,
    });
    this.objects = new CachedTable(connection, writes, OBJECTS, { isFiltered: true });
    this.#sql = {
      markAllUnknown: prepare("UPDATE holds SET state = 'unknown' WHERE state = 'held'"),
      open: prepare(
        "SELECT state, COUNT(*) AS count, SUM(held) AS micros FROM holds WHERE state IN ('held', 'unknown') GROUP BY state",
      ),
      last: prepare('SELECT MAX(position) AS last FROM holds'),
      ofObject: prepare('SELECT * FROM holds WHERE vendor = ? AND account = ? AND object_id = ?'),
      refunds: prepare('SELECT * FROM holds WHERE vendor = ? AND account = ? AND refund_of = ?'),
    };
  }

  get tables(): RedoTable[] {
    return [this.holds, this.#balances, this.objects];
  }

  balance(name: string, fromHour = 0): Balance {
    return sumFrom(this.#balances.get(name, [name]) ?? NOTHING, fromHour);
  }

  /** Adds to balances; opens those that are not there yet. */
  charge(names: readonly string[], change: Partial<Balance>, beganAt?: number): void {
    for (const name of names) {
      const before = this.#balances.get(name, [name]) ?? NOTHING;
      this.#balances.put({ name, ...chargedIn(before, change, hourIn(name, beganAt)) });
    }
  }

  deleteBalance(name: string): void {
    this.#balances.delete({ name, ...NOTHING });
  }

  get(callId: string): PlacedHold | undefined {
    return this.holds.get(callId, [callId]);
  }

  add(hold: Hold): void {
    this.#lastPosition += 1;
    this.holds.put({ ...hold, position: this.#lastPosition });
    this.#count(hold, 1);
  }

  change(before: Hold, after: Hold): void {
    const position = this.get(before.callId)?.position ?? 0;
    this.holds.put({ ...after, position });
    if (before.state === after.state) return;
    this.#count(before, -1);
    this.#count(after, 1);
  }

  /** What was in flight when its process died: its outcome is unknown. To be done before anything else. */
  markAllUnknown(): void {
    this.#sql.markAllUnknown.run();
    const { last } = this.#sql.last.get() as { last: number | null };
    this.#lastPosition = last ?? 0;
    for (const state of ['held', 'unknown'] as const) {
      this.#open[state] = 0;
      this.#openMicros[state] = 0;
    }
    const open = this.#sql.open.all() as {
      state: 'held' | 'unknown';
      count: number;
      micros: MicroUsd;
    }[];
    for (const { state, count, micros } of open) {
      this.#open[state] = count;
      this.#openMicros[state] = micros;
    }
  }

  /** How many holds have no end yet, and what they hold, by state. */
  get openCounts(): Pick<StoreCounts, 'openHolds' | 'openMicros'> {
    return { openHolds: { ...this.#open }, openMicros: { ...this.#openMicros } };
  }

  sent(): void {
    this.#opened.sent();
  }

  written(): void {
    for (const { state, by, micros } of this.#opened.written()) {
      this.#open[state] += by;
      this.#openMicros[state] += by * micros;
    }
  }

  undone(): void {
    this.#opened.undone();
  }

  lost(): void {
    this.#opened.lost();
  }

  /** What is settled of a root object. */
  exposure(root: ObjectName): MicroUsd {
    return this.settledOf(root).reduce((sum, { settledMicros }) => sum + settledMicros, 0);
  }

  /** The settled holds of a root object, the newest first. */
  settledOf(root: ObjectName): Hold[] {
    return this.#ofObject(root)
      .filter(({ state }) => state === 'settled')
      .sort((one, other) => other.position - one.position);
  }

  /** The holds of the refunds of a root object. */
  refundsOf(root: ObjectName): Hold[] {
    return this.#current(this.#sql.refunds, root, 'refundOf');
  }

  /** Whether a hold counts under a root object. */
  hasAny(root: ObjectName): boolean {
    return this.#ofObject(root).length > 0;
  }

  /** Whether another call on a root object is open, or has begun after the one with this id. */
  hasOthers(root: ObjectName, callId: string): boolean {
    const own = this.get(callId)?.position ?? Infinity;
    return this.#ofObject(root).some(
      (hold) =>
        hold.callId !== callId &&
        (hold.state === 'held' || hold.state === 'unknown' || hold.position > own),
    );
  }

  object(name: ObjectName): VendorObject | undefined {
    return this.objects.get(keyOfObject(name), [name.vendor, name.account, name.id]);
  }

  putObject(object: VendorObject): void {
    this.objects.put(object);
  }

  /** Deletes a hold that has ended. */
  forget(hold: Hold): void {
    this.holds.delete({ ...hold, position: 0 });
  }

  /** The holds of a root object. */
  #ofObject(root: ObjectName): PlacedHold[] {
    return this.#current(this.#sql.ofObject, root, 'objectId');
  }

  /** The holds that name a root object, as they are decided. */
  #current(
    written: SqliteStatement,
    { vendor, account, id }: ObjectName,
    column: 'objectId' | 'refundOf',
  ): PlacedHold[] {
    const found = new Map<string, PlacedHold>();
    for (const row of written.all(vendor, account, id) as FoundRow[]) {
      const hold = this.holds.current(row);
      if (hold !== undefined) found.set(hold.callId, hold);
    }
    for (const hold of this.holds.allUncommitted) {
      const { vendor: ofVendor, account: ofAccount } = hold;
      if (hold[column] === id && ofVendor === vendor && ofAccount === account) {
        found.set(hold.callId, hold);
      }
    }
    return [...found.values()];
  }

  #count({ state, heldMicros: micros }: Hold, by: 1 | -1): void {
    if (state === 'held' || state === 'unknown') this.#opened.add({ state, by, micros });
  }
}
