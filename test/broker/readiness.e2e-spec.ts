import type { StripeVendor } from '../../lib/testing/index';
import { BrokerProcess, open, send } from '../support/broker-process';
import type { PostgresServer } from '../support/postgres-server';
import { refusedSettings } from '../support/refused-settings';
import { TcpBalancer } from '../support/tcp-balancer';
import { until } from '../support/until';
import { withVendorAndPostgres } from '../support/vendor-and-postgres';

const AUDIT_KEY = 'an audit key of more than forty characters';
const PAYMENT =
  'amount=1000&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true';

let vendor: StripeVendor;
let server: PostgresServer;
withVendorAndPostgres((made) => ({ vendor, server } = made));

const start = async (env: Record<string, string> = {}) =>
  BrokerProcess.start({
    vendor,
    store: await server.database(),
    env: { VAULT_KEY_AUDIT_KEY: AUDIT_KEY, ...env },
  });

/** Whether a broker is alive, whether it is ready, and why not. */
async function health({ url }: BrokerProcess) {
  const [alive, ready] = await Promise.all([
    send(url, 'GET', '/healthz'),
    send(url, 'GET', '/readyz'),
  ]);
  return [alive.status, ready.status, ready.body.reason as string | undefined];
}

describe('a broker whose PostgreSQL', () => {
  it('is stopped is alive and not ready within 5 s, and ready once the server is back', async () => {
    const broker = await start();
    expect(await health(broker)).toEqual([200, 200, undefined]);
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      await server.end(signal);
      const began = performance.now();
      expect(await health(broker)).toEqual([200, 503, 'store_unavailable']);
      expect(performance.now() - began).toBeLessThan(5_000);
      await server.begin();
      await until(
        async () => (await health(broker))[1] === 200,
        async () => JSON.stringify(await health(broker)),
      );
      const key = await broker.issue();
      const paid = await broker.call(key.token, 'POST', '/v1/payment_intents', { body: PAYMENT });
      expect(paid.status).toBe(200);
    }
    await broker.kill('SIGTERM');
  });

  it('takes no writes is not ready, and ready once it does', async () => {
    const broker = await start();
    for (const [isReadOnly, expected] of [
      ['on', [200, 503, 'store_unavailable']],
      ['off', [200, 200, undefined]],
    ] as const) {
      await server.query(
        'postgres',
        `ALTER SYSTEM SET default_transaction_read_only = ${isReadOnly}`,
      );
      await server.query('postgres', 'SELECT pg_reload_conf()');
      await until(
        async () => (await health(broker))[1] === expected[1],
        async () => JSON.stringify(await health(broker)),
      );
      expect(await health(broker)).toEqual(expected);
    }
    await broker.kill('SIGTERM');
  });

  it('does not answer is not ready within 5 s, however often it is asked, and ready once it answers', async () => {
    const store = new URL(await server.database());
    const way = await TcpBalancer.start([`http://127.0.0.1:${store.port}`]);
    store.port = String(way.port);
    const env = { VAULT_KEY_AUDIT_KEY: AUDIT_KEY };
    const broker = await BrokerProcess.start({ vendor, store: store.href, env });
    way.stall();
    const began = performance.now();
    const answers = await Promise.all(Array.from({ length: 10 }, () => health(broker)));
    expect(performance.now() - began).toBeLessThan(5_000);
    for (const answer of answers) expect(answer).toEqual([200, 503, 'store_slow']);
    way.resume();
    await until(
      async () => (await health(broker))[1] === 200,
      async () => JSON.stringify(await health(broker)),
    );
    await broker.kill('SIGTERM');
    await way.close();
  });
});

describe('a broker that is told to stop', () => {
  it('is not ready first, and takes what comes until its time is over', async () => {
    const broker = await start({ VAULT_KEY_DRAIN: '3s' });
    const key = await broker.issue();
    const began = performance.now();
    const exited = broker.kill('SIGTERM');
    await until(
      async () => (await health(broker))[1] === 503,
      () => 'ready all the same',
    );
    expect(await health(broker)).toEqual([200, 503, 'draining']);
    const paid = await broker.call(key.token, 'POST', '/v1/payment_intents', { body: PAYMENT });
    expect([paid.status, paid.headers.connection]).toEqual([200, 'close']);
    expect((await broker.api('DELETE', `/v1/keys/${key.id}`)).status).toBe(200);
    expect(await exited).toMatchObject({ code: 0, stderr: '' });
    expect(performance.now() - began).toBeGreaterThan(2_900);
  });

  it('stops at once at a second signal, or at a SIGINT', async () => {
    const patient = { VAULT_KEY_DRAIN: '10m' };
    const twice = await start(patient);
    const exited = twice.kill('SIGTERM');
    await until(
      async () => (await health(twice))[1] === 503,
      () => 'ready all the same',
    );
    process.kill(twice.pid, 'SIGTERM');
    expect((await exited).code).toBe(0);
    expect((await (await start(patient)).kill('SIGINT')).code).toBe(0);
  });

  it('ends calls that are under way', async () => {
    const broker = await start({ VAULT_KEY_DRAIN: '1ms' });
    const key = await broker.issue();
    const held = vendor.hold('POST /v1/payment_intents');
    const paying = open(broker.url, 'POST', '/stripe/v1/payment_intents', {
      headers: {
        authorization: `Bearer ${key.token}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: PAYMENT,
    });
    await held.arrived;
    const exited = broker.kill('SIGTERM');
    held.release();
    const paid = await paying;
    paid.resume();
    expect(paid.statusCode).toBe(200);
    expect((await exited).code).toBe(0);
  });

  it('does not start with a VAULT_KEY_DRAIN that is no time', async () => {
    for (const drain of ['', '5', '-1s', '11m', 'soon']) {
      const line = refusedSettings({ env: { VAULT_KEY_DRAIN: drain } });
      expect(line).toContain('VAULT_KEY_DRAIN must be');
    }
    const exit = await BrokerProcess.run({ vendor, env: { VAULT_KEY_DRAIN: 'soon' } });
    expect([exit.code, exit.stderr]).toEqual([2, expect.stringContaining('VAULT_KEY_DRAIN must')]);
  });
});
