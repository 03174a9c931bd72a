import type { KeyRecord } from '../../keys/key';
import { BatchNotes } from '../batch-notes';
import type { LeaseRecord } from '../records';
import { CachedTable } from './cached-table';
import { LiveKeys } from './live-keys';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';
import { KEYS } from '../tables/key-rows';
import type { FoundRow } from '../tables/table-form';
import type { WholeTable } from './whole-table';

const SELECT = 'SELECT * FROM keys';
const MAX_TOKEN_HASHES = 4_096;

/** Keys, each with what its lease says. */
export class KeyTable {
  readonly table: CachedTable<KeyRecord>;
  /** The ids of keys that the table may not have yet, by the hashes of their tokens. */
  readonly #idByTokenHash = new Map<string, string>();
  #maxTokenHashes = MAX_TOKEN_HASHES;
  readonly #byTokenHash: SqliteStatement;
  readonly #live = new LiveKeys();
  readonly #changes = new BatchNotes<{ key: KeyRecord; change: 'add' | 'remove' }>();

  constructor(
    private readonly connection: SqliteConnection,
    writes: PendingWrites,
    private readonly leases: WholeTable<LeaseRecord>,
  ) {
    this.table = new CachedTable(connection, writes, KEYS);
    this.#byTokenHash = connection.prepare(
      `${SELECT} WHERE keys.token_hash = ? AND keys.revoked_at IS NULL`,
    );
  }

  insert(key: KeyRecord): void {
    if (this.#idByTokenHash.size >= this.#maxTokenHashes) this.#forgetWritten();
    this.table.put(key);
    this.#idByTokenHash.set(key.tokenHash, key.id);
    this.#changes.add({ key, change: 'add' });
  }

  get(id: string): KeyRecord | undefined {
    return this.#leased(this.table.get(id, [id]));
  }

  /** A key that is not revoked. */
  byTokenHash(hash: string): KeyRecord | undefined {
    const id = this.#idByTokenHash.get(hash);
    const key = id === undefined ? this.#find(hash) : this.get(id);
    return key === undefined || key.revokedAt !== undefined ? undefined : key;
  }

  revoke(key: KeyRecord, now: number): void {
    this.table.put({ ...key, revokedAt: now });
    this.#changes.add({ key, change: 'remove' });
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

  sent(): void {
    this.#changes.sent();
  }

  written(): void {
    for (const { key, change } of this.#changes.written()) this.#live[change](key);
  }

  undone(): void {
    this.#changes.undone();
  }

  lost(): void {
    this.#changes.lost();
  }

  #find(hash: string): KeyRecord | undefined {
    const found = this.#byTokenHash.get(hash) as FoundRow | undefined;
    if (found === undefined) return undefined;
    // The table may not have heard yet that it is revoked.
    return this.get(this.table.remember(found).id);
  }

  #forgetWritten(): void {
    for (const [hash, id] of this.#idByTokenHash) {
      if (!this.table.isUncommitted(id)) this.#idByTokenHash.delete(hash);
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
