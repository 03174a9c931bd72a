import { AUDIT_COLUMNS } from '../../audit/audit-entry';
import type { SqliteConnection } from './sqlite-driver';

/** Kept in `PRAGMA user_version`. */
export const SCHEMA_VERSION = 4;

const INTEGER_COLUMNS: ReadonlySet<string> = new Set([
  'requested_micros',
  'settled_micros',
  'amount',
  'spent_after_micros',
  'held_after_micros',
  'remaining_after_micros',
  'cap_micros',
  'vendor_status',
  'latency_ms',
]);

const AUDIT_DEFINITION = AUDIT_COLUMNS.map(
  (column) => `${column} ${INTEGER_COLUMNS.has(column) ? 'INTEGER' : 'TEXT'}`,
).join(',\n    ');

/** Where a migration leaves the log of an older version for the audit table to take over. */
export const AUDIT_BEFORE_3 = 'audit_before_3';

const VERSION_1 = `
  CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
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
    revoked_at INTEGER
  ) STRICT;
  CREATE TABLE balances (
    name TEXT PRIMARY KEY,
    spent INTEGER NOT NULL,
    held INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE holds (
    call_id TEXT PRIMARY KEY,
    key_id TEXT NOT NULL,
    vendor TEXT NOT NULL,
    account TEXT NOT NULL,
    object_id TEXT,
    held INTEGER NOT NULL,
    settled INTEGER NOT NULL,
    state TEXT NOT NULL,
    charged_to TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER
  ) STRICT;
  CREATE INDEX holds_by_object ON holds (vendor, account, object_id) WHERE object_id IS NOT NULL;
  CREATE INDEX holds_open ON holds (state) WHERE state IN ('held', 'unknown');
  CREATE TABLE objects (
    vendor TEXT NOT NULL,
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    root_id TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (vendor, account, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    ${AUDIT_DEFINITION}
  ) STRICT;
`;

const VERSION_2 = `
  ALTER TABLE keys ADD COLUMN budgets TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE keys ADD COLUMN lease_id TEXT;
  ALTER TABLE holds ADD COLUMN idempotency_key_hash TEXT;
  CREATE TABLE budgets (
    name TEXT PRIMARY KEY,
    scope TEXT NOT NULL,
    tenant TEXT NOT NULL,
    user_id TEXT NOT NULL,
    target TEXT NOT NULL,
    cap_micros INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE brakes (
    id TEXT PRIMARY KEY,
    scope TEXT NOT NULL,
    target TEXT NOT NULL,
    tenant TEXT,
    reason TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE leases (
    id TEXT PRIMARY KEY,
    ttl_ms INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE operations (
    vendor TEXT NOT NULL,
    idempotency_key_hash TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    hold_id TEXT,
    first_sent_at INTEGER NOT NULL,
    in_flight INTEGER NOT NULL,
    dearest TEXT,
    ended_at INTEGER,
    PRIMARY KEY (vendor, idempotency_key_hash)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX keys_unrevoked ON keys (expires_at) WHERE revoked_at IS NULL;
  CREATE INDEX operations_in_flight ON operations (in_flight) WHERE in_flight > 0;
  ALTER TABLE audit ADD COLUMN mac TEXT NOT NULL DEFAULT '';
  CREATE INDEX audit_outcomes ON audit (call_id) WHERE event = 'outcome';
  CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    count INTEGER NOT NULL,
    mac TEXT NOT NULL,
    seal TEXT NOT NULL
  ) STRICT;
`;

const VERSION_3 = `
  CREATE TABLE journal (id INTEGER PRIMARY KEY, changes TEXT NOT NULL) STRICT;

  ALTER TABLE audit RENAME TO ${AUDIT_BEFORE_3};
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    outcome_of TEXT,
    entry TEXT NOT NULL,
    mac TEXT NOT NULL
  ) STRICT;
  DROP INDEX audit_outcomes;
  CREATE INDEX audit_outcomes ON audit (outcome_of) WHERE outcome_of IS NOT NULL;

  ALTER TABLE keys RENAME TO keys_before_3;
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
    lease_id TEXT
  ) STRICT;
  INSERT INTO keys (rowid, id, token_hash, label, vendor, cap_micros, allowed_endpoints, tenant_id,
      user_id, run_id, tool, parent_id, created_at, expires_at, revoked_at, budgets, lease_id)
    SELECT rowid, id, token_hash, label, vendor, cap_micros, allowed_endpoints, tenant_id,
      user_id, run_id, tool, parent_id, created_at, expires_at, revoked_at, budgets, lease_id
    FROM keys_before_3;
  DROP TABLE keys_before_3;
  CREATE UNIQUE INDEX keys_by_token ON keys (token_hash) WHERE revoked_at IS NULL;
  CREATE INDEX keys_unrevoked ON keys (expires_at) WHERE revoked_at IS NULL;
`;

const VERSION_4 = `
  CREATE TABLE IF NOT EXISTS brake_hits (
    brake_id TEXT PRIMARY KEY,
    hit INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX keys_by_run ON keys (run_id) WHERE run_id IS NOT NULL;
  CREATE INDEX keys_by_user ON keys (user_id) WHERE user_id IS NOT NULL;
  CREATE INDEX keys_by_tenant ON keys (tenant_id);
  CREATE INDEX keys_by_tool ON keys (tool);
  CREATE INDEX keys_of_user ON keys (user_id, tenant_id);
  CREATE INDEX keys_of_run ON keys (run_id, tenant_id, user_id);
  ALTER TABLE objects ADD COLUMN final INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE clock (id INTEGER PRIMARY KEY CHECK (id = 1), latest INTEGER NOT NULL) STRICT;

  ALTER TABLE budgets RENAME TO budgets_before_4;
  CREATE TABLE budgets (
    name TEXT PRIMARY KEY,
    scope TEXT NOT NULL,
    tenant TEXT,
    user_id TEXT,
    target TEXT NOT NULL,
    cap_micros INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO budgets (name, scope, tenant, user_id, target, cap_micros)
    SELECT json_array(scope, NULLIF(tenant, ''), NULLIF(user_id, ''), target),
      scope, NULLIF(tenant, ''), NULLIF(user_id, ''), target, cap_micros
    FROM budgets_before_4;
  DROP TABLE budgets_before_4;
`;

const MIGRATIONS = [VERSION_1, VERSION_2, VERSION_3, VERSION_4];

/**
 * Brings a file to the schema of this version, in one transaction.
 *
 * @param complete What is left to do within it once the tables stand.
 * @throws Error where the file is of a newer version.
 */
export function migrate(
  connection: SqliteConnection,
  file: string,
  complete: (from: number) => void,
): void {
  const version = userVersion(connection);
  if (version > SCHEMA_VERSION) {
    throw new Error(
      `The store ${file} has schema version ${version}, and this version of the broker knows only up to ${SCHEMA_VERSION}: start a newer broker.`,
    );
  }
  connection.exec('BEGIN IMMEDIATE');
  try {
    for (const migration of MIGRATIONS.slice(version)) connection.exec(migration);
    complete(version);
    connection.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    connection.exec('COMMIT');
  } catch (error) {
    rollBack(connection);
    throw error;
  }
}

function rollBack(connection: SqliteConnection): void {
  try {
    connection.exec('ROLLBACK');
  } catch {
    // SQLite has already rolled back by itself (a full disk, an I/O error).
  }
}

/** The schema version of a file; 0 for a new one. */
export function userVersion(connection: SqliteConnection): number {
  const row = connection.prepare('PRAGMA user_version').get() as { user_version: number };
  return row.user_version;
}
