import { GENESIS } from '../../audit/audit-chain';
import type { AuditChain } from '../../audit/audit-chain';
import type { PgLink } from './pg-link';
import { MIGRATIONS } from './schema';
import { LOCKS, SCHEMA } from './schema-names';

/** Two stores have one audit key where they say the same to this. */
const AUDIT_CHECK = 'the key of the audit log';

/**
 * Brings the schema to this version, in one transaction, and checks that the store is this broker's.
 *
 * @throws Error where it was made by a newer version, or under another audit key.
 */
export async function migrate(link: PgLink, chain: AuditChain): Promise<void> {
  const check = chain.next('', AUDIT_CHECK);
  try {
    await link.query('BEGIN');
    await link.query(`SELECT pg_advisory_xact_lock(${LOCKS.migration})`);
    await link.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
    await link.query(`CREATE TABLE IF NOT EXISTS ${SCHEMA}.versions (version int PRIMARY KEY)`);
    const [row] = await link.query(
      `SELECT coalesce(max(version), 0) AS version FROM ${SCHEMA}.versions`,
    );
    const version = Number(row?.['version']);
    if (version > MIGRATIONS.length) {
      throw new Error(
        `The store has schema version ${version}, and this version of the broker knows only up to ${MIGRATIONS.length}: start a newer broker.`,
      );
    }
    for (const [i, migration] of MIGRATIONS.slice(version).entries()) {
      await link.query(migration);
      await link.query(`INSERT INTO ${SCHEMA}.versions VALUES ($1)`, [version + i + 1]);
    }
    await link.query(
      `INSERT INTO ${SCHEMA}.meta (id, rules_version, audit_check) VALUES (1, 1, $1)
       ON CONFLICT DO NOTHING`,
      [check],
    );
    await link.query(
      `INSERT INTO ${SCHEMA}.audit_head VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING`,
      [GENESIS.count, GENESIS.mac, chain.seal(GENESIS)],
    );
    const [meta] = await link.query(`SELECT audit_check FROM ${SCHEMA}.meta`);
    if (meta?.['audit_check'] !== check) {
      throw new Error(
        'The audit log of the store was begun under another key: set VAULT_KEY_AUDIT_KEY to the one that all instances have.',
      );
    }
    await link.query('COMMIT');
  } catch (error) {
    await link.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
