import type { AppBudgets } from '../../budgets/budget';
import type { KeyRecord } from '../../keys/key';
import type { KeyFilter, PageRequest } from '../ledger';
import { Conditions } from './conditions';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';

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
  budgets: string;
  lease_id: string | null;
  lease_expires_at: number | null;
}

const SELECT = `SELECT keys.*, leases.expires_at AS lease_expires_at, keys.rowid AS position
  FROM keys LEFT JOIN leases ON leases.id = keys.lease_id`;
const LIVE = `keys.revoked_at IS NULL AND keys.expires_at > ?
  AND (keys.lease_id IS NULL OR leases.expires_at > ?)`;

/** A key, and its place in the order in which keys were issued. */
export interface PlacedKey {
  key: KeyRecord;
  position: number;
}

/** Keys, each with what its lease says. */
export class KeyTable {
  readonly #insert: SqliteStatement;
  readonly #byId: SqliteStatement;
  readonly #byTokenHash: SqliteStatement;
  readonly #revoke: SqliteStatement;
  readonly #live: SqliteStatement;
  readonly #liveCount: SqliteStatement;

  constructor(private readonly connection: SqliteConnection) {
    this.#insert = connection.prepare(
      `INSERT INTO keys (id, token_hash, label, vendor, cap_micros, allowed_endpoints, tenant_id,
        user_id, run_id, tool, parent_id, created_at, expires_at, budgets, lease_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#byId = connection.prepare(`${SELECT} WHERE keys.id = ?`);
    this.#byTokenHash = connection.prepare(`${SELECT} WHERE keys.token_hash = ?`);
    this.#revoke = connection.prepare('UPDATE keys SET revoked_at = ? WHERE id = ?');
    this.#live = connection.prepare(`${SELECT} WHERE ${LIVE}`);
    this.#liveCount = connection.prepare(
      `SELECT COUNT(*) AS count FROM keys LEFT JOIN leases ON leases.id = keys.lease_id WHERE ${LIVE}`,
    );
  }

  insert(key: KeyRecord): void {
    const { subject } = key;
    this.#insert.run(
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
      JSON.stringify(key.budgets),
      key.lease?.id ?? null,
    );
  }

  get(id: string): KeyRecord | undefined {
    return read(this.#byId.get(id));
  }

  byTokenHash(hash: string): KeyRecord | undefined {
    return read(this.#byTokenHash.get(hash));
  }

  revoke(id: string, now: number): void {
    this.#revoke.run(now, id);
  }

  live(now: number): KeyRecord[] {
    return (this.#live.all(now, now) as KeyRow[]).map(keyOf);
  }

  liveCount(now: number): number {
    return (this.#liveCount.get(now, now) as { count: number }).count;
  }

  /** Newest first; `braked` and `active` alike are those that are live. */
  page(filter: KeyFilter, { limit, cursor }: PageRequest, now: number): PlacedKey[] {
    const where = new Conditions();
    where.equals('keys.vendor', filter.vendor);
    where.equals('keys.tenant_id', filter.tenant_id);
    where.equals('keys.user_id', filter.user_id);
    where.equals('keys.run_id', filter.run_id);
    where.equals('keys.tool', filter.tool);
    if (filter.status === 'revoked') where.add('keys.revoked_at IS NOT NULL');
    if (filter.status === 'expired') {
      where.add(
        'keys.revoked_at IS NULL AND (keys.expires_at <= ? OR (keys.lease_id IS NOT NULL AND leases.expires_at <= ?))',
        now,
        now,
      );
    }
    if (filter.status === 'active' || filter.status === 'braked') where.add(LIVE, now, now);
    if (cursor !== undefined) where.add('keys.rowid < ?', Number(cursor));
    const rows = this.connection
      .prepare(`${SELECT} ${where.sql} ORDER BY keys.rowid DESC LIMIT ?`)
      .all(...where.values, limit) as (KeyRow & { position: number })[];
    return rows.map((row) => ({ key: keyOf(row), position: row.position }));
  }
}

function read(row: unknown): KeyRecord | undefined {
  return row === undefined ? undefined : keyOf(row as KeyRow);
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
    budgets: JSON.parse(row.budgets) as AppBudgets,
    // A lease that is gone is one that has lapsed.
    ...(row.lease_id === null
      ? {}
      : { lease: { id: row.lease_id, expiresAt: row.lease_expires_at ?? 0 } }),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
  };
}
