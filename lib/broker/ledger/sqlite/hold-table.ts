import type { Balance } from '../../keys/key';
import type { MicroUsd } from '../../../contract/usd';
import type { ObjectName, VendorObject } from '../book';
import type { Hold } from '../records';
import type { HoldState } from '../../../contract/states';
import { CachedTable, changing, fixed, key } from './cached-table';
import type { FoundRow, TableForm } from './cached-table';
import type { RedoTable } from './redo-log';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';

interface NamedBalance extends Balance {
  name: string;
}

export const HOLDS: TableForm<Hold> = {
  table: 'holds',
  columns: [
    key('call_id', ({ callId }) => callId),
    fixed('key_id', ({ keyId }) => keyId),
    fixed('vendor', ({ vendor }) => vendor),
    fixed('account', ({ account }) => account),
    changing('object_id', ({ objectId }) => objectId),
    fixed('held', ({ heldMicros }) => heldMicros),
    changing('settled', ({ settledMicros }) => settledMicros),
    changing('state', ({ state }) => state),
    fixed('charged_to', ({ chargedTo }) => textOf(chargedTo)),
    fixed('created_at', ({ createdAt }) => createdAt),
    changing('ended_at', ({ endedAt }) => endedAt),
    fixed('idempotency_key_hash', ({ idempotencyKeyHash }) => idempotencyKeyHash),
    changing('ended_by_operator', ({ isEndedByOperator }) => (isEndedByOperator ? 1 : 0)),
  ],
  keyOf: ({ callId }) => callId,
  rowOf: (found) => ({
    callId: found['call_id'] as string,
    keyId: found['key_id'] as string,
    vendor: found['vendor'] as string,
    account: found['account'] as string,
    objectId: found['object_id'] as string | null,
    heldMicros: found['held'] as number,
    settledMicros: found['settled'] as number,
    state: found['state'] as HoldState,
    chargedTo: JSON.parse(found['charged_to'] as string) as string[],
    idempotencyKeyHash: found['idempotency_key_hash'] as string | null,
    createdAt: found['created_at'] as number,
    endedAt: found['ended_at'] as number | null,
    isEndedByOperator: found['ended_by_operator'] === 1,
  }),
};

const BALANCES: TableForm<NamedBalance> = {
  table: 'balances',
  columns: [
    key('name', ({ name }) => name),
    changing('spent', ({ spent }) => spent),
    changing('held', ({ held }) => held),
  ],
  keyOf: ({ name }) => name,
  rowOf: (found) => ({
    name: found['name'] as string,
    spent: found['spent'] as number,
    held: found['held'] as number,
  }),
};

const OBJECTS: TableForm<VendorObject> = {
  table: 'objects',
  columns: [
    key('vendor', ({ vendor }) => vendor),
    key('account', ({ account }) => account),
    key('id', ({ id }) => id),
    fixed('root_id', ({ rootId }) => rootId),
    changing('amount', ({ amount }) => amount),
    changing('currency', ({ currency }) => currency),
    changing('final', ({ isFinal }) => (isFinal ? 1 : 0)),
  ],
  keyOf: keyOfObject,
  rowOf: (found) => ({
    vendor: found['vendor'] as string,
    account: found['account'] as string,
    id: found['id'] as string,
    rootId: found['root_id'] as string,
    amount: found['amount'] as number,
    currency: found['currency'] as string,
    isFinal: found['final'] === 1,
  }),
};

/** Balances, the holds that count in them, and what is known of the vendor's objects. */
export class HoldTable {
  readonly #holds: CachedTable<Hold>;
  readonly #balances: CachedTable<NamedBalance>;
  readonly #objects: CachedTable<VendorObject>;
  /** How many holds have no end yet, and what this transaction has changed of that. */
  readonly #open = { held: 0, unknown: 0 };
  #opened = { held: 0, unknown: 0 };
  readonly #sql;

  constructor(connection: SqliteConnection) {
    const prepare = (sql: string): SqliteStatement => connection.prepare(sql);
    this.#holds = new CachedTable(connection, HOLDS);
    this.#balances = new CachedTable(connection, BALANCES);
    this.#objects = new CachedTable(connection, OBJECTS);
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

  get tables(): RedoTable[] {
    return [this.#holds, this.#balances, this.#objects];
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

  get(callId: string): Hold | undefined {
    return this.#holds.get(callId, [callId]);
  }

  add(hold: Hold): void {
    this.#holds.put(hold);
    this.#count(hold.state, 1);
  }

  change(before: Hold, after: Hold): void {
    this.#holds.put(after);
    if (before.state === after.state) return;
    this.#count(before.state, -1);
    this.#count(after.state, 1);
  }

  /** What was in flight when its process died: its outcome is unknown. To be done before anything else. */
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
    this.#holds.flush();
    const row = this.#sql.exposure.get(vendor, account, id) as { micros: number };
    return row.micros;
  }

  /** The settled holds of a root object, the newest first. */
  settledOf({ vendor, account, id }: ObjectName): Hold[] {
    this.#holds.flush();
    const found = this.#sql.settled.all(vendor, account, id) as FoundRow[];
    return found.map((row) => this.#holds.remember(row));
  }

  /** Whether another call on a root object is open, or has begun after the one with this id. */
  hasOthers({ vendor, account, id }: ObjectName, callId: string): boolean {
    this.#holds.flush();
    const row = this.#sql.hasOthers.get(vendor, account, id, callId, callId);
    return (row as { found: number }).found === 1;
  }

  object(name: ObjectName): VendorObject | undefined {
    return this.#objects.get(keyOfObject(name), [name.vendor, name.account, name.id]);
  }

  putObject(object: VendorObject): void {
    this.#objects.put(object);
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
