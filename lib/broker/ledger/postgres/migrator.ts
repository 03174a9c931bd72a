import { GENESIS } from '../../audit/audit-chain';
import type { AuditChain } from '../../audit/audit-chain';
import type { PgLink, PgRow, PgValues } from './pg-link';
import { MIGRATIONS } from './schema';
import { BEGIN_WRITING, LOCKS, SCHEMA } from './schema-names';

/** Two stores have one audit key where they say the same to this. */
const AUDIT_CHECK = 'the key of the audit log';

/** The schema is missing or older, and the role may not change that. */
export class SchemaBehind extends Error {
  constructor(
    readonly version: number,
    readonly role: string,
  ) {
    super(version === 0 ? 'has no schema yet' : `has schema version ${version}`);
    this.name = 'SchemaBehind';
  }
}

/** The role may look at nothing in the schema. */
export class SchemaClosed extends Error {
  constructor(readonly role: string) {
    super(`lets the role ${role} do nothing`);
    this.name = 'SchemaClosed';
  }
}

/** What a role finds of the schema, and what it may do. */
interface FoundSchema {
  /** 0 where it is missing. */
  version: number;
  role: string;
  mayMigrate: boolean;
}

/** What was done to a schema. */
export interface Migration {
  /** The version before; 0 where there was no schema. */
  from: number;
  to: number;
  /** The roles of applications that may use it. */
  roles: readonly string[];
}

/**
 * Brings the schema to this version where the role may do that, and checks that the store is this broker's.
 *
 * @throws SchemaBehind, SchemaClosed
 * @throws Error where it was made by a newer version, or under another audit key.
 */
export async function migrate(link: PgLink, chain: AuditChain): Promise<void> {
  const { version, role, mayMigrate } = await findSchema(link);
  checkKnown(version);
  if (version < MIGRATIONS.length) {
    if (!mayMigrate) throw new SchemaBehind(version, role);
    await migrateSchema(link);
  }
  await checkAuditKey(link, chain);
}

/**
 * Brings the schema to this version, in one transaction, as the role that owns it or may make it. The roles
 * of applications that could use it before can use what is new.
 *
 * @param role Of an application: it may use the store from now on, and changes nothing but by its functions.
 * @throws Error where there is no such role, or the schema was made by a newer version.
 */
export async function migrateSchema(link: PgLink, role?: string): Promise<Migration> {
  const within = link.generation;
  const query = (text: string, values?: PgValues): Promise<readonly PgRow[]> =>
    link.query(text, values, within);
  try {
    await query(BEGIN_WRITING);
    await query(`SELECT pg_advisory_xact_lock(${LOCKS.migration})`);
    const [schema] = await query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [SCHEMA]);
    // IF NOT EXISTS asks for the right to make one even where there is one.
    if (schema === undefined) await query(`CREATE SCHEMA ${SCHEMA}`);
    await query(`CREATE TABLE IF NOT EXISTS ${SCHEMA}.versions (version int PRIMARY KEY)`);
    const [row] = await query(
      `SELECT coalesce(max(version), 0)::int AS version FROM ${SCHEMA}.versions`,
    );
    const from = Number(row?.['version']);
    checkKnown(from);
    const before = await rolesOf(query);
    for (const [i, migration] of MIGRATIONS.slice(from).entries()) {
      await query(migration);
      await query(`INSERT INTO ${SCHEMA}.versions VALUES ($1)`, [from + i + 1]);
    }
    await query(`REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${SCHEMA} FROM PUBLIC`);
    const roles = [...new Set([...before, ...(role === undefined ? [] : [role])])];
    for (const each of roles) await grant(query, each);
    await query('COMMIT');
    return { from, to: MIGRATIONS.length, roles };
  } catch (error) {
    await link.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

type Query = (text: string, values?: PgValues) => Promise<readonly PgRow[]>;

/** The roles that the store's functions were granted to. */
async function rolesOf(query: Query): Promise<string[]> {
  const rows = await query(
    `SELECT DISTINCT r.rolname AS role FROM pg_namespace n
       JOIN pg_proc p ON p.pronamespace = n.oid, aclexplode(p.proacl) a JOIN pg_roles r ON r.oid = a.grantee
       WHERE n.nspname = $1 AND a.grantee <> p.proowner ORDER BY 1`,
    [SCHEMA],
  );
  return rows.map((row) => row['role'] as string);
}

async function grant(query: Query, role: string): Promise<void> {
  const [found] = await query(
    'SELECT quote_ident(rolname) AS name FROM pg_roles WHERE rolname = $1',
    [role],
  );
  if (found === undefined) {
    throw new Error(`There is no role ${role} at the server: make it with CREATE ROLE.`);
  }
  const name = found['name'] as string;
  await query(`GRANT USAGE ON SCHEMA ${SCHEMA} TO ${name}`);
  await query(`GRANT SELECT ON ALL TABLES IN SCHEMA ${SCHEMA} TO ${name}`);
  await query(`GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${SCHEMA} TO ${name}`);
}

async function findSchema(link: PgLink): Promise<FoundSchema> {
  const [row = {}] = await link.query(
    `SELECT current_user::text AS role, n.oid IS NOT NULL AS exists,
       coalesce(has_schema_privilege(n.oid, 'USAGE'), false) AS "mayUse",
       coalesce(pg_has_role(n.nspowner, 'USAGE'), has_database_privilege(current_database(), 'CREATE')) AS "mayMigrate",
       EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'versions') AS versioned
     FROM (SELECT) one LEFT JOIN pg_namespace n ON n.nspname = $1`,
    [SCHEMA],
  );
  const role = row['role'] as string;
  const mayMigrate = row['mayMigrate'] === true;
  if (row['exists'] === true && row['mayUse'] !== true) throw new SchemaClosed(role);
  if (row['versioned'] !== true) return { version: 0, role, mayMigrate };
  const [found] = await link.query(
    `SELECT coalesce(max(version), 0)::int AS version FROM ${SCHEMA}.versions`,
  );
  return { version: Number(found?.['version']), role, mayMigrate };
}

function checkKnown(version: number): void {
  if (version <= MIGRATIONS.length) return;
  throw new Error(
    `The store has schema version ${version}, and this version of the broker knows only up to ${MIGRATIONS.length}: start a newer broker.`,
  );
}

/** The first start of all says which key the store has; each one checks that it has it too. */
async function checkAuditKey(link: PgLink, chain: AuditChain): Promise<void> {
  const read = (): Promise<readonly PgRow[]> =>
    link.query(`SELECT audit_check FROM ${SCHEMA}.meta`);
  const check = chain.next('', AUDIT_CHECK);
  let [meta] = await read();
  if (meta === undefined) {
    const { count, mac } = GENESIS;
    await link.query(`SELECT ${SCHEMA}.begin_1($1, $2, $3::pg_catalog.int8, $4, $5)`, [
      check,
      chain.proof,
      count,
      mac,
      chain.seal(GENESIS),
    ]);
    [meta] = await read();
  }
  if (meta?.['audit_check'] !== check) {
    throw new Error(
      'The audit log of the store was begun under another key: set VAULT_KEY_AUDIT_KEY to the one that all instances have.',
    );
  }
}
