import { writeFileSync } from 'node:fs';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import type { IssuedKey } from '../support/broker-process';
import { RecordingVendor } from './recording-vendor';

const EVERYTHING = [1, 2, 3, 4, 5].flatMap((levels) => {
  const path = `/v1${'/*'.repeat(levels)}`;
  return [path, `DELETE ${path}`];
});
const CONFIG = {
  vendors: {
    stripe: {
      rates: { eur: 1.09, jpy: 0.0067, kwd: 3.2501, isk: 0.0073, ugx: 0.00027, idr: 6.1e-5 },
      prices: [
        { call: 'POST /v1/checkout/sessions', usd: 20 },
        { call: 'POST /v1/billing/credit_grants', usd: 0.000001 },
        { call: 'POST /v1/climate/orders', field: 'amount' },
        { call: 'POST /v1/application_fees/*/refunds', field: 'amount', currency: 'eur' },
        { call: 'POST /v1/accounts/*/reject', usd: 50 },
      ],
      free: ['POST /v1/accounts/*/*', 'DELETE /v1/accounts/*'],
      accounts: ['acct_1', 'acct_2'],
      headers: ['x-team'],
      limits: { bodyBytes: 131_072, parameters: 2_000, levels: 12 },
    },
  },
  limits: { callsPerKey: 3 },
};

/** What is known of an object, as the vendor shows it. */
const shown = (id: string, amount: number, more = {}) => ({
  id,
  amount,
  currency: 'usd',
  amount_received: 0,
  ...more,
});

let vendor: RecordingVendor;
let plain: BrokerProcess;
let configured: BrokerProcess;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
  const file = temporaryFile('broker.json');
  writeFileSync(file, JSON.stringify(CONFIG));
  [plain, configured] = await Promise.all([
    BrokerProcess.start({ vendor }),
    BrokerProcess.start({ vendor, args: ['--config', file] }),
  ]);
});
afterAll(() => vendor.close());
beforeEach(() => vendor.reset());

/** The vendor answers with this from now on. */
function vendorSays(body: unknown, status = 200): void {
  vendor.respond = (_req, res) => {
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
}

/** A key with a cap of 100 USD, and what it does. */
async function agent(broker = plain, fields = {}) {
  const key: IssuedKey = await broker.issue({ allowed_endpoints: EVERYTHING, ...fields });
  const call = (method: string, path: string, body = '', headers = {}) =>
    broker.call(key.token, method, `/v1/${path}`, {
      ...(body === '' ? {} : { body }),
      headers: {
        ...(body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        ...headers,
      },
    });
  return {
    call,
    post: (path: string, body = '', headers = {}) => call('POST', path, body, headers),
    spent: async () => {
      const { spent, held } = await broker.money(key);
      expect(held).toBe(0);
      return spent;
    },
    money: () => broker.money(key),
  };
}

describe('each call that the broker prices', () => {
  const ROWS: [call: string, body: string, usd: number][] = [
    ['POST /v1/payment_intents', 'amount=1250&currency=usd', 12.5],
    ['POST /v1/charges', 'amount=1250&currency=usd&capture=false', 12.5],
    ['POST /v1/transfers', 'amount=1250&currency=usd&destination=acct_1', 12.5],
    ['POST /v1/payouts', 'amount=1250&currency=usd', 12.5],
    ['POST /v1/topups', 'amount=1250&currency=USD', 12.5],
    ['POST /v1/treasury/outbound_payments', 'amount=1250&currency=usd', 12.5],
    ['POST /v1/treasury/outbound_transfers', 'amount=1250&currency=usd', 12.5],
    ['POST /v1/payment_intents/{id}', 'amount=1250&currency=usd', 12.5],
    ['POST /v1/payment_intents/{id}', 'description=x', 0],
    ['POST /v1/payment_intents/{id}/increment_authorization', 'amount=1250', 12.5],
    ['POST /v1/payment_intents/{id}/confirm', 'amount_to_confirm=1250', 12.5],
    ['POST /v1/payment_intents/{id}/capture', 'amount_to_capture=1250', 12.5],
    ['POST /v1/payment_intents/{id}/apply_customer_balance', 'amount=1250&currency=usd', 12.5],
    ['POST /v1/charges/{id}/capture', 'amount=1250', 12.5],
    ['POST /v1/payment_intents/{id}/cancel', '', 0],
    ['POST /v1/refunds', 'payment_intent={id}&amount=1250', 12.5],
    ['POST /v1/customers', 'email=a', 0],
    ['POST /v1/customers/{id}', 'email=a', 0],
    ['POST /v1/products', 'name=a&default_price_data[unit_amount]=5', 0],
    ['POST /v1/products/{id}', 'name=a', 0],
    ['POST /v1/prices', 'unit_amount=500&currency=usd', 0],
    ['POST /v1/prices/{id}', 'active=true', 0],
    ['POST /v1/payment_methods/{id}', 'metadata[a]=1', 0],
    ['POST /v1/setup_intents/{id}/confirm', 'payment_method=pm_1', 0],
    ['POST /v1/setup_intents/{id}/cancel', '', 0],
    ['POST /v1/setup_intents/{id}/verify_microdeposits', 'amounts[]=32&amounts[]=45', 0],
    ['POST /v1/customers/{id}/tax_ids', 'type=eu_vat&value=a', 0],
    ['DELETE /v1/customers/{customerId}/tax_ids/{id}', '', 0],
    ['POST /v1/products/{id}/features', 'entitlement_feature=feat_1', 0],
    ['POST /v1/charges/{id}', 'description=a', 0],
    ['POST /v1/refunds/{id}', 'metadata[a]=1', 0],
    ['POST /v1/refunds/{id}/cancel', '', 0],
    ['POST /v1/customers/{id}/cash_balance', '', 0],
    ['POST /v1/transfers/{id}', 'description=a', 0],
    ['POST /v1/transfers/{transferId}/reversals/{id}', 'metadata[a]=1', 0],
    ['POST /v1/payouts/{id}', 'metadata[a]=1', 0],
    ['POST /v1/topups/{id}', 'description=a', 0],
    ['POST /v1/checkout/sessions/{id}/expire', '', 0],
    ['POST /v1/tax_rates', 'display_name=a&inclusive=false&percentage=5', 0],
    ['POST /v1/tax_rates/{id}', 'active=false', 0],
    ['POST /v1/reporting/report_runs', 'report_type=balance.summary.1', 0],
    ['POST /v1/payment_methods', 'type=card', 0],
    ['POST /v1/payment_methods/{id}/attach', 'customer=cus_1', 0],
    ['POST /v1/payment_methods/{id}/detach', '', 0],
    ['POST /v1/setup_intents', 'confirm=true', 0],
    ['POST /v1/setup_intents/{id}', 'customer=cus_1', 0],
    ['POST /v1/tokens', '', 0],
    ['DELETE /v1/products/{id}', '', 0],
  ];
  const split = (call: string, id = 'id_1'): [method: string, path: string] => {
    const [method = '', path = ''] = call.split(' ');
    return [method, path.slice('/v1/'.length).replaceAll(/\{\w+\}/g, id)];
  };
  let ids = 0;

  it.each(ROWS)('%s with %s costs %d USD', async (call, body, usd) => {
    const { call: send, spent, post } = await agent();
    // A payment that the ledger knows, and that costs nothing: it was declined.
    const id = `id_${(ids += 1)}`;
    vendorSays({ error: { payment_intent: shown(id, 1250) } }, 402);
    await post('payment_intents', 'amount=1250&currency=usd&confirm=true');
    vendor.reset();
    const answer = await send(...split(call, id), body.replace('{id}', id));
    expect([answer.status, answer.headers['x-vault-key-verdict']]).toEqual([200, 'forwarded']);
    expect(await spent()).toBe(usd);
  });

  it('needs amount and currency where it makes something new', async () => {
    const { post } = await agent();
    for (const [call] of ROWS.slice(0, 7)) {
      const [, path] = split(call);
      for (const body of ['', 'amount=100', 'currency=usd', 'amount_to_confirm=1&currency=usd']) {
        const answer = await post(path, body);
        expect([path, body, answer.status, answer.body.code]).toEqual([
          path,
          body,
          403,
          'amount_unknown',
        ]);
      }
    }
    expect(vendor.received).toEqual([]);
  });

  it('is refused for a nested amount above its own', async () => {
    const { post } = await agent();
    for (const nested of ['transfer_data[amount]', 'application_fee_amount', 'amount_details[x]']) {
      for (const [call, body] of ROWS.slice(0, 9).filter(([, text]) => text.startsWith('amount'))) {
        const answer = await post(split(call)[1], `${body}&${nested}=1251`);
        expect([answer.status, answer.body.code]).toEqual([400, 'invalid_amount']);
      }
    }
    expect(vendor.received).toEqual([]);
  });
});

describe('a PaymentIntent that changes', () => {
  /** An agent with a PaymentIntent of 10 USD. */
  async function withIntent(id: string) {
    const made = await agent();
    vendorSays(shown(id, 1000));
    await made.post('payment_intents', 'amount=1000&currency=usd');
    expect(await made.spent()).toBe(10);
    return made;
  }

  it('an update to a higher total costs the difference, and past the cap it is refused', async () => {
    const { post, spent } = await withIntent('pi_up');
    const refused = await post('payment_intents/pi_up', 'amount=10001');
    expect(refused.body).toMatchObject({ code: 'cap_exhausted', requested_usd: 90.01 });
    vendorSays(shown('pi_up', 2500));
    expect((await post('payment_intents/pi_up', 'amount=2500')).status).toBe(200);
    expect(await spent()).toBe(25);
  });

  it('an update to a lower total gives back, once the vendor says 200', async () => {
    const { post, spent } = await withIntent('pi_down');
    vendorSays({ error: { code: 'parameter_unknown' } }, 400);
    await post('payment_intents/pi_down', 'amount=400');
    expect(await spent()).toBe(10);
    vendorSays(shown('pi_down', 1000));
    await post('payment_intents/pi_down', 'amount=400');
    expect(await spent()).toBe(10);
    vendorSays(shown('pi_down', 400));
    await post('payment_intents/pi_down', 'amount=400');
    expect(await spent()).toBe(4);
    await post('payment_intents/pi_down/confirm');
    expect(await spent()).toBe(4);
  });

  it('an update that another overtook gives nothing back', async () => {
    const { post, spent } = await withIntent('pi_race');
    const waiting: (() => void)[] = [];
    const arrived = new Promise<void>((resolve) => {
      vendor.respond = (_req, res, { body }) => {
        const answer = JSON.stringify(shown('pi_race', body === 'amount=400' ? 400 : 2000));
        if (body !== 'amount=400') return res.end(answer);
        waiting.push(() => res.end(answer));
        resolve();
      };
    });
    const lower = post('payment_intents/pi_race', 'amount=400');
    await arrived;
    await post('payment_intents/pi_race', 'amount=2000');
    waiting.forEach((release) => release());
    await lower;
    expect(await spent()).toBe(20);
  });

  it('an update that names no money costs nothing, and one to another currency is refused', async () => {
    const { post, spent } = await withIntent('pi_text');
    expect((await post('payment_intents/pi_text', 'description=a&metadata[amount]=9')).status).toBe(
      200,
    );
    for (const body of [
      'currency=eur',
      'amount=1000&currency=eur',
      'application_fee_amount=1001',
    ]) {
      const answer = await post('payment_intents/pi_text', body);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_amount']);
    }
    expect((await post('payment_intents/pi_text', 'currency=USD')).status).toBe(200);
    expect(await spent()).toBe(10);
    expect(vendor.received.map(({ body }) => body).slice(1)).toEqual([
      'description=a&metadata[amount]=9',
      'currency=usd',
    ]);
  });

  it('an increment costs the difference; declined, it costs nothing', async () => {
    const { post, spent } = await withIntent('pi_inc');
    vendorSays({ error: { code: 'card_declined', payment_intent: shown('pi_inc', 1000) } }, 402);
    await post('payment_intents/pi_inc/increment_authorization', 'amount=3000');
    expect(await spent()).toBe(10);
    vendorSays(shown('pi_inc', 3000));
    await post('payment_intents/pi_inc/increment_authorization', 'amount=3000');
    expect(await spent()).toBe(30);
    vendorSays(shown('pi_inc', 3000, { amount_received: 1200, status: 'succeeded' }));
    await post('payment_intents/pi_inc/capture', 'amount_to_capture=1200');
    expect(await spent()).toBe(12);
  });

  it.each([
    ['confirm', 'amount_to_confirm'],
    ['capture', 'amount_to_capture'],
    ['apply_customer_balance', 'amount'],
  ])('a %s whose %s is above its exposure costs the difference', async (call, field) => {
    const { post, spent } = await withIntent(`pi_${call}_above`);
    const path = `payment_intents/pi_${call}_above/${call}`;
    const refused = await post(path, `${field}=10001`);
    expect(refused.body).toMatchObject({ code: 'cap_exhausted', requested_usd: 90.01 });
    vendorSays(shown(`pi_${call}_above`, 1500, { amount_received: 1500 }));
    expect((await post(path, `${field}=1500`)).status).toBe(200);
    expect(await spent()).toBe(15);
  });

  it('a customer’s balance applied to it costs what it adds to the exposure', async () => {
    const { post, spent } = await withIntent('pi_bal');
    for (const body of ['', 'amount=500', 'amount=1000&currency=usd']) {
      expect((await post('payment_intents/pi_bal/apply_customer_balance', body)).status).toBe(200);
      expect(await spent()).toBe(10);
    }
    vendorSays(shown('pi_bal', 1500));
    await post('payment_intents/pi_bal/apply_customer_balance', 'amount=1500');
    expect(await spent()).toBe(15);
  });

  it('captured in parts, then cancelled: what was captured stays spent', async () => {
    const { post, spent } = await withIntent('pi_part');
    vendorSays(shown('pi_part', 1000, { amount_received: 300, status: 'requires_capture' }));
    await post('payment_intents/pi_part/capture', 'amount_to_capture=300&final_capture=false');
    expect(await spent()).toBe(10);
    vendorSays(shown('pi_part', 1000, { amount_received: 300, status: 'canceled' }));
    await post('payment_intents/pi_part/cancel');
    expect(await spent()).toBe(3);
  });

  it('named in a decline, it is known: a change that names no money is free, a confirm is held again', async () => {
    const { post, spent } = await agent();
    vendorSays({ error: { code: 'card_declined', payment_intent: shown('pi_dec', 900) } }, 402);
    await post('payment_intents', 'amount=900&currency=usd&confirm=true');
    expect(await spent()).toBe(0);
    vendorSays(shown('pi_dec', 900));
    await post('payment_intents/pi_dec', 'payment_method=pm_1');
    expect(await spent()).toBe(0);
    await post('payment_intents/pi_dec/confirm');
    expect(await spent()).toBe(9);
  });

  it('named in any other refusal, it stays unknown', async () => {
    const { post } = await agent();
    vendorSays({ error: { code: 'x', payment_intent: shown('pi_400', 900) } }, 400);
    await post('payment_intents', 'amount=900&currency=usd&confirm=true');
    expect((await post('payment_intents/pi_400/confirm')).body.code).toBe('amount_unknown');
  });
});

describe('a charge', () => {
  it('authorised and then captured is charged once; a part of it settles as that part', async () => {
    const stripe = await createStripeVendor();
    const broker = await BrokerProcess.start({ vendor: stripe });
    const { post, spent } = await agent(broker);
    const made = await post('charges', 'amount=1000&currency=usd&source=tok_visa&capture=false');
    expect([made.status, await spent()]).toEqual([200, 10]);
    const captured = await post(`charges/${made.body.id}/capture`, 'amount=400');
    expect([captured.status, await spent()]).toEqual([200, 4]);
    expect(stripe.book.total('usd')).toBe(400);
    const refunded = await post('refunds', `charge=${made.body.id}`);
    expect([refunded.status, await spent()]).toEqual([200, 8]);
    expect(stripe.book.total('usd', 'refund')).toBe(400);
    await broker.kill('SIGTERM');
    await stripe.close();
  });

  it('captured above its exposure costs the difference', async () => {
    const { post, spent } = await agent();
    vendorSays(shown('ch_above', 1000));
    await post('charges', 'amount=1000&currency=usd&source=tok_x&capture=false');
    expect((await post('charges/ch_above/capture', 'amount=10001')).body).toMatchObject({
      code: 'cap_exhausted',
      requested_usd: 90.01,
    });
    vendorSays(shown('ch_above', 1500, { amount_captured: 1500 }));
    expect((await post('charges/ch_above/capture', 'amount=1500')).status).toBe(200);
    expect(await spent()).toBe(15);
  });

  it('declined, is known by the id its refusal names', async () => {
    const { post, spent } = await agent();
    vendorSays({ error: { code: 'card_declined', charge: 'ch_dec' } }, 402);
    await post('charges', 'amount=700&currency=usd&source=tok_x');
    expect(await spent()).toBe(0);
    vendorSays(shown('ch_dec', 700));
    expect((await post('charges/ch_dec/capture')).status).toBe(200);
    expect(await spent()).toBe(7);
  });

  it('that the vendor reports above the cap leaves a negative remainder, shown', async () => {
    const { post, money } = await agent();
    vendorSays({ id: 'ch_dear', amount: 15_000, currency: 'usd' });
    await post('charges', 'amount=100&currency=usd');
    expect(await money()).toEqual({ spent: 150, held: 0, remaining: -50 });
  });
});

describe('currencies', () => {
  it.each([
    ['eur', 1000, 10.9],
    ['EUR', 1, 0.0109],
    ['jpy', 1000, 6.7],
    ['kwd', 1000, 3.2501],
    ['kwd', 1, 0.003251],
    // 1000 is 10 krónur, on every page of Stripe's; UGX has no decimals on the costlier of two.
    ['isk', 1000, 0.073],
    ['ugx', 1000, 0.27],
    // Rounded up to the next millionth.
    ['idr', 1, 0.000001],
  ])('%s %d costs %d USD', async (currency, amount, usd) => {
    const { post, spent } = await agent(configured);
    const answer = await post('payment_intents', `amount=${amount}&currency=${currency}`);
    expect([answer.status, await spent()]).toEqual([200, usd]);
    expect(vendor.received[0]?.body).toBe(`amount=${amount}&currency=${currency.toLowerCase()}`);
  });

  it('without a rate are refused: currency_not_priced', async () => {
    for (const broker of [plain, configured]) {
      const { post } = await agent(broker);
      const answer = await post('payment_intents', 'amount=100&currency=gbp');
      expect([answer.status, answer.body.code]).toEqual([403, 'currency_not_priced']);
    }
    expect(vendor.received).toEqual([]);
  });

  it('that Stripe does not have are refused: invalid_amount', async () => {
    const { post } = await agent(configured);
    for (const currency of ['xxx', 'eu', 'euro', 'us$', '']) {
      const answer = await post('payment_intents', `amount=100&currency=${currency}`);
      expect([currency, answer.status, answer.body.code]).toEqual([
        currency,
        400,
        'invalid_amount',
      ]);
    }
  });

  it('count by the object’s own: an update and a refund are priced in it', async () => {
    const { post, spent } = await agent(configured);
    vendorSays(shown('pi_eur', 1000, { currency: 'eur' }));
    await post('payment_intents', 'amount=1000&currency=eur');
    vendorSays(shown('pi_eur', 2000, { currency: 'eur' }));
    await post('payment_intents/pi_eur', 'amount=2000');
    expect(await spent()).toBe(21.8);
    vendorSays({ id: 're_1', amount: 2000, currency: 'eur' });
    await post('refunds', 'payment_intent=pi_eur');
    expect(await spent()).toBe(43.6);
  });
});

describe('what the config file adds', () => {
  it('a flat price holds that sum, and the larger reported one is settled', async () => {
    const { post, spent } = await agent(configured);
    await post('checkout/sessions', 'mode=payment&line_items[0][price]=price_1');
    expect(await spent()).toBe(20);
    vendorSays({ id: 'cs_1', amount_total: 3000, currency: 'usd' });
    await post('checkout/sessions', 'mode=payment');
    expect(await spent()).toBe(50);
    await post('billing/credit_grants');
    expect((await post('accounts/acct_1/reject')).status).toBe(429);
  });

  it('a price by field reads the amount as any other, in the currency given or configured', async () => {
    const { post, spent } = await agent(configured);
    await post('climate/orders', 'amount=1000&currency=eur');
    expect(await spent()).toBe(10.9);
    await post('application_fees/fee_1/refunds', 'amount=1000');
    expect(await spent()).toBe(21.8);
    for (const [path, body, code] of [
      ['climate/orders', 'amount=1000', 'amount_unknown'],
      ['climate/orders', 'currency=eur', 'amount_unknown'],
      ['climate/orders', 'amount=1e3&currency=eur', 'invalid_amount'],
      ['application_fees/fee_1/refunds', 'amount=1000&currency=idr', 'invalid_amount'],
    ] as const) {
      expect((await post(path, body)).body.code).toBe(code);
    }
  });

  it('what is named free costs nothing, and a price goes before it', async () => {
    const { call, post, spent } = await agent(configured, { daily_usd_cap: 0 });
    expect((await post('accounts/acct_1/unreject')).status).toBe(200);
    expect((await call('DELETE', 'accounts/acct_1', 'a=1')).status).toBe(200);
    expect(vendor.received.at(-1)).toMatchObject({ method: 'DELETE', body: 'a=1' });
    expect((await post('accounts/acct_1/reject')).body.code).toBe('cap_exhausted');
    expect((await post('accounts')).body.code).toBe('amount_unknown');
    expect(await spent()).toBe(0);
  });

  it('bodies may be larger, longer and deeper, up to what it says', async () => {
    const { post } = await agent(configured);
    const pairs = (n: number) => Array.from({ length: n }, (_, i) => `p${i}=1`).join('&');
    const deep = (n: number) => `a${'[b]'.repeat(n - 1)}=1`;
    for (const body of [`a=${'x'.repeat(100_000)}`, pairs(2_000), deep(12)]) {
      expect((await post('accounts/acct_1/unreject', body)).status).toBe(200);
    }
    const large = await post('customers', `description=${'x'.repeat(131_072)}`);
    expect(large.body.code).toBe('body_too_large');
    for (const body of [pairs(2_001), deep(13)]) {
      expect((await post('customers', body)).body.code).toBe('invalid_body');
    }
  });

  it('a header it names is forwarded, unless it holds a vault key', async () => {
    const { post } = await agent(configured);
    const { token } = await configured.issue();
    await post('customers', 'email=a', { 'X-Team': 'blue', 'X-Other': 'red' });
    await post('customers', 'email=a', { 'X-Team': token });
    const names = vendor.received.map(({ rawHeaders }) =>
      rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()),
    );
    expect(names.map((each) => each.filter((name) => name.startsWith('x-')))).toEqual([
      ['x-team'],
      [],
    ]);
    expect(JSON.stringify(vendor.received)).not.toContain(token);
  });

  it('so many calls with one key as it says may be under way', async () => {
    const { post } = await agent(configured);
    const open: (() => void)[] = [];
    let arrive = (): void => {};
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    vendor.respond = (_req, res) => {
      if (open.push(() => res.end('{}')) === 3) arrive();
    };
    const calls = [1, 2, 3].map(() => post('customers', 'email=a'));
    await arrived;
    const refused = await post('customers', 'email=a');
    expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([
      503,
      'overloaded',
      '1',
    ]);
    open.forEach((end) => end());
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('is refused at start with every fault and its path, on one line', async () => {
    const file = temporaryFile('bad.json');
    writeFileSync(
      file,
      JSON.stringify({
        vendors: { stripe: { rates: { eur: '1' }, free: ['POST /v1/payment_intents'] } },
        limit: {},
      }),
    );
    const { code, stderr } = await BrokerProcess.run({ vendor, args: ['--config', file] });
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    for (const named of [file, 'vendors.stripe.rates.eur', 'vendors.stripe.free[0]', 'limit is']) {
      expect(stderr).toContain(named);
    }
    const missing = await BrokerProcess.run({ vendor, env: { VAULT_KEY_CONFIG: '/no/such/file' } });
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('/no/such/file')]);
  });
});

describe('connected accounts', () => {
  const ON_1 = { 'Stripe-Account': 'acct_1' };
  const ON_2 = { 'Stripe-Account': 'acct_2' };
  const headersAt = (i: number): Record<string, string> => {
    const { rawHeaders = [] } = vendor.received[i] ?? {};
    return Object.fromEntries(
      rawHeaders.flatMap((name, at) =>
        at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1] ?? '']] : [],
      ),
    );
  };

  it.each([
    ['Stripe-Account', 'acct_9'],
    ['stripe-context', 'acct_9'],
    ['Stripe_Account', 'acct_9'],
    ['Stripe-Account', ''],
    ['Stripe-Account', 'acct_1,acct_2'],
  ])('%s: %s is refused, for a GET too', async (name, value) => {
    for (const broker of [plain, configured]) {
      const { call, post } = await agent(broker);
      for (const answer of [
        await call('GET', 'customers', '', { [name]: value }),
        await post('customers', 'email=a', { [name]: value }),
      ]) {
        expect([answer.status, answer.body.code]).toEqual([403, 'account_not_allowed']);
      }
    }
    expect(vendor.received).toEqual([]);
  });

  it('are forwarded where they are listed, in the header that named them', async () => {
    const { call, post } = await agent(configured);
    await post('customers', 'email=a', ON_1);
    await call('GET', 'customers', '', { 'Stripe-Context': 'acct_2' });
    expect(headersAt(0)['stripe-account']).toBe('acct_1');
    expect(headersAt(1)['stripe-context']).toBe('acct_2');
    const both = await post('customers', 'email=a', { ...ON_1, 'Stripe-Context': 'acct_1' });
    expect([both.status, both.body.code]).toEqual([403, 'account_not_allowed']);
  });

  it('have objects of their own: what one knows, another does not', async () => {
    const { post, spent } = await agent(configured);
    vendorSays(shown('pi_acct', 1000));
    await post('payment_intents', 'amount=1000&currency=usd', ON_1);
    for (const headers of [ON_2, {}]) {
      const answer = await post('payment_intents/pi_acct/confirm', '', headers);
      expect([answer.status, answer.body.code]).toEqual([403, 'amount_unknown']);
    }
    vendorSays(shown('pi_acct', 1000, { status: 'canceled' }));
    await post('payment_intents/pi_acct/cancel', '', ON_2);
    expect(await spent()).toBe(10);
    await post('payment_intents/pi_acct/cancel', '', ON_1);
    expect(await spent()).toBe(0);
  });

  it('have operations of their own: an Idempotency-Key used on one is refused on another', async () => {
    const { post, spent } = await agent(configured);
    const once = (headers: object) =>
      post('payment_intents', 'amount=100&currency=usd', {
        'Idempotency-Key': 'order-1',
        ...headers,
      });
    expect((await once(ON_1)).status).toBe(200);
    expect((await once(ON_2)).body.code).toBe('idempotency_key_reused');
    expect((await once({})).body.code).toBe('idempotency_key_reused');
    expect((await once(ON_1)).status).toBe(200);
    expect(await spent()).toBe(1);
  });
});
