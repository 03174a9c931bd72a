import { PostgresServer } from '../../../../test/support/postgres-server';
import { PostgresStore } from './postgres-store';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
}, 60_000);
afterAll(() => server.remove());

const open = (url: string, auditKey = 'a key') => PostgresStore.open(url, { auditKey });
const databaseOf = (url: string) => new URL(url).pathname.slice(1);

describe('a start on PostgreSQL is refused in one line that says what to do', () => {
  it('where no server answers', async () => {
    const url = 'postgres://app:a_password@127.0.0.1:1/ledger';
    await expect(open(url)).rejects.toThrow(
      'The store postgres://app@127.0.0.1:1/ledger cannot be reached (ECONNREFUSED): start the server, or correct the URL.',
    );
  });

  it('where there is no such database', async () => {
    await expect(open(server.urlOf('nowhere'))).rejects.toThrow(
      /^The store postgres:\/\/postgres@127\.0\.0\.1:\d+\/nowhere has no such database .*: create it\.$/,
    );
  });

  it('where there is no such role', async () => {
    const url = (await server.database()).replace('postgres@', 'nobody:a_password@');
    await expect(open(url)).rejects.toThrow(/takes no log-in as that role .*: correct the name/);
    await expect(open(url)).rejects.not.toThrow(/a_password/);
  });

  it('where the schema is of a newer version', async () => {
    const url = await server.database();
    await (await open(url)).close();
    await server.query(databaseOf(url), 'INSERT INTO vault_key.versions VALUES (99)');
    await expect(open(url)).rejects.toThrow(/schema version 99, .*: start a newer broker\.$/);
  });

  it('where the audit log was begun under another key', async () => {
    const url = await server.database();
    await (await open(url)).close();
    await expect(open(url, 'another key')).rejects.toThrow(/another key: set VAULT_KEY_AUDIT_KEY/);
    await (await open(url)).close();
  });

  it('where the server does not keep what it acknowledges', async () => {
    const url = await server.database();
    await server.end();
    await server.begin(['fsync=off', 'full_page_writes=off']);
    try {
      await expect(open(url)).rejects.toThrow(
        /^The server cannot keep a ledger: fsync is off: .*; full_page_writes is off: .*\.$/,
      );
    } finally {
      await server.end();
      await server.begin();
    }
  });
});

it('several instances may make the schema at the same time', async () => {
  const url = await server.database();
  const stores = await Promise.all([open(url), open(url), open(url)]);
  for (const store of stores) await store.close();
  const rows = await server.query(databaseOf(url), 'SELECT version FROM vault_key.versions');
  expect(rows).toEqual([{ version: 1 }]);
});
