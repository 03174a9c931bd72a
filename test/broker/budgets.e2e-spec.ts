import { BrokerProcess } from '../support/broker-process';
import type { IssuedKey } from '../support/broker-process';
import { RecordingVendor } from './recording-vendor';

const SUBJECT = { tenant_id: 't1', user_id: 'u1', run_id: 'r1', tool: 'Tool.pay' };

let vendor: RecordingVendor;
let broker: BrokerProcess;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterAll(() => vendor.close());
// A budget over a vendor, and a default over whoever names nobody, is over every key of a broker.
beforeEach(async () => {
  vendor.reset();
  broker = await BrokerProcess.start({ vendor });
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

  it('counts a user within its tenant, a run within its tenant and user; the rest stand alone', async () => {
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
    expect((await broker.api('GET', '/v1/budgets')).body.budgets).toEqual([]);
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
