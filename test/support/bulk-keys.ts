import { openConnection } from '../../lib/broker/ledger/sqlite/sqlite-driver';
import { closeStore } from '../../lib/broker/ledger/sqlite/open-store';

/** What keys that nobody issued have in common. */
export interface BulkKeys {
  count: number;
  /** @default the n-th key is of the user `u<n mod 100>` */
  user?: string;
  tenant?: string;
  parent?: string;
  /** @default an hour from now, all at one instant */
  expiresAt?: number;
  /** As the broker keeps them: `{"user":5000000}`. */
  budgets?: string;
}

let made = 0;

/** Writes keys into a store that no broker has open: to issue a million would take an hour. */
export function insertKeys(store: string, keys: BulkKeys): void {
  const { count, user, tenant = null, parent = null, budgets = '{}' } = keys;
  const now = Date.now();
  const connection = openConnection(store.replace(/^sqlite:/, ''));
  connection
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO keys (id, token_hash, label, vendor, cap_micros, allowed_endpoints, tenant_id,
         user_id, run_id, tool, parent_id, created_at, expires_at, revoked_at, budgets, lease_id)
       SELECT 'vk_bulk_' || CAST(?2 AS INTEGER) || '_' || i, hex(randomblob(32)), 'bulk', 'stripe', 1000000,
         '["/v1/payment_intents"]', ?3, COALESCE(?4, 'u' || (i % 100)), 'r' || i, 'Tool.run', ?5,
         ?6, ?7, NULL, ?8, NULL
       FROM n`,
    )
    .run(
      count,
      (made += 1),
      tenant,
      user ?? null,
      parent,
      now,
      keys.expiresAt ?? now + 3_600_000,
      budgets,
    );
  closeStore(connection);
}

/** Takes a key out of a store that no broker has open. */
export function removeKey(store: string, id: string): void {
  const connection = openConnection(store.replace(/^sqlite:/, ''));
  connection.prepare('DELETE FROM keys WHERE id = ?').run(id);
  closeStore(connection);
}
