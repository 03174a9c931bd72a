import { PgBouncer, pgBouncerInstalled } from '../../../../test/support/pgbouncer';
import { PostgresServer } from '../../../../test/support/postgres-server';
import { loadPgDriver } from './pg-driver';
import type { PgDriver } from './pg-driver';
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
      'The store postgres://app@127.0.0.1:1/ledger cannot be reached (ECONNREFUSED): start the server, or correct its URL.',
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

describe('a start on PostgreSQL is refused in one line too', () => {
  /** A driver that changes statements on their way. */
  const changing = (changed: (text: string) => string | Error): PgDriver => ({
    async connect(url, withinMs) {
      const session = await loadPgDriver().connect(url, withinMs);
      return {
        ...session,
        query: async (text, values) => {
          const sent = changed(text);
          if (typeof sent !== 'string') throw sent;
          return session.query(sent, sent === text ? values : undefined);
        },
      };
    },
  });
  const openWith = (url: string, driver: PgDriver) =>
    PostgresStore.open(url, { auditKey: 'a key', driver });

  it('where advisory locks do nothing', async () => {
    const driver = changing((text) =>
      text.includes('pg_try_advisory_xact_lock') ? 'SELECT true AS got' : text,
    );
    await expect(openWith(await server.database(), driver)).rejects.toThrow(
      'The server cannot keep a ledger: its advisory locks do nothing, by which a brake at one instance holds at all others.',
    );
  });

  it('where the server is older than 15', async () => {
    const driver = changing((text) =>
      text.includes('server_version_num')
        ? `SELECT '14.1' AS version, 140001 AS number, 'on' AS fsync, 'on' AS full_pages, '' AS synchronous, 0 AS replicas`
        : text,
    );
    await expect(openWith(await server.database(), driver)).rejects.toThrow(
      'The server cannot keep a ledger: it is PostgreSQL 14.1, and 15 or newer is needed.',
    );
  });

  it.each([
    [
      '28P01',
      /takes no log-in as that role .*: correct the name and password in its URL, or in PGPASSWORD\.$/,
    ],
    ['53300', /has no connection left .*: raise max_connections, or stop others\.$/],
    ['08P01', /is behind a PgBouncer that takes no transaction .*: set pool_mode = transaction\.$/],
  ])('where the server answers %s', async (code, line) => {
    const driver = changing((text) =>
      text === 'BEGIN' ? Object.assign(new Error('a reason'), { code }) : text,
    );
    await expect(openWith(await server.database(), driver)).rejects.toThrow(line);
  });
});

(pgBouncerInstalled ? it : it.skip)(
  'a PgBouncer that gives each statement another connection is refused in one line',
  async () => {
    const proxy = await PgBouncer.start(server.port, 'statement');
    await expect(open(proxy.urlOf(await server.database()))).rejects.toThrow(
      /is behind a PgBouncer that takes no transaction .*: set pool_mode = transaction\.$/,
    );
    await proxy.close();
  },
);

it('a start warns in one line where a failover would lose what was acknowledged', async () => {
  const lines: string[] = [];
  const driver: PgDriver = {
    async connect(url, withinMs) {
      const session = await loadPgDriver().connect(url, withinMs);
      const query: typeof session.query = (text, values) =>
        session.query(text.replace(/\(SELECT count.* AS replicas/s, '2 AS replicas'), values);
      return { ...session, query };
    },
  };
  const url = await server.database();
  const log = (line: string): void => void lines.push(line);
  await (await PostgresStore.open(url, { auditKey: 'a key', driver, log })).close();
  expect(lines).toEqual([
    'the server has 2 replicas and waits for none: a failover loses the holds, settlements, revocations and brakes that the replica has not got yet, so that a cap may be passed. Set synchronous_standby_names to keep what was acknowledged',
  ]);
});

it('what is acknowledged is on the disk, and decided on what was committed, whatever the database is set to', async () => {
  const url = await server.database();
  await server.query(
    'postgres',
    `ALTER DATABASE ${databaseOf(url)} SET synchronous_commit = off;
     ALTER DATABASE ${databaseOf(url)} SET default_transaction_isolation = serializable`,
  );
  const seen: string[] = [];
  const driver: PgDriver = {
    async connect(to, withinMs) {
      const session = await loadPgDriver().connect(to, withinMs);
      const query: typeof session.query = async (text, values) => {
        const answer = await session.query(text, values);
        if (!text.includes('load_1')) return answer;
        const { rows } = await session.query(
          `SELECT concat_ws(' ', current_setting('synchronous_commit'), current_setting('transaction_isolation')) AS how`,
        );
        seen.push(rows[0]?.['how'] as string);
        return answer;
      };
      return { ...session, query };
    },
  };
  const store = await PostgresStore.open(url, { auditKey: 'a key', driver });
  await store.run((book) => book.budgets());
  await store.close();
  expect([...new Set(seen)]).toEqual(['on read committed']);
});

it('several instances may make the schema at the same time', async () => {
  const url = await server.database();
  const stores = await Promise.all([open(url), open(url), open(url)]);
  for (const store of stores) await store.close();
  const rows = await server.query(databaseOf(url), 'SELECT version FROM vault_key.versions');
  expect(rows).toEqual([{ version: 1 }]);
});
