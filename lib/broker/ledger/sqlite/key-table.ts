import type { AppBudgets } from '../../budgets/budget';
import type { KeyRecord } from '../../keys/key';
import type { LeaseTable } from './lease-table';
import { LiveKeys } from './live-keys';
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
const MAX_TOKEN_HASHES = 4_096;

type Found = Record<string, SqliteValue>;

/** Keys, each with what its lease says. */
export class KeyTable {
  readonly rows: Rows<KeyRecord>;
  /** The ids of keys that the table may not have yet, by the hashes of their tokens. */
  readonly #idByTokenHash = new Map<string, string>();
  #maxTokenHashes = MAX_TOKEN_HASHES;
  readonly #byTokenHash: SqliteStatement;
  readonly #live = new LiveKeys();
  /** What this transaction has changed of them. */
  #changes: { key: KeyRecord; change: 'add' | 'remove' }[] = [];

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
  }

  insert(key: KeyRecord): void {
    if (this.#idByTokenHash.size >= this.#maxTokenHashes) this.#forgetWritten();
    this.rows.put(key);
    this.#idByTokenHash.set(key.tokenHash, key.id);
    this.#changes.push({ key, change: 'add' });
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
    this.#changes.push({ key, change: 'remove' });
  }

  /** Counts the keys that the table has. To be done once, before any is issued. */
  beginCount(now: number): void {
    const unrevoked = this.connection
      .prepare('SELECT expires_at, lease_id FROM keys WHERE revoked_at IS NULL AND expires_at > ?')
      .raw();
    for (const row of unrevoked.iterate(now)) {
      const [expiresAt, lease] = row as [number, string | null];
      this.#live.add({ expiresAt, ...(lease === null ? {} : { lease: { id: lease } }) });
    }
  }

  /** How many keys live, and how many are neither revoked nor expired. */
  counts(now: number): { live: number; unrevoked: number } {
    return this.#live.count(now, (id) => this.leases.get(id)?.expiresAt);
  }

  committed(): void {
    for (const { key, change } of this.#changes) this.#live[change](key);
    this.#changes = [];
  }

  rolledBack(): void {
    this.#changes = [];
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
