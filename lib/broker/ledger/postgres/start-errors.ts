import { shownStore } from '../../broker.options';
import { SchemaBehind, SchemaClosed } from './migrator';
import type { PooledStore } from './pg-pool';
import { codeOf, isConnectionLost, isReadOnly } from './pg-errors';

const NO_RIGHTS = '42501';
/** The rule of a proxy that gives each statement another connection. */
const NO_TRANSACTIONS = '08P01';
const TOO_MANY = '53300';
const NO_DATABASE = '3D000';
const NO_LOGIN: ReadonlySet<string> = new Set(['28P01', '28000']);

/** What a start is refused with, in one line that says what to do. */
export function startError(place: string | PooledStore, error: unknown): Error {
  const name = shownStore(place);
  const where = typeof place === 'string' ? 'its URL' : 'the settings of the pool';
  const { message } = error as Error;
  const code = codeOf(error);
  const what = (text: string): Error => new Error(`The store ${name} ${text}`, { cause: error });
  const command = (role: string): string =>
    `run vault-key-broker migrate --grant-to ${role} --store ${ownersUrl(place)}`;
  if (error instanceof SchemaBehind) {
    return what(
      `${message}, which the role ${error.role} may not make or change: ${command(error.role)}, where owner is the role that owns the database or the schema.`,
    );
  }
  if (error instanceof SchemaClosed) {
    return what(
      `${message}: ${command(error.role)}, where owner is the role that owns the schema.`,
    );
  }
  if (code !== undefined && NO_LOGIN.has(code)) {
    return what(
      `takes no log-in as that role (${message}): correct the name and password in ${where}, or in PGPASSWORD.`,
    );
  }
  if (code === NO_DATABASE) return what(`has no such database (${message}): create it.`);
  if (code === NO_RIGHTS) {
    return what(
      `does not give the role the rights that it needs (${message}): run vault-key-broker migrate --grant-to ROLE --store ${ownersUrl(place)}, where ROLE is that role and owner the one that owns the schema. If this is that command, run it as the owner.`,
    );
  }
  if (isReadOnly(error))
    return what(`cannot be written (${message}): name the primary in ${where}.`);
  if (code === NO_TRANSACTIONS) {
    return what(
      `is behind a PgBouncer that takes no transaction (${message}): set pool_mode = transaction.`,
    );
  }
  if (code === TOO_MANY) {
    return what(`has no connection left (${message}): raise max_connections, or stop others.`);
  }
  if (code !== undefined && isConnectionLost(error)) {
    return what(`cannot be reached (${code}): start the server, or correct ${where}.`);
  }
  return error instanceof Error ? error : what(String(error));
}

/** The URL of a store, as its owner has it. */
function ownersUrl(place: string | PooledStore): string {
  if (typeof place !== 'string') return 'postgres://owner@…';
  const owners = new URL(place);
  owners.username = 'owner';
  owners.password = '';
  return shownStore(owners.href);
}
