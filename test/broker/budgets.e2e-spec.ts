import { closeStore } from '../../lib/broker/ledger/sqlite/open-store';
import { openConnection } from '../../lib/broker/ledger/sqlite/sqlite-driver';
import { BrokerServer } from '../support/broker-server';
import { insertKeys } from '../support/bulk-keys';
import type { IssuedKey } from '../support/broker-process';
import { DAILY } from '../support/daily';
import { RecordingVendor } from './recording-vendor';

interface LeftCap {
  remaining_usd: number;
}
interface Listed extends Partial<LeftCap> {
  scope: string;
  id: string;
  tenant_id?: string;
  user_id?: string;
  daily_usd_cap: number;
  spent_usd?: number;
}

const SUBJECT = { tenant_id: 't1', user_id: 'u1', run_id: 'r1', tool: 'Tool.pay' };

let vendor: RecordingVendor;
let broker: BrokerServer;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterEach(() => broker.close());
afterAll(() => vendor.close());
// A budget over a vendor, and a default over whoever names nobody, is over every key of a broker.
beforeEach(async () => {
  vendor.reset();
  broker = await BrokerServer.start(vendor);
});

const put = async (path: string, daily_usd_cap: number, within = {}) => {
  const answer = await broker.api('PUT', `/v1/budgets/${path}`, { daily_usd_cap, ...within });
  expect(answer.status).toBe(200);
};
/** Pays 10 USD. */
const pay = ({ token }: IssuedKey) =>
  broker.call(token, 'POST', '/v1/payment_intents', { body: 'amount=1000&currency=usd' });
const payAs = async (subject: object, fields = {}) =>
  pay(await broker.issue({ subject, ...fields }));

describe('a budget', () => {
  it.each([
    ['tenant', 't1', {}],
    ['user', 'u1', { tenant_id: 't1' }],
    ['run', 'r1', { tenant_id: 't1', user_id: 'u1' }],
    ['tool', 'Tool.pay', {}],
    ['vendor', 'stripe', {}],
  ])('over a %s stops all its keys at its cap, and says when it resets', async (scope, id, by) => {
    await put(`${scope}/${id}`, 15, by);
    const first = await payAs(SUBJECT);
    expect([first.status, first.headers['x-vault-key-remaining-usd']]).toEqual([200, '5']);
    const refused = await payAs(SUBJECT);
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, undefined]);
    const { resets_at, ...sums } = refused.body;
    delete sums.error;
    expect(sums).toEqual({
      code: 'cap_exhausted',
      scope,
      cap_usd: 15,
      spent_usd: 10,
      held_usd: 0,
      requested_usd: 10,
      remaining_usd: 5,
    });
    expect(resets_at).toMatch(/T00:00:00\.000Z$/);
    const left = Date.parse(resets_at) - Date.now();
    expect([left > -60_000, left <= 86_400_000]).toEqual([true, true]);
    expect(vendor.received).toHaveLength(1);
  });

  it('counts a user within its tenant, an agent run within its tenant and user; the rest stand alone', async () => {
    await put('user/u1', 10, { tenant_id: 't1' });
    await put('run/r9', 10, { tenant_id: 't2', user_id: 'u2' });
    await put('tool/Tool.pay', 60);
    const run = { tenant_id: 't2', user_id: 'u2', run_id: 'r9', tool: 'Tool.pay' };
    expect((await payAs(SUBJECT)).status).toBe(200);
    expect((await payAs(SUBJECT)).body.scope).toBe('user');
    expect((await payAs({ ...SUBJECT, tenant_id: 't3' })).status).toBe(200);
    expect((await payAs(run)).status).toBe(200);
    expect((await payAs(run)).body.scope).toBe('run');
    expect((await payAs({ ...run, user_id: 'u3' })).status).toBe(200);
    expect((await payAs({ ...run, tenant_id: 't3' })).status).toBe(200);
    expect((await payAs({ tool: 'Tool.pay' })).status).toBe(200);
    expect((await payAs({ tool: 'Tool.pay', tenant_id: 't9' })).body).toMatchObject({
      code: 'cap_exhausted',
      scope: 'tool',
      spent_usd: 60,
    });
  });

  it('of its own replaces the default over *, looser or tighter', async () => {
    await put('user/*', 15);
    await put('user/vip', 25);
    await put('user/new', 5);
    const statuses = async (user_id: string) => [
      (await payAs({ user_id })).status,
      (await payAs({ user_id })).status,
      (await payAs({ user_id })).status,
    ];
    expect(await statuses('any')).toEqual([200, 429, 429]);
    expect(await statuses('vip')).toEqual([200, 200, 429]);
    expect(await statuses('new')).toEqual([429, 429, 429]);
  });

  it.each(['tenant', 'user', 'run', 'tool'])(
    'over * is one for all keys that lack the %s, of the empty id',
    async (scope) => {
      await put(`${scope}/*`, 15);
      const first = await broker.issue();
      expect((await pay(first)).status).toBe(200);
      const refused = await pay(await broker.issue());
      expect([refused.status, refused.body.scope, refused.body.spent_usd]).toEqual([
        429,
        scope,
        10,
      ]);
    },
  );

  it('that travels with a key is never stored as a rule, and counts across the keys that have it', async () => {
    const subject = { user_id: 'u1' };
    expect((await payAs(subject, { budgets: { user: 15 } })).status).toBe(200);
    expect((await payAs(subject, { budgets: { user: 15 } })).body).toMatchObject({
      code: 'cap_exhausted',
      scope: 'user',
      cap_usd: 15,
      spent_usd: 10,
    });
    const { budgets } = (await broker.api('GET', '/v1/budgets')).body;
    expect(budgets).toMatchObject([{ source: 'app', scope: 'user', id: 'u1' }]);
    expect((await broker.api('GET', '/v1/budgets/user/u1')).status).toBe(404);
    expect((await payAs(subject)).status).toBe(200);
  });

  it.each([
    [5, 30],
    [30, 5],
  ])('of the operator’s %d and the app’s %d the tighter decides', async (operators, apps) => {
    await put('user/u1', operators);
    const refused = await payAs({ user_id: 'u1' }, { budgets: { user: apps } });
    expect(refused.body).toMatchObject({ code: 'cap_exhausted', scope: 'user', cap_usd: 5 });
  });

  it('is one of many that must all pass, the key’s own cap among them', async () => {
    await put('user/u1', 100, { tenant_id: 't1' });
    await put('tool/Tool.pay', 100);
    for (const [fields, scope] of [
      [{ daily_usd_cap: 9 }, 'key'],
      [{ budgets: { run: 9 } }, 'run'],
      [{ budgets: { tenant: 9 } }, 'tenant'],
      [{ budgets: { tool: 9 } }, 'tool'],
    ] as const) {
      expect((await payAs(SUBJECT, fields)).body).toMatchObject({ code: 'cap_exhausted', scope });
    }
    expect(vendor.received).toEqual([]);
  });
});

describe('a budget over a user or an agent run that names no tenant', () => {
  it('caps that id within each tenant, each counted alone, those without a tenant too', async () => {
    await put('user/u1', 15);
    for (const tenant of [{ tenant_id: 't1' }, { tenant_id: 't2' }, {}]) {
      const subject = { ...tenant, user_id: 'u1' };
      expect((await payAs(subject)).status).toBe(200);
      expect((await payAs(subject)).body).toMatchObject({ scope: 'user', spent_usd: 10 });
    }
    expect((await payAs({ tenant_id: 't1', user_id: 'u2' })).status).toBe(200);
  });

  it('gives way to one that names the tenant; the empty one means keys without a tenant', async () => {
    await put('user/u1', 5);
    await put('user/u1', 15, { tenant_id: 't1' });
    await put('user/u1', 25, { tenant_id: '' });
    const caps = async (subject: object) => (await payAs(subject)).body.cap_usd;
    expect(await caps({ tenant_id: 't2', user_id: 'u1' })).toBe(5);
    expect(await caps({ tenant_id: 't1', user_id: 'u1' })).toBeUndefined();
    expect(await caps({ tenant_id: 't1', user_id: 'u1' })).toBe(15);
    expect(await caps({ user_id: 'u1' })).toBeUndefined();
    expect(await caps({ user_id: 'u1' })).toBeUndefined();
    expect(await caps({ user_id: 'u1' })).toBe(25);
    await broker.close();
    broker = await broker.restart();
    expect(await caps({ tenant_id: 't3', user_id: 'u1' })).toBe(5);
    const removed = await broker.api('DELETE', '/v1/budgets/user/u1?tenant_id=');
    expect(removed.body).toEqual({
      scope: 'user',
      id: 'u1',
      tenant_id: '',
      ...DAILY,
      status: 'removed',
    });
    expect(await caps({ user_id: 'u1' })).toBe(5);
  });

  it('stands before a default that names the tenant: it is the id’s own', async () => {
    await put('user/*', 5, { tenant_id: 't1' });
    await put('user/u1', 15);
    expect((await payAs({ tenant_id: 't1', user_id: 'u1' })).status).toBe(200);
    expect((await payAs({ tenant_id: 't1', user_id: 'u2' })).body.cap_usd).toBe(5);
  });

  it('of a run: with the tenant alone each user of it, with the user alone that user in each tenant', async () => {
    const run = (tenant_id: string, user_id: string) =>
      payAs({ tenant_id, user_id, run_id: 'r1', tool: 'Tool.pay' });
    const capOf = async (tenant: string, user: string) => (await run(tenant, user)).body.cap_usd;
    await put('run/r1', 4);
    await put('run/r1', 3, { user_id: 'u1' });
    await put('run/r1', 2, { tenant_id: 't1' });
    await put('run/r1', 1, { tenant_id: 't1', user_id: 'u1' });
    expect(await capOf('t1', 'u1')).toBe(1);
    expect(await capOf('t1', 'u2')).toBe(2);
    expect(await capOf('t2', 'u1')).toBe(3);
    expect(await capOf('t2', 'u2')).toBe(4);
  });
});

describe('how many live keys a budget caps', () => {
  const live = async (path: string, within = {}) =>
    (await broker.api('PUT', `/v1/budgets/${path}`, { daily_usd_cap: 100, ...within })).body
      .live_keys;

  it('is in the answer: those that the budget decides for, and that can still spend', async () => {
    const keys: IssuedKey[] = [];
    for (const tenant_id of ['t1', 't1', 't2']) {
      keys.push(await broker.issue({ subject: { tenant_id, user_id: 'u1', tool: 'Tool.pay' } }));
    }
    await broker.issue({ subject: { user_id: 'u1', run_id: 'r1' } });
    await broker.issue({ subject: { tenant_id: 't1', user_id: 'u2' } });
    expect(await live('user/u1')).toBe(4);
    expect(await live('user/u1', { tenant_id: 't1' })).toBe(2);
    expect((await broker.api('GET', '/v1/budgets/user/u1')).body.live_keys).toBe(2);
    expect(await live('user/u1', { tenant_id: '' })).toBe(1);
    expect(await live('user/*')).toBe(1);
    expect(await live('tool/Tool.pay')).toBe(3);
    expect(await live('tool/*')).toBe(2);
    expect(await live('run/r1')).toBe(1);
    expect(await live('run/*')).toBe(4);
    expect(await live('tenant/t1')).toBe(3);
    expect(await live('vendor/stripe')).toBe(5);
    expect(await live('user/nobody')).toBe(0);
    await broker.api('DELETE', `/v1/keys/${keys[0]?.id}`);
    expect(await live('tenant/t1')).toBe(2);
    expect(await live('vendor/stripe')).toBe(4);
  });

  it('is null where there are more than it counts at once, and exact for a user among them', async () => {
    await broker.close();
    insertKeys(broker.store, { count: 120_000 });
    insertKeys(broker.store, { count: 3, user: 'rare' });
    broker = await broker.restart();
    expect(await live('vendor/stripe')).toBeNull();
    expect(await live('user/rare')).toBe(3);
    expect(await live('user/u7')).toBe(1_200);
  });
});

it('a budget that is set is answered so, though the store cannot count its keys', async () => {
  await broker.close();
  const connection = openConnection(broker.store.slice('sqlite:'.length));
  // The redo log takes a key, and its table does not.
  connection.exec(
    "CREATE TRIGGER no_keys BEFORE INSERT ON keys BEGIN SELECT RAISE(FAIL, 'full'); END",
  );
  closeStore(connection);
  broker = await broker.restart();
  const key = await broker.issue({ subject: { user_id: 'u1' } });
  const answer = await broker.api('PUT', '/v1/budgets/user/u1', { daily_usd_cap: 5 });
  expect([answer.status, answer.body]).toEqual([
    200,
    { scope: 'user', id: 'u1', source: 'operator', ...DAILY, daily_usd_cap: 5, live_keys: null },
  ]);
  expect((await pay(key)).body).toMatchObject({ code: 'cap_exhausted', scope: 'user', cap_usd: 5 });
});

describe('GET /v1/budgets/effective', () => {
  const caps = async (query: string) => {
    const { status, body } = await broker.api('GET', `/v1/budgets/effective?${query}`);
    expect(status).toBe(200);
    return body.caps as LeftCap[];
  };
  const SHOWN = 'tenant_id=t1&user_id=u1&run_id=r1&tool=Tool.pay&vendor=stripe';

  it('has every cap over a subject by itself, an operator’s and the app’s apart', async () => {
    await put('user/*', 30);
    await put('vendor/stripe', 1000);
    await payAs(SUBJECT, { budgets: { user: 50, run: 15, tool: 200 } });
    const found = await caps(SHOWN);
    const resets_at = expect.stringMatching(/T00:00:00/);
    const spent = { spent_usd: 10, held_usd: 0, ...DAILY, resets_at };
    expect(found).toEqual([
      { scope: 'user', id: 'u1', source: 'operator', cap_usd: 30, remaining_usd: 20, ...spent },
      { scope: 'user', id: 'u1', source: 'app', cap_usd: 50, remaining_usd: 40, ...spent },
      { scope: 'run', id: 'r1', source: 'app', cap_usd: 15, remaining_usd: 5, ...spent },
      { scope: 'tool', id: 'Tool.pay', source: 'app', cap_usd: 200, remaining_usd: 190, ...spent },
      {
        scope: 'vendor',
        id: 'stripe',
        source: 'operator',
        cap_usd: 1000,
        remaining_usd: 990,
        ...spent,
      },
    ]);
  });

  it('takes the app’s from the newest key of the subject, within its tenant', async () => {
    const of = (tenant_id: string, user: number) =>
      broker.issue({ subject: { tenant_id, user_id: 'u1' }, budgets: { user } });
    await of('t1', 50);
    await of('t1', 40);
    await of('t2', 99);
    const query = 'tenant_id=t1&user_id=u1';
    expect(await caps(query)).toMatchObject([{ scope: 'user', source: 'app', cap_usd: 40 }]);
    await broker.issue({ subject: { tenant_id: 't1', user_id: 'u1' } });
    expect(await caps(query)).toEqual([]);
  });

  it('takes what is absent or empty for a key that lacks it', async () => {
    await put('user/*', 30);
    await put('tenant/t1', 99);
    await broker.issue({ budgets: { tenant: 20, tool: 5 } });
    const expected = [
      { scope: 'tenant', id: '', source: 'app', cap_usd: 20 },
      { scope: 'user', id: '', source: 'operator', cap_usd: 30 },
      { scope: 'tool', id: '', source: 'app', cap_usd: 5 },
    ];
    expect(await caps('')).toMatchObject(expected);
    expect(await caps('tenant_id=&user_id=&run_id=&tool=&vendor=')).toMatchObject(expected);
  });

  it('says what a call would really meet: its tightest is what an agent is told', async () => {
    await put('user/u1', 30);
    await put('run/*', 12, { tenant_id: 't1' });
    const key = await broker.issue({ subject: SUBJECT, budgets: { user: 25, tenant: 500 } });
    const { headers } = await pay(key);
    const left = (await caps(SHOWN)).map(({ remaining_usd }) => remaining_usd);
    expect(Number(headers['x-vault-key-remaining-usd'])).toBe(Math.min(...left));
  });

  it.each([
    ['scope=user', ['scope']],
    ['tennant_id=t1', ['tennant_id']],
    ['user_id=u1&user_id=u2', ['user_id']],
    ['user_id=a%0Ab&vendor=paypal', ['user_id', 'vendor']],
  ])('refuses ?%s', async (query, fields) => {
    const { status, body } = await broker.api('GET', `/v1/budgets/effective?${query}`);
    expect([status, (body.fields as { field: string }[]).map(({ field }) => field)]).toEqual([
      422,
      fields,
    ]);
  });
});

describe('GET /v1/budgets', () => {
  const listed = async (cursor = '') => {
    const { status, body } = await broker.api('GET', `/v1/budgets${cursor}`);
    expect(status).toBe(200);
    return body as { budgets: Listed[]; cursor?: string };
  };
  const all = async () => (await listed()).budgets;

  it('shows as left what a call would meet, where the other’s cap is tighter', async () => {
    await put('user/u1', 100, { tenant_id: 't1' });
    await put('tool/Tool.pay', 12);
    await payAs(SUBJECT, { budgets: { user: 30, tool: 500 } });
    const resets_at = expect.stringMatching(/T00:00:00/);
    const today = { spent_usd: 10, held_usd: 0, ...DAILY, resets_at };
    const tool = { scope: 'tool', id: 'Tool.pay', remaining_usd: 2, ...today };
    const user = { scope: 'user', id: 'u1', tenant_id: 't1', remaining_usd: 20, ...today };
    expect(await all()).toEqual([
      { ...tool, source: 'operator', daily_usd_cap: 12 },
      { ...user, source: 'operator', daily_usd_cap: 100 },
      { ...user, source: 'app', daily_usd_cap: 30 },
      { ...tool, source: 'app', daily_usd_cap: 500 },
    ]);
  });

  it('shows the day of a budget without a tenant where it caps one subject, and none where several', async () => {
    await put('user/u1', 100);
    expect(await all()).toMatchObject([{ id: 'u1', spent_usd: 0, remaining_usd: 100 }]);
    await payAs({ tenant_id: 't1', user_id: 'u1' });
    const [one] = await all();
    expect(one).toMatchObject({ id: 'u1', spent_usd: 10, remaining_usd: 90 });
    expect(one).not.toHaveProperty('tenant_id');
    await payAs({ tenant_id: 't2', user_id: 'u1' });
    const [several] = await all();
    expect(several).toEqual({
      scope: 'user',
      id: 'u1',
      source: 'operator',
      ...DAILY,
      daily_usd_cap: 100,
    });
    await put('user/u1', 50, { tenant_id: 't2' });
    expect((await all())[0]).toMatchObject({ daily_usd_cap: 100, spent_usd: 10 });
  });

  it('shows no day of a subject that another budget caps', async () => {
    await put('user/u1', 10, { tenant_id: '' });
    await put('user/u1', 1_000);
    await payAs({ user_id: 'u1' });
    const shown = await all();
    expect(shown.map(({ daily_usd_cap, remaining_usd }) => [daily_usd_cap, remaining_usd])).toEqual(
      [
        [1_000, undefined],
        [10, 0],
      ],
    );
  });

  it('shows the same of an agent run in several tenants and of several users', async () => {
    await put('run/r1', 100);
    await payAs({ ...SUBJECT, user_id: 'u1' });
    expect(await all()).toMatchObject([{ id: 'r1', spent_usd: 10 }]);
    await payAs({ ...SUBJECT, user_id: 'u2' });
    expect((await all())[0]).not.toHaveProperty('spent_usd');
    await put('run/r1', 60, { user_id: 'u2' });
    const shown = await all();
    expect(shown.map(({ daily_usd_cap, spent_usd }) => [daily_usd_cap, spent_usd])).toEqual([
      [100, 10],
      [60, 10],
    ]);
  });

  it('has the app’s as the newest key carries it, once for each subject, from page to page', async () => {
    await broker.close();
    for (const user of [3_000_000, 5_000_000]) {
      insertKeys(broker.store, { count: 1_100, budgets: `{"user":${user},"run":1000000}` });
    }
    broker = await broker.restart();
    const found: Listed[] = [];
    let pages = 0;
    for (let cursor: string | undefined = ''; cursor !== undefined; pages += 1) {
      const page = await listed(cursor);
      found.push(...page.budgets);
      cursor = page.cursor === undefined ? undefined : `?cursor=${page.cursor}`;
    }
    expect(pages).toBeGreaterThan(2);
    const users = found.filter(({ scope }) => scope === 'user');
    expect(new Set(users.map(({ id }) => id)).size).toBe(100);
    expect(users.filter(({ daily_usd_cap }) => daily_usd_cap === 5)).toHaveLength(100);
    expect(users).toHaveLength(100);
    const runs = found.filter(({ scope }) => scope === 'run');
    expect(new Set(runs.map(({ id, user_id }) => `${id} ${user_id}`)).size).toBe(1_100);
    expect(runs).toHaveLength(1_100);
  });

  it('has a budget of a subject whose newest keys carry none', async () => {
    await broker.issue({ subject: { user_id: 'first' }, budgets: { user: 7 } });
    await broker.close();
    insertKeys(broker.store, { count: 1_100, budgets: '{"run":1000000}' });
    insertKeys(broker.store, { count: 1, user: 'first' });
    broker = await broker.restart();
    let found = 0;
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page = await listed(cursor);
      found += page.budgets.filter(({ id }) => id === 'first').length;
      cursor = page.cursor === undefined ? undefined : `?cursor=${page.cursor}`;
    }
    expect(found).toBe(1);
  });

  it('is read and removed though its vendor is configured no more', async () => {
    await broker.close();
    const connection = openConnection(broker.store.slice('sqlite:'.length));
    connection.exec(
      `INSERT INTO budgets (name, scope, target, cap_micros)
       VALUES ('["vendor",null,null,"gone"]', 'vendor', 'gone', 1000000)`,
    );
    closeStore(connection);
    broker = await broker.restart();
    expect(await all()).toMatchObject([{ scope: 'vendor', id: 'gone' }]);
    expect((await broker.api('GET', '/v1/budgets/vendor/gone')).status).toBe(200);
    expect((await broker.api('DELETE', '/v1/budgets/vendor/gone')).status).toBe(200);
    const put = await broker.api('PUT', '/v1/budgets/vendor/gone', { daily_usd_cap: 1 });
    expect(put.status).toBe(422);
    expect(await all()).toEqual([]);
  });

  it('leaves out what had no live key today', async () => {
    await broker.close();
    const yesterday = new Date().setUTCHours(0, 0, 0, 0) - 60_000;
    insertKeys(broker.store, { count: 5, expiresAt: yesterday, budgets: '{"user":1000000}' });
    broker = await broker.restart();
    expect(await all()).toEqual([]);
  });

  it.each(['scope=user', 'cursor=x', 'limit=5'])('refuses ?%s', async (query) => {
    expect((await broker.api('GET', `/v1/budgets?${query}`)).status).toBe(422);
  });
});

describe('a brake', () => {
  it.each([
    ['tenant', 't1'],
    ['user', 'u1'],
    ['run', 'r1'],
    ['tool', 'Tool.pay'],
    ['vendor', 'stripe'],
    ['all', undefined],
  ])('over %s refuses new keys: 403 braked, with its scope and reason', async (scope, id) => {
    const set = await broker.api('POST', '/v1/brakes', { scope, id, reason: 'stop' });
    expect(set.status).toBe(201);
    const fields = { label: 'x', vendor: 'stripe', daily_usd_cap: 1, subject: SUBJECT };
    const issue = () =>
      broker.api('POST', '/v1/keys', { ...fields, allowed_endpoints: ['/v1/charges'] });
    const refused = await issue();
    expect([refused.status, refused.body]).toMatchObject([
      403,
      { code: 'braked', scope, reason: 'stop', error: { code: 'braked', scope, reason: 'stop' } },
    ]);
    await broker.api('DELETE', `/v1/brakes/${set.body.id}`);
    expect((await issue()).status).toBe(201);
  });

  it.each(['tenant', 'user', 'run', 'tool'])(
    'over another %s stops neither keys nor calls',
    async (scope) => {
      const key = await broker.issue({ subject: SUBJECT });
      const set = await broker.api('POST', '/v1/brakes', { scope, id: 'other', reason: 'stop' });
      expect([set.status, set.body.hit]).toEqual([201, 0]);
      expect((await pay(key)).status).toBe(200);
      expect((await payAs(SUBJECT)).status).toBe(200);
    },
  );
});
