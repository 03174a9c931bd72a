import { closeSync, openSync } from 'node:fs';
import { AUDIT_COLUMNS, auditRowOf } from '../../audit/audit-entry';
import type { AuditEntry, AuditRow } from '../../audit/audit-entry';
import { statusOf } from '../../keys/key';
import type { Balance, KeyRecord, KeyWithBalance } from '../../keys/key';
import { withoutTokens } from '../../keys/token';
import type { MicroUsd } from '../../money/usd';
import type { Outcome, Price } from '../../pricing/price';
import { BrokerRefusal, invalidFields, invalidKey } from '../../refusal';
import { capRefusal, holdFor, remainingAfter, settlementOf } from '../decide';
import type { CapState, KnownObject } from '../decide';
import type {
  Admission,
  AuditFilter,
  Decision,
  Hold,
  HoldEnd,
  KeyFilter,
  Ledger,
  Page,
  RevokeDecision,
  StoreState,
} from '../ledger';
import { GroupCommit } from './group-commit';
import { migrate } from './schema';
import { openConnection } from './sqlite-driver';
import type { SqliteConnection, SqliteStatement, SqliteValue } from './sqlite-driver';

const DURABILITY = ['off', 'normal', 'full', 'extra'];
const MAX_PARENTS = 16;

interface KeyRow {
  id: string;
  token_hash: string;
  label: string;
  vendor: string;
  cap_micros: number;
  allowed_endpoints: string;
  tenant_id: string | null;
  user_id: string | null;
  run_id: string | null;
  tool: string | null;
  parent_id: string | null;
  created_at: number;
  expires_at: number;
  revoked_at: number | null;
}

interface ObjectRow {
  root_id: string;
  amount: number;
  currency: string;
}

/** A cap over a call, and the balance it is counted in. */
interface ChargedCap extends CapState {
  balanceName: string;
}

/**
 * The ledger in one SQLite file, or in memory. One process has the file (an exclusive lock), and
 * every acknowledged decision is on the disk (`synchronous=FULL`).
 */
export class SqliteLedger implements Ledger {
  readonly #connection: SqliteConnection;
  readonly #commits: GroupCommit;
  readonly #sql: ReturnType<typeof prepareStatements>;

  /**
   * @param file A path, or `:memory:`.
   * @throws Error where the file cannot be opened, is in use, or is of a newer version.
   */
  constructor(file: string) {
    this.#connection = open(file);
    this.#commits = new GroupCommit(this.#connection);
    this.#sql = prepareStatements(this.#connection);
    // A hold that was in flight when its process died: nobody knows what became of the call.
    this.#connection.exec("UPDATE holds SET state = 'unknown' WHERE state = 'held'");
  }

  issue(key: KeyRecord, remoteAddress?: string): Promise<void> {
    return this.#commits.run(() => {
      if (key.parentId !== undefined) this.#checkParent(key.parentId, key.createdAt);
      const { subject } = key;
      this.#sql.insertKey.run(
        key.id,
        key.tokenHash,
        key.label,
        key.vendor,
        key.capMicros,
        JSON.stringify(key.allowedEndpoints),
        subject.tenant_id ?? null,
        subject.user_id ?? null,
        subject.run_id ?? null,
        subject.tool ?? null,
        key.parentId ?? null,
        key.createdAt,
        key.expiresAt,
      );
      this.#sql.insertBalance.run(balanceName(key.id));
      this.#writeAudit(auditRowOf('issue', key.createdAt, key, remoteAddress));
    });
  }

  revoke(ids: readonly string[], now: number, remoteAddress?: string): Promise<RevokeDecision> {
    return this.#commits.run(() => {
      const revokedAt = new Map<string, number>();
      const unknown: string[] = [];
      for (const id of ids) {
        const row = this.#sql.keyById.get(id) as KeyRow | undefined;
        if (row === undefined) {
          unknown.push(id);
        } else if (row.revoked_at !== null) {
          revokedAt.set(id, row.revoked_at);
        } else {
          this.#sql.revokeKey.run(now, id);
          revokedAt.set(id, now);
          this.#writeAudit(auditRowOf('revoke', now, keyOf(row), remoteAddress));
        }
      }
      return { revokedAt, unknown };
    });
  }

  async keyByTokenHash(hash: string): Promise<KeyRecord | undefined> {
    const row = this.#sql.keyByTokenHash.get(hash) as KeyRow | undefined;
    return row === undefined ? undefined : keyOf(row);
  }

  async key(id: string): Promise<KeyWithBalance | undefined> {
    this.#commits.flush();
    const row = this.#sql.keyById.get(id) as KeyRow | undefined;
    return row === undefined ? undefined : { key: keyOf(row), balance: this.#balance(id) };
  }

  async keys(
    filter: KeyFilter,
    page: { limit: number; cursor?: string },
    now: number,
  ): Promise<Page<KeyWithBalance>> {
    this.#commits.flush();
    const where = new Conditions();
    where.equals('vendor', filter.vendor);
    where.equals('tenant_id', filter.tenant_id);
    where.equals('user_id', filter.user_id);
    where.equals('run_id', filter.run_id);
    where.equals('tool', filter.tool);
    if (filter.status === 'revoked') where.add('revoked_at IS NOT NULL');
    if (filter.status === 'expired') where.add('revoked_at IS NULL AND expires_at <= ?', now);
    if (filter.status === 'active') where.add('revoked_at IS NULL AND expires_at > ?', now);
    if (page.cursor !== undefined) where.add('rowid < ?', Number(page.cursor));
    const rows = this.#connection
      .prepare(`SELECT rowid AS position, * FROM keys ${where.sql} ORDER BY rowid DESC LIMIT ?`)
      .all(...where.values, page.limit + 1) as (KeyRow & { position: number })[];
    const shown = rows.slice(0, page.limit);
    const last = shown.at(-1);
    return {
      entries: shown.map((row) => ({ key: keyOf(row), balance: this.#balance(row.id) })),
      ...(rows.length > page.limit && last !== undefined ? { next: String(last.position) } : {}),
    };
  }

  admit(admission: Admission): Promise<Decision> {
    return this.#commits.run(() => this.#decide(admission));
  }

  end(end: HoldEnd): Promise<void> {
    return this.#commits.run(() => this.#finish(end));
  }

  recordRefusal(row: AuditRow): Promise<void> {
    return this.#commits.run(() => this.#writeAudit(row));
  }

  async audit(filter: AuditFilter, limit: number): Promise<AuditEntry[]> {
    this.#commits.flush();
    const where = new Conditions();
    for (const [column, value] of Object.entries(filter)) where.equals(column, value);
    const columns = ['seq', ...AUDIT_COLUMNS];
    const rows = this.#connection
      .prepare(`SELECT ${columns.join(', ')} FROM audit ${where.sql} ORDER BY seq DESC LIMIT ?`)
      .all(...where.values, limit) as Record<string, unknown>[];
    return rows.map(
      (row) =>
        Object.fromEntries(columns.map((name) => [name, row[name]])) as unknown as AuditEntry,
    );
  }

  async state(): Promise<StoreState> {
    await this.#commits.run(() => this.#sql.touch.get());
    const row = this.#sql.synchronous.get() as { synchronous: number };
    return { kind: 'sqlite', durability: DURABILITY[row.synchronous] ?? String(row.synchronous) };
  }

  async close(): Promise<void> {
    this.#commits.close();
    // The driver's close() keeps connection and lock until its statements are collected as garbage.
    this.#connection.pragma('journal_mode = DELETE');
    this.#connection.pragma('locking_mode = NORMAL');
    this.#connection.prepare('SELECT COUNT(*) FROM sqlite_schema').get();
    this.#connection.close();
  }

  #decide({ callId, key, account, price, now, audit }: Admission): Decision {
    const row = this.#sql.keyById.get(key.id) as KeyRow | undefined;
    if (row === undefined || statusOf(keyOf(row), now) !== 'active') {
      const refusal = invalidKey(true);
      this.#writeAudit({ ...audit, event: 'refusal', verdict: refusal.code });
      return { admitted: false, refusal };
    }
    const caps = this.#capsOver(keyOf(row));
    let micros = 0;
    let refusal: BrokerRefusal | undefined;
    try {
      micros = holdFor(price, this.#objectOf(price, key.vendor, account));
      refusal = capRefusal(caps, micros);
    } catch (error) {
      if (!(error instanceof BrokerRefusal)) throw error;
      refusal = error;
    }
    const [own] = caps;
    if (refusal !== undefined) {
      this.#writeAudit({
        ...audit,
        ...auditOfCap(own),
        event: 'refusal',
        verdict: refusal.code,
        reason: refusal.message,
        requested_micros: micros,
      });
      return { admitted: false, refusal };
    }
    if (price.kind !== 'free') {
      this.#sql.insertHold.run(
        callId,
        key.id,
        key.vendor,
        account,
        price.kind === 'exposure' || price.kind === 'cancel'
          ? this.#rootOf(key.vendor, account, price.objectId)
          : null,
        micros,
        JSON.stringify(caps.map((cap) => cap.balanceName)),
        now,
      );
      for (const cap of caps) this.#charge(cap.balanceName, { spent: 0, held: micros });
    }
    const remainingMicros = remainingAfter(caps, micros);
    this.#writeAudit({
      ...audit,
      ...auditOfCap(own === undefined ? own : this.#refreshed(own)),
      remaining_after_micros: remainingMicros,
      event: 'intent',
      verdict: 'forwarded',
      requested_micros: micros,
    });
    return {
      admitted: true,
      hold: {
        callId,
        keyId: key.id,
        vendor: key.vendor,
        account,
        price,
        micros,
        admittedAt: now,
        audit,
      },
      remainingMicros,
    };
  }

  #finish({ hold, outcome, now, audit }: HoldEnd): void {
    let settled = 0;
    if (hold.price.kind !== 'free') settled = this.#endHold(hold, outcome, now);
    const key = keyOf(this.#sql.keyById.get(hold.keyId) as KeyRow);
    const [own] = this.#capsOver(key);
    this.#writeAudit({
      ...hold.audit,
      ...auditOfCap(own),
      requested_micros: hold.micros,
      ...audit,
      event: 'outcome',
      verdict: outcome.ending,
      settled_micros: settled,
      amount: outcome.settledAmount?.amount ?? hold.audit.amount ?? null,
      currency: outcome.settledAmount?.currency ?? hold.audit.currency ?? null,
    });
  }

  #endHold(hold: Hold, outcome: Outcome, now: number): MicroUsd {
    const { vendor, account, callId, micros } = hold;
    const row = this.#sql.holdById.get(callId) as
      { state: string; object_id: string | null; charged_to: string } | undefined;
    if (row === undefined || row.state !== 'held') return 0;
    if (outcome.object !== undefined) this.#learn(vendor, account, outcome.object);
    if (outcome.ending === 'unknown') {
      this.#sql.markUnknown.run(callId);
      return 0;
    }
    // A refund names the payment it gives back, but is no part of what that payment may cost.
    const root =
      hold.price.kind === 'refund'
        ? null
        : (row.object_id ??
          (outcome.object === undefined ? null : this.#rootOf(vendor, account, outcome.object.id)));
    const before =
      root === null || hold.price.kind === 'amount' ? 0 : this.#exposure(vendor, account, root);
    const settled =
      outcome.ending === 'settled' ? settlementOf(micros, outcome.reportedMicros, before) : 0;
    this.#sql.endHold.run(outcome.ending, settled, root, now, callId);
    for (const name of chargedTo(row.charged_to)) {
      this.#charge(name, { spent: settled, held: -micros });
    }
    if (root !== null && outcome.finalMicros !== undefined) {
      this.#giveBack(vendor, account, root, outcome.finalMicros);
    }
    return settled;
  }

  /** Lowers an object's exposure, the newest holds first, where each was charged. */
  #giveBack(vendor: string, account: string, root: string, finalMicros: MicroUsd): void {
    let excess = this.#exposure(vendor, account, root) - finalMicros;
    if (excess <= 0) return;
    const holds = this.#sql.settledHolds.all(vendor, account, root) as {
      call_id: string;
      settled: number;
      charged_to: string;
    }[];
    for (const { call_id, settled, charged_to } of holds) {
      const back = Math.min(excess, settled);
      if (back <= 0) continue;
      this.#sql.lowerHold.run(back, call_id);
      for (const name of chargedTo(charged_to)) this.#charge(name, { spent: -back, held: 0 });
      excess -= back;
    }
  }

  #objectOf(price: Price, vendor: string, account: string): KnownObject | undefined {
    if (price.kind !== 'exposure' && price.kind !== 'refund') return undefined;
    const row = this.#sql.object.get(vendor, account, price.objectId) as ObjectRow | undefined;
    if (row === undefined) return undefined;
    return {
      amount: row.amount,
      currency: row.currency,
      exposureMicros: this.#exposure(vendor, account, row.root_id),
    };
  }

  #learn(vendor: string, account: string, object: NonNullable<Outcome['object']>): void {
    const root = this.#rootOf(vendor, account, object.id);
    for (const id of [object.id, ...object.aliases]) {
      this.#sql.upsertObject.run(vendor, account, id, root, object.amount, object.currency);
    }
  }

  #rootOf(vendor: string, account: string, id: string): string {
    const row = this.#sql.object.get(vendor, account, id) as ObjectRow | undefined;
    return row?.root_id ?? id;
  }

  #exposure(vendor: string, account: string, root: string): MicroUsd {
    const row = this.#sql.exposure.get(vendor, account, root) as { micros: number };
    return row.micros;
  }

  #capsOver(key: KeyRecord): ChargedCap[] {
    const caps = [this.#capOf(key, 'key')];
    let parentId = key.parentId;
    while (parentId !== undefined) {
      const parent = keyOf(this.#sql.keyById.get(parentId) as KeyRow);
      caps.push(this.#capOf(parent, 'parent'));
      parentId = parent.parentId;
    }
    return caps;
  }

  #capOf(key: KeyRecord, scope: CapState['scope']): ChargedCap {
    return {
      scope,
      capMicros: key.capMicros,
      balance: this.#balance(key.id),
      balanceName: balanceName(key.id),
    };
  }

  #refreshed(cap: ChargedCap): ChargedCap {
    const row = this.#sql.balance.get(cap.balanceName) as Balance;
    return { ...cap, balance: { spent: row.spent, held: row.held } };
  }

  #checkParent(id: string, now: number): void {
    let depth = 0;
    let next: string | undefined = id;
    while (next !== undefined) {
      const row = this.#sql.keyById.get(next) as KeyRow | undefined;
      const parent: KeyRecord | undefined = row === undefined ? undefined : keyOf(row);
      const live = parent !== undefined && (depth > 0 || statusOf(parent, now) === 'active');
      if (!live || ++depth > MAX_PARENTS) {
        throw invalidFields([
          {
            field: 'parent_id',
            message: live
              ? `has more than ${MAX_PARENTS} keys above it`
              : 'is not the id of a live key',
          },
        ]);
      }
      next = parent.parentId;
    }
  }

  #balance(keyId: string): Balance {
    const row = this.#sql.balance.get(balanceName(keyId)) as Balance;
    return { spent: row.spent, held: row.held };
  }

  #charge(name: string, change: Balance): void {
    this.#sql.charge.run(change.spent, change.held, name);
  }

  #writeAudit(row: AuditRow): void {
    const stored: AuditRow = {
      ...row,
      path: row.path == null ? null : withoutTokens(row.path),
      reason: row.reason == null ? null : withoutTokens(row.reason),
    };
    this.#sql.insertAudit.run(...AUDIT_COLUMNS.map((column) => stored[column] ?? null));
  }
}

/** The `WHERE` of a filtered list. */
class Conditions {
  readonly #conditions: string[] = [];
  readonly values: SqliteValue[] = [];

  equals(column: string, value: string | undefined): void {
    if (value !== undefined) this.add(`${column} = ?`, value);
  }

  add(condition: string, ...values: SqliteValue[]): void {
    this.#conditions.push(condition);
    this.values.push(...values);
  }

  get sql(): string {
    return this.#conditions.length === 0 ? '' : `WHERE ${this.#conditions.join(' AND ')}`;
  }
}

function open(file: string): SqliteConnection {
  let connection: SqliteConnection | undefined;
  try {
    // Labels and user ids are nobody else's business on this machine.
    if (file !== ':memory:') closeSync(openSync(file, 'a', 0o600));
    connection = openConnection(file);
    connection.pragma('locking_mode = EXCLUSIVE');
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = FULL');
    // Takes the lock for good, so that a second process fails here and not at its first write.
    connection.exec('BEGIN IMMEDIATE');
    connection.exec('COMMIT');
    migrate(connection, file);
    return connection;
  } catch (error) {
    connection?.close();
    const code = (error as { code?: unknown }).code;
    if (typeof code === 'string' && code.startsWith('SQLITE_BUSY')) {
      throw new Error(
        `The store ${file} is in use by another broker: a SQLite store has one process. To share a store, use one broker for all, or a redis:// store.`,
      );
    }
    if (error instanceof Error && code === undefined) throw error;
    throw new Error(`The store ${file} cannot be opened: ${(error as Error).message}`);
  }
}

function prepareStatements(connection: SqliteConnection) {
  const prepare = (sql: string): SqliteStatement => connection.prepare(sql);
  return {
    insertKey: prepare(
      `INSERT INTO keys (id, token_hash, label, vendor, cap_micros, allowed_endpoints, tenant_id,
        user_id, run_id, tool, parent_id, created_at, expires_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    keyById: prepare('SELECT * FROM keys WHERE id = ?'),
    keyByTokenHash: prepare('SELECT * FROM keys WHERE token_hash = ?'),
    revokeKey: prepare('UPDATE keys SET revoked_at = ? WHERE id = ?'),
    insertBalance: prepare('INSERT INTO balances (name, spent, held) VALUES (?, 0, 0)'),
    balance: prepare('SELECT spent, held FROM balances WHERE name = ?'),
    charge: prepare('UPDATE balances SET spent = spent + ?, held = held + ? WHERE name = ?'),
    insertHold: prepare(
      `INSERT INTO holds (call_id, key_id, vendor, account, object_id, held, settled, state, charged_to, created_at)
       VALUES (?, ?, ?, ?, ?, ?, 0, 'held', ?, ?)`,
    ),
    holdById: prepare('SELECT state, object_id, charged_to FROM holds WHERE call_id = ?'),
    endHold: prepare(
      'UPDATE holds SET state = ?, settled = ?, object_id = ?, ended_at = ? WHERE call_id = ?',
    ),
    markUnknown: prepare("UPDATE holds SET state = 'unknown' WHERE call_id = ?"),
    settledHolds: prepare(
      `SELECT call_id, settled, charged_to FROM holds
       WHERE vendor = ? AND account = ? AND object_id = ? AND state = 'settled'
       ORDER BY rowid DESC`,
    ),
    lowerHold: prepare('UPDATE holds SET settled = settled - ? WHERE call_id = ?'),
    object: prepare(
      'SELECT root_id, amount, currency FROM objects WHERE vendor = ? AND account = ? AND id = ?',
    ),
    upsertObject: prepare(
      `INSERT INTO objects (vendor, account, id, root_id, amount, currency) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET amount = excluded.amount, currency = excluded.currency`,
    ),
    exposure: prepare(
      `SELECT COALESCE(SUM(settled), 0) AS micros FROM holds
       WHERE vendor = ? AND account = ? AND object_id = ? AND state = 'settled'`,
    ),
    insertAudit: prepare(
      `INSERT INTO audit (${AUDIT_COLUMNS.join(', ')}) VALUES (${AUDIT_COLUMNS.map(() => '?').join(', ')})`,
    ),
    touch: prepare('PRAGMA user_version'),
    synchronous: prepare('PRAGMA synchronous'),
  };
}

function keyOf(row: KeyRow): KeyRecord {
  const subject: KeyRecord['subject'] = {};
  if (row.tenant_id !== null) subject.tenant_id = row.tenant_id;
  if (row.user_id !== null) subject.user_id = row.user_id;
  if (row.run_id !== null) subject.run_id = row.run_id;
  if (row.tool !== null) subject.tool = row.tool;
  return {
    id: row.id,
    tokenHash: row.token_hash,
    label: row.label,
    vendor: row.vendor,
    capMicros: row.cap_micros,
    allowedEndpoints: JSON.parse(row.allowed_endpoints) as string[],
    subject,
    ...(row.parent_id === null ? {} : { parentId: row.parent_id }),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
  };
}

function auditOfCap(cap: CapState | undefined): Partial<AuditRow> {
  if (cap === undefined) return {};
  const { capMicros, balance } = cap;
  return {
    cap_micros: capMicros,
    spent_after_micros: balance.spent,
    held_after_micros: balance.held,
    remaining_after_micros: capMicros - balance.spent - balance.held,
  };
}

function balanceName(keyId: string): string {
  return `key/${keyId}`;
}

function chargedTo(json: string): string[] {
  return JSON.parse(json) as string[];
}
