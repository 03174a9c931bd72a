import { writeFileSync } from 'node:fs';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import type { IssuedKey } from '../support/broker-process';
import { RecordingVendor } from './recording-vendor';

const EVERYTHING = [1, 2, 3, 4].map((levels) => `/v1${'/*'.repeat(levels)}`);

let vendor: RecordingVendor;
let broker: BrokerProcess;
let key: IssuedKey;
/** A payment that no other test knows. */
let id: string;
let payments = 0;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
  const file = temporaryFile('broker.json');
  const stripe = { accounts: ['acct_1', 'acct_2'], rates: { eur: 1.09 }, connections: 8 };
  writeFileSync(file, JSON.stringify({ vendors: { stripe } }));
  broker = await BrokerProcess.start({ vendor, args: ['--config', file] });
});
afterAll(() => vendor.close());
beforeEach(async () => {
  vendor.reset();
  payments += 1;
  id = `pi_${payments}`;
  objects.clear();
  vendor.respond = (req, res, { method, target }) => {
    const [, , kind = '', own = ''] = (target.split('?')[0] ?? '').split('/');
    const known = { id: own, object: kind.slice(0, -1), ...objects.get(own) };
    res.end(JSON.stringify(method === 'GET' ? known : { ...known, ...answers.get(own) }));
  };
  answers.clear();
  key = await issue(100);
});

/** What the vendor shows of an object, and what its answers to calls on it change. */
const objects = new Map<string, Record<string, unknown>>();
const answers = new Map<string, Record<string, unknown>>();

const issue = (cap: number, fields = {}) =>
  broker.issue({ daily_usd_cap: cap, allowed_endpoints: EVERYTHING, ...fields });
const post = (path: string, body = '', headers = {}) =>
  broker.call(key.token, 'POST', `/v1/${path}`, { body, headers });
const spent = async () => (await broker.money(key)).spent;
const asked = () => vendor.received.map(({ method, target }) => `${method} ${target}`);
const authorised = (amount: number, more = {}) => ({
  amount,
  amount_capturable: amount,
  amount_received: 0,
  currency: 'usd',
  status: 'requires_capture',
  latest_charge: `ch_${payments}`,
  ...more,
});

describe('what adds to a payment that was authorised elsewhere', () => {
  it('an increment holds its new total, and the capture of it nothing more', async () => {
    objects.set(id, authorised(2_000));
    answers.set(id, { amount: 3_000 });
    expect(
      (await post(`payment_intents/${id}/increment_authorization`, 'amount=3000')).status,
    ).toBe(200);
    expect(await spent()).toBe(30);
    answers.set(id, { amount: 3_000, amount_received: 3_000, status: 'succeeded' });
    expect((await post(`payment_intents/${id}/capture`)).status).toBe(200);
    expect(await spent()).toBe(30);
    // What the ledger has paid for, it knows.
    expect(asked().filter((call) => call.startsWith('GET'))).toEqual([
      `GET /v1/payment_intents/${id}`,
    ]);
  });

  it('a change of its total holds that, and one that names no money nothing', async () => {
    objects.set(id, authorised(2_000, { status: 'requires_payment_method' }));
    await post(`payment_intents/${id}`, 'capture_method=manual');
    expect(await spent()).toBe(0);
    answers.set(id, { amount: 2_500 });
    const changed = await post(`payment_intents/${id}`, 'amount=2500');
    expect(changed.status).toBe(200);
    expect(await spent()).toBe(25);
  });

  it('a change of its currency is refused', async () => {
    objects.set(id, authorised(2_000, { currency: 'eur' }));
    const answer = await post(`payment_intents/${id}`, 'amount=2000&currency=usd');
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_amount']);
    expect(asked()).toEqual([`GET /v1/payment_intents/${id}`]);
  });

  it('customer balance that is applied holds the whole payment', async () => {
    objects.set(id, authorised(2_000, { status: 'requires_payment_method', latest_charge: null }));
    await post(`payment_intents/${id}/apply_customer_balance`);
    expect(await spent()).toBe(20);
  });

  it('a fee within it may not be larger than what is captured of it', async () => {
    objects.set(id, authorised(2_000));
    const answer = await post(`payment_intents/${id}/capture`, 'application_fee_amount=2001');
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_amount']);
    expect(
      (await post(`payment_intents/${id}/capture`, 'application_fee_amount=2000')).status,
    ).toBe(200);
  });
});

describe('a payment that changes at the vendor after it was looked up', () => {
  it('is asked for again where its amount decides: what it was is not what it costs', async () => {
    objects.set(id, authorised(1_000, { status: 'requires_confirmation', latest_charge: null }));
    answers.set(id, {});
    vendor.respond = declineOnce(vendor.respond);
    expect((await post(`payment_intents/${id}/confirm`)).status).toBe(400);
    expect(await spent()).toBe(0);
    objects.set(id, authorised(5_000, { status: 'requires_confirmation', latest_charge: null }));
    await post(`payment_intents/${id}/confirm`);
    expect(await spent()).toBe(50);
  });

  it('shows no client_secret that confirms more than is held', async () => {
    objects.set(id, authorised(1_000, { client_secret: `${id}_secret_abc` }));
    await post('refunds', `payment_intent=${id}&amount=1`);
    vendor.respond = (_req, res) => res.end(JSON.stringify({ data: [`${id}_secret_abc`] }));
    const answer = await broker.call(key.token, 'GET', '/v1/payment_intents?limit=3');
    expect(answer.text).not.toContain('secret');
  });
});

function declineOnce(then: RecordingVendor['respond']): RecordingVendor['respond'] {
  let declined = false;
  return (req, res, received) => {
    if (received.method === 'GET' || declined) return then(req, res, received);
    declined = true;
    res.writeHead(400).end('{"error":{"code":"x"}}');
  };
}

describe('an agent that may not call at all has nothing looked up', () => {
  const CALLS: [what: string, path: string, body: string][] = [
    ['a refund', 'refunds', 'payment_intent=pi_0&amount=10'],
    ['what stands in objects', 'payment_links/plink_1', 'active=true'],
  ];
  const refusalOf = async (path: string, body: string, headers = {}) => {
    const { status, body: answer } = await post(path, body, headers);
    return [status, answer.code];
  };

  it.each(CALLS)('by a brake: %s', async (_what, path, body) => {
    const brake = { scope: 'key', id: key.id, reason: 'a test' };
    expect((await broker.api('POST', '/v1/brakes', brake)).status).toBe(201);
    expect(await refusalOf(path, body)).toEqual([403, 'braked']);
    expect(asked()).toEqual([]);
  });

  it.each(CALLS)('by its rate: %s', async (_what, path, body) => {
    key = await issue(100, { limits: { calls_per_minute: 1 } });
    expect((await post('customers')).status).toBe(200);
    vendor.reset();
    expect(await refusalOf(path, body)).toEqual([429, 'rate_limited']);
    expect(asked()).toEqual([]);
  });

  it('by its rate, where the limit of customers would ask', async () => {
    key = await issue(100, { limits: { calls_per_minute: 1, customers: ['cus_1'] } });
    expect((await post('customers')).status).toBe(200);
    vendor.reset();
    expect(await refusalOf('refunds', 'payment_intent=pi_0&amount=10')).toEqual([
      429,
      'rate_limited',
    ]);
    expect(asked()).toEqual([]);
  });

  it('by its Idempotency-Key, which was another call', async () => {
    const headers = { 'Idempotency-Key': `once-${key.id}` };
    expect((await post('customers', '', headers)).status).toBe(200);
    vendor.reset();
    expect(await refusalOf('payment_links/plink_1', 'active=true', headers)).toEqual([
      422,
      'idempotency_key_reused',
    ]);
    expect(asked()).toEqual([]);
  });
});

describe('a lookup', () => {
  const header = (at: number, name: string) => {
    const raw = vendor.received[at]?.rawHeaders ?? [];
    return raw[raw.findIndex((each, i) => i % 2 === 0 && each.toLowerCase() === name) + 1];
  };

  it('goes to the connected account of the call, in its version', async () => {
    objects.set(id, authorised(1_000));
    const call = (account: string) =>
      post('refunds', `payment_intent=${id}&amount=100`, {
        'Stripe-Account': account,
        'Stripe-Version': '2025-03-31.basil',
        'Idempotency-Key': `k-${account}-${key.id}`,
      });
    expect((await call('acct_1')).status).toBe(200);
    // What one account has, another does not.
    expect((await call('acct_2')).status).toBe(200);
    expect(asked().filter((each) => each.startsWith('GET'))).toHaveLength(2);
    for (const [at, account] of [
      [0, 'acct_1'],
      [2, 'acct_2'],
    ] as const) {
      expect(header(at, 'stripe-account')).toBe(account);
      expect(header(at, 'stripe-version')).toBe('2025-03-31.basil');
      expect(header(at, 'authorization')).toBe(`Bearer ${vendor.secretKey}`);
      expect(vendor.received[at]?.rawHeaders.join().toLowerCase()).not.toContain('idempotency-key');
    }
  });

  it('takes no connection beside that of its call, so that many at once are no deadlock', async () => {
    objects.set(id, authorised(1_000));
    const { respond } = vendor;
    vendor.respond = (...exchange) => setTimeout(() => respond(...exchange), 50);
    // Of 8 connections the key may have two.
    const answers = await Promise.all(
      [0, 1, 2, 3, 4, 5].map(() => post('refunds', `payment_intent=${id}&amount=10`)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
  });

  it('is waited for 5 s at most', async () => {
    vendor.respond = () => {};
    const began = performance.now();
    const answer = await post('refunds', `payment_intent=${id}&amount=10`);
    const seconds = (performance.now() - began) / 1_000;
    expect([answer.status, answer.body.code]).toEqual([403, 'amount_unknown']);
    expect(answer.text).toContain('did not answer in time');
    expect(Math.round(seconds)).toBe(5);
  }, 30_000);
});
