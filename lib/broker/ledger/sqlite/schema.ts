import type { SqliteConnection } from './sqlite-driver';

/** Kept in `PRAGMA user_version`. All before it are of versions that were never released. */
export const SCHEMA_VERSION = 13;

const SCHEMA = `
  CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,
    label TEXT NOT NULL,
    vendor TEXT NOT NULL,
    cap_micros INTEGER NOT NULL,
    allowed_endpoints TEXT NOT NULL,
    tenant_id TEXT,
    user_id TEXT,
    run_id TEXT,
    tool TEXT,
    parent_id TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    budgets TEXT NOT NULL,
    lease_id TEXT,
    limits TEXT
  ) STRICT;
  CREATE UNIQUE INDEX keys_by_token ON keys (token_hash) WHERE revoked_at IS NULL;
  CREATE INDEX keys_unrevoked ON keys (expires_at) WHERE revoked_at IS NULL;
  CREATE INDEX keys_by_run ON keys (run_id) WHERE run_id IS NOT NULL;
  CREATE INDEX keys_by_user ON keys (user_id) WHERE user_id IS NOT NULL;
  CREATE INDEX keys_by_tenant ON keys (tenant_id);
  CREATE INDEX keys_by_tool ON keys (tool);
  CREATE INDEX keys_of_user ON keys (user_id, tenant_id);
  CREATE INDEX keys_of_run ON keys (run_id, tenant_id, user_id);

  CREATE TABLE leases (
    id TEXT PRIMARY KEY,
    ttl_ms INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE balances (
    name TEXT PRIMARY KEY,
    spent INTEGER NOT NULL,
    held INTEGER NOT NULL,
    undone INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE holds (
    position INTEGER PRIMARY KEY,
    call_id TEXT NOT NULL UNIQUE,
    key_id TEXT NOT NULL,
    vendor TEXT NOT NULL,
    account TEXT NOT NULL,
    object_id TEXT,
    held INTEGER NOT NULL,
    settled INTEGER NOT NULL,
    undone INTEGER NOT NULL,
    refund_of TEXT,
    refund_amount INTEGER NOT NULL,
    state TEXT NOT NULL,
    charged_to TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    idempotency_key_hash TEXT,
    ended_by_operator INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX holds_by_object ON holds (vendor, account, object_id) WHERE object_id IS NOT NULL;
  CREATE INDEX holds_by_refund ON holds (vendor, account, refund_of) WHERE refund_of IS NOT NULL;
  CREATE INDEX holds_by_time ON holds (created_at);
  CREATE INDEX holds_open ON holds (state) WHERE state IN ('held', 'unknown');

  CREATE TABLE objects (
    vendor TEXT NOT NULL,
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    root_id TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    final INTEGER NOT NULL,
    destination INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (vendor, account, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE operations (
    vendor TEXT NOT NULL,
    idempotency_key_hash TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    hold_id TEXT,
    first_sent_at INTEGER NOT NULL,
    in_flight INTEGER NOT NULL,
    costliest TEXT,
    ended_at INTEGER,
    earlier_hold_ids TEXT,
    added_amount INTEGER,
    PRIMARY KEY (vendor, idempotency_key_hash)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX operations_in_flight ON operations (in_flight) WHERE in_flight > 0;

  CREATE TABLE calls (id TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE budgets (
    name TEXT PRIMARY KEY,
    scope TEXT NOT NULL,
    tenant TEXT,
    user_id TEXT,
    target TEXT NOT NULL,
    cap_micros INTEGER NOT NULL,
    limits TEXT
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE notes (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE brakes (
    id TEXT PRIMARY KEY,
    scope TEXT NOT NULL,
    target TEXT NOT NULL,
    tenant TEXT,
    reason TEXT NOT NULL,
    set_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    hit INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    entry TEXT NOT NULL,
    mac BLOB NOT NULL
  ) STRICT;
  CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    count INTEGER NOT NULL,
    mac TEXT NOT NULL,
    seal TEXT NOT NULL
  ) STRICT;

  CREATE TABLE audit_segments (
    last INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    previous_head TEXT NOT NULL,
    head TEXT NOT NULL,
    seal TEXT NOT NULL,
    sealed_at INTEGER NOT NULL,
    exported_at INTEGER,
    left_at INTEGER,
    marks_seal TEXT NOT NULL
  ) STRICT;
  CREATE TABLE audit_terms (
    term INTEGER NOT NULL,
    block INTEGER NOT NULL,
    PRIMARY KEY (term, block)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE audit_blocks (
    block INTEGER PRIMARY KEY,
    first_at TEXT NOT NULL,
    last_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE redo (id INTEGER PRIMARY KEY, changes TEXT NOT NULL) STRICT;
  CREATE TABLE owner (id INTEGER PRIMARY KEY CHECK (id = 1), token TEXT NOT NULL) STRICT;
  CREATE TABLE clock (id INTEGER PRIMARY KEY CHECK (id = 1), latest INTEGER NOT NULL) STRICT;
`;

/**
 * Gives a new file its tables, in one transaction.
 *
 * @param complete What is left to do within it once the tables are there.
 */
export function createSchema(connection: SqliteConnection, complete: () => void): void {
  connection.exec('BEGIN IMMEDIATE');
  try {
    connection.exec(SCHEMA);
    complete();
    connection.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    connection.exec('COMMIT');
  } catch (error) {
    rollBack(connection);
    throw error;
  }
}

/**
 * Whether a file has its tables; a new one has none.
 *
 * @throws Error where the file was made by another version.
 */
export function hasSchema(connection: SqliteConnection, file: string): boolean {
  const row = connection.prepare('PRAGMA user_version').get() as { user_version: number };
  const { user_version: version } = row;
  if (version > SCHEMA_VERSION) {
    throw new Error(
      `The store ${file} has schema version ${version}, and this version of the broker knows only up to ${SCHEMA_VERSION}: start a newer broker.`,
    );
  }
  if (version !== 0 && version < SCHEMA_VERSION) {
    throw new Error(
      `The store ${file} has schema version ${version}, from before the first release, and this version of the broker reads only ${SCHEMA_VERSION}: start with a new file.`,
    );
  }
  return version === SCHEMA_VERSION;
}

function rollBack(connection: SqliteConnection): void {
  try {
    connection.exec('ROLLBACK');
  } catch {
    // SQLite has already rolled back by itself (a full disk, an I/O error).
  }
}
