import { BrokerProcess } from '../support/broker-process';
import { RecordingVendor } from './recording-vendor';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

let vendor: RecordingVendor;
let broker: BrokerProcess;
let token: string;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
  broker = await BrokerProcess.start({ vendor });
  ({ token } = await broker.issue({
    daily_usd_cap: 1_000_000,
    allowed_endpoints: ['/v1/*', '/v1/*/*', '/v1/*/*/*', 'DELETE /v1/*/*'],
  }));
});
afterAll(() => vendor.close());
beforeEach(() => vendor.reset());

const post = (body: string | Buffer, type = FORM, target = '/v1/payment_intents') =>
  broker.call(token, 'POST', target, { body, headers: { 'content-type': type } });

/** What reached the vendor of a body. */
async function forwarded(body: string | Buffer, type = FORM, target?: string): Promise<string> {
  const answer = await post(body, type, target);
  expect([answer.status, answer.text]).toEqual([200, '{}']);
  return vendor.received.at(-1)?.body ?? 'nothing';
}

async function expectRefused(body: string | Buffer, type: string, status: number, code: string) {
  const answer = await post(body, type);
  expect([body.toString().slice(0, 80), answer.status, answer.body?.code]).toEqual([
    body.toString().slice(0, 80),
    status,
    code,
  ]);
  expect(vendor.received).toEqual([]);
}

describe('what is forwarded is what was priced', () => {
  it('writes a form again, name by name, value by value', async () => {
    expect(
      await forwarded(
        'amount=100&currency=usd&metadata%5Ba+b%5D=1+2%2B3&metadata[x]=%C3%BC%26%3D&expand[]=customer&description=a/b:c&shipping[address][line1]=',
      ),
    ).toBe(
      'amount=100&currency=usd&metadata[a%20b]=1%202%2B3&metadata[x]=%C3%BC%26%3D&expand[]=customer&description=a%2Fb%3Ac&shipping[address][line1]=',
    );
    const { rawHeaders } = vendor.received[0] ?? { rawHeaders: [] };
    const at = rawHeaders.findIndex((name) => name.toLowerCase() === 'content-type');
    expect(rawHeaders[at + 1]).toBe(FORM);
  });

  it('writes JSON as the form Stripe reads: null, booleans, arrays, digits as written', async () => {
    expect(
      await forwarded(
        '{ "amount": 100, "currency": "usd", "confirm": true, "off_session": false, "description": null, "payment_method_types": ["card", "link"], "metadata": {"a": 1.50, "b": 12345678901234567890, "c": "\\u00fc\\n\\"[]\\"", "d": 1E2, "e": -0}, "shipping": {"address": {"line1": "x"}}, "amount_details": {"line_items": [{"quantity": 1, "product_name": "p"}]} }',
        JSON_TYPE,
      ),
    ).toBe(
      'amount=100&currency=usd&confirm=true&off_session=false&description=&payment_method_types[0]=card&payment_method_types[1]=link&metadata[a]=1.50&metadata[b]=12345678901234567890&metadata[c]=%C3%BC%0A%22%5B%5D%22&metadata[d]=1E2&metadata[e]=-0&shipping[address][line1]=x&amount_details[line_items][0][quantity]=1&amount_details[line_items][0][product_name]=p',
    );
  });

  it('forwards the currency in lower case and the amount in the digits given', async () => {
    expect(await forwarded('amount=1&currency=USD')).toBe('amount=1&currency=usd');
    expect(await forwarded('{"amount":"100","currency":"usd"}', JSON_TYPE)).toBe(
      'amount=100&currency=usd',
    );
  });

  it('takes an empty body for an empty form, whatever its type', async () => {
    for (const type of [FORM, JSON_TYPE, 'text/plain', '']) {
      expect(await forwarded('', type, '/v1/customers')).toBe('');
    }
    const { rawHeaders } = vendor.received.at(-1) ?? { rawHeaders: [] };
    expect(rawHeaders.map((name) => name.toLowerCase())).not.toContain('content-type');
  });

  it.each([FORM.toUpperCase(), `${FORM};charset=UTF-8`, `${FORM}; charset="utf-8"`, ` ${FORM} `])(
    'knows the type "%s"',
    async (type) => {
      expect(await forwarded('amount=1&currency=usd', type)).toBe('amount=1&currency=usd');
    },
  );

  it('reads the body of a DELETE as well, and takes none with GET: 400', async () => {
    const answer = await broker.call(token, 'GET', '/v1/customers', { body: 'amount=1' });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_body']);
    expect(vendor.received).toEqual([]);
    const unknown = await broker.call(token, 'DELETE', '/v1/products/prod_1', { body: 'a=1' });
    expect([unknown.status, unknown.body.code]).toEqual([403, 'parameter_not_allowed']);
    expect(vendor.received).toEqual([]);
  });
});

describe('the query of a DELETE', () => {
  let own: string;
  beforeAll(async () => {
    const subscription = 'DELETE /v1/subscriptions/*';
    ({ token: own } = await broker.issue({
      daily_usd_cap: 0,
      allowed_endpoints: [subscription, 'DELETE /v1/products/*'],
    }));
  });
  const end = (query: string, more: object = {}) =>
    broker.call(own, 'DELETE', `/v1/subscriptions/sub_1${query}`, more);

  it('is read as its parameters, and goes on as its body', async () => {
    const query = '?cancellation_details[comment]=a%26b&expand[0]=latest_invoice';
    const answer = await end(query, { body: 'prorate=false' });
    expect([answer.status, answer.text]).toEqual([200, '{}']);
    expect(vendor.received).toMatchObject([
      {
        method: 'DELETE',
        target: '/v1/subscriptions/sub_1',
        body: 'cancellation_details[comment]=a%26b&expand[0]=latest_invoice&prorate=false',
      },
    ]);
  });

  it('is one operation with the same parameters in the body', async () => {
    const headers = { 'idempotency-key': 'ends-once' };
    expect((await end('?prorate=false', { headers })).status).toBe(200);
    expect((await end('', { headers, body: 'prorate=false' })).status).toBe(200);
    const other = await end('?prorate=false&invoice_now=false', { headers });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it.each([
    ['a parameter on no list', '?amount=1', '', 403, 'parameter_not_allowed'],
    ['one that is given in the body too', '?prorate=false', 'prorate=true', 400, 'invalid_body'],
    ['one that is a map in the body', '?prorate=false', 'prorate[a]=true', 400, 'invalid_body'],
    ['one given twice', '?prorate=false&prorate=true', '', 400, 'invalid_body'],
    ['a raw ";"', '?expand[]=a;prorate=true', '', 400, 'invalid_body'],
    ['a method', '?_method=POST', '', 400, 'invalid_body'],
    ['what shows a number', '?expand[]=card.number', '', 403, 'parameter_not_allowed'],
    ['no pairs', '?prorate', '', 400, 'invalid_body'],
  ])('is refused with %s', async (_what, query, body, status, code) => {
    const answer = await end(query, body === '' ? {} : { body });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(vendor.received).toEqual([]);
  });

  it('is priced: what it bills at once is held', async () => {
    const answer = await end('?invoice_now=true');
    // It needs the subscription, which this vendor does not show.
    expect([answer.status, answer.body.code]).toEqual([403, 'amount_unknown']);
    expect(vendor.received.map(({ method }) => method)).toEqual(['GET']);
  });
});

describe('the query of any other call but GET', () => {
  it.each([
    '?amount=1&currency=usd',
    '?expand[]=a&amount=1',
    '?expand[0]=a',
    '?expand[]=a;amount=1',
  ])('holds no parameter: %s is refused', async (query) => {
    const body = 'amount=1&currency=usd';
    const answer = await post(body, FORM, `/v1/payment_intents${query}`);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_path']);
    expect(vendor.received).toEqual([]);
  });
});

describe('bodies that two readers could read differently', () => {
  it.each([
    '',
    'text/plain',
    'multipart/form-data; boundary=x',
    `${FORM}, ${JSON_TYPE}`,
    `${FORM}; charset=utf-16`,
    `${JSON_TYPE}; a=b; charset=utf-8`,
    'application/json+x',
    'json',
  ])('refuses the type "%s" with 415', async (type) => {
    await expectRefused('amount=1&currency=usd', type, 415, 'unsupported_media_type');
  });

  it.each([
    'amount=1&amount=2&currency=usd',
    'amount=1&amount=1&currency=usd',
    'amount[]=1&currency=usd',
    'amount[0]=1&currency=usd',
    'amount[x]=1&currency=usd',
    'amount=1&amount[]=2&currency=usd',
    'amount=1&amount[x]=2&currency=usd',
    'amount%5B%5D=1&currency=usd',
    'amount=1&%61mount=2&currency=usd',
    'amount=1&currency=usd&currency=jpy',
    'amount=1&currency[]=usd',
    'amount=1&currency=us',
    'amount=1&currency=usdx',
    'amount=1&currency=',
    'amount=1&currency=xyz',
    'amount=1&currency=us%64%00',
    'amount=&currency=usd',
    'amount=0&currency=usd',
    'amount=01&currency=usd',
    'amount=-1&currency=usd',
    'amount=%2B1&currency=usd',
    'amount=1.0&currency=usd',
    'amount=1e2&currency=usd',
    'amount=0x10&currency=usd',
    'amount=1_000&currency=usd',
    'amount=1,000&currency=usd',
    'amount=+1&currency=usd',
    'amount=1+&currency=usd',
    'amount=1%0A&currency=usd',
    'amount=100000000&currency=usd',
    'amount=%D9%A1&currency=usd',
    'amount=%EF%BC%91&currency=usd',
    'amount=%E0%A5%A7&currency=usd',
    'amount=Infinity&currency=usd',
    'amount=NaN&currency=usd',
  ])('takes no amount in the form %s', async (body) => {
    const answer = await post(body);
    expect([answer.status, ['invalid_amount', 'invalid_body'].includes(answer.body?.code)]).toEqual(
      [400, true],
    );
    expect(vendor.received).toEqual([]);
  });

  it.each([
    '{"amount":1.0,"currency":"usd"}',
    '{"amount":1e2,"currency":"usd"}',
    '{"amount":1E2,"currency":"usd"}',
    '{"amount":100.5,"currency":"usd"}',
    '{"amount":-1,"currency":"usd"}',
    '{"amount":0,"currency":"usd"}',
    '{"amount":[1],"currency":"usd"}',
    '{"amount":{"x":1},"currency":"usd"}',
    '{"amount":[[1]],"currency":"usd"}',
    '{"amount":true,"currency":"usd"}',
    '{"amount":null,"currency":"usd"}',
    '{"amount":"","currency":"usd"}',
    '{"amount":" 1","currency":"usd"}',
    '{"amount":"1e2","currency":"usd"}',
    '{"amount":1,"currency":["usd"]}',
    '{"amount":1,"currency":null}',
    '{"amount":123456789,"currency":"usd"}',
  ])('takes no amount in the JSON %s', async (body) => {
    await expectRefused(body, JSON_TYPE, 400, 'invalid_amount');
  });

  it.each([
    ' amount=1&currency=usd',
    '%20amount=1&currency=usd',
    'amount%20=1&currency=usd',
    'amount+=1&currency=usd',
    'amount.x=1&currency=usd',
    'amount%00=1&currency=usd',
    'am%C3%B6unt=1&currency=usd',
    '[amount]=1',
    'amount]=1',
    'amount[=1',
    'amount[x=1',
    'amount[x]y=1',
    'amount[[x]]=1',
    'amount=1;currency=usd',
    'amount=1&currency=usd;amount=2',
    'a;b=1',
    'amount=1&&currency=usd',
    'amount=1&currency=usd&',
    '&amount=1',
    'amount',
    'amount=1&currency',
    '=1',
    'amount=%',
    'amount=%4',
    'amount=%zz',
    'x=%ff',
    'x=%C3',
    'x=%00',
    'x=a%00b',
    'x=%ED%A0%80',
    'amount=1&currency=usd&metadata[a]=1&metadata[a]=2',
    'metadata=1&metadata[a]=2',
    'metadata[a][b]=1&metadata[a]=2',
    '__proto__=1',
    '__proto__[amount]=1',
    'metadata[__proto__]=1',
    'constructor[prototype][amount]=1',
    'x[prototype]=1',
    '_method=DELETE&amount=1&currency=usd',
    '_method[]=DELETE',
    'a[1][2][3][4][5][6][7][8]=1',
  ])('refuses the form %s', async (body) => {
    await expectRefused(body, FORM, 400, 'invalid_body');
  });

  it.each([
    '{',
    '{}{}',
    '[]',
    '"x"',
    '7',
    'null',
    '{"a":1,}',
    "{'a':1}",
    '{"a":01}',
    '{"a":+1}',
    '{"a":NaN}',
    '{a:1}',
    '{"a":1}\u0000',
    '{"amount":1,"amount":2,"currency":"usd"}',
    '{"amount":1,"\\u0061mount":2,"currency":"usd"}',
    '{"metadata":{"a":1,"a":2}}',
    '{"__proto__":{"amount":1}}',
    '{"metadata":{"__proto__":1}}',
    '{"constructor":1}',
    '{"":1}',
    '{"a b":1}',
    '{"a[b]":1}',
    '{" amount":1}',
    '{"amount ":1}',
    '{"a":"\\u0000"}',
    '{"a\\u0000":1}',
    '{"a":"\\ud800"}',
    '{"a":[]}',
    '{"a":{}}',
    '{"a":{"b":[]}}',
    '{"_method":"DELETE"}',
    `{"a":${'{"b":'.repeat(8)}1${'}'.repeat(8)}}`,
    `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
  ])('refuses the JSON %s', async (body) => {
    await expectRefused(body, JSON_TYPE, 400, 'invalid_body');
  });

  it('refuses what is not UTF-8, or begins with a byte order mark', async () => {
    for (const type of [FORM, JSON_TYPE]) {
      await expectRefused(Buffer.from([0x61, 0x3d, 0xff]), type, 400, 'invalid_body');
      await expectRefused(Buffer.from('\ufeffamount=1&currency=usd'), type, 400, 'invalid_body');
      await expectRefused(Buffer.from('\ufeff{}', 'utf16le'), type, 400, 'invalid_body');
    }
  });

  it('takes 1,000 parameters and not 1,001, and refuses 10,000 at once', async () => {
    const pairs = (n: number) => Array.from({ length: n }, (_, i) => `metadata[${i}]=`).join('&');
    expect(await forwarded(pairs(1_000), FORM, '/v1/customers')).toBe(pairs(1_000));
    vendor.reset();
    await expectRefused(pairs(1_001), FORM, 400, 'invalid_body');
    const many = Array.from({ length: 10_000 }, () => 'a[]=').join('&');
    await expectRefused(many, FORM, 400, 'invalid_body');
    await expectRefused(
      `{"a":[${Array(10_000).fill('1').join()}]}`,
      JSON_TYPE,
      400,
      'invalid_body',
    );
  });

  it('takes 64 KiB and not a byte more: 413, before anything is sent', async () => {
    const body = (length: number) => `description=${'x'.repeat(length - 12)}`;
    expect(await forwarded(body(65_536), FORM, '/v1/customers')).toHaveLength(65_536);
    vendor.reset();
    await expectRefused(body(65_537), FORM, 413, 'body_too_large');
    await expectRefused(body(1_000_000), FORM, 413, 'body_too_large');
  });
});

describe('amounts nested in a body', () => {
  const payment = 'amount=100&currency=usd';
  it.each([
    'transfer_data[amount]=100',
    'application_fee_amount=100',
    'application_fee_amount=0',
    'amount_details[shipping][amount]=100',
    'amount_details[line_items][][unit_cost]=50',
    'metadata[amount]=999999',
    'metadata[x_amount]=abc',
    'amount_details[line_items][0][product_name]=Shoe',
    'payment_method_options[card][mandate_options][amount_type]=fixed',
  ])('forwards %s', async (nested) => {
    expect(decodeURIComponent(await forwarded(`${payment}&${nested}`))).toBe(
      `${payment}&${nested}`,
    );
  });

  it.each([
    'transfer_data[amount]=101',
    'application_fee_amount=101',
    'amount_details[shipping][amount]=101',
    'amount_details[line_items][][unit_cost]=101',
    'transfer_data[amount]=1e1',
    'transfer_data[amount]=-1',
    'transfer_data[amount]=01',
    'transfer_data[amount]=',
    'transfer_data[amount][]=1000',
    'transfer_data[amount][x]=y',
    'transfer_data[%20amount]=1000',
    'amount_to_capture=1000',
    'amount_details[tip][amount]=1.5',
    'transfer_data[Amount]=1000',
  ])('refuses %s', async (nested) => {
    await expectRefused(`${payment}&${nested}`, FORM, 400, 'invalid_amount');
  });
});

describe('what every other call costs', () => {
  it.each([
    ['POST', '/v1/customers', 'email=x'],
    ['POST', '/v1/customers/cus_1', 'invoice_settings[default_payment_method]=pm_1'],
    ['POST', '/v1/customers/cus_1/tax_ids', 'type=eu_vat&value=x'],
    ['POST', '/v1/products', 'name=x'],
    ['POST', '/v1/products/prod_1', 'name=x'],
    ['POST', '/v1/prices', 'unit_amount=500&currency=usd&lookup_key=x'],
    ['POST', '/v1/prices/price_1', 'active=false'],
    ['POST', '/v1/payment_methods', 'type=card&card[token]=tok_visa'],
    ['POST', '/v1/payment_methods/pm_1', 'billing_details[address][city]=x'],
    ['POST', '/v1/payment_methods/pm_1/attach', 'customer=cus_1'],
    ['POST', '/v1/payment_methods/pm_1/detach', 'expand[]=customer'],
    ['POST', '/v1/setup_intents', 'confirm=true&payment_method=pm_1'],
    ['POST', '/v1/setup_intents/seti_1', 'description=x'],
    ['POST', '/v1/setup_intents/seti_1/confirm', 'payment_method=pm_1'],
    ['POST', '/v1/setup_intents/seti_1/cancel', 'cancellation_reason=abandoned'],
    ['POST', '/v1/tokens', 'card[number]=4242424242424242'],
    ['POST', '/v1/charges/ch_1', 'metadata[a]=1'],
    ['POST', '/v1/refunds/re_1', 'metadata[amount]=1'],
    ['POST', '/v1/refunds/re_1/cancel', ''],
    ['POST', '/v1/checkout/sessions/cs_1/expire', ''],
    ['DELETE', '/v1/products/prod_1', ''],
    ['GET', '/v1/payouts', ''],
    ['GET', '/v1/anything/at/all', ''],
  ])('%s %s with %s costs nothing, with a cap of 0 too', async (method, target, body) => {
    const key = await broker.issue({
      daily_usd_cap: 0,
      allowed_endpoints: [`${method} ${target}`],
    });
    const answer = await broker.call(key.token, method, target, body === '' ? {} : { body });
    expect([answer.status, answer.headers['x-vault-key-remaining-usd']]).toEqual([200, '0']);
    expect(vendor.received).toMatchObject([{ method, target, body }]);
    expect(await broker.money(key)).toEqual({ spent: 0, held: 0, remaining: 0 });
  });

  it.each([
    ['POST', '/v1/customers', 'balance=-500000', 'balance'],
    ['POST', '/v1/customers', 'balance[]=1', 'balance[]'],
    ['POST', '/v1/customers', '{"balance":-100}', 'balance'],
    ['POST', '/v1/customers/cus_1', 'account_balance=-500000', 'account_balance'],
    ['POST', '/v1/customers/cus_1', 'email=a&source=tok_visa', 'source'],
    ['POST', '/v1/customers/cus_1', 'card[number]=4242424242424242', 'card[number]'],
    ['POST', '/v1/customers/cus_1', 'plan=gold&quantity=100', 'plan'],
    ['POST', '/v1/customers/cus_1', 'subscription[plan]=gold', 'subscription[plan]'],
    ['POST', '/v1/customers', 'coupon=FREE', 'coupon'],
    ['POST', '/v1/customers', 'promotion_code=promo_1', 'promotion_code'],
    ['POST', '/v1/customers', 'trial_end=now', 'trial_end'],
    [
      'POST',
      '/v1/customers/cus_1',
      'cash_balance[settings][reconciliation_mode]=automatic',
      'cash_balance[settings][reconciliation_mode]',
    ],
    [
      'POST',
      '/v1/customers/cus_1/cash_balance',
      'settings[reconciliation_mode]=automatic',
      'settings[reconciliation_mode]',
    ],
    ['POST', '/v1/customers/cus_1', 'shipping[address][balance]=1', 'shipping[address][balance]'],
    ['POST', '/v1/prices', 'currency=usd&transfer_lookup_key=true', 'transfer_lookup_key'],
    ['POST', '/v1/prices/price_1', 'transfer_lookup_key=true', 'transfer_lookup_key'],
    ['POST', '/v1/setup_intents', 'attach_to_self=true', 'attach_to_self'],
    ['POST', '/v1/payment_intents', 'amount=1&currency=usd&source=src_1', 'source'],
    ['POST', '/v1/refunds', 'payment_intent=pi_1&origin=customer_balance', 'origin'],
    ['DELETE', '/v1/products/prod_1', 'prorate=true', 'prorate'],
  ])('%s %s with %s is refused: parameter_not_allowed', async (method, target, body, parameter) => {
    const key = await broker.issue({ allowed_endpoints: [`${method} ${target}`] });
    const type = body.startsWith('{') ? JSON_TYPE : FORM;
    const answer = await broker.call(key.token, method, target, {
      body,
      headers: { 'content-type': type },
    });
    expect([answer.status, answer.body.code, answer.body.parameter]).toEqual([
      403,
      'parameter_not_allowed',
      parameter,
    ]);
    expect(answer.body.error.message).toContain(parameter);
    expect(vendor.received).toEqual([]);
  });

  it.each([
    ['POST', '/v1/account_links'],
    ['POST', '/v1/charges/ch_1/capture/x'],
    ['POST', '/v1/charges/ch_1/refund'],
    ['POST', '/v1/treasury/inbound_transfers'],
    ['DELETE', '/v1/customers/cus_1'],
    ['PUT', '/v1/customers'],
    ['PATCH', '/v1/customers/cus_1'],
    ['HEAD', '/v1/payment_intents'],
    ['OPTIONS', '/v1/payment_intents'],
    ['DELETE', '/v1/payment_intents/pi_1'],
    ['POST', '/v1/payment_intents/pi_1/confirm/x'],
    ['POST', '/v1/payment_intents/pi_1/cancel/x'],
    ['POST', '/v1/customers/x/y/z'],
  ])('%s %s is refused: amount_unknown', async (method, target) => {
    const key = await broker.issue({ allowed_endpoints: [`${method} ${target}`] });
    const answer = await broker.call(key.token, method, target, { body: 'amount=1&currency=usd' });
    expect([answer.status, answer.headers['x-vault-key-verdict']]).toEqual([403, 'amount_unknown']);
    expect(vendor.received).toEqual([]);
  });
});

describe('the version of Stripe’s API', () => {
  const versionSent = (): string | undefined => {
    const { rawHeaders = [] } = vendor.received.at(-1) ?? {};
    const at = rawHeaders.findIndex((name) => name.toLowerCase() === 'stripe-version');
    return at === -1 ? undefined : rawHeaders[at + 1];
  };
  const call = (method: string, headers: Record<string, string>) =>
    broker.call(token, method, '/v1/customers', {
      ...(method === 'POST' ? { body: 'email=a' } : {}),
      headers,
    });

  it.each(['GET', 'POST'])('is the table’s own where a %s names none', async (method) => {
    expect((await call(method, {})).status).toBe(200);
    expect(versionSent()).toBe('2026-10-28.endive');
  });

  it.each([
    '2022-11-16',
    '2023-10-16',
    '2024-09-30.acacia',
    '2026-10-28.endive',
    '2030-01-01.zinc',
  ])('is the caller’s: %s', async (version) => {
    for (const method of ['GET', 'POST']) {
      expect((await call(method, { 'Stripe-Version': version })).status).toBe(200);
      expect(versionSent()).toBe(version);
    }
  });

  it.each([
    '2022-11-15',
    '2019-09-09',
    '2017-08-15',
    '',
    'latest',
    '2025-03-31.preview',
    '2025-03-31.beta',
    '2025-03-31.acacia; feature_beta=v1',
    '2025-03-31.Acacia',
    '2025-03-31.',
    '2025-3-31',
    '2023-10-16, 2017-08-15',
    '99999-01-01',
  ])('is refused, for a GET too: "%s"', async (version) => {
    for (const method of ['GET', 'POST']) {
      for (const name of ['Stripe-Version', 'stripe_version']) {
        const answer = await call(method, { [name]: version });
        expect([answer.status, answer.body.code]).toEqual([400, 'version_not_supported']);
      }
    }
    expect(vendor.received).toEqual([]);
  });

  it('is refused where it is given twice', async () => {
    const answer = await call('POST', {
      'Stripe-Version': '2024-09-30.acacia',
      stripe_version: '2024-09-30.acacia',
    });
    expect([answer.status, answer.body.code]).toEqual([400, 'version_not_supported']);
    expect(vendor.received).toEqual([]);
  });
});
