import type { Socket } from 'node:net';
import { Client, Pool, types } from 'pg';
import { keyRecord } from '../../../../test/support/key-record';
import { until } from '../../../../test/support/until';
import { PostgresServer } from '../../../../test/support/postgres-server';
import { parseStore } from '../../broker.options';
import { StoreLedger } from '../store-ledger';
import type { PooledStore } from './pg-pool';
import { PostgresStore } from './postgres-store';

const KEY = keyRecord('k');

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
}, 60_000);
afterAll(() => server.remove());

const admit = (ledger: StoreLedger, callId: string) =>
  ledger.admit({
    callId,
    key: KEY,
    account: '',
    price: { kind: 'amount', micros: 10_000, amount: 1, currency: 'usd' },
    audit: { at: '2026-01-01T00:00:00.000Z', event: 'refusal', call_id: callId, key_id: 'k' },
  });

describe.each([
  ['as most are', {}],
  ['with pipeline', { pipeline: true }],
])('a store on a pool of the application, %s', (_name, more) => {
  let pool: Pool;
  let warnings: string[];
  const noteWarning = ({ message }: Error): void => void warnings.push(message);
  beforeEach(async () => {
    warnings = [];
    process.on('warning', noteWarning);
    pool = new Pool({ connectionString: await server.store(), max: 5, ...more });
  });
  afterEach(async () => {
    process.off('warning', noteWarning);
    await pool.end();
  });

  it('keeps all promises, and gives its connections back as they were', async () => {
    const before = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const client = await pool.connect();
        const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
        return { client, pid: rows[0].pid as number };
      }),
    );
    for (const { client } of before) client.release();
    const ledger = new StoreLedger(await PostgresStore.open({ pool }, { auditKey: 'a key' }));
    await ledger.issue(KEY);
    const calls = await Promise.all(
      Array.from({ length: 120 }, (_, i) => admit(ledger, `call_${i}`)),
    );
    expect(calls.filter(({ admitted }) => admitted)).toHaveLength(100);
    expect(await ledger.verifyAudit()).toMatchObject({ ok: true });
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await ledger.close();
    expect([pool.totalCount, pool.idleCount, pool.ended]).toEqual([5, 5, false]);
    const after = await Promise.all(Array.from({ length: 5 }, () => pool.connect()));
    const pids: number[] = [];
    for (const client of after) {
      const { rows } = await client.query(
        `SELECT pg_backend_pid() AS pid, current_setting('lock_timeout') AS lock,
           current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('search_path') AS path,
           (SELECT count(*)::int FROM pg_prepared_statements) AS statements,
           (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory') AS locks,
           now() = statement_timestamp() AS outside`,
      );
      const { pid, ...state } = rows[0] as { pid: number };
      pids.push(pid);
      expect(state).toEqual({
        lock: '0',
        idle: '0',
        path: '"$user", public',
        statements: 0,
        locks: 0,
        outside: true,
      });
      expect(client.listenerCount('end')).toBe(0);
      client.release();
    }
    const byNumber = (one: number, other: number): number => one - other;
    expect(pids.sort(byNumber)).toEqual(before.map(({ pid }) => pid).sort(byNumber));
    expect(warnings).toEqual([]);
  });

  it('takes another connection where one is lost', async () => {
    pool.on('error', () => {});
    const ledger = new StoreLedger(await PostgresStore.open({ pool }, { auditKey: 'a key' }));
    await ledger.issue(KEY);
    await server.query(
      'postgres',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname <> 'postgres'`,
    );
    await until(
      () =>
        admit(ledger, 'call').then(
          ({ admitted }) => admitted,
          () => false,
        ),
      () => 'no call is admitted',
    );
    expect(await ledger.verifyAudit()).toMatchObject({ ok: true });
    await ledger.close();
  });

  it('reads what it has written, however the application reads its own values', async () => {
    const setBefore = [20, 114, 3802, 16].map((oid) => [oid, types.getTypeParser(oid)] as const);
    for (const [oid] of setBefore) types.setTypeParser(oid, () => 'as the application likes');
    try {
      const ledger = new StoreLedger(await PostgresStore.open({ pool }, { auditKey: 'a key' }));
      await ledger.issue(KEY);
      expect(await admit(ledger, 'call')).toMatchObject({ admitted: true });
      expect(await ledger.verifyAudit()).toMatchObject({ ok: true, entries: 1 });
      await ledger.close();
    } finally {
      for (const [oid, parser] of setBefore) types.setTypeParser(oid, parser);
    }
  });
});

it('a batch leaves in two writes: what it asks for, and what it has decided', async () => {
  const pool = new Pool({ connectionString: await server.database(), max: 5, pipeline: true });
  let writes = 0;
  pool.on('connect', (client) => {
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    for (const method of ['_write', '_writev'] as const) {
      const write = stream[method] as (...args: unknown[]) => void;
      Object.assign(stream, {
        [method]: (...args: unknown[]) => {
          writes += 1;
          write.apply(stream, args);
        },
      });
    }
  });
  // So long that no beat comes between.
  const store = await PostgresStore.open({ pool }, { auditKey: 'a key', ttlMs: 600_000 });
  const ledger = new StoreLedger(store);
  await ledger.issue(KEY);
  // The first one of a day makes the lines of its balances.
  await admit(ledger, 'call_1');
  const before = writes;
  await admit(ledger, 'call_2');
  expect(writes - before).toBe(2);
  await ledger.close();
  await pool.end();
});

describe('what is no pool is told so', () => {
  const faultOf = (pool: unknown) => parseStore({ pool } as PooledStore);

  it.each([
    ['nothing', () => undefined],
    ['a URL', () => 'postgres://localhost/ledger'],
    ['an object', () => ({})],
    ['a pool of something else', () => ({ connect: () => {} })],
  ])('%s', (_name, given) => {
    expect(faultOf(given())).toEqual({
      fault: 'must have in pool a Pool of the package pg, such as new Pool({ connectionString })',
    });
  });

  it('a client', () => {
    expect(faultOf(new Client())).toEqual({
      fault: 'must have in pool a Pool of the package pg, and not a Client',
    });
  });

  it('a pool that has been ended, or is too small', async () => {
    const ended = new Pool();
    await ended.end();
    expect(faultOf(ended)).toEqual({
      fault: 'must have in pool a Pool that has not been ended',
    });
    expect(faultOf(new Pool({ max: 4 }))).toEqual({
      fault:
        'must have in pool a Pool with a max of at least 5: the store keeps 4 of its connections',
    });
  });

  it('and a server that does not answer is told in one line', async () => {
    const pool = new Pool({ host: '127.0.0.1', port: 1, password: 'a_password' });
    await expect(PostgresStore.open({ pool }, { auditKey: 'a key' })).rejects.toThrow(
      'The store of the given pool cannot be reached (ECONNREFUSED): start the server, or correct the settings of the pool.',
    );
    await pool.end();
  });
});
