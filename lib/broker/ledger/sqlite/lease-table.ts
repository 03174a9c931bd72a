import type { SqliteConnection, SqliteStatement } from './sqlite-driver';
import type { LeaseRecord } from '../records';

const MAX_IN_MEMORY = 1_024;

/** Leases, those that have lapsed included. Every call under one asks for it, so they are kept in memory. */
export class LeaseTable {
  readonly #inMemory = new Map<string, LeaseRecord>();
  readonly #get: SqliteStatement;
  readonly #put: SqliteStatement;

  constructor(connection: SqliteConnection) {
    this.#get = connection.prepare('SELECT * FROM leases WHERE id = ?');
    this.#put = connection.prepare(
      'INSERT OR REPLACE INTO leases (id, ttl_ms, expires_at) VALUES (?, ?, ?)',
    );
  }

  get(id: string): LeaseRecord | undefined {
    const known = this.#inMemory.get(id);
    if (known !== undefined) return known;
    const row = this.#get.get(id) as { id: string; ttl_ms: number; expires_at: number } | undefined;
    if (row === undefined) return undefined;
    return this.#keep({ id: row.id, ttlMs: row.ttl_ms, expiresAt: row.expires_at });
  }

  put(lease: LeaseRecord): void {
    this.#put.run(lease.id, lease.ttlMs, lease.expiresAt);
    this.#keep(lease);
  }

  /** What is in memory may have been rolled back. */
  forget(): void {
    this.#inMemory.clear();
  }

  #keep(lease: LeaseRecord): LeaseRecord {
    if (this.#inMemory.size >= MAX_IN_MEMORY) this.#inMemory.clear();
    this.#inMemory.set(lease.id, lease);
    return lease;
  }
}
