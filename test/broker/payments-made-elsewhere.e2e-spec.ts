import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import type { IssuedKey } from '../support/broker-process';
import { until } from '../support/until';

const VISA = 'payment_method=pm_card_visa&allowed_payment_method_types[0]=card';
const ENDPOINTS = [
  '/v1/payment_intents',
  '/v1/payment_intents/*',
  '/v1/payment_intents/*/*',
  '/v1/charges',
  '/v1/charges/*',
  '/v1/charges/*/capture',
  '/v1/refunds',
];

interface Row {
  event: string;
  call_id: string;
  method: string;
  path: string;
  verdict: string;
  settled_usd: number | null;
  requested_usd: number | null;
  amount: number | null;
  currency: string | null;
  vendor_status: number | null;
}

let vendor: StripeVendor;
let broker: BrokerProcess;
let key: IssuedKey;
beforeAll(async () => {
  vendor = await createStripeVendor();
  const file = temporaryFile('broker.json');
  writeFileSync(file, JSON.stringify({ vendors: { stripe: { rates: { kwd: 3.25 } } } }));
  broker = await BrokerProcess.start({ vendor, args: ['--config', file] });
});
afterAll(() => vendor.close());
beforeEach(async () => {
  vendor.reset();
  key = await issue(10);
});

const issue = (cap: number, fields = {}) =>
  broker.issue({ daily_usd_cap: cap, allowed_endpoints: ENDPOINTS, ...fields });
const post = (path: string, body = '', headers = {}, as = key) =>
  broker.call(as.token, 'POST', `/v1/${path}`, { body, headers });
const spentAndHeld = async (of = key) => {
  const { spent, held } = await broker.money(of);
  return [spent, held];
};
const gets = () => vendor.calls('GET *').map(({ path }) => path);
const rowsOf = async (of = key): Promise<Row[]> => {
  const { body } = await broker.api('GET', `/v1/audit?key_id=${of.id}&limit=1000`);
  return body.entries as Row[];
};

/** What another program does at Stripe, with the account's own secret. */
async function byHand(path: string, body: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${vendor.url}/v1/${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${vendor.secretKey}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body,
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

/** A payment that the broker knows nothing of. */
async function payment(amount: number, more = '', currency = 'usd') {
  const made = await byHand(
    'payment_intents',
    `amount=${amount}&currency=${currency}&confirm=true&${VISA}${more}`,
  );
  return { id: made['id'] as string, charge: made['latest_charge'] as string };
}

describe('a payment that was made at Stripe by hand', () => {
  it('is refunded in part, by its intent or by its charge, and each refund counts', async () => {
    const { id, charge } = await payment(500);
    expect((await post('refunds', `payment_intent=${id}&amount=200`)).status).toBe(200);
    expect(await spentAndHeld()).toEqual([2, 0]);
    expect((await post('refunds', `charge=${charge}&amount=100`)).status).toBe(200);
    expect(await spentAndHeld()).toEqual([3, 0]);
    expect(vendor.book.total('usd', 'refund')).toBe(300);
    // The charge is one of the intent's: what is known of the one is known of the other.
    expect(gets()).toEqual([`/v1/payment_intents/${id}`]);
  });

  it.each(['intent', 'charge'] as const)(
    'is refunded by its %s without an amount: what is left is held, forwarded and spent',
    async (by) => {
      const { id, charge } = await payment(500);
      await byHand('refunds', `payment_intent=${id}&amount=120`);
      const name = by === 'intent' ? `payment_intent=${id}` : `charge=${charge}`;
      const refund = await post('refunds', `${name}&reason=duplicate`);
      expect([refund.status, refund.body.amount]).toEqual([200, 380]);
      expect(vendor.calls('POST /v1/refunds').at(-1)?.params).toMatchObject({ amount: '380' });
      expect(await spentAndHeld()).toEqual([3.8, 0]);
    },
  );

  it('is asked for each time that what is left to refund decides', async () => {
    const { id } = await payment(500);
    await post('refunds', `payment_intent=${id}&amount=100`);
    await byHand('refunds', `payment_intent=${id}&amount=150`);
    expect((await post('refunds', `payment_intent=${id}`)).body.amount).toBe(250);
    expect(await spentAndHeld()).toEqual([3.5, 0]);
    const none = await post('refunds', `payment_intent=${id}`);
    expect([none.status, none.body.code]).toEqual([403, 'amount_unknown']);
    expect(none.text).toContain(`nothing of ${id} is left to refund`);
    expect(await spentAndHeld()).toEqual([3.5, 0]);
  });

  it('is refunded by what it was priced at, though more has come to it meanwhile', async () => {
    const { id } = await payment(900, '&capture_method=manual');
    const take = (amount: number) =>
      byHand(`payment_intents/${id}/capture`, `amount_to_capture=${amount}&final_capture=false`);
    await take(100);
    const held = vendor.hold(`GET /v1/payment_intents/${id}`);
    const refund = post('refunds', `payment_intent=${id}`);
    await held.arrived;
    await take(600);
    held.release();
    expect((await refund).body.amount).toBe(100);
    expect(await spentAndHeld()).toEqual([1, 0]);
  });

  it('is not refunded past the cap, with or without an amount', async () => {
    const { id } = await payment(1_001);
    for (const body of ['', '&amount=1001']) {
      const refused = await post('refunds', `payment_intent=${id}${body}`);
      expect([refused.status, refused.body.code, refused.body.requested_usd]).toEqual([
        429,
        'cap_exhausted',
        10.01,
      ]);
    }
    expect(vendor.book.total('usd', 'refund')).toBe(0);
    expect(await spentAndHeld()).toEqual([0, 0]);
  });

  it('is captured: what was authorised elsewhere is held when it is taken', async () => {
    const manual = '&capture_method=manual';
    const [whole, part] = [await payment(300, manual), await payment(400, manual)];
    const captured = await post(`payment_intents/${whole.id}/capture`);
    expect([captured.status, captured.body.amount_received]).toEqual([200, 300]);
    expect(vendor.calls('POST /v1/payment_intents/*/capture').at(-1)?.params).toEqual({
      amount_to_capture: '300',
    });
    expect(await spentAndHeld()).toEqual([3, 0]);
    await post(`payment_intents/${part.id}/capture`, 'amount_to_capture=150');
    expect(await spentAndHeld()).toEqual([4.5, 0]);
    expect(vendor.book.total('usd', 'capture')).toBe(450);
    const tooMuch = await payment(600, manual);
    expect((await post(`payment_intents/${tooMuch.id}/capture`)).status).toBe(429);
    expect(vendor.book.total('usd', 'capture')).toBe(450);
  });

  it('is captured in parts, and each of them is held', async () => {
    const { id } = await payment(1_000, '&capture_method=manual');
    const part = (amount: number) =>
      post(`payment_intents/${id}/capture`, `amount_to_capture=${amount}&final_capture=false`);
    key = await issue(7);
    expect((await part(400)).status).toBe(200);
    expect(await spentAndHeld()).toEqual([4, 0]);
    expect((await part(400)).body.code).toBe('cap_exhausted');
    expect((await part(300)).status).toBe(200);
    expect(await spentAndHeld()).toEqual([7, 0]);
    expect(vendor.book.total('usd', 'capture')).toBe(700);
  });

  it('is captured as a charge', async () => {
    const charge = await byHand('charges', 'amount=250&currency=usd&source=tok_visa&capture=false');
    const captured = await post(`charges/${charge['id'] as string}/capture`);
    expect([captured.status, captured.body.amount_captured]).toEqual([200, 250]);
    expect(vendor.calls('POST /v1/charges/*/capture')[0]?.params).toEqual({ amount: '250' });
    expect(await spentAndHeld()).toEqual([2.5, 0]);
  });

  it('is confirmed, and cancelled', async () => {
    const open = async (amount: number) => {
      const made = await byHand('payment_intents', `amount=${amount}&currency=usd&${VISA}`);
      return made['id'] as string;
    };
    expect((await post(`payment_intents/${await open(350)}/confirm`)).status).toBe(200);
    expect(await spentAndHeld()).toEqual([3.5, 0]);
    expect((await post(`payment_intents/${await open(651)}/confirm`)).status).toBe(429);
    expect((await post(`payment_intents/${await open(351)}/cancel`)).status).toBe(200);
    expect(await spentAndHeld()).toEqual([3.5, 0]);
    expect(vendor.book.total('usd', 'charge')).toBe(350);
  });

  it('is one payment by either id: what was captured by one is refunded by the other', async () => {
    const { id, charge } = await payment(300, '&capture_method=manual');
    await byHand('payment_intents', `amount=1&currency=usd`);
    // By its charge first, which the vendor refuses: the charge belongs to an intent.
    expect((await post(`charges/${charge}/capture`)).status).toBe(400);
    expect((await post(`payment_intents/${id}/capture`)).status).toBe(200);
    expect(await spentAndHeld()).toEqual([3, 0]);
    vendor.book.clear();
    expect((await post('refunds', `charge=${charge}&amount=300`)).status).toBe(200);
    expect(await spentAndHeld()).toEqual([6, 0]);
    expect(gets()).toEqual([]);
  });

  it('that has come to its end moves nothing, and holds nothing', async () => {
    const { id } = await payment(100_000);
    for (const call of ['confirm', 'capture']) {
      expect((await post(`payment_intents/${id}/${call}`)).status).toBe(400);
    }
    expect(await spentAndHeld()).toEqual([0, 0]);
  });

  it('is refunded by many at once, and never past what was paid nor past the cap', async () => {
    const { id } = await payment(1_500);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => {
        return post('refunds', `payment_intent=${id}&amount=${i % 2 === 0 ? 100 : 90}`);
      }),
    );
    const refunded = vendor.book.total('usd', 'refund');
    expect(refunded).toBeGreaterThan(900);
    expect(refunded).toBeLessThanOrEqual(1_000);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
    const [spent, held] = await spentAndHeld();
    expect([Math.round(Number(spent) * 100), held]).toEqual([refunded, 0]);
  });

  it('is captured once by two at once, and counted once', async () => {
    const { id } = await payment(400, '&capture_method=manual');
    const held = vendor.hold(`GET /v1/payment_intents/${id}`, { times: 2 });
    const both = [0, 1].map(() => post(`payment_intents/${id}/capture`));
    await held.arrived;
    await until(
      () => vendor.calls(`GET /v1/payment_intents/${id}`).length === 2,
      () => 'both have asked',
    );
    held.release();
    const statuses = (await Promise.all(both)).map(({ status }) => status);
    expect(statuses.toSorted((one, other) => one - other)).toEqual([200, 400]);
    expect(vendor.book.total('usd', 'capture')).toBe(400);
    expect(await spentAndHeld()).toEqual([4, 0]);
  });
});

describe('a retry under its Idempotency-Key', () => {
  let headers: Record<string, string>;
  beforeEach(() => (headers = { 'idempotency-key': `refund-${key.id}` }));

  it('of a refund of all that was left is that refund, though nothing is left by now', async () => {
    const { id } = await payment(500);
    await byHand('refunds', `payment_intent=${id}&amount=100`);
    vendor.next('POST /v1/refunds', { reset: 'after' });
    const refund = () => post('refunds', `payment_intent=${id}`, headers);
    expect((await refund()).body.code).toBe('vendor_outcome_unknown');
    expect(await spentAndHeld()).toEqual([0, 4]);
    const before = gets().length;
    const retry = await refund();
    expect([retry.status, retry.body.amount]).toEqual([200, 400]);
    expect(retry.headers['idempotent-replayed']).toBe('true');
    expect(gets()).toHaveLength(before);
    const [first, second] = vendor.calls('POST /v1/refunds').slice(-2);
    expect(second?.params).toEqual(first?.params);
    expect(await spentAndHeld()).toEqual([4, 0]);
    // Under another key too, and in a cap that has no room for it.
    const other = await issue(1);
    expect((await post('refunds', `payment_intent=${id}`, headers, other)).body.amount).toBe(400);
    expect(vendor.book.total('usd', 'refund')).toBe(500);
    expect(await spentAndHeld(other)).toEqual([0, 0]);
  });

  it('is known after a start of the broker', async () => {
    const own = await BrokerProcess.start({ vendor });
    const { id } = await payment(500);
    const fields = { daily_usd_cap: 10, allowed_endpoints: ENDPOINTS };
    const call = { body: `payment_intent=${id}`, headers };
    const first = await own.issue(fields);
    vendor.next('POST /v1/refunds', { reset: 'after' });
    expect((await own.call(first.token, 'POST', '/v1/refunds', call)).status).toBe(502);
    await own.kill('SIGTERM');
    const again = await BrokerProcess.start({ vendor, store: own.store });
    const second = await again.issue(fields);
    const retry = await again.call(second.token, 'POST', '/v1/refunds', call);
    expect([retry.status, retry.body.amount]).toEqual([200, 500]);
    expect(vendor.book.total('usd', 'refund')).toBe(500);
    expect((await again.money(first)).spent).toBe(5);
    expect((await again.money(second)).spent).toBe(0);
  });

  it('after a refusal that moved nothing has the amount of the first sending', async () => {
    const { id } = await payment(500);
    vendor.next('POST /v1/refunds', { status: 429 });
    const refund = () => post('refunds', `payment_intent=${id}`, headers);
    expect((await refund()).status).toBe(429);
    expect(await spentAndHeld()).toEqual([0, 0]);
    await byHand('refunds', `payment_intent=${id}&amount=50`);
    // The vendor may have stored the first sending: what is sent again is the same.
    expect((await refund()).status).toBe(400);
    expect(vendor.calls('POST /v1/refunds').at(-1)?.params).toMatchObject({ amount: '500' });
    expect(await spentAndHeld()).toEqual([0, 0]);
  });

  it('with another body is another call: 422', async () => {
    const { id } = await payment(500);
    expect((await post('refunds', `payment_intent=${id}&amount=100`, headers)).status).toBe(200);
    const other = await post('refunds', `payment_intent=${id}`, headers);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });
});

describe('the currency of a payment made elsewhere', () => {
  it('decides what it costs, whatever the call says', async () => {
    // 1.000 KWD is 1,000 of its minor unit, and 3.25 USD.
    const { id } = await payment(1_000, '', 'kwd');
    const wrong = await post('refunds', `payment_intent=${id}&amount=1000&currency=usd`);
    expect(wrong.status).toBe(400);
    expect((await post('refunds', `payment_intent=${id}&amount=1000`)).status).toBe(200);
    expect(await spentAndHeld()).toEqual([3.25, 0]);
    const dear = await payment(4_000, '&capture_method=manual', 'kwd');
    expect((await post(`payment_intents/${dear.id}/capture`)).body.code).toBe('cap_exhausted');
    const one = await post(`payment_intents/${dear.id}/capture`, 'amount_to_capture=2000');
    expect(one.status).toBe(200);
    expect(await spentAndHeld()).toEqual([9.75, 0]);
  });

  it('without a rate is not priced', async () => {
    const { id } = await payment(100_000, '', 'jpy');
    const answer = await post('refunds', `payment_intent=${id}&amount=1`);
    expect([answer.status, answer.body.code]).toEqual([403, 'currency_not_priced']);
    expect(vendor.calls('POST /v1/refunds')).toEqual([]);
  });
});

describe('what asks the vendor for nothing', () => {
  it('is a call on a payment that was made through the broker', async () => {
    const own = await post('payment_intents', `amount=100&currency=usd&${VISA}`);
    const { id } = own.body as { id: string };
    await post(`payment_intents/${id}/confirm`);
    await post('refunds', `payment_intent=${id}`);
    expect([await spentAndHeld(), gets()]).toEqual([[2, 0], []]);
    expect(vendor.calls('POST /v1/refunds')[0]?.params).toEqual({
      payment_intent: id,
      amount: '100',
    });
  });

  it.each([
    ['payment_intent=ch_1&amount=1'],
    ['charge=pi_1&amount=1'],
    ['charge=re_1&amount=1'],
    [`charge=ch_${'a'.repeat(253)}&amount=1`],
    ['charge=ch_1%2Frefunds&amount=1'],
    ['charge=ch_1%3Fexpand&amount=1'],
    ['charge=ch-1&amount=1'],
    ['charge=&amount=1'],
    ['amount=1'],
    ['payment_intent=pi_1&charge=ch_1&amount=1'],
  ])('is a refund of what is no id: %s', async (body) => {
    const answer = await post('refunds', body);
    expect([answer.status, answer.body.code]).toEqual([403, 'amount_unknown']);
    expect(vendor.calls('*')).toEqual([]);
  });

  it('is a path whose id is of another kind', async () => {
    for (const path of ['payment_intents/ch_1/confirm', 'charges/pi_1/capture']) {
      expect((await post(path)).body.code).toBe('amount_unknown');
    }
    expect(vendor.calls('*')).toEqual([]);
  });

  it('is a call that is refused before', async () => {
    const { id } = await payment(500);
    vendor.book.clear();
    const narrow = await issue(10, { allowed_endpoints: ['/v1/charges'] });
    const body = `payment_intent=${id}&amount=1`;
    expect((await post('refunds', body, {}, narrow)).body.code).toBe('endpoint_not_allowed');
    expect((await post('refunds', `${body}&origin=x`)).body.code).toBe('parameter_not_allowed');
    expect((await post('refunds', 'payment_intent=pi_1&amount=01')).status).toBe(400);
    const brake = await broker.api('POST', '/v1/brakes', { scope: 'key', id: key.id, reason: 'x' });
    expect((await post('refunds', body)).body.code).toBe('braked');
    await broker.api('DELETE', `/v1/brakes/${brake.body.id as string}`);
    expect(vendor.calls('*')).toEqual([]);
  });
});

describe('a lookup that fails', () => {
  const refund = (id: string) => post('refunds', `payment_intent=${id}`);

  it('for a restricted key names the permission that it lacks, and not the key', async () => {
    const { id } = await payment(500);
    const message = `The provided key 'rk_test_*****line' does not have the required permissions for this endpoint on account 'acct_1'. Having the 'rak_charge_read' permission would allow this request to continue.`;
    vendor.next('GET /v1/payment_intents/*', {
      status: 403,
      body: { error: { type: 'invalid_request_error', message } },
    });
    const answer = await refund(id);
    expect([answer.status, answer.body.code, answer.body.permission]).toEqual([
      403,
      'amount_unknown',
      'rak_charge_read',
    ]);
    expect(answer.body.error.message).toContain(`payment_intents/${id}`);
    expect(answer.body.error.message).toContain('rak_charge_read');
    expect(answer.text).not.toMatch(/line'|acct_1/);
  });

  it.each([
    ['with 401', { status: 401 }],
    ['with 404', { status: 404 }],
    ['with 500', { status: 500 }],
    ['by no JSON', { status: 200, body: '<html>' }],
    ['by a broken connection', { reset: 'before' }],
    ['by half a body', { truncate: true }],
  ] as [string, Parameters<StripeVendor['next']>[1]][])(
    '%s refuses the call, and moves nothing',
    async (_how, fault) => {
      const { id } = await payment(500);
      vendor.next('GET /v1/payment_intents/*', fault);
      const answer = await refund(id);
      expect([answer.status, answer.body.code]).toEqual([403, 'amount_unknown']);
      expect(vendor.calls('POST /v1/refunds')).toEqual([]);
      expect(await spentAndHeld()).toEqual([0, 0]);
      // The next one is asked for anew.
      expect((await refund(id)).status).toBe(200);
    },
  );

  it.each([
    ['another id', { id: 'pi_other' }],
    ['another object', { object: 'setup_intent' }],
    ['a deleted object', { amount: undefined, currency: undefined, deleted: true }],
    ['no currency', { currency: undefined }],
    ['a currency that there is not', { currency: 'zzz' }],
    ['a negative amount', { amount: -500 }],
    ['no amount', { amount: 0 }],
    ['a broken amount', { amount: 1.5 }],
    ['an amount in words', { amount: '500' }],
    ['an absurd amount', { amount: 100_000_000_000 }],
    ['more refunded than captured', { latest_charge: { amount_refunded: 501 } }],
    ['less than nothing refunded', { latest_charge: { amount_refunded: -1 } }],
    ['a charge of another intent', { latest_charge: { payment_intent: 'pi_other' } }],
    ['a charge that is none', { latest_charge: { object: 'refund' } }],
    ['a charge that is not shown', { latest_charge: 'ch_1' }],
  ])('by an answer with %s refuses the call', async (_what, changed: Record<string, unknown>) => {
    const charge = {
      id: 'ch_1',
      object: 'charge',
      amount: 500,
      amount_captured: 500,
      amount_refunded: 0,
      captured: true,
      payment_intent: 'pi_1',
      status: 'succeeded',
    };
    const { latest_charge: ofCharge } = changed;
    const latest =
      typeof ofCharge === 'string' ? ofCharge : { ...charge, ...(ofCharge as object | undefined) };
    const intent = { id: 'pi_1', object: 'payment_intent', amount: 500, currency: 'usd' };
    vendor.next('GET /v1/payment_intents/*', {
      status: 200,
      body: { ...intent, ...changed, latest_charge: latest },
    });
    const answer = await refund('pi_1');
    expect([answer.status, answer.body.code]).toEqual([403, 'amount_unknown']);
    expect(answer.text).toContain('pi_1');
    expect(vendor.calls('POST /v1/refunds')).toEqual([]);
  });

  it('since its caller has gone moves nothing', async () => {
    const { id } = await payment(500);
    const held = vendor.hold('GET /v1/payment_intents/*');
    const body = `payment_intent=${id}`;
    const { hostname, port } = new URL(broker.url);
    const req = request({
      hostname,
      port,
      method: 'POST',
      path: '/stripe/v1/refunds',
      headers: {
        authorization: `Bearer ${key.token}`,
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': body.length,
      },
    });
    req.on('error', () => {});
    req.end(body);
    await held.arrived;
    req.destroy();
    await new Promise((resolve) => req.once('close', resolve));
    // The broker has heard of it once it has answered something that was sent later.
    await broker.api('GET', '/v1/keys?limit=1');
    held.release();
    await until(
      async () => (await rowsOf()).some(({ event }) => event === 'lookup'),
      () => 'the lookup is written down',
    );
    await broker.api('GET', '/v1/keys?limit=1');
    expect(vendor.calls('POST /v1/refunds')).toEqual([]);
    expect(await spentAndHeld()).toEqual([0, 0]);
  });
});

describe('a key that may not read the payment', () => {
  it('is not told by a refusal what it comes to', async () => {
    const { id } = await payment(123_456, '&capture_method=manual');
    const only = await issue(5, {
      allowed_endpoints: ['/v1/payment_intents/*/capture', '/v1/refunds'],
    });
    const hidden = await post(`payment_intents/${id}/capture`, '', {}, only);
    expect([hidden.status, hidden.body.code]).toEqual([429, 'cap_exhausted']);
    expect(hidden.body.requested_usd).toBeUndefined();
    expect(hidden.text).not.toMatch(/1,?234/);
    const nested = await post(
      `payment_intents/${id}/capture`,
      'application_fee_amount=200000',
      {},
      only,
    );
    expect(nested.status).toBe(400);
    expect(nested.text).not.toContain('123456');
    // What the call says itself is no news.
    const said = await post('refunds', `payment_intent=${id}&amount=600`, {}, only);
    expect(said.body.requested_usd).toBe(6);
    // The operator sees it.
    const refusals = (await rowsOf(only)).filter(({ event }) => event === 'refusal');
    expect(refusals.some(({ requested_usd: usd }) => usd === 1234.56)).toBe(true);
    const reader = await issue(5);
    expect((await post(`payment_intents/${id}/capture`, '', {}, reader)).body.requested_usd).toBe(
      1234.56,
    );
  });
});

describe('the audit log', () => {
  it('has a row for each lookup, and its rows add up to what was spent', async () => {
    const { id } = await payment(500);
    await post('refunds', `payment_intent=${id}&amount=100`);
    await post('refunds', `payment_intent=${id}`);
    vendor.next('GET /v1/payment_intents/*', { status: 404 });
    await post('refunds', 'payment_intent=pi_none');
    const isComplete = (rows: Row[]) =>
      rows.filter(({ event }) => event === 'call').length === 2 &&
      rows.some(({ event }) => event === 'refusal');
    let rows: Row[] = [];
    await until(
      async () => isComplete((rows = await rowsOf())),
      () => JSON.stringify(rows),
    );
    const lookups = rows.filter(({ event }) => event === 'lookup').reverse();
    expect(
      lookups.map(({ method, path, verdict, vendor_status: s }) => [method, path, verdict, s]),
    ).toEqual([
      ['GET', `/v1/payment_intents/${id}`, 'found', 200],
      ['GET', `/v1/payment_intents/${id}`, 'found', 200],
      ['GET', '/v1/payment_intents/pi_none', 'amount_unknown', 404],
    ]);
    const calls = rows.filter(({ event }) => event === 'call').reverse();
    expect(lookups.slice(0, 2).map((row) => row.call_id)).toEqual(calls.map((row) => row.call_id));
    expect(calls.map(({ amount, currency }) => [amount, currency])).toEqual([
      [100, 'usd'],
      [400, 'usd'],
    ]);
    expect(rows.reduce((sum, { settled_usd: usd }) => sum + (usd ?? 0), 0)).toBe(5);
    expect(await spentAndHeld()).toEqual([5, 0]);
    const listed = await broker.api('GET', `/v1/audit?key_id=${key.id}&event=lookup`);
    expect(listed.body.entries).toHaveLength(3);
    expect((await broker.api('GET', '/v1/audit/verify')).body.ok).toBe(true);
  });
});
