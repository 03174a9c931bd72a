import type { Balance } from '../../keys/key';
import type { MicroUsd } from '../../money/usd';
import type { ReportedObject } from '../../pricing/price';
import type { KnownObject } from '../decide';
import type { HoldFilter, HoldRecord, PageRequest } from '../ledger';
import type { HoldState } from '../operation';
import { Conditions } from './conditions';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';

interface HoldRow {
  call_id: string;
  key_id: string;
  vendor: string;
  account: string;
  object_id: string | null;
  held: number;
  settled: number;
  state: HoldState;
  charged_to: string;
  created_at: number;
  ended_at: number | null;
  idempotency_key_hash: string | null;
  position: number;
}

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

interface ObjectRow {
  root_id: string;
  amount: number;
  currency: string;
}

/** Money: balances, the holds that stand in them, and what is known of the vendor's objects. */
export class HoldTable {
  readonly #sql;

  constructor(private readonly connection: SqliteConnection) {
    const prepare = (sql: string): SqliteStatement => connection.prepare(sql);
    this.#sql = {
      balance: prepare('SELECT spent, held FROM balances WHERE name = ?'),
      charge: prepare(
        `INSERT INTO balances (name, spent, held) SELECT value, ?, ? FROM json_each(?) WHERE true
         ON CONFLICT DO UPDATE SET spent = spent + excluded.spent, held = held + excluded.held`,
      ),
      insert: prepare(
        `INSERT INTO holds (call_id, key_id, vendor, account, object_id, held, settled, state,
          charged_to, created_at, idempotency_key_hash)
         VALUES (?, ?, ?, ?, ?, ?, 0, 'held', ?, ?, ?)`,
      ),
      get: prepare('SELECT *, rowid AS position FROM holds WHERE call_id = ?'),
      end: prepare(
        'UPDATE holds SET state = ?, settled = ?, object_id = ?, ended_at = ? WHERE call_id = ?',
      ),
      link: prepare('UPDATE holds SET object_id = ? WHERE call_id = ?'),
      markUnknown: prepare("UPDATE holds SET state = 'unknown' WHERE call_id = ?"),
      markAllUnknown: prepare("UPDATE holds SET state = 'unknown' WHERE state = 'held'"),
      settled: prepare(
        `SELECT *, rowid AS position FROM holds
         WHERE vendor = ? AND account = ? AND object_id = ? AND state = 'settled'
         ORDER BY rowid DESC`,
      ),
      lower: prepare('UPDATE holds SET settled = settled - ? WHERE call_id = ?'),
      open: prepare(
        "SELECT state, COUNT(*) AS count FROM holds WHERE state IN ('held', 'unknown') GROUP BY state",
      ),
      exposure: prepare(
        `SELECT COALESCE(SUM(settled), 0) AS micros FROM holds
         WHERE vendor = ? AND account = ? AND object_id = ? AND state = 'settled'`,
      ),
      object: prepare(
        'SELECT root_id, amount, currency FROM objects WHERE vendor = ? AND account = ? AND id = ?',
      ),
      learn: prepare(
        `INSERT INTO objects (vendor, account, id, root_id, amount, currency) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET currency = excluded.currency, amount =
           CASE WHEN ? AND currency = excluded.currency THEN MAX(amount, excluded.amount)
           ELSE excluded.amount END`,
      ),
      isTouched: prepare(
        `SELECT EXISTS (SELECT 1 FROM holds WHERE vendor = ? AND account = ? AND object_id = ?
           AND call_id <> ? AND (state IN ('held', 'unknown')
             OR rowid > (SELECT rowid FROM holds WHERE call_id = ?))) AS found`,
      ),
    };
  }

  balance(name: string): Balance {
    const row = this.#sql.balance.get(name) as Balance | undefined;
    return { spent: row?.spent ?? 0, held: row?.held ?? 0 };
  }

  insert(hold: NewHold): void {
    const chargedTo = JSON.stringify(hold.chargedTo);
    this.#sql.insert.run(
      hold.callId,
      hold.keyId,
      hold.vendor,
      hold.account,
      hold.rootId,
      hold.micros,
      chargedTo,
      hold.now,
      hold.idempotencyKeyHash,
    );
    this.#sql.charge.run(0, hold.micros, chargedTo);
  }

  get(callId: string): HoldRecord | undefined {
    const row = this.#sql.get.get(callId) as HoldRow | undefined;
    return row === undefined ? undefined : holdOf(row);
  }

  /** Ends a hold that is open: what it held is spent by `settledMicros`, or not at all. */
  end(
    hold: HoldRecord,
    state: 'settled' | 'released',
    settledMicros: MicroUsd,
    rootId: string | null,
    now: number,
  ): void {
    this.#sql.end.run(state, settledMicros, rootId, now, hold.callId);
    this.#sql.charge.run(settledMicros, -hold.heldMicros, JSON.stringify(hold.chargedTo));
  }

  /** Names the object that a hold was for. */
  link(callId: string, rootId: string): void {
    this.#sql.link.run(rootId, callId);
  }

  markUnknown(callId: string): void {
    this.#sql.markUnknown.run(callId);
  }

  /** What was in flight when its process died: nobody knows what became of it. */
  markAllUnknown(): void {
    this.#sql.markAllUnknown.run();
  }

  /** Lowers an object's exposure to `finalMicros`, the newest holds first, where each was charged. */
  giveBack(vendor: string, account: string, rootId: string, finalMicros: MicroUsd): void {
    let excess = this.exposure(vendor, account, rootId) - finalMicros;
    if (excess <= 0) return;
    const holds = (this.#sql.settled.all(vendor, account, rootId) as HoldRow[]).map(holdOf);
    for (const { callId, settledMicros, chargedTo } of holds) {
      const back = Math.min(excess, settledMicros);
      if (back <= 0) continue;
      this.#sql.lower.run(back, callId);
      this.#sql.charge.run(-back, 0, JSON.stringify(chargedTo));
      excess -= back;
    }
  }

  /** How many holds have no end yet, by state. */
  openCounts(): { held: number; unknown: number } {
    const counts = { held: 0, unknown: 0 };
    for (const row of this.#sql.open.all() as { state: 'held' | 'unknown'; count: number }[]) {
      counts[row.state] = row.count;
    }
    return counts;
  }

  /** What an object may cost, by what is settled of it. */
  exposure(vendor: string, account: string, rootId: string): MicroUsd {
    const row = this.#sql.exposure.get(vendor, account, rootId) as { micros: number };
    return row.micros;
  }

  object(vendor: string, account: string, id: string): KnownObject | undefined {
    const row = this.#sql.object.get(vendor, account, id) as ObjectRow | undefined;
    if (row === undefined) return undefined;
    return {
      amount: row.amount,
      currency: row.currency,
      exposureMicros: this.exposure(vendor, account, row.root_id),
    };
  }

  /** The id under which an object's money is counted. */
  rootOf(vendor: string, account: string, id: string): string {
    const row = this.#sql.object.get(vendor, account, id) as ObjectRow | undefined;
    return row?.root_id ?? id;
  }

  /** Whether any other call on an object is under way, or has begun since a call did. */
  isTouched(vendor: string, account: string, rootId: string, callId: string): boolean {
    const row = this.#sql.isTouched.get(vendor, account, rootId, callId, callId);
    return (row as { found: number }).found === 1;
  }

  /** What an answer says of an object; a lower amount than was known counts only where it may. */
  learn(vendor: string, account: string, object: ReportedObject, mayLower: boolean): void {
    const { amount, currency } = object;
    const root = this.rootOf(vendor, account, object.id);
    for (const id of [object.id, ...object.aliases]) {
      this.#sql.learn.run(vendor, account, id, root, amount, currency, mayLower ? 0 : 1);
    }
  }

  /** Newest first. */
  page(filter: HoldFilter, { limit, cursor }: PageRequest): (HoldRecord & { position: number })[] {
    const where = new Conditions();
    where.equals('state', filter.state);
    where.equals('vendor', filter.vendor);
    where.equals('key_id', filter.key_id);
    if (cursor !== undefined) where.add('rowid < ?', Number(cursor));
    const rows = this.connection
      .prepare(`SELECT *, rowid AS position FROM holds ${where.sql} ORDER BY rowid DESC LIMIT ?`)
      .all(...where.values, limit) as HoldRow[];
    return rows.map((row) => ({ ...holdOf(row), position: row.position }));
  }
}

function holdOf(row: HoldRow): HoldRecord {
  return {
    callId: row.call_id,
    keyId: row.key_id,
    vendor: row.vendor,
    account: row.account,
    objectId: row.object_id,
    heldMicros: row.held,
    settledMicros: row.settled,
    state: row.state,
    chargedTo: JSON.parse(row.charged_to) as string[],
    idempotencyKeyHash: row.idempotency_key_hash,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  };
}
