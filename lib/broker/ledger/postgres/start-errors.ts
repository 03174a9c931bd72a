import { shownStore } from '../../broker.options';
import { SchemaBehind, SchemaClosed } from './migrator';
import { codeOf, isConnectionLost } from './pg-errors';

const NO_RIGHTS = '42501';
const NO_DATABASE = '3D000';
const NO_LOGIN: ReadonlySet<string> = new Set(['28P01', '28000']);

/** What a start is refused with, in one line that says what to do. */
export function startError(url: string, error: unknown): Error {
  const name = shownStore(url);
  const { message } = error as Error;
  const code = codeOf(error);
  const what = (text: string): Error => new Error(`The store ${name} ${text}`, { cause: error });
  const command = (role: string): string =>
    `run vault-key-broker migrate --grant-to ${role} --store ${ownersUrl(url)}`;
  if (error instanceof SchemaBehind) {
    return what(
      `${message}, which the role ${error.role} may not change: ${command(error.role)}, where owner is the role that owns the database or the schema.`,
    );
  }
  if (error instanceof SchemaClosed) {
    return what(
      `${message}: ${command(error.role)}, where owner is the role that owns the schema.`,
    );
  }
  if (code !== undefined && NO_LOGIN.has(code)) {
    return what(
      `takes no log-in as that role (${message}): correct the name and password in its URL.`,
    );
  }
  if (code === NO_DATABASE) return what(`has no such database (${message}): create it.`);
  if (code === NO_RIGHTS) {
    return what(
      `does not give the role the rights that it needs (${message}): run vault-key-broker migrate --grant-to ROLE --store ${ownersUrl(url)}, where ROLE is that role and owner the one that owns the schema.`,
    );
  }
  if (code !== undefined && isConnectionLost(error)) {
    return what(`cannot be reached (${code}): start the server, or correct the URL.`);
  }
  return error instanceof Error ? error : what(String(error));
}

/** The URL of a store, as its owner has it. */
function ownersUrl(url: string): string {
  const owners = new URL(url);
  owners.username = 'owner';
  owners.password = '';
  return shownStore(owners.href);
}
