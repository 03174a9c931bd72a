import type { SqliteConnection, SqliteStatement } from './sqlite-driver';

/** An application instance's heartbeat. */
export interface Lease {
  id: string;
  ttlMs: number;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** Leases, those that have lapsed included. */
export class LeaseTable {
  readonly #get: SqliteStatement;
  readonly #put: SqliteStatement;

  constructor(connection: SqliteConnection) {
    this.#get = connection.prepare('SELECT * FROM leases WHERE id = ?');
    this.#put = connection.prepare(
      'INSERT OR REPLACE INTO leases (id, ttl_ms, expires_at) VALUES (?, ?, ?)',
    );
  }

  get(id: string): Lease | undefined {
    const row = this.#get.get(id) as { id: string; ttl_ms: number; expires_at: number } | undefined;
    if (row === undefined) return undefined;
    return { id: row.id, ttlMs: row.ttl_ms, expiresAt: row.expires_at };
  }

  put({ id, ttlMs, expiresAt }: Lease): void {
    this.#put.run(id, ttlMs, expiresAt);
  }
}
