import { parseStore, shownStore } from '../../broker.options';
import { updatePostgresSchema } from '../../ledger/postgres/schema-update';
import { BadUsage, COMMON_HELP, operandsOf } from '../command';
import type { Command } from '../command';
import { ManagementApiError } from '../management-api';

export const migrateCommand: Command = {
  help: `Usage: vault-key-broker migrate [--store postgres://OWNER@…] [--grant-to ROLE]

Makes or updates the schema vault_key of a store in PostgreSQL, as the role that owns it, and gives the
role of an application what it needs: it reads the store, and changes it by the store's functions alone.
Brokers that run meanwhile go on. It needs neither the audit key nor a running broker.

  --store STORE    the store, with the role that owns it; VAULT_KEY_STORE
  --grant-to ROLE  the role of the application; those that were given it before keep it

${COMMON_HELP}`,
  options: ['store', 'grant-to'],
  isLocal: () => true,
  async run({ operands, options, env }) {
    operandsOf(operands);
    const url = postgresUrl(options['store'] ?? env['VAULT_KEY_STORE'] ?? '');
    try {
      const { from, to, roles } = await updatePostgresSchema(url, options['grant-to']);
      const was = from === to ? 'already' : from === 0 ? 'made' : `was ${from}`;
      const may = roles.length === 0 ? '' : `, open to ${roles.join(', ')}`;
      return {
        json: { version: to, was: from, roles },
        text: `${shownStore(url)} has schema version ${to} (${was})${may}\n`,
      };
    } catch (error) {
      throw new ManagementApiError((error as Error).message);
    }
  },
};

function postgresUrl(store: string): string {
  const place = parseStore(store);
  if ('url' in place) return place.url;
  throw new BadUsage(
    '--store (VAULT_KEY_STORE) must be postgres://<owner>@<host>/<database>: a SQLite store needs no migration',
  );
}
