import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import type { IssuedKey, RunningBroker } from '../support/broker-process';
import { BrokerServer } from '../support/broker-server';
import { insertKeys, removeKey } from '../support/bulk-keys';
import { until } from '../support/until';

const PAYMENT =
  'amount=100&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true';
const MANY = 20_000;

let vendor: StripeVendor;
beforeAll(async () => {
  vendor = await createStripeVendor();
});
afterAll(() => vendor.close());

const pay = (on: RunningBroker, { token }: IssuedKey) =>
  on.call(token, 'POST', '/v1/payment_intents', { body: PAYMENT });
const liveKeys = async (on: RunningBroker) => {
  const { text } = await on.api('GET', '/metrics');
  return Number(/^vault_key_live_keys (\d+)$/m.exec(text)?.[1]);
};
const hitOf = async (on: RunningBroker, id: string) => {
  const { body } = await on.api('GET', '/v1/brakes');
  return (body.brakes as { id: string; hit: number | null }[]).find((each) => each.id === id)?.hit;
};
/** All pages of a list of keys: how many there are, and how many keys they have. */
const pagesOf = async (on: RunningBroker, query: string) => {
  let pages = 0;
  let keys = 0;
  let cursor: string | undefined;
  do {
    const more = cursor === undefined ? '' : `&cursor=${cursor}`;
    const { status, body } = await on.api('GET', `/v1/keys?limit=1000&${query}${more}`);
    expect(status).toBe(200);
    pages += 1;
    keys += body.keys.length;
    ({ cursor } = body);
  } while (cursor !== undefined);
  return { pages, keys };
};

/** A store with one key that was issued, and what else is put into it while no broker has it. */
const storeWith = async (fill: (store: string) => void) => {
  const store = `sqlite:${temporaryFile()}`;
  const first = await BrokerServer.start(vendor, { store });
  const key = await first.issue({ subject: { tenant_id: 'acme', user_id: 'real' } });
  await first.close();
  fill(store);
  return { key, store };
};
const brokerWith = async (fill: (store: string) => void) => {
  const { key, store } = await storeWith(fill);
  return { key, broker: await BrokerServer.start(vendor, { store }) };
};

describe(`with ${MANY} live keys`, () => {
  let broker: BrokerServer;
  let key: IssuedKey;
  beforeAll(async () => {
    ({ broker, key } = await brokerWith((store) =>
      insertKeys(store, { count: MANY, tenant: 'acme' }),
    ));
  });

  it('a brake is answered before the keys that it hits are counted, and in force by then', async () => {
    const put = { scope: 'tenant', id: 'acme', reason: 'stop' };
    const braked = await broker.api('POST', '/v1/brakes', put);
    expect([braked.status, braked.body]).toMatchObject([201, { hit: null }]);
    expect((await pay(broker, key)).body.code).toBe('braked');
    await until(
      async () => (await hitOf(broker, braked.body.id)) !== null,
      () => 'the keys are not counted',
    );
    expect(await hitOf(broker, braked.body.id)).toBe(MANY + 1);
    await broker.api('DELETE', `/v1/brakes/${braked.body.id}`);
    expect((await pay(broker, key)).status).toBe(200);
  });

  it('a brake over few of them is counted all the same, that of a key with those below it', async () => {
    const run = await broker.api('POST', '/v1/brakes', { scope: 'run', id: 'r7', reason: 'stop' });
    const one = await broker.api('POST', '/v1/brakes', { scope: 'key', id: key.id, reason: 's' });
    for (const { body } of [run, one]) {
      await until(
        async () => (await hitOf(broker, body.id)) === 1,
        async () => `it hit ${await hitOf(broker, body.id)}`,
      );
      await broker.api('DELETE', `/v1/brakes/${body.id}`);
    }
  });

  it('a count that a crash cuts off is made by the next start', async () => {
    const { store } = await storeWith((file) => insertKeys(file, { count: 5_000 }));
    const own = await BrokerProcess.start({ vendor, store });
    const { body } = await own.api('POST', '/v1/brakes', { scope: 'all', reason: 'stop' });
    await own.kill('SIGKILL');
    const again = await own.restart();
    await until(
      async () => (await hitOf(again, body.id)) === 5_001,
      async () => `it hit ${await hitOf(again, body.id)}`,
    );
  });

  it('a page of a list looks at so many keys and no more, and its cursor leads to the rest', async () => {
    expect(await pagesOf(broker, 'status=active')).toEqual({
      pages: Math.ceil((MANY + 1) / 1_000),
      keys: MANY + 1,
    });
    // Nothing is found, and the walk past all of them is more than one request is to cost.
    expect(await pagesOf(broker, 'vendor=paypal')).toEqual({ pages: 2, keys: 0 });
    expect(await pagesOf(broker, 'status=revoked')).toEqual({ pages: 2, keys: 0 });
    // A user, a run and a tenant are looked up.
    expect(await pagesOf(broker, 'user_id=nobody')).toEqual({ pages: 1, keys: 0 });
    expect(await pagesOf(broker, 'user_id=u7')).toEqual({ pages: 1, keys: 200 });
    expect(await pagesOf(broker, 'run_id=r7&status=active')).toEqual({ pages: 1, keys: 1 });
    expect(await pagesOf(broker, 'tenant_id=acme&user_id=real')).toEqual({ pages: 1, keys: 1 });
    const { body } = await broker.api('POST', '/v1/brakes', {
      scope: 'user',
      id: 'u7',
      reason: 'stop',
    });
    expect((await pagesOf(broker, 'status=braked')).keys).toBe(200);
    expect((await pagesOf(broker, 'status=active')).keys).toBe(MANY + 1 - 200);
    await broker.api('DELETE', `/v1/brakes/${body.id}`);
  });

  it('the live keys in /metrics follow every issue, revocation, expiry and lease', async () => {
    const before = await liveKeys(broker);
    expect(before).toBe(MANY + 1);
    const lease = (await broker.api('POST', '/v1/leases', { ttl_seconds: 60 })).body;
    const leased = await broker.issue({ lease_id: lease.id });
    const other = await broker.issue();
    const brief = await broker.issue({ expires_in: '5s' });
    expect(await liveKeys(broker)).toBe(before + 3);
    await broker.api('DELETE', `/v1/keys/${other.id}`);
    await broker.api('DELETE', `/v1/keys/${other.id}`);
    await broker.api('DELETE', `/v1/leases/${lease.id}`);
    await until(
      async () => (await liveKeys(broker)) === before,
      async () => `${await liveKeys(broker)} keys live`,
    );
    for (const { id } of [leased, brief]) {
      expect((await broker.api('GET', `/v1/keys/${id}`)).body.status).toBe('expired');
    }
    await broker.api('DELETE', `/v1/keys/${brief.id}`);
    await broker.api('DELETE', `/v1/keys/${leased.id}`);
    expect(await liveKeys(broker)).toBe(before);
  });
});

describe('a key whose parent is gone from the store', () => {
  it('is refused, and is nothing to brakes, lists and other keys', async () => {
    const { broker, key } = await brokerWith((store) =>
      insertKeys(store, { count: 1, user: 'orphan', parent: 'vk_gone' }),
    );
    const [orphan] = (await broker.api('GET', '/v1/keys?user_id=orphan')).body.keys;
    expect(orphan).toMatchObject({ parent_id: 'vk_gone', status: 'active' });
    expect((await broker.api('GET', `/v1/keys/${orphan.id}`)).status).toBe(200);
    for (const scope of ['tenant', 'user', 'run', 'tool', 'vendor', 'key', 'all']) {
      const id = { vendor: 'stripe', key: orphan.id }[scope] ?? 'x';
      const put = await broker.api('POST', '/v1/brakes', { scope, id, reason: 'stop' });
      expect([scope, put.status]).toEqual([scope, 201]);
      for (const status of ['active', 'braked', 'expired', 'revoked']) {
        const list = await broker.api('GET', `/v1/keys?status=${status}`);
        expect([scope, status, list.status]).toEqual([scope, status, 200]);
      }
      await broker.api('DELETE', `/v1/brakes/${put.body.id}`);
    }
    expect((await pay(broker, key)).status).toBe(200);
    const below = await broker.api('POST', '/v1/keys', {
      label: 'x',
      vendor: 'stripe',
      daily_usd_cap: 1,
      allowed_endpoints: ['/v1/charges'],
      parent_id: orphan.id,
    });
    expect([below.status, below.body.fields]).toMatchObject([422, [{ field: 'parent_id' }]]);
  });

  it('has its calls refused, with a row in the log, and those of the moment are not', async () => {
    const store = `sqlite:${temporaryFile()}`;
    const first = await BrokerServer.start(vendor, { store });
    const parent = await first.issue();
    const child = await first.issue({ parent_id: parent.id });
    await first.close();
    removeKey(store, parent.id);
    const broker = await BrokerServer.start(vendor, { store });
    const other = await broker.issue();
    const [refused, ...served] = await Promise.all([
      pay(broker, child),
      ...Array.from({ length: 5 }, () => pay(broker, other)),
    ]);
    expect([refused?.status, refused?.body.code]).toEqual([503, 'store_unavailable']);
    expect(refused?.body.error.message).toContain(parent.id);
    expect(served.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const { body } = await broker.api('GET', `/v1/audit?key_id=${child.id}&event=refusal`);
    expect(body.entries).toMatchObject([{ verdict: 'store_unavailable' }]);
  });
});
