import type { Balance } from '../../keys/key';
import type { MicroUsd } from '../../money/usd';
import type { ObjectName, VendorObject } from '../book';
import type { HoldFilter, HoldRecord, PageRequest } from '../ledger';
import type { HoldState } from '../rules/operation';
import { Conditions } from './conditions';
import { Rows } from './rows';
import type { SqliteConnection, SqliteStatement, SqliteValue } from './sqlite-driver';

const HOLD_COLUMNS = [
  'call_id',
  'key_id',
  'vendor',
  'account',
  'object_id',
  'held',
  'settled',
  'state',
  'charged_to',
  'created_at',
  'ended_at',
  'idempotency_key_hash',
] as const;

type Found = Record<string, SqliteValue>;

interface NamedBalance extends Balance {
  name: string;
}

/** Balances, the holds that count in them, and what is known of the vendor's objects. */
export class HoldTable {
  readonly #holds: Rows<HoldRecord>;
  readonly #balances: Rows<NamedBalance>;
  readonly #objects: Rows<VendorObject>;
  /** How many holds have no end yet, and what this transaction has changed of that. */
  readonly #open = { held: 0, unknown: 0 };
  #opened = { held: 0, unknown: 0 };
  readonly #sql;

  constructor(private readonly connection: SqliteConnection) {
    const prepare = (sql: string): SqliteStatement => connection.prepare(sql);
    this.#holds = new Rows<HoldRecord>(connection, {
      table: 'holds',
      columns: HOLD_COLUMNS,
      keyColumns: 1,
      changing: ['object_id', 'settled', 'state', 'ended_at'],
      keyOf: ({ callId }) => callId,
      valuesOf: valuesOfHold,
      rowOf: holdOf,
    });
    this.#balances = new Rows<NamedBalance>(connection, {
      table: 'balances',
      columns: ['name', 'spent', 'held'],
      keyColumns: 1,
      changing: ['spent', 'held'],
      keyOf: ({ name }) => name,
      valuesOf: ({ name, spent, held }) => [name, spent, held],
      rowOf: ([name, spent, held]) => ({
        name: name as string,
        spent: spent as number,
        held: held as number,
      }),
    });
    this.#objects = new Rows<VendorObject>(connection, {
      table: 'objects',
      columns: ['vendor', 'account', 'id', 'root_id', 'amount', 'currency', 'final'],
      keyColumns: 3,
      changing: ['amount', 'currency', 'final'],
      keyOf: keyOfObject,
      valuesOf: ({ vendor, account, id, rootId, amount, currency, isFinal }) => [
        vendor,
        account,
        id,
        rootId,
        amount,
        currency,
        isFinal ? 1 : 0,
      ],
      rowOf: ([vendor, account, id, rootId, amount, currency, final]) => ({
        vendor: vendor as string,
        account: account as string,
        id: id as string,
        rootId: rootId as string,
        amount: amount as number,
        currency: currency as string,
        isFinal: final === 1,
      }),
    });
    const settled = "vendor = ? AND account = ? AND object_id = ? AND state = 'settled'";
    this.#sql = {
      markAllUnknown: prepare("UPDATE holds SET state = 'unknown' WHERE state = 'held'"),
      settled: prepare(`SELECT * FROM holds WHERE ${settled} ORDER BY rowid DESC`),
      open: prepare(
        "SELECT state, COUNT(*) AS count FROM holds WHERE state IN ('held', 'unknown') GROUP BY state",
      ),
      exposure: prepare(`SELECT COALESCE(SUM(settled), 0) AS micros FROM holds WHERE ${settled}`),
      hasOthers: prepare(
        `SELECT EXISTS (SELECT 1 FROM holds WHERE vendor = ? AND account = ? AND object_id = ?
           AND call_id <> ? AND (state IN ('held', 'unknown')
             OR rowid > (SELECT rowid FROM holds WHERE call_id = ?))) AS found`,
      ),
    };
  }

  get rows(): Rows<never>[] {
    return [this.#holds, this.#balances, this.#objects] as unknown as Rows<never>[];
  }

  balance(name: string): Balance {
    const row = this.#balances.get(name, [name]);
    return { spent: row?.spent ?? 0, held: row?.held ?? 0 };
  }

  /** Adds to balances; opens those that are not there yet. */
  charge(names: readonly string[], spent: MicroUsd, held: MicroUsd): void {
    for (const name of names) {
      const balance = this.balance(name);
      this.#balances.put({ name, spent: balance.spent + spent, held: balance.held + held });
    }
  }

  get(callId: string): HoldRecord | undefined {
    return this.#holds.get(callId, [callId]);
  }

  add(hold: HoldRecord): void {
    this.#holds.put(hold);
    this.#count(hold.state, 1);
  }

  change(before: HoldRecord, after: HoldRecord): void {
    this.#holds.put(after);
    if (before.state === after.state) return;
    this.#count(before.state, -1);
    this.#count(after.state, 1);
  }

  /** What was in flight when its process died: nobody knows what became of it. To be done before anything else. */
  markAllUnknown(): void {
    this.#sql.markAllUnknown.run();
    this.#open.held = 0;
    this.#open.unknown = 0;
    for (const row of this.#sql.open.all() as { state: 'held' | 'unknown'; count: number }[]) {
      this.#open[row.state] = row.count;
    }
  }

  /** How many holds have no end yet, by state. */
  get openCounts(): { held: number; unknown: number } {
    return { ...this.#open };
  }

  committed(): void {
    this.#open.held += this.#opened.held;
    this.#open.unknown += this.#opened.unknown;
    this.#opened = { held: 0, unknown: 0 };
  }

  rolledBack(): void {
    this.#opened = { held: 0, unknown: 0 };
  }

  /** What is settled of a root object. */
  exposure({ vendor, account, id }: ObjectName): MicroUsd {
    this.#holds.write();
    const row = this.#sql.exposure.get(vendor, account, id) as { micros: number };
    return row.micros;
  }

  /** The settled holds of a root object, the newest first. */
  settledOf({ vendor, account, id }: ObjectName): HoldRecord[] {
    this.#holds.write();
    const found = this.#sql.settled.all(vendor, account, id) as Found[];
    return found.map((row) => this.#holds.remember(row));
  }

  /** Whether another call on a root object is open, or has begun after the one with this id. */
  hasOthers({ vendor, account, id }: ObjectName, callId: string): boolean {
    this.#holds.write();
    const row = this.#sql.hasOthers.get(vendor, account, id, callId, callId);
    return (row as { found: number }).found === 1;
  }

  object(name: ObjectName): VendorObject | undefined {
    return this.#objects.get(keyOfObject(name), [name.vendor, name.account, name.id]);
  }

  putObject(object: VendorObject): void {
    this.#objects.put(object);
  }

  /**
   * Newest first. To be asked once all rows are written.
   *
   * @param stranded The ids of holds that are `held` while no call is under way on them: they are
   * listed with those that are `unknown`, since they can be ended like them.
   */
  page(
    filter: HoldFilter,
    { limit, cursor }: PageRequest,
    stranded: readonly string[] = [],
  ): (HoldRecord & { position: number })[] {
    const where = new Conditions();
    if (filter.state === 'unknown' && stranded.length > 0) {
      where.add(
        "(state = 'unknown' OR call_id IN (SELECT value FROM json_each(?)))",
        JSON.stringify(stranded),
      );
    } else {
      where.equals('state', filter.state);
    }
    where.equals('vendor', filter.vendor);
    where.equals('key_id', filter.key_id);
    if (cursor !== undefined) where.add('rowid < ?', Number(cursor));
    const rows = this.connection
      .prepare(`SELECT *, rowid AS position FROM holds ${where.sql} ORDER BY rowid DESC LIMIT ?`)
      .all(...where.values, limit) as Found[];
    return rows.map((row) => ({
      ...holdOf(HOLD_COLUMNS.map((name) => row[name] ?? null)),
      position: row['position'] as number,
    }));
  }

  #count(state: HoldState, by: 1 | -1): void {
    if (state === 'held' || state === 'unknown') this.#opened[state] += by;
  }
}

function keyOfObject({ vendor, account, id }: ObjectName): string {
  return `${vendor}/${account}/${id}`;
}

/** A hold is written several times, and what it is charged to never changes. */
const textsOf = new WeakMap<readonly string[], string>();

function textOf(chargedTo: readonly string[]): string {
  const known = textsOf.get(chargedTo);
  if (known !== undefined) return known;
  const text = JSON.stringify(chargedTo);
  textsOf.set(chargedTo, text);
  return text;
}

function valuesOfHold(hold: HoldRecord): SqliteValue[] {
  return [
    hold.callId,
    hold.keyId,
    hold.vendor,
    hold.account,
    hold.objectId,
    hold.heldMicros,
    hold.settledMicros,
    hold.state,
    textOf(hold.chargedTo),
    hold.createdAt,
    hold.endedAt,
    hold.idempotencyKeyHash,
  ];
}

function holdOf(values: readonly SqliteValue[]): HoldRecord {
  const [callId, keyId, vendor, account, objectId, held, settled, state, ...rest] = values;
  const [chargedTo, createdAt, endedAt, idempotencyKeyHash] = rest;
  return {
    callId: callId as string,
    keyId: keyId as string,
    vendor: vendor as string,
    account: account as string,
    objectId: objectId as string | null,
    heldMicros: held as number,
    settledMicros: settled as number,
    state: state as HoldState,
    chargedTo: JSON.parse(chargedTo as string) as string[],
    idempotencyKeyHash: idempotencyKeyHash as string | null,
    createdAt: createdAt as number,
    endedAt: endedAt as number | null,
  };
}
