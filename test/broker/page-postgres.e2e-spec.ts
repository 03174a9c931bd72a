import { writeFileSync } from 'node:fs';
import { Client } from 'pg';
import type { StripeVendor } from '../../lib/testing/index';
import { Browser } from '../support/browser';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import type { PostgresServer } from '../support/postgres-server';
import { testOperator } from '../support/test-operators';
import { withVendorAndPostgres } from '../support/vendor-and-postgres';

const ann = testOperator('ann', 'admin');

let vendor: StripeVendor;
let server: PostgresServer;
withVendorAndPostgres((made) => ({ vendor, server } = made));

it('a session on PostgreSQL is known to every broker, ends at all of them, and is stored as a hash', async () => {
  const config = temporaryFile('config.json');
  writeFileSync(config, JSON.stringify({ operators: [ann.options] }));
  const store = await server.database();
  const start = () =>
    BrokerProcess.start({
      vendor,
      store,
      args: ['--config', config],
      env: { VAULT_KEY_AUDIT_KEY: 'an audit key of more than forty characters' },
    });
  const brokers = await Promise.all([start(), start()]);
  const [first, second] = brokers.map(({ url }) => new Browser(url)) as [Browser, Browser];
  await first.logIn(ann.token);
  for (const [key, cookie] of first.cookies) second.cookies.set(key, cookie);
  expect((await second.ask('GET', '/v1/session')).body.operator).toBe('ann');
  const body = { scope: 'user', id: 'u1', reason: 'a test' };
  expect((await second.ask('POST', '/v1/brakes', { body })).status).toBe(201);

  const client = new Client(store);
  await client.connect();
  const { rows } = await client.query<{ row: string }>(
    `SELECT query_to_xml('SELECT * FROM ' || quote_ident(schemaname) || '.' || quote_ident(tablename), true, true, '')::text AS row
     FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  await client.end();
  const all = rows.map(({ row }) => row).join('\n');
  expect(all).toContain('page_session');
  expect(all).not.toContain(first.sessionId);
  expect(all).not.toContain(ann.token);

  expect((await second.ask('DELETE', '/v1/session')).status).toBe(200);
  expect((await first.ask('GET', '/v1/keys')).status).toBe(401);
  await Promise.all(brokers.map((broker) => broker.kill('SIGKILL')));
});
