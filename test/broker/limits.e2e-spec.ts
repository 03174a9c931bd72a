import { BrokerServer } from '../support/broker-server';
import { send } from '../support/broker-process';
import type { IssuedKey } from '../support/broker-process';
import { RecordingVendor } from './recording-vendor';

const LIMITS = {
  per_call_usd: 12.5,
  calls_per_minute: 3,
  customers: ['cus_1', 'cus_2'],
  destinations: ['acct_1'],
  currencies: ['usd'],
};
/** What the vendor says of its objects. */
const OBJECTS: Readonly<Record<string, object>> = {
  '/v1/payment_methods/pm_1': { id: 'pm_1', customer: 'cus_1' },
  '/v1/payment_methods/pm_9': { id: 'pm_9', customer: 'cus_9' },
  '/v1/payment_intents/pi_1': { id: 'pi_1', customer: 'cus_1' },
  '/v1/payment_intents/pi_9': { id: 'pi_9', customer: 'cus_9' },
};

let vendor: RecordingVendor;
let broker: BrokerServer;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterEach(() => broker.close());
afterAll(() => vendor.close());
beforeEach(async () => {
  vendor.reset();
  vendor.respond = (req, res, { method, target }) => {
    const object = method === 'GET' ? OBJECTS[target] : undefined;
    res.statusCode = method === 'GET' && object === undefined ? 404 : 200;
    res.end(JSON.stringify(object ?? {}));
  };
  broker = await BrokerServer.start(vendor);
});

const PATHS = [
  'customers',
  'customers/*',
  'payment_intents',
  'payment_intents/*',
  'refunds',
  'charges',
];
const ALL = ['GET', 'POST'].flatMap((method) => PATHS.map((path) => `${method} /v1/${path}`));
const issue = (limits: object, fields = {}): Promise<IssuedKey> =>
  broker.issue({
    limits,
    allowed_endpoints: [...ALL, '/v1/transfers', '/v1/payouts', '/v1/payment_intents/*/cancel'],
    daily_usd_cap: 10_000,
    ...fields,
  });
const post = ({ token }: IssuedKey, path: string, body = '', headers = {}) =>
  broker.call(token, 'POST', `/v1/${path}`, { body, headers });
const get = ({ token }: IssuedKey, path: string) => broker.call(token, 'GET', `/v1/${path}`);
const pay = (key: IssuedKey, more = '', headers = {}) =>
  post(key, 'payment_intents', `amount=1000&currency=usd${more}`, headers);
const verdict = ({ status, body }: { status: number; body: Record<string, unknown> }) =>
  [status, body['code'], body['limit'], body['parameter']].filter((each) => each !== undefined);

describe('the limits of a key', () => {
  it('are echoed when it is issued, and shown with it', async () => {
    const key = await issue(LIMITS);
    expect((key as unknown as { limits: unknown }).limits).toEqual(LIMITS);
    const { body } = await broker.api('GET', `/v1/keys/${key.id}`);
    expect(body['limits']).toEqual(LIMITS);
    const own = await send(broker.url, 'GET', '/v1/keys/current', {
      headers: { authorization: `Bearer ${key.token}` },
    });
    expect(own.body['limits']).toEqual(LIMITS);
    const without = await broker.issue();
    expect(Object.keys(without)).not.toContain('limits');
  });

  it('are refused with every bad field', async () => {
    const { status, body } = await broker.api('POST', '/v1/keys', {
      label: 'a label',
      vendor: 'stripe',
      daily_usd_cap: 5,
      allowed_endpoints: ['/v1/refunds'],
      limits: {
        per_call_usd: '5',
        calls_per_minute: 100_001,
        customers: ['cus_1', 7, 'acct_1'],
        destinations: Array.from({ length: 101 }, () => 'acct_1'),
        currencies: [''],
        per_call: 5,
      },
    });
    expect(status).toBe(422);
    const fields = body['fields'] as { field: string }[];
    expect(fields.map(({ field }) => field)).toEqual([
      'limits.per_call',
      'limits.per_call_usd',
      'limits.calls_per_minute',
      'limits.customers[1]',
      'limits.customers[2]',
      'limits.destinations',
      'limits.currencies[0]',
    ]);
    for (const limits of [null, [], 'none', 5]) {
      const refused = await broker.api('PUT', '/v1/budgets/user/u1', { daily_usd_cap: 5, limits });
      expect([refused.status, (refused.body['fields'] as { field: string }[])[0]?.field]).toEqual([
        422,
        'limits',
      ]);
    }
  });

  it('refuse a call above per_call_usd, and one in another currency', async () => {
    const key = await issue({ per_call_usd: 12.5, currencies: ['USD'] });
    expect((await post(key, 'payment_intents', 'amount=1250&currency=usd')).status).toBe(200);
    const above = await post(key, 'payment_intents', 'amount=1251&currency=usd');
    expect(verdict(above)).toEqual([403, 'limit_exceeded', 'per_call_usd']);
    expect(above.headers['stripe-should-retry']).toBe('false');
    const { error } = above.body as unknown as { error: { message: string; scope: string } };
    expect(error).toMatchObject({
      scope: 'key',
      message:
        'The key is limited by per_call_usd: after this call its object may cost $12.51, and one call may bring it to $12.50. Do not retry it.',
    });
    const others = await issue({ currencies: ['eur'] });
    expect(verdict(await pay(others))).toEqual([403, 'limit_exceeded', 'currencies']);
    expect(vendor.received).toHaveLength(1);
  });

  it('let as many calls pass in a minute as they say: 429 rate_limited with Retry-After', async () => {
    const key = await issue({ calls_per_minute: 2 });
    const retried = { 'Idempotency-Key': 'once' };
    expect((await pay(key, '', retried)).status).toBe(200);
    expect((await pay(key, '', retried)).status).toBe(200);
    expect((await post(key, 'customers')).status).toBe(200);
    const refused = await pay(key);
    expect(verdict(refused)).toEqual([429, 'rate_limited', 'calls_per_minute']);
    const wait = Number(refused.headers['retry-after']);
    expect([wait >= 55, wait <= 61]).toEqual([true, true]);
    expect((await pay(key, '', retried)).status).toBe(200);
    expect((await get(key, 'payment_intents/pi_1')).status).toBe(200);
  });

  it('let payouts and transfers go only where they may go', async () => {
    const key = await issue({ destinations: ['acct_1'] });
    const transfer = (more: string) => post(key, 'transfers', `amount=100&currency=usd${more}`);
    expect((await transfer('&destination=acct_1')).status).toBe(200);
    expect(verdict(await transfer('&destination=acct_2'))).toEqual([
      403,
      'limit_exceeded',
      'destinations',
      'destination',
    ]);
    expect(verdict(await transfer(''))).toEqual([403, 'limit_exceeded', 'destinations']);
    expect(verdict(await post(key, 'payouts', 'amount=100&currency=usd'))).toEqual([
      403,
      'limit_exceeded',
      'destinations',
    ]);
    expect((await pay(key)).status).toBe(200);
    expect((await pay(key, '&transfer_data[destination]=acct_1')).status).toBe(200);
    expect(verdict(await pay(key, '&transfer_data[destination]=acct_2'))).toEqual([
      403,
      'limit_exceeded',
      'destinations',
      'transfer_data[destination]',
    ]);
  });
});

describe('a key that is limited to customers', () => {
  let key: IssuedKey;
  beforeEach(async () => {
    key = await issue({ customers: ['cus_1', 'cus_2'] });
  });

  it('pays for them alone, with what is theirs', async () => {
    expect((await pay(key, '&customer=cus_1')).status).toBe(200);
    expect((await pay(key, '&customer=cus_1&payment_method=pm_1')).status).toBe(200);
    vendor.received.length = 0;
    expect(verdict(await pay(key, '&customer=cus_9'))).toEqual([
      403,
      'limit_exceeded',
      'customers',
      'customer',
    ]);
    expect(verdict(await pay(key))).toEqual([403, 'limit_exceeded', 'customers']);
    const foreign = await pay(key, '&customer=cus_1&payment_method=pm_9');
    expect(verdict(foreign)).toEqual([403, 'limit_exceeded', 'customers', 'payment_method']);
    // Whose it is, the key may not know.
    expect(JSON.stringify(foreign.body)).not.toContain('cus_9');
    expect(verdict(await pay(key, '&customer=cus_1&payment_method=pm_none'))).toEqual([
      403,
      'parameter_not_allowed',
      'customers',
      'payment_method',
    ]);
    expect(verdict(await pay(key, '&customer=cus_1&confirmation_token=ctoken_1'))).toEqual([
      403,
      'parameter_not_allowed',
      'customers',
      'confirmation_token',
    ]);
    expect(vendor.received.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'GET /v1/payment_methods/pm_9',
      'GET /v1/payment_methods/pm_none',
    ]);
  });

  it('does to their objects alone what it may do', async () => {
    expect((await post(key, 'payment_intents/pi_1/cancel')).status).toBe(200);
    expect(verdict(await post(key, 'payment_intents/pi_9/cancel'))).toEqual([
      403,
      'limit_exceeded',
      'customers',
    ]);
    expect(verdict(await post(key, 'refunds', 'payment_intent=pi_9&amount=5'))).toEqual([
      403,
      'limit_exceeded',
      'customers',
      'payment_intent',
    ]);
  });

  it('reads only what is theirs', async () => {
    expect((await get(key, 'payment_intents/pi_1')).status).toBe(200);
    for (const path of [
      'payment_intents/pi_9',
      'payment_intents',
      'customers',
      'customers/cus_9',
    ]) {
      expect(verdict(await get(key, path))).toEqual([403, 'limit_exceeded', 'customers']);
    }
    vendor.received.length = 0;
    await get(key, 'charges?customer=cus_2&limit=3');
    await get(key, 'customers/cus_1');
    expect(vendor.received.map(({ target }) => target)).toEqual([
      '/v1/charges?customer=cus_2&limit=3',
      '/v1/customers/cus_1',
    ]);
    const refused = await get(key, 'charges?customer=cus_1&customer=cus_9');
    expect(verdict(refused)).toEqual([403, 'parameter_not_allowed', 'customers', 'query']);
  });

  it('leaves a row of what was refused, and why', async () => {
    await pay(key, '&customer=cus_9');
    const { body } = await broker.api('GET', '/v1/audit?verdict=limit_exceeded');
    expect((body['entries'] as object[])[0]).toMatchObject({
      event: 'refusal',
      path: '/v1/payment_intents',
      reason: expect.stringContaining('customer names what belongs to none of its customers'),
    });
  });
});

describe('the limits of a budget', () => {
  const put = (path: string, limits: object, more = {}) =>
    broker.api('PUT', `/v1/budgets/${path}`, { daily_usd_cap: 1_000, limits, ...more });

  it('are shown with it, and go where it is set without them', async () => {
    expect((await put('user/u1', LIMITS)).body['limits']).toEqual(LIMITS);
    expect((await broker.api('GET', '/v1/budgets/user/u1')).body['limits']).toEqual(LIMITS);
    const { body } = await broker.api('GET', '/v1/budgets');
    expect((body['budgets'] as object[])[0]).toMatchObject({ limits: LIMITS });
    const without = await broker.api('PUT', '/v1/budgets/user/u1', { daily_usd_cap: 1_000 });
    expect(without.body).not.toHaveProperty('limits');
  });

  it("hold for every key under it, along with the key's own, from its answer on", async () => {
    const subject = { tenant_id: 't1', user_id: 'u1' };
    const key = await issue({ customers: ['cus_1', 'cus_9'] }, { subject });
    expect((await pay(key, '&customer=cus_9')).status).toBe(200);
    await put('user/u1', { customers: ['cus_1', 'cus_2'], per_call_usd: 10 });
    expect((await pay(key, '&customer=cus_1')).status).toBe(200);
    expect(verdict(await pay(key, '&customer=cus_9'))).toEqual([
      403,
      'limit_exceeded',
      'customers',
      'customer',
    ]);
    expect(verdict(await pay(key, '&customer=cus_2'))).toEqual([
      403,
      'limit_exceeded',
      'customers',
      'customer',
    ]);
    // A key without limits of its own is asked too.
    const other = await broker.issue({ subject, daily_usd_cap: 100 });
    const refused = await pay(other, '&customer=cus_9');
    expect([...verdict(refused), refused.body['scope']]).toEqual([
      403,
      'limit_exceeded',
      'customers',
      'customer',
      'user',
    ]);
    await put('vendor/stripe', { calls_per_minute: 1 });
    expect((await pay(other, '&customer=cus_1')).status).toBe(200);
    expect(verdict(await pay(key, '&customer=cus_1'))).toEqual([
      429,
      'rate_limited',
      'calls_per_minute',
    ]);
  });

  it('hold for the invocations inside an invocation', async () => {
    const outer = await issue({ customers: ['cus_1'], per_call_usd: 10 });
    const inner = await issue({ per_call_usd: 100 }, { parent_id: outer.id });
    expect((await pay(inner, '&customer=cus_1')).status).toBe(200);
    expect((await pay(inner, '&customer=cus_9')).body['scope']).toBe('parent');
    const above = await post(inner, 'payment_intents', 'amount=1001&currency=usd&customer=cus_1');
    expect([...verdict(above), above.body['scope']]).toEqual([
      403,
      'limit_exceeded',
      'per_call_usd',
      'parent',
    ]);
  });
});
