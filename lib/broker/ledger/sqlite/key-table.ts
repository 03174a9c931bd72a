import type { AppBudgets } from '../../budgets/budget';
import type { KeyRecord } from '../../keys/key';
import type { KeyFilter, PageRequest } from '../ledger';
import { Conditions } from './conditions';
import type { LeaseTable } from './lease-table';
import { Rows } from './rows';
import type { SqliteConnection, SqliteStatement, SqliteValue } from './sqlite-driver';

const COLUMNS = [
  'id',
  'token_hash',
  'label',
  'vendor',
  'cap_micros',
  'allowed_endpoints',
  'tenant_id',
  'user_id',
  'run_id',
  'tool',
  'parent_id',
  'created_at',
  'expires_at',
  'revoked_at',
  'budgets',
  'lease_id',
] as const;

const SELECT = 'SELECT keys.*, keys.rowid AS position FROM keys';
const LEASES = 'LEFT JOIN leases ON leases.id = keys.lease_id';
const LIVE = `keys.revoked_at IS NULL AND keys.expires_at > ?
  AND (keys.lease_id IS NULL OR leases.expires_at > ?)`;

const MAX_TOKEN_HASHES = 4_096;

type Found = Record<string, SqliteValue>;

/** A key, and its place in the order in which keys were issued. */
export interface PlacedKey {
  key: KeyRecord;
  position: number;
}

/** Keys, each with what its lease says. */
export class KeyTable {
  readonly rows: Rows<KeyRecord>;
  /** The ids of keys that the table may not have yet, by the hashes of their tokens. */
  readonly #idByTokenHash = new Map<string, string>();
  #maxTokenHashes = MAX_TOKEN_HASHES;
  readonly #byTokenHash: SqliteStatement;
  readonly #live: SqliteStatement;
  readonly #liveCount: SqliteStatement;

  constructor(
    private readonly connection: SqliteConnection,
    private readonly leases: LeaseTable,
  ) {
    this.rows = new Rows<KeyRecord>(connection, {
      table: 'keys',
      columns: COLUMNS,
      keyColumns: 1,
      changing: ['revoked_at'],
      keyOf: ({ id }) => id,
      valuesOf,
      rowOf: keyOf,
    });
    this.#byTokenHash = connection.prepare(
      `${SELECT} WHERE keys.token_hash = ? AND keys.revoked_at IS NULL`,
    );
    this.#live = connection.prepare(`${SELECT} ${LEASES} WHERE ${LIVE}`);
    this.#liveCount = connection.prepare(
      `SELECT COUNT(*) AS count FROM keys ${LEASES} WHERE ${LIVE}`,
    );
  }

  insert(key: KeyRecord): void {
    if (this.#idByTokenHash.size >= this.#maxTokenHashes) this.#forgetWritten();
    this.rows.put(key);
    this.#idByTokenHash.set(key.tokenHash, key.id);
  }

  get(id: string): KeyRecord | undefined {
    return this.#leased(this.rows.get(id, [id]));
  }

  /** A key that is not revoked. */
  byTokenHash(hash: string): KeyRecord | undefined {
    const id = this.#idByTokenHash.get(hash);
    const key = id === undefined ? this.#find(hash) : this.get(id);
    return key === undefined || key.revokedAt !== undefined ? undefined : key;
  }

  revoke(key: KeyRecord, now: number): void {
    this.rows.put({ ...key, revokedAt: now });
  }

  live(now: number): KeyRecord[] {
    this.rows.write();
    return (this.#live.all(now, now) as Found[]).map((found) => this.#read(found));
  }

  /** To be asked once all rows are written. */
  liveCount(now: number): number {
    return (this.#liveCount.get(now, now) as { count: number }).count;
  }

  /**
   * Newest first; `braked` and `active` alike are those that are live. To be asked once all rows
   * are written.
   */
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
    const found = this.connection
      .prepare(`${SELECT} ${LEASES} ${where.sql} ORDER BY keys.rowid DESC LIMIT ?`)
      .all(...where.values, limit) as Found[];
    return found.map((row) => ({ key: this.#read(row), position: row['position'] as number }));
  }

  #find(hash: string): KeyRecord | undefined {
    const found = this.#byTokenHash.get(hash) as Found | undefined;
    if (found === undefined) return undefined;
    // The table may not have heard yet that it is revoked.
    return this.get(this.rows.remember(found).id);
  }

  #forgetWritten(): void {
    for (const [hash, id] of this.#idByTokenHash) {
      if (this.rows.atHand(id) === undefined) this.#idByTokenHash.delete(hash);
    }
    this.#maxTokenHashes = Math.max(MAX_TOKEN_HASHES, 2 * this.#idByTokenHash.size);
  }

  #read(found: Found): KeyRecord {
    return this.#leased(keyOf(COLUMNS.map((name) => found[name] ?? null)));
  }

  /** What a lease says is looked up each time; one that is gone has lapsed. */
  #leased<Key extends KeyRecord | undefined>(key: Key): Key {
    if (key?.lease === undefined) return key;
    const { id } = key.lease;
    return { ...key, lease: { id, expiresAt: this.leases.get(id)?.expiresAt ?? 0 } };
  }
}

function valuesOf(key: KeyRecord): SqliteValue[] {
  const { subject } = key;
  return [
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
    key.revokedAt ?? null,
    JSON.stringify(key.budgets),
    key.lease?.id ?? null,
  ];
}

function keyOf(values: readonly SqliteValue[]): KeyRecord {
  const [id, tokenHash, label, vendor, capMicros, allowedEndpoints, ...rest] = values;
  const [tenant, user, run, tool, parentId, createdAt, expiresAt, revokedAt, budgets, leaseId] =
    rest;
  const subject: KeyRecord['subject'] = {};
  if (tenant !== null) subject.tenant_id = tenant as string;
  if (user !== null) subject.user_id = user as string;
  if (run !== null) subject.run_id = run as string;
  if (tool !== null) subject.tool = tool as string;
  return {
    id: id as string,
    tokenHash: tokenHash as string,
    label: label as string,
    vendor: vendor as string,
    capMicros: capMicros as number,
    allowedEndpoints: JSON.parse(allowedEndpoints as string) as string[],
    subject,
    ...(parentId === null ? {} : { parentId: parentId as string }),
    budgets: JSON.parse(budgets as string) as AppBudgets,
    ...(leaseId === null ? {} : { lease: { id: leaseId as string, expiresAt: 0 } }),
    createdAt: createdAt as number,
    expiresAt: expiresAt as number,
    ...(revokedAt === null ? {} : { revokedAt: revokedAt as number }),
  };
}
