import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Broker } from './broker';
import { BrokerOptionsError } from './broker.options';
import type { BrokerOptions } from './broker.options';

const SECRET = 'sk_test_secret_of_the_broker_spec';
const options = (more: Partial<BrokerOptions> = {}): BrokerOptions => ({
  store: 'sqlite::memory:',
  vendors: { stripe: { secretKey: SECRET, baseUrl: 'http://127.0.0.1:9' } },
  ...more,
});
const ISSUE = {
  label: 'a label',
  vendor: 'stripe',
  daily_usd_cap: 1,
  allowed_endpoints: ['/v1/payment_intents'],
};

describe('a broker in the app’s own process', () => {
  it('shows its secret to no inspect and no JSON', async () => {
    const broker = await Broker.open(options());
    expect(inspect(broker, { depth: null, showHidden: true })).not.toContain(SECRET);
    expect(JSON.stringify(broker)).not.toContain(SECRET);
    await broker.close();
  });

  it('names every fault of its options at once, and shows no secret in them', async () => {
    const bad = options({
      store: 'redis://127.0.0.1',
      vendorTimeout: 'soon',
      retention: '47h',
      vendors: {
        stripe: { secretKey: `${SECRET} `, baseUrl: `https://${SECRET}@evil.test` },
        acme: { secretKey: 'x' },
      },
    });
    let thrown: unknown;
    try {
      await Broker.open(bad);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(BrokerOptionsError);
    const { faults } = thrown as BrokerOptionsError;
    expect(faults.map(({ path }) => path).sort()).toEqual([
      'retention',
      'store',
      'vendorTimeout',
      'vendors.acme.kind',
      'vendors.stripe.baseUrl',
      'vendors.stripe.secretKey',
    ]);
    expect(inspect(thrown, { depth: null })).not.toContain(SECRET);
    await expect(Broker.open(options({ vendors: {} }))).rejects.toThrow(
      /vendors must have at least one/,
    );
  });

  it('refuses by answers, never by throwing', async () => {
    const broker = await Broker.open(options());
    for (const call of [
      { vendor: 'acme', method: 'GET', target: '/v1/x', rawHeaders: [] },
      { vendor: 'stripe', method: 'GET', target: '/v1/x', rawHeaders: [] },
      { vendor: 'stripe', method: '', target: '', rawHeaders: ['Authorization'] },
    ]) {
      const answer = await broker.forward(call);
      expect([401, 404]).toContain(answer.status);
      answer.body.resume();
    }
    await broker.close();
  });

  it('gives a body that broke off on its way no chance: nothing is held', async () => {
    const broker = await Broker.open(options());
    const { id, token } = await broker.issue(ISSUE);
    const answer = await broker.forward({
      vendor: 'stripe',
      method: 'POST',
      target: '/v1/payment_intents',
      rawHeaders: [
        'authorization',
        `Bearer ${token}`,
        'content-type',
        'application/x-www-form-urlencoded',
      ],
      body: (async function* () {
        yield Buffer.from('amount=100&currency=usd');
        throw new Error('the client has gone');
      })(),
    });
    expect([answer.status, answer.headers['x-vault-key-verdict']]).toEqual([400, 'caller_gone']);
    answer.body.resume();
    expect(await broker.key(id)).toMatchObject({ held_usd: 0, spent_usd: 0 });
    await broker.close();
  });

  it('issues and admits nothing once it is closed, and closes once, for all who ask', async () => {
    const broker = await Broker.open(options());
    await Promise.all([broker.close(), broker.close()]);
    await expect(broker.issue(ISSUE)).rejects.toMatchObject({ status: 503 });
    const answer = await broker.forward({
      vendor: 'stripe',
      method: 'GET',
      target: '/v1/x',
      rawHeaders: [],
    });
    expect(answer.status).toBe(503);
    answer.body.resume();
  });
});

it('a store that was closed can be opened again in the same process, and is one file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vault-key-reopened-'));
  const inFile = options({ store: `sqlite:${join(folder, 'ledger.db')}` });
  try {
    const first = await Broker.open(inFile);
    const { id } = await first.issue(ISSUE);
    await first.close();
    expect(readdirSync(folder).filter((name) => /-(?:wal|shm|journal)$/.test(name))).toEqual([]);
    const second = await Broker.open(inFile);
    expect(await second.key(id)).toMatchObject({ status: 'active' });
    await second.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
