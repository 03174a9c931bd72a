import { runOperatorCommand } from '../../lib/broker/cli/operator-commands';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { until } from '../support/until';
import { BrokerProcess, RunningBroker, send } from '../support/broker-process';
import { BrokerServer } from '../support/broker-server';
import type { Exit, IssuedKey } from '../support/broker-process';
import { DAILY } from '../support/daily';

const PAYMENT =
  'amount=1000&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true';
const MIDNIGHT = /^\d{4}-\d\d-\d\dT00:00:00\.000Z$/;

let vendor: StripeVendor;
let broker: RunningBroker;
let subjects = 0;
beforeAll(async () => {
  vendor = await createStripeVendor();
  broker = await BrokerProcess.start({ vendor });
});
afterAll(() => vendor.close());
beforeEach(() => vendor.reset());

/** A name that no other test uses. */
const fresh = (what: string) => `${what}-${(subjects += 1)}`;
const pay = ({ token }: IssuedKey, body = PAYMENT, headers = {}) =>
  broker.call(token, 'POST', '/v1/payment_intents', { body, headers });
const fieldsOf = async (method: string, path: string, body?: unknown) => {
  const answer = await broker.api(method, path, body);
  expect([method, path, answer.status]).toEqual([method, path, 422]);
  return (answer.body.fields as { field: string }[]).map(({ field }) => field);
};
/** A call whose end nobody knows, and the id of its hold. */
const unknownHold = async (key: IssuedKey) => {
  vendor.next('POST /v1/payment_intents', { reset: 'after' });
  expect((await pay(key)).body.code).toBe('vendor_outcome_unknown');
  const { body } = await broker.api('GET', `/v1/holds?state=unknown&key_id=${key.id}`);
  expect(body.holds).toHaveLength(1);
  return body.holds[0] as { id: string };
};

describe('GET /v1/keys/current', () => {
  const current = (authorization?: string) =>
    send(broker.url, 'GET', '/v1/keys/current', {
      headers: authorization === undefined ? {} : { authorization },
    });

  it('tells an agent its policy, its money and every other cap over it, and no token', async () => {
    const user = fresh('u');
    await broker.api('PUT', `/v1/budgets/user/${user}`, { daily_usd_cap: 30 });
    const parent = await broker.issue({ daily_usd_cap: 80 });
    const key = await broker.issue({
      daily_usd_cap: 100,
      parent_id: parent.id,
      subject: { user_id: user, run_id: 'r1' },
      budgets: { user: 50, run: 20 },
    });
    expect((await pay(key)).status).toBe(200);
    const answer = await current(`Bearer ${key.token}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      id: key.id,
      status: 'active',
      daily_usd_cap: 100,
      spent_usd: 10,
      held_usd: 0,
      remaining_usd: 90,
    });
    const spent = { spent_usd: 10, held_usd: 0 };
    expect(answer.body.budgets).toEqual([
      { scope: 'parent', cap_usd: 80, ...spent, remaining_usd: 70 },
      {
        scope: 'user',
        period: 'day',
        cap_usd: 30,
        ...spent,
        remaining_usd: 20,
        resets_at: expect.stringMatching(MIDNIGHT),
      },
      {
        scope: 'run',
        period: 'day',
        cap_usd: 20,
        ...spent,
        remaining_usd: 10,
        resets_at: expect.stringMatching(MIDNIGHT),
      },
    ]);
    expect(answer.text).not.toContain(key.token);
  });

  it("refuses every way a key can be wrong with the proxy's own 401", async () => {
    const revoked = await broker.issue();
    await broker.api('DELETE', `/v1/keys/${revoked.id}`);
    const lease = (await broker.api('POST', '/v1/leases', { ttl_seconds: 60 })).body;
    const orphan = await broker.issue({ lease_id: lease.id });
    await broker.api('DELETE', `/v1/leases/${lease.id}`);
    const proxied = await broker.call('nope', 'GET', '/v1/payment_intents');
    for (const token of [
      'nope',
      broker.token,
      revoked.token,
      orphan.token,
      `vault_key_${'0'.repeat(34)}`,
    ]) {
      const answer = await current(`Bearer ${token}`);
      expect([answer.status, answer.text]).toEqual([401, proxied.text]);
      expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
    }
    const none = await current();
    expect([none.status, none.text, none.headers['www-authenticate']]).toEqual([
      401,
      proxied.text,
      'Bearer',
    ]);
  });

  it('shows a braked key as braked', async () => {
    const key = await broker.issue();
    await broker.api('POST', '/v1/brakes', { scope: 'key', id: key.id, reason: 'seen' });
    expect((await current(`Bearer ${key.token}`)).body.status).toBe('braked');
  });
});

describe('/v1/budgets', () => {
  it('PUT sets a daily cap over a subject, across all its keys', async () => {
    const user = fresh('u');
    const set = await broker.api('PUT', `/v1/budgets/user/${user}`, {
      daily_usd_cap: 15,
      tenant_id: 't1',
    });
    expect([set.status, set.body]).toEqual([
      200,
      {
        scope: 'user',
        id: user,
        tenant_id: 't1',
        source: 'operator',
        ...DAILY,
        daily_usd_cap: 15,
        live_keys: 0,
        spent_usd: 0,
        held_usd: 0,
        remaining_usd: 15,
        resets_at: expect.stringMatching(MIDNIGHT),
      },
    ]);
    const subject = { tenant_id: 't1', user_id: user };
    expect((await pay(await broker.issue({ subject }))).status).toBe(200);
    const refused = await pay(await broker.issue({ subject }));
    expect([refused.status, refused.body]).toMatchObject([
      429,
      { code: 'cap_exhausted', scope: 'user', cap_usd: 15, spent_usd: 10, remaining_usd: 5 },
    ]);
    const other = await broker.issue({ subject: { ...subject, tenant_id: 't2' } });
    expect((await pay(other)).status).toBe(200);
    const shown = await broker.api('GET', `/v1/budgets/user/${user}?tenant_id=t1`);
    expect(shown.body).toMatchObject({ spent_usd: 10, remaining_usd: 5 });
  });

  it('PUT replaces, GET lists, DELETE removes, and what is gone is 404', async () => {
    const tool = fresh('Tool.run');
    const path = `/v1/budgets/tool/${tool}`;
    await broker.api('PUT', path, { daily_usd_cap: 5 });
    await broker.api('PUT', path, { daily_usd_cap: 6.5 });
    const { body } = await broker.api('GET', '/v1/budgets');
    const listed = (body.budgets as { id: string }[]).filter(({ id }) => id === tool);
    expect(listed).toMatchObject([{ scope: 'tool', daily_usd_cap: 6.5 }]);
    const removed = await broker.api('DELETE', path);
    expect([removed.status, removed.body]).toEqual([
      200,
      { scope: 'tool', id: tool, ...DAILY, status: 'removed' },
    ]);
    expect((await broker.api('DELETE', path)).status).toBe(404);
    expect((await broker.api('GET', path)).status).toBe(404);
  });

  it('a default over * stands for each id without its own, and shows no balance of its own', async () => {
    const tenant = fresh('t');
    const path = `/v1/budgets/user/*?tenant_id=${tenant}`;
    const put = await broker.api('PUT', '/v1/budgets/user/*', {
      daily_usd_cap: 10,
      tenant_id: tenant,
    });
    expect(put.body).toEqual({
      scope: 'user',
      id: '*',
      tenant_id: tenant,
      source: 'operator',
      ...DAILY,
      daily_usd_cap: 10,
      live_keys: 0,
    });
    const user = (user_id: string) => broker.issue({ subject: { tenant_id: tenant, user_id } });
    expect((await pay(await user('a'))).status).toBe(200);
    expect((await pay(await user('a'))).status).toBe(429);
    expect((await pay(await user('b'))).status).toBe(200);
    expect((await broker.api('DELETE', path)).status).toBe(200);
  });

  it('an id may hold anything that a label may hold, percent-encoded', async () => {
    for (const id of ['a/b', 'Jürgen 🛒', '100%', 'a+b&c=d', '..', "it's", '?#;']) {
      const path = `/v1/budgets/run/${encodeURIComponent(id)}`;
      expect((await broker.api('PUT', path, { daily_usd_cap: 1 })).body.id).toBe(id);
      expect((await broker.api('DELETE', path)).status).toBe(200);
    }
    for (const id of ['%', '%2', '%zz', '%ff', 'a%00b%', '%c0%af', 'a"b', 'a{b}']) {
      const answer = await broker.api('GET', `/v1/budgets/run/${id}`);
      expect([id, answer.status, answer.body.code]).toEqual([id, 400, 'invalid_request']);
    }
  });

  it('names every bad field', async () => {
    const put = (path: string, body: unknown) => fieldsOf('PUT', `/v1/budgets/${path}`, body);
    expect(await put('user/u', {})).toEqual(['daily_usd_cap']);
    expect(await put('user/u', null)).toEqual(['']);
    expect(await put('all/u', { daily_usd_cap: 1 })).toEqual(['scope']);
    expect(await put('user/%20', { daily_usd_cap: '1' })).toEqual(['id', 'daily_usd_cap']);
    expect(await put('user/a%0Ab', { daily_usd_cap: 1 })).toEqual(['id']);
    expect(await put('vendor/paypal', { daily_usd_cap: 1 })).toEqual(['id']);
    expect(await put('user/u', { daily_usd_cap: 1, tenant_id: null })).toEqual(['tenant_id']);
    expect(await put('user/u', { daily_usd_cap: 1, user_id: 'u' })).toEqual(['user_id']);
    expect(await put('tool/t', { daily_usd_cap: 1, tenant_id: 't' })).toEqual(['tenant_id']);
    expect(await fieldsOf('GET', '/v1/budgets/user/u?tenant=t')).toEqual(['tenant']);
    expect(await fieldsOf('DELETE', '/v1/budgets/user/u?tenant_id=a&tenant_id=b')).toEqual([
      'tenant_id',
    ]);
  });
});

describe('/v1/brakes', () => {
  it('POST stops standing keys and new ones, says how many it hit, and outlives a restart', async () => {
    const own = await BrokerProcess.start({ vendor });
    const subject = { user_id: 'u1', run_id: 'r1' };
    const hit = [await own.issue({ subject }), await own.issue({ subject })];
    const other = await own.issue({ subject: { ...subject, run_id: 'r2' } });
    const put = await own.api('POST', '/v1/brakes', { scope: 'run', id: 'r1', reason: 'runaway' });
    expect([put.status, put.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^brk_[0-9A-Za-z]{22}$/),
        scope: 'run',
        target: 'r1',
        reason: 'runaway',
        set_by: 'app',
        created_at: expect.any(String),
        hit: 2,
      },
    ]);
    await own.kill('SIGKILL');
    const again = await own.restart();
    const call = ({ token }: IssuedKey) =>
      again.call(token, 'POST', '/v1/payment_intents', { body: PAYMENT });
    const refused = await call(hit[0] as IssuedKey);
    expect([refused.status, refused.body]).toMatchObject([
      403,
      { code: 'braked', scope: 'run', reason: 'runaway' },
    ]);
    expect((await call(other)).status).toBe(200);
    const issue = { label: 'x', vendor: 'stripe', daily_usd_cap: 1 };
    const fields = { ...issue, allowed_endpoints: ['/v1/charges'], subject };
    const issued = await again.api('POST', '/v1/keys', fields);
    expect([issued.status, issued.body.code]).toEqual([403, 'braked']);
    const ids = ({ keys }: { keys: { id: string }[] }) => keys.map(({ id }) => id).sort();
    const braked = await again.api('GET', '/v1/keys?status=braked');
    expect(ids(braked.body)).toEqual(hit.map(({ id }) => id).sort());
    expect(ids((await again.api('GET', '/v1/keys?status=active')).body)).toEqual([other.id]);

    const lifted = await again.api('DELETE', `/v1/brakes/${put.body.id}`);
    expect([lifted.status, lifted.body]).toEqual([
      200,
      { id: put.body.id, status: 'lifted', lifted_at: expect.any(String) },
    ]);
    expect((await again.api('DELETE', `/v1/brakes/${put.body.id}`)).status).toBe(404);
    expect((await call(hit[0] as IssuedKey)).status).toBe(200);
  });

  it.each(['tenant', 'user', 'run', 'tool', 'vendor', 'key', 'all'])(
    'stops by the scope %s, until it is lifted',
    async (scope) => {
      const own = await BrokerServer.start(vendor);
      const key = await own.issue({
        subject: { tenant_id: 'x', user_id: 'x', run_id: 'x', tool: 'x' },
      });
      const id = { vendor: 'stripe', key: key.id }[scope] ?? 'x';
      const { body } = await own.api('POST', '/v1/brakes', { scope, id, reason: 'stop' });
      expect(body.hit).toBe(1);
      const call = () => own.call(key.token, 'POST', '/v1/payment_intents', { body: PAYMENT });
      expect((await call()).body).toMatchObject({ code: 'braked', scope, reason: 'stop' });
      expect((await own.api('GET', '/v1/brakes')).body.brakes).toMatchObject([{ scope }]);
      await own.api('DELETE', `/v1/brakes/${body.id}`);
      expect((await call()).status).toBe(200);
      expect((await own.api('GET', '/v1/brakes')).body.brakes).toEqual([]);
    },
  );

  it('stops a user in one tenant alone where it names one', async () => {
    const user = fresh('u');
    const [here, there] = [
      await broker.issue({ subject: { tenant_id: 'here', user_id: user } }),
      await broker.issue({ subject: { tenant_id: 'there', user_id: user } }),
    ];
    const put = { scope: 'user', id: user, tenant_id: 'here', reason: 'stop' };
    expect((await broker.api('POST', '/v1/brakes', put)).body).toMatchObject({
      tenant_id: 'here',
      hit: 1,
    });
    expect((await pay(here)).body.code).toBe('braked');
    expect((await pay(there)).status).toBe(200);
  });

  it('lets go by itself where it was set for a time', async () => {
    const key = await broker.issue();
    const put = { scope: 'key', id: key.id, reason: 'a moment', expires_in: '3s' };
    const { body } = await broker.api('POST', '/v1/brakes', put);
    expect((await pay(key)).body.code).toBe('braked');
    const left = Date.parse(body.expires_at) - Date.now() + 50;
    await new Promise((resolve) => setTimeout(resolve, left));
    expect((await pay(key)).status).toBe(200);
    expect((await broker.api('DELETE', `/v1/brakes/${body.id}`)).status).toBe(404);
  });

  it('names every bad field', async () => {
    const bad = (body: unknown) => fieldsOf('POST', '/v1/brakes', body);
    const good = { scope: 'user', id: 'u', reason: 'r' };
    expect(await bad({})).toEqual(['scope', 'reason']);
    expect(await bad([])).toEqual(['']);
    expect(await bad({ ...good, scope: 'account' })).toEqual(['scope']);
    expect(await bad({ ...good, id: undefined })).toEqual(['id']);
    expect(await bad({ ...good, id: '', reason: 'a\nb', expires_in: '2d' })).toEqual([
      'id',
      'reason',
      'expires_in',
    ]);
    expect(await bad({ ...good, expires_in: null })).toEqual(['expires_in']);
    expect(await bad({ ...good, tenant_id: '' })).toEqual(['tenant_id']);
    expect(await bad({ ...good, scope: 'tenant', tenant_id: 't' })).toEqual(['tenant_id']);
    expect(await bad({ ...good, scope: 'vendor', id: 'Stripe' })).toEqual(['id']);
    expect(await bad({ ...good, scope: 'key', id: 'vk_nobody' })).toEqual(['id']);
  });
});

describe('a field or a parameter that a call of ours does not have', () => {
  it.each([
    ['POST', '/v1/brakes', { scope: 'user', id: 'u', tennant_id: 't', reason: 'r' }, 'tennant_id'],
    ['POST', '/v1/brakes', { scope: 'user', id: 'u', reason: 'r', expires: '1h' }, 'expires'],
    ['PUT', '/v1/budgets/user/u', { daily_usd_cap: 1, tennant_id: 't' }, 'tennant_id'],
    ['POST', '/v1/leases', { ttl_seconds: 60, label: 'x' }, 'label'],
    ['POST', '/v1/leases/lease_1/renew', { ttl_seconds: 60 }, 'ttl_seconds'],
    ['POST', '/v1/keys/revoke', { ids: ['vk_1'], reason: 'r' }, 'reason'],
    ['POST', '/v1/holds/call_1/settle', { usd: 1, currency: 'eur' }, 'currency'],
    ['POST', '/v1/holds/call_1/release', { usd: 1 }, 'usd'],
    ['GET', '/v1/brakes?tenant_id=t', undefined, 'tenant_id'],
    ['POST', '/v1/brakes?tenant_id=t', { scope: 'all', reason: 'r' }, 'tenant_id'],
    ['DELETE', '/v1/brakes/brk_1?tenant_id=t', undefined, 'tenant_id'],
    ['PUT', '/v1/budgets/user/u?tenant_id=t', { daily_usd_cap: 1 }, 'tenant_id'],
    ['DELETE', '/v1/budgets/user/u?tennant_id=t', undefined, 'tennant_id'],
    ['GET', '/v1/budgets?scop=user', undefined, 'scop'],
    ['GET', '/v1/keys?tennant_id=t', undefined, 'tennant_id'],
    ['GET', '/v1/keys/vk_1?verbose=1', undefined, 'verbose'],
    ['GET', '/v1/holds?status=unknown', undefined, 'status'],
    ['GET', '/v1/audit?user=u', undefined, 'user'],
  ])('%s %s %j is refused, and named', async (method, path, body, named) => {
    expect(await fieldsOf(method, path, body)).toEqual([named]);
  });

  it('is refused within subject and budgets of an issue, and passed over beside them', async () => {
    const key = {
      label: 'x',
      vendor: 'stripe',
      daily_usd_cap: 1,
      allowed_endpoints: ['/v1/charges'],
      note: 'a field of another version',
    };
    const subject = { user_id: 'u', tennant_id: 't' };
    const budgets = { user: 1, tennant: 1 };
    expect(await fieldsOf('POST', '/v1/keys', { ...key, subject, budgets })).toEqual([
      'subject.tennant_id',
      'budgets.tennant',
    ]);
    expect((await broker.api('POST', '/v1/keys?note=1', key)).status).toBe(201);
  });
});

describe('the answer to an issue', () => {
  it('echoes every field of ours that is enforced, and none that was not sent', async () => {
    const parent = await broker.issue();
    expect(Object.keys(parent)).not.toEqual(expect.arrayContaining(['subject']));
    const lease = (await broker.api('POST', '/v1/leases', { ttl_seconds: 60 })).body;
    const sent = {
      subject: { tenant_id: 't', user_id: 'u', run_id: 'r', tool: 'T.x' },
      budgets: { tenant: 1000, user: 12.34, run: 0, tool: 5 },
      parent_id: parent.id,
      lease_id: lease.id,
    };
    expect(await broker.issue(sent)).toMatchObject(sent);
    for (const field of ['budgets', 'parent_id', 'lease_id'])
      expect(parent).not.toHaveProperty(field);
  });
});

describe('a text that people read', () => {
  const TEXTS = [
    'a\u202eb',
    'a\u200bb',
    'a\u00adb',
    'a\ufeffb',
    'a\u2066b',
    'a\u061cb',
    'a\u200db',
    'flag \u{1f3f4}\u{e0067}\u{e007f}',
    'a\u2028b',
    'a\u0085b',
    'a\u3164b',
    'a\ud800b',
  ];

  it.each(TEXTS.map((text) => [escape(text), text]))('may not hold %s', async (_, text) => {
    const put = { scope: 'user', id: text, tenant_id: text, reason: text };
    expect(await fieldsOf('POST', '/v1/brakes', put)).toEqual(['id', 'tenant_id', 'reason']);
    const subject = { user_id: text, run_id: 'r' };
    const key = { vendor: 'stripe', daily_usd_cap: 1, allowed_endpoints: ['/v1/charges'] };
    expect(await fieldsOf('POST', '/v1/keys', { ...key, label: text, subject })).toEqual([
      'label',
      'subject.user_id',
    ]);
    if (!text.isWellFormed()) return;
    const path = `/v1/budgets/user/${encodeURIComponent(text)}`;
    expect(await fieldsOf('PUT', path, { daily_usd_cap: 1 })).toEqual(['id']);
  });

  it('may hold every script, and emoji with what joins them', async () => {
    for (const label of [
      'Zoë',
      '王小明',
      'שלום',
      'محمد',
      '🙂',
      '👩🏽‍🚀',
      '❤️‍🔥',
      '👨‍👩‍👧',
      '🙂'.repeat(200),
    ]) {
      expect(await broker.issue({ label })).toMatchObject({ label });
    }
  });
});

describe('/v1/leases', () => {
  it('a key dies with its lease when that ends', async () => {
    const begun = await broker.api('POST', '/v1/leases', { ttl_seconds: 60 });
    expect([begun.status, begun.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^lease_[0-9A-Za-z]{22}$/),
        ttl_seconds: 60,
        expires_at: expect.any(String),
      },
    ]);
    const { id } = begun.body;
    const key = await broker.issue({ lease_id: id });
    expect((await pay(key)).status).toBe(200);
    const renewed = await broker.api('POST', `/v1/leases/${id}/renew`);
    expect([renewed.status, renewed.body.id]).toEqual([200, id]);
    expect(Date.parse(renewed.body.expires_at)).toBeGreaterThanOrEqual(
      Date.parse(begun.body.expires_at),
    );
    const ended = await broker.api('DELETE', `/v1/leases/${id}`);
    expect([ended.status, ended.body]).toEqual([200, { id, status: 'ended' }]);
    expect((await pay(key)).status).toBe(401);
    expect((await broker.api('POST', `/v1/leases/${id}/renew`)).status).toBe(404);
  });

  it('a key dies with its lease when that lapses, and no renewal brings it back', async () => {
    const { body } = await broker.api('POST', '/v1/leases', { ttl_seconds: 3 });
    const key = await broker.issue({ lease_id: body.id });
    const left = Date.parse(body.expires_at) - Date.now() + 50;
    await new Promise((resolve) => setTimeout(resolve, left));
    expect((await pay(key)).status).toBe(401);
    expect((await broker.api('GET', `/v1/keys/${key.id}`)).body.status).toBe('expired');
    expect((await broker.api('POST', `/v1/leases/${body.id}/renew`)).status).toBe(404);
  });

  it('takes no bad ttl_seconds, and knows no other lease', async () => {
    for (const ttl_seconds of [undefined, null, '60', 0, -1, 1.5, 86_401]) {
      expect(await fieldsOf('POST', '/v1/leases', { ttl_seconds })).toEqual(['ttl_seconds']);
    }
    expect((await broker.api('DELETE', '/v1/leases/lease_none')).status).toBe(404);
  });
});

describe('/v1/holds', () => {
  it('shows a hold whose end nobody knows, and settles it by an operator’s word', async () => {
    const key = await broker.issue({ daily_usd_cap: 25 });
    const hold = await unknownHold(key);
    expect(hold).toEqual({
      id: expect.stringMatching(/^call_/),
      key_id: key.id,
      vendor: 'stripe',
      object_id: null,
      state: 'unknown',
      held_usd: 10,
      settled_usd: 0,
      idempotency_key_hash: null,
      created_at: expect.any(String),
      ended_at: null,
    });
    expect(await broker.money(key)).toEqual({ spent: 0, held: 10, remaining: 15 });
    const settled = await broker.api('POST', `/v1/holds/${hold.id}/settle`, { usd: 9.999999 });
    expect([settled.status, settled.body]).toMatchObject([
      200,
      { id: hold.id, state: 'settled', settled_usd: 9.999999 },
    ]);
    expect(await broker.money(key)).toEqual({ spent: 9.999999, held: 0, remaining: 15.000001 });
    expect(await fieldsOf('POST', `/v1/holds/${hold.id}/settle`, { usd: 1 })).toEqual(['id']);
    expect(await fieldsOf('POST', `/v1/holds/${hold.id}/release`)).toEqual(['id']);
  });

  it('releases one by an operator’s word', async () => {
    const key = await broker.issue({ daily_usd_cap: 25 });
    const { id } = await unknownHold(key);
    const released = await broker.api('POST', `/v1/holds/${id}/release`);
    expect([released.status, released.body.state]).toEqual([200, 'released']);
    expect(await broker.money(key)).toEqual({ spent: 0, held: 0, remaining: 25 });
  });

  it('pages, and names every bad field', async () => {
    const key = await broker.issue({ daily_usd_cap: 100 });
    for (let i = 0; i < 3; i++) await pay(key);
    const path = `/v1/holds?state=settled&key_id=${key.id}&limit=2`;
    const first = (await broker.api('GET', path)).body;
    const second = (await broker.api('GET', `${path}&cursor=${first.cursor}`)).body;
    expect([first.holds.length, second.holds.length, second.cursor]).toEqual([2, 1, undefined]);
    expect(await fieldsOf('GET', '/v1/holds?state=open&colour=red')).toEqual(['state', 'colour']);
    for (const usd of [undefined, null, '1', -1, 0.0000001, 1_000_001]) {
      expect(await fieldsOf('POST', '/v1/holds/call_1/settle', { usd })).toEqual(['usd']);
    }
    expect((await broker.api('POST', '/v1/holds/call_1/settle', { usd: 1 })).status).toBe(404);
    expect((await broker.api('POST', '/v1/holds/call_1/release')).status).toBe(404);
  });
});

describe('GET /metrics', () => {
  it('needs the management token', async () => {
    expect((await send(broker.url, 'GET', '/metrics')).status).toBe(401);
  });

  it('counts calls by verdict, strangers, holds and keys, and names nobody', async () => {
    const own = await BrokerServer.start(vendor);
    const key = await own.issue({ subject: { user_id: 'somebody' } });
    const call = (target: string, token = key.token) =>
      own.call(token, 'POST', target, { body: PAYMENT });
    await call('/v1/payment_intents');
    await call('/v1/refunds');
    await call('/v1/payment_intents', 'nope');
    vendor.next('POST /v1/payment_intents', { reset: 'after' });
    await call('/v1/payment_intents');
    const { status, headers, text } = await own.api('GET', '/metrics');
    expect([status, headers['content-type']]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    for (const line of [
      'vault_key_calls_total{vendor="stripe",verdict="forwarded"} 1',
      'vault_key_calls_total{vendor="stripe",verdict="endpoint_not_allowed"} 1',
      'vault_key_calls_total{vendor="stripe",verdict="vendor_outcome_unknown"} 1',
      'vault_key_unknown_caller_refusals_total{code="invalid_key"} 1',
      'vault_key_live_keys 1',
      'vault_key_open_holds{state="held"} 0',
      'vault_key_open_holds{state="unknown"} 1',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).toMatch(/^vault_key_commits_total [1-9]\d*$/m);
    for (const secret of [key.id, key.token, 'somebody', 'nest-u1-r1', vendor.secretKey]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('failed log-ins', () => {
  it('are told to wait after too many, and the right token still gets in', async () => {
    const own = await BrokerProcess.start({ vendor });
    const statuses: number[] = [];
    const began = Date.now();
    for (let i = 0; i < 31; i++) {
      const answer = await send(own.url, 'GET', '/v1/keys', {
        headers: { authorization: `Bearer guess-${i}` },
      });
      statuses.push(answer.status);
      if (answer.status === 429) {
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
        expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60);
        expect(answer.body.code).toBe('too_many_log_ins');
      }
    }
    expect(statuses).toEqual([...Array(30).fill(401), 429]);
    expect((await own.api('GET', '/v1/keys')).status).toBe(200);
    expect(own.output).not.toContain('guess-');
    const lines = own.output.match(/refused a request from 127\.0\.0\.1: 401 unauthorized/g);
    expect(lines?.length).toBeLessThanOrEqual(Math.floor((Date.now() - began) / 1_000) + 1);
  });
});

describe("the operator's words", () => {
  /** What the command does with the words typed, in this process: each start takes a while. */
  const sayAt = async (word: string, ...words: string[]): Promise<Exit> => {
    let [stdout, stderr] = ['', ''];
    const code = await runOperatorCommand(
      word,
      words,
      { KEYBRAKE_TOKEN: broker.token },
      {
        out: (text) => (stdout += text),
        error: (line) => (stderr += `vault-key-broker ${line}\n`),
      },
    );
    return { code, signal: null, stdout, stderr };
  };
  const say = (word: string, ...words: string[]) => sayAt(word, ...words, '--url', broker.url);
  const widest = ({ stdout }: Exit) => Math.max(...stdout.split('\n').map(({ length }) => length));

  it('keys lists, shows and revokes', async () => {
    const user = fresh('u');
    const label = `nest-${'long'.repeat(40)}`;
    const key = await broker.issue({ label, subject: { user_id: user } });
    const listed = await say('keys', '--user', user);
    expect([listed.code, listed.stderr]).toEqual([0, '']);
    expect(listed.stdout).toMatch(new RegExp(`^ID .*\\n${key.id}  active  100\\.00 .*…\\n$`));
    expect(widest(listed)).toBeLessThanOrEqual(100);
    expect((await say('keys', 'show', key.id)).stdout).toContain('/v1/payment_intents/*');
    const revoked = await say('keys', 'revoke', key.id);
    expect([revoked.code, revoked.stdout]).toEqual([0, 'revoked 1\n']);
    const json = await say('keys', '--user', user, '--status', 'revoked', '--json');
    expect(JSON.parse(json.stdout).keys).toMatchObject([{ id: key.id, label }]);
    const none = await say('keys', 'revoke', 'vk_none');
    expect([none.code, none.stdout]).toEqual([1, 'revoked 0\nno key has the id vk_none\n']);
  });

  it('budgets sets, lists and removes', async () => {
    const user = fresh('u/ü');
    const set = await say('budgets', 'set', 'user', user, '12.50', '--tenant', 't1');
    expect([set.code, set.stdout]).toEqual([0, expect.stringContaining('12.50')]);
    const listed = await say('budgets');
    expect(listed.stdout).toContain(user);
    expect(widest(listed)).toBeLessThanOrEqual(100);
    const removed = await say('budgets', 'remove', 'user', user, '--tenant', 't1');
    expect([removed.code, removed.stdout]).toEqual([0, 'removed\n']);
    expect((await say('budgets', 'remove', 'user', user)).code).toBe(1);
  });

  it('budgets says who has set each, what is left of it, and how many live keys it caps', async () => {
    const user = fresh('u');
    const subject = { user_id: user, tenant_id: 't1' };
    await pay(await broker.issue({ subject, budgets: { user: 30 } }));
    const set = await say('budgets', 'set', 'user', user, '100');
    expect(set.stdout.split('\n').slice(1)).toEqual([
      expect.stringMatching(
        new RegExp(`^user +${user} +\\* +operator +day +100\\.00 +10\\.00 +0\\.00 +20\\.00$`),
      ),
      'caps 1 live key',
      '',
    ]);
    const { stdout } = await say('budgets');
    const rows = stdout.split('\n').filter((line) => line.includes(user));
    expect(rows).toEqual([
      expect.stringMatching(/\* +operator +day +100\.00 +10\.00 +0\.00 +20\.00$/),
      expect.stringMatching(/t1 +app +day +30\.00 +10\.00 +0\.00 +20\.00$/),
    ]);
    const effective = await say('budgets', 'effective', '--user', user, '--tenant', 't1');
    expect([effective.code, effective.stdout]).toEqual([
      0,
      expect.stringMatching(
        new RegExp(
          `^SCOPE .+\\nuser +${user} +operator .+ 90\\.00\\nuser +${user} +app .+ 20\\.00\\n$`,
        ),
      ),
    ]);
    const none = await say('budgets', 'set', 'user', user, '7', '--tenant', '');
    expect(none.stdout).toMatch(/\(none\) +operator +day +7\.00 .+\ncaps 0 live keys\n$/);
    expect((await say('budgets', 'remove', 'user', user, '--tenant', '')).code).toBe(0);
    expect((await say('budgets', 'remove', 'user', user)).code).toBe(0);
  });

  it('brake stops, lists, and lift lets go', async () => {
    const run = fresh('r');
    const key = await broker.issue({ subject: { run_id: run } });
    const put = await say('brake', 'run', run, '--reason', 'too many refunds', '--for', '1h');
    const id = /^(brk_\w+) stops 1 live key; lift it with: lift \1\n$/.exec(put.stdout)?.[1];
    expect([put.code, id]).toEqual([0, expect.any(String)]);
    expect((await pay(key)).body.code).toBe('braked');
    const listed = await say('brake');
    expect(listed.stdout).toMatch(new RegExp(`${id}  run    ${run} .* app +too many`));
    expect(widest(listed)).toBeLessThanOrEqual(100);
    expect((await say('lift', id ?? '')).stdout).toBe(`lifted ${id}\n`);
    expect((await pay(key)).status).toBe(200);
    const again = await say('lift', id ?? '');
    expect([again.code, again.stdout, again.stderr]).toEqual([
      1,
      '',
      'vault-key-broker lift: 404 not_found: There is no brake of that id.\n',
    ]);
  });

  it('holds lists those nobody knows the end of, settles and releases', async () => {
    const key = await broker.issue();
    const first = await unknownHold(key);
    const listed = await say('holds', '--key', key.id);
    expect(listed.stdout).toMatch(new RegExp(`${first.id}  unknown  10\\.00 .*${key.id}\\n$`));
    expect(widest(listed)).toBeLessThanOrEqual(100);
    expect((await say('holds', 'settle', first.id, '10')).stdout).toContain('settled');
    const other = await unknownHold(await broker.issue());
    expect((await say('holds', 'release', other.id)).stdout).toContain('released');
    expect((await say('holds', 'release', other.id)).code).toBe(1);
  });

  it('audit lists and verifies, against a head kept elsewhere too', async () => {
    await pay(await broker.issue());
    const listed = await say('audit', '--limit', '5');
    expect(listed.stdout).toMatch(/ call +settled +10\.00 .* POST \/v1\/payment_intents\n/);
    expect(widest(listed)).toBeLessThanOrEqual(100);
    const verified = await say('audit', 'verify');
    const head = /^\d+ rows hold\nhead ([0-9a-f]{64})\n$/.exec(verified.stdout)?.[1] ?? '';
    expect([verified.code, head]).toEqual([0, expect.stringMatching(/./)]);
    expect((await say('audit', 'verify', '--head', head)).code).toBe(0);
    const failed = await say('audit', 'verify', '--head', '0'.repeat(64));
    expect([failed.code, failed.stdout]).toEqual([1, expect.stringContaining('does not hold')]);
  });

  it.each([
    [['keys', 'frobnicate'], 'frobnicate'],
    [['keys', '--colour', 'red'], '--colour'],
    [['keys', 'revoke'], 'ID'],
    [['budgets', 'set', 'user', 'u'], 'USD'],
    [['budgets', 'set', 'user', 'u', '1e3'], '1e3'],
    [['budgets', '--tenant', 't'], '--tenant'],
    [['budgets', 'set', 'user', 'u', '5', '--run', 'r'], '--run'],
    [['budgets', 'effective', '--cursor', '1'], '--cursor'],
    [['budgets', 'effective', 'u'], 'u'],
    [['brake', 'user'], 'ID'],
    [['brake', 'user', 'u'], '--reason'],
    [['brake', '--reason', 'r'], 'SCOPE'],
    [['lift'], 'BRAKE_ID'],
    [['holds', 'settle', 'call_1'], 'USD'],
    [['audit', 'verify', 'now'], 'now'],
    [['budgets', 'set', 'user', '-u1', '5'], '--'],
    [['brake', 'user', 'u', '--reason', '-x'], '--option=-value'],
  ])('%j is bad usage: 2, and one line that names it', async ([word = '', ...words], named) => {
    const exit = await say(word, ...words);
    expect([exit.code, exit.stdout]).toEqual([2, '']);
    expect(exit.stderr).toMatch(/^vault-key-broker \w+: .+ \(see \w+ --help\)\n$/);
    expect(exit.stderr).toContain(named);
  });

  it('an id may begin with a dash after --, and may be two dots', async () => {
    const sayFirst = (word: string, ...words: string[]) =>
      sayAt(word, '--url', broker.url, ...words);
    const set = await sayFirst('budgets', 'set', '--tenant=-t', '--', 'user', '-u1', '5');
    expect([set.code, set.stderr]).toEqual([0, '']);
    const { body } = await broker.api('GET', '/v1/budgets/user/-u1?tenant_id=-t');
    expect(body).toMatchObject({ id: '-u1', tenant_id: '-t', daily_usd_cap: 5 });
    expect((await sayFirst('budgets', 'remove', '--tenant=-t', '--', 'user', '-u1')).code).toBe(0);
    expect((await sayFirst('budgets', 'set', 'run', '..', '5')).code).toBe(0);
    expect((await sayFirst('budgets', 'remove', 'run', '..')).code).toBe(0);
    const none = await sayFirst('keys', 'show', '--', '-key');
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('no key of that id')]);
    for (const id of ['..', '../budgets']) {
      const lifted = await sayFirst('lift', id);
      expect([lifted.code, lifted.stderr]).toEqual([1, expect.stringContaining('404 not_found')]);
    }
  });

  it('what the broker refuses is 1, with its own words on one line', async () => {
    const exit = await say('budgets', 'set', 'user', 'u', '0.001');
    expect([exit.code, exit.stdout]).toEqual([1, '']);
    expect(exit.stderr).toMatch(
      /^vault-key-broker budgets: 422 invalid_request: .+ 2 decimals.+\n$/,
    );
  });

  it('approvals lists what waits, shows all that is forwarded, and takes the answer', async () => {
    const user = fresh('u');
    const key = await broker.issue({ approve_above_usd: 5, subject: { user_id: user } });
    const { body } = await pay(key);
    const id = body.approval_id as string;
    const list = await say('approvals', '--user', user);
    expect(list.stdout).toMatch(/^ID +STATE +USD +CALL/);
    expect(list.stdout).toMatch(new RegExp(`${id} +pending +10\\.00 +POST /v1/pay`));
    expect((await say('approvals', 'show', id)).stdout).toContain('  amount = 1000\n');
    const approved = await say('approvals', 'approve', id, '--reason', 'order 7');
    expect([approved.code, approved.stdout]).toEqual([0, expect.stringContaining('approved')]);
    expect((await say('approvals', 'list', '--user', user)).stdout).not.toContain(id);
    expect((await pay(key)).status).toBe(200);
    const late = await say('approvals', 'deny', id);
    expect([late.code, late.stderr]).toEqual([1, expect.stringContaining('is used already')]);
    expect((await say('approvals', 'ask', id)).code).toBe(2);
  });

  it('each has help that fits a screen', async () => {
    for (const word of ['keys', 'budgets', 'approvals', 'brake', 'lift', 'holds', 'audit']) {
      const { code, stdout } = await say(word, '--help');
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: vault-key-broker ${word}`);
      expect(stdout.split('\n').length).toBeLessThanOrEqual(24);
      expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
    }
  });

  it('the token goes over no network in the clear, and where there is no broker the line says so', async () => {
    const run = (url: string, env: Record<string, string> = {}) =>
      BrokerProcess.run({ args: ['keys', '--url', url], env });
    const clear = await run('http://broker.example.com');
    expect([clear.code, clear.stderr]).toEqual([2, expect.stringContaining('--url')]);
    const nobody = await run('http://127.0.0.1:9');
    expect([nobody.code, nobody.stderr]).toEqual([
      1,
      'vault-key-broker keys: no broker answers at http://127.0.0.1:9 (ECONNREFUSED): start vault-key-broker, or name the one that runs with --url\n',
    ]);
    const none = await run(broker.url, { KEYBRAKE_TOKEN: '' });
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('KEYBRAKE_TOKEN')]);
  });
});

describe('the list of keys by status', () => {
  it('is answered with no brake at all, and under a brake of each scope', async () => {
    const own = await BrokerServer.start(vendor);
    const subject = { tenant_id: 't1', user_id: 'u1', run_id: 'r1', tool: 'Tool.pay' };
    const { id } = await own.issue({ subject });
    const idsOf = async (status: string): Promise<string[]> => {
      const { status: code, body } = await own.api('GET', `/v1/keys?status=${status}`);
      expect([status, code]).toEqual([status, 200]);
      return (body.keys as { id: string }[]).map((key) => key.id);
    };
    const lists = async () => [await idsOf('active'), await idsOf('braked')];
    expect(await lists()).toEqual([[id], []]);
    const targets = { tenant: 't1', user: 'u1', run: 'r1', tool: 'Tool.pay', vendor: 'stripe' };
    for (const [scope, target] of Object.entries({ ...targets, key: id, all: '' })) {
      const brake = await own.api('POST', '/v1/brakes', {
        scope,
        ...(scope === 'all' ? {} : { id: target }),
        reason: 'a test',
      });
      expect([scope, brake.status]).toEqual([scope, 201]);
      expect([scope, ...(await lists())]).toEqual([scope, [], [id]]);
      await own.api('DELETE', `/v1/brakes/${brake.body.id}`);
    }
    expect(await lists()).toEqual([[id], []]);
  });

  it('counts no brake that has ended by itself', async () => {
    const own = await BrokerServer.start(vendor);
    const { id } = await own.issue({ subject: { user_id: 'u1' } });
    const listed = async (status: string) => {
      const { body } = await own.api('GET', `/v1/keys?status=${status}`);
      return (body.keys as { id: string }[]).map((key) => key.id);
    };
    const targets = [{ scope: 'user', id: 'u1' }, { scope: 'all' }];
    for (const target of targets) {
      const { status } = await own.api('POST', '/v1/brakes', {
        ...target,
        reason: 'a test',
        expires_in: '1s',
      });
      expect(status).toBe(201);
    }
    await until(
      async () => (await own.api('GET', '/v1/brakes')).body.brakes.length === 0,
      () => 'a brake has not ended',
    );
    expect([await listed('active'), await listed('braked')]).toEqual([[id], []]);
  });
});
