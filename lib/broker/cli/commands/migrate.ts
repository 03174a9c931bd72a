import { parseStore, shownStore } from '../../broker.options';
import { updatePostgresSchema } from '../../ledger/postgres/schema-update';
import { BadUsage, COMMON_HELP, onlyWith, operandsOf } from '../command';
import type { Command, CommandInput, CommandResult } from '../command';
import { ManagementApiError } from '../management-api';
import { moveFrom } from './migrate-from';

export const migrateCommand: Command = {
  help: `Usage: vault-key-broker migrate [--store postgres://OWNER@…] [--grant-to ROLE]
       vault-key-broker migrate --from sqlite:FILE --to postgres://OWNER@…

Makes or updates the schema vault_key of a store in PostgreSQL, as the role that owns it, and gives the
role of an application what it needs: it reads the store, and changes it by the store's functions alone.
Brokers that run meanwhile go on. It needs neither the audit key nor a running broker.

  --store STORE    the store, with the role that owns it; VAULT_KEY_STORE
  --grant-to ROLE  the role of the application; those that were given it before keep it

With --from it moves a store from a SQLite file to PostgreSQL: all of it, or nothing. Stop its broker
first. The database has to be empty. The file keeps its contents and is marked as moved: no
broker starts on it any more.

  --from STORE     the store that moves, sqlite:<path>
  --to STORE       where it moves to, with the role that owns the schema or may make it
  --accept-store DOUBT,…  a file that a start would refuse (docs/storage.md)

The audit key is the file's own: <path>.audit-key, or VAULT_KEY_AUDIT_KEY.

${COMMON_HELP}`,
  options: ['store', 'grant-to', 'from', 'to', 'accept-store'],
  isLocal: () => true,
  async run(input) {
    operandsOf(input.operands);
    const { from } = input.options;
    if (from === undefined) return updateSchema(input);
    onlyWith(input.options, 'migrate --from', ['from', 'to', 'accept-store']);
    return moveFrom(from, input);
  },
};

async function updateSchema({ options, env }: CommandInput): Promise<CommandResult> {
  if (options['to'] !== undefined) throw new BadUsage('--to needs --from: the store that moves');
  onlyWith(options, 'migrate without --from', ['store', 'grant-to']);
  const url = postgresUrl(options['store'] ?? env['VAULT_KEY_STORE'] ?? '');
  try {
    const { from, to, roles } = await updatePostgresSchema(url, options['grant-to']);
    const was = from === to ? 'unchanged' : from === 0 ? 'made' : `was ${from}`;
    const may = roles.length === 0 ? '' : `, open to ${roles.join(', ')}`;
    return {
      json: { version: to, was: from, roles },
      text: `${shownStore(url)} has schema version ${to} (${was})${may}\n`,
    };
  } catch (error) {
    throw new ManagementApiError((error as Error).message);
  }
}

function postgresUrl(store: string): string {
  const place = parseStore(store);
  if ('url' in place) return place.url;
  throw new BadUsage(
    '--store (VAULT_KEY_STORE) must be postgres://<owner>@<host>/<database>: a SQLite store needs no migration, and moves to PostgreSQL with --from and --to',
  );
}
