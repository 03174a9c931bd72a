import type { Balance } from '../../keys/key';
import type { MicroUsd } from '../../money/usd';
import type { ReportedObject } from '../../pricing/price';
import type { KnownObject } from '../decide';
import type { HoldFilter, HoldRecord, PageRequest } from '../ledger';
import type { HoldState } from '../operation';
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

/** A hold that begins. */
export interface NewHold {
  callId: string;
  keyId: string;
  vendor: string;
  account: string;
  /** The object it adds to, where the call named one. */
  rootId: string | null;
  micros: MicroUsd;
  /** The balances it stands in: the key's, its parents', each budget's of the day. */
  chargedTo: readonly string[];
  idempotencyKeyHash: string | null;
  now: number;
}

export interface StoredHold extends HoldRecord {
  /** `chargedTo` as the table has it. */
  chargedToText: string;
}

interface NamedBalance extends Balance {
  name: string;
}

interface ObjectRow {
  vendor: string;
  account: string;
  id: string;
  rootId: string;
  amount: number;
  currency: string;
  isFinal: boolean;
}

/** Money: balances, the holds that stand in them, and what is known of the vendor's objects. */
export class HoldTable {
  readonly #holds: Rows<StoredHold>;
  readonly #balances: Rows<NamedBalance>;
  readonly #objects: Rows<ObjectRow>;
  /** How many holds have no end yet, and what this transaction has changed of that. */
  readonly #open = { held: 0, unknown: 0 };
  #opened = { held: 0, unknown: 0 };
  readonly #sql;

  constructor(private readonly connection: SqliteConnection) {
    const prepare = (sql: string): SqliteStatement => connection.prepare(sql);
    this.#holds = new Rows<StoredHold>(connection, {
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
    this.#objects = new Rows<ObjectRow>(connection, {
      table: 'objects',
      columns: ['vendor', 'account', 'id', 'root_id', 'amount', 'currency', 'final'],
      keyColumns: 3,
      changing: ['amount', 'currency', 'final'],
      keyOf: ({ vendor, account, id }) => objectName(vendor, account, id),
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
      isTouched: prepare(
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

  /** Opens a balance; one that exists stays as it is. */
  openBalance(name: string): void {
    if (this.#balances.get(name, [name]) === undefined) {
      this.#balances.put({ name, spent: 0, held: 0 });
    }
  }

  insert(hold: NewHold): void {
    this.#holds.put({
      callId: hold.callId,
      keyId: hold.keyId,
      vendor: hold.vendor,
      account: hold.account,
      objectId: hold.rootId,
      heldMicros: hold.micros,
      settledMicros: 0,
      state: 'held',
      chargedTo: hold.chargedTo,
      chargedToText: JSON.stringify(hold.chargedTo),
      idempotencyKeyHash: hold.idempotencyKeyHash,
      createdAt: hold.now,
      endedAt: null,
    });
    this.#charge(hold.chargedTo, 0, hold.micros);
    this.#count('held', 1);
  }

  get(callId: string): StoredHold | undefined {
    return this.#holds.get(callId, [callId]);
  }

  /** Ends a hold that is open: what it held is spent by `settledMicros`, or not at all. */
  end(
    hold: StoredHold,
    state: 'settled' | 'released',
    settledMicros: MicroUsd,
    rootId: string | null,
    now: number,
  ): void {
    this.#holds.put({ ...hold, state, settledMicros, objectId: rootId, endedAt: now });
    this.#charge(hold.chargedTo, settledMicros, -hold.heldMicros);
    this.#count(hold.state, -1);
  }

  /** Raises what a settled hold has spent. */
  raise(hold: StoredHold, micros: MicroUsd): void {
    this.#holds.put({ ...hold, settledMicros: hold.settledMicros + micros });
    this.#charge(hold.chargedTo, micros, 0);
  }

  /** Names the object that a hold was for. */
  link(hold: StoredHold, rootId: string): void {
    this.#holds.put({ ...hold, objectId: rootId });
  }

  markUnknown(hold: StoredHold): void {
    this.#holds.put({ ...hold, state: 'unknown' });
    this.#count(hold.state, -1);
    this.#count('unknown', 1);
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

  /**
   * Lowers an object's exposure to `finalMicros`, the newest holds first, where each was charged.
   *
   * @returns What each hold gave back.
   */
  giveBack(
    vendor: string,
    account: string,
    rootId: string,
    finalMicros: MicroUsd,
  ): { hold: StoredHold; micros: MicroUsd }[] {
    const given: { hold: StoredHold; micros: MicroUsd }[] = [];
    let excess = this.exposure(vendor, account, rootId) - finalMicros;
    if (excess <= 0) return given;
    for (const found of this.#sql.settled.all(vendor, account, rootId) as Found[]) {
      const hold = this.#holds.remember(found);
      const back = Math.min(excess, hold.settledMicros);
      if (back <= 0) continue;
      this.#holds.put({ ...hold, settledMicros: hold.settledMicros - back });
      this.#charge(hold.chargedTo, -back, 0);
      excess -= back;
      given.push({ hold, micros: back });
    }
    return given;
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

  /** What an object may cost, by what is settled of it. */
  exposure(vendor: string, account: string, rootId: string): MicroUsd {
    this.#holds.write();
    const row = this.#sql.exposure.get(vendor, account, rootId) as { micros: number };
    return row.micros;
  }

  object(vendor: string, account: string, id: string): KnownObject | undefined {
    const row = this.#object(vendor, account, id);
    if (row === undefined) return undefined;
    return {
      amount: row.amount,
      currency: row.currency,
      exposureMicros: this.exposure(vendor, account, row.rootId),
      isFinal: row.isFinal,
    };
  }

  /** The id under which an object's money is counted. */
  rootOf(vendor: string, account: string, id: string): string {
    return this.#object(vendor, account, id)?.rootId ?? id;
  }

  /** Whether any other call on an object is under way, or has begun since a call did. */
  isTouched(vendor: string, account: string, rootId: string, callId: string): boolean {
    this.#holds.write();
    const row = this.#sql.isTouched.get(vendor, account, rootId, callId, callId);
    return (row as { found: number }).found === 1;
  }

  /** What an answer says of an object; a lower amount than was known counts only where it may. */
  learn(vendor: string, account: string, object: ReportedObject, mayLower: boolean): void {
    const { currency } = object;
    const itself = this.#object(vendor, account, object.id);
    const rootId = itself?.rootId ?? object.id;
    for (const id of [object.id, ...object.aliases]) {
      const known = id === object.id ? itself : this.#object(vendor, account, id);
      const keeps = !mayLower && known?.currency === currency;
      const amount = keeps ? Math.max(known.amount, object.amount) : object.amount;
      this.#objects.put({
        vendor,
        account,
        id,
        rootId: known?.rootId ?? rootId,
        amount,
        currency,
        isFinal: object.isFinal === true || known?.isFinal === true,
      });
    }
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

  #object(vendor: string, account: string, id: string): ObjectRow | undefined {
    return this.#objects.get(objectName(vendor, account, id), [vendor, account, id]);
  }

  #count(state: HoldState, by: 1 | -1): void {
    if (state === 'held' || state === 'unknown') this.#opened[state] += by;
  }

  #charge(names: readonly string[], spent: MicroUsd, held: MicroUsd): void {
    for (const name of names) {
      const balance = this.balance(name);
      this.#balances.put({ name, spent: balance.spent + spent, held: balance.held + held });
    }
  }
}

function objectName(vendor: string, account: string, id: string): string {
  return `${vendor}/${account}/${id}`;
}

function valuesOfHold(hold: StoredHold): SqliteValue[] {
  return [
    hold.callId,
    hold.keyId,
    hold.vendor,
    hold.account,
    hold.objectId,
    hold.heldMicros,
    hold.settledMicros,
    hold.state,
    hold.chargedToText,
    hold.createdAt,
    hold.endedAt,
    hold.idempotencyKeyHash,
  ];
}

function holdOf(values: readonly SqliteValue[]): StoredHold {
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
    chargedToText: chargedTo as string,
    idempotencyKeyHash: idempotencyKeyHash as string | null,
    createdAt: createdAt as number,
    endedAt: endedAt as number | null,
  };
}
