import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess, send } from '../support/broker-process';
import type { Answer } from '../support/broker-process';
import { exchangeRaw, rawRequest, readRaw } from './raw-socket';

const SECRET = 'sk_test_proxy_suite_secret_4711';
const PAYMENT = 'amount=100&currency=usd';

let vendor: StripeVendor;
let broker: BrokerProcess;
beforeAll(async () => {
  vendor = await createStripeVendor({ secretKey: SECRET });
  broker = await BrokerProcess.start({ vendor, env: { VAULT_KEY_VENDOR_TIMEOUT: '5s' } });
});
afterAll(() => vendor.close());
beforeEach(() => vendor.reset());

function refused(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.body?.code]).toEqual([status, code]);
  expect(answer.body.error).toMatchObject({
    type: 'vault_key_error',
    code,
    message: expect.any(String),
  });
  const { error, ...top } = answer.body;
  const { type, message, param, ...inner } = error;
  expect(type && message && param !== undefined).toBe(true);
  expect({ ...inner, ...(param === null ? {} : { param }) }).toEqual(top);
  expect(answer.headers).toMatchObject({
    'x-vault-key-verdict': code,
    'stripe-should-retry': 'false',
    'cache-control': 'no-store',
    'content-type': 'application/json',
  });
}

describe('a call that is admitted', () => {
  it('reaches the vendor with its secret, and comes back marked as forwarded', async () => {
    const key = await broker.issue({ daily_usd_cap: 2.5 });
    const answer = await broker.call(key.token, 'POST', '/v1/payment_intents', { body: PAYMENT });
    expect(answer.status).toBe(200);
    expect(answer.body.object).toBe('payment_intent');
    expect(answer.headers).toMatchObject({
      'x-vault-key-verdict': 'forwarded',
      'x-vault-key-id': key.id,
      'x-vault-key-remaining-usd': '1.5',
      'request-id': expect.stringMatching(/^req_/),
    });
    expect(vendor.book.entries).toHaveLength(1);
    expect(vendor.book.entries[0]).toMatchObject({ keyLast4: '4711', status: 200 });
  });

  it('is the vendor’s to answer, errors included, untouched', async () => {
    const { token } = await broker.issue();
    const answer = await broker.call(token, 'GET', '/v1/payment_intents/pi_unknown');
    expect(answer.status).toBe(404);
    expect(answer.body.error.code).toBe('resource_missing');
    expect(answer.headers['x-vault-key-verdict']).toBe('forwarded');
    vendor.next('*', { status: 429, headers: { 'Retry-After': '7' } });
    const limited = await broker.call(token, 'GET', '/v1/payment_intents/pi_1');
    expect([limited.status, limited.headers['retry-after']]).toEqual([429, '7']);
    expect(limited.headers['x-vault-key-verdict']).toBe('forwarded');
  });
});

describe('the order of the steps: the first that fails answers', () => {
  const bad = { path: '/v1//x', method: 'PUT', body: 'amount=nonsense' };

  it('a vendor or path nobody knows: 404, before anything else', async () => {
    for (const path of [
      '/x',
      '/twilio/v1/x',
      '/stripe',
      '/Stripe/v1/x',
      '/STRIPE/v1/x',
      '//stripe/v1/x',
      '/stripe%2fv1/x',
    ]) {
      const answer = await send(broker.url, 'POST', path, {
        headers: { 'x-http-method-override': 'GET' },
      });
      expect([path, answer.status, answer.body.code]).toEqual([path, 404, 'not_found']);
    }
  });

  it('1 headers, 2 key, 3 target, 4 account and endpoint, 5 body and price, 6 cap', async () => {
    const { token } = await broker.issue({
      daily_usd_cap: 1,
      allowed_endpoints: ['/v1/payment_intents'],
    });
    const go = (
      target: string,
      method: string,
      body: string,
      headers: Record<string, string>,
      as = token,
    ) => broker.call(as, method, target, { body, headers });
    const override = { 'x-http-method-override': 'GET' };
    const account = { 'stripe-account': 'acct_1' };
    refused(
      await go(bad.path, 'PUT', bad.body, { ...override, ...account }, 'nope'),
      400,
      'invalid_request',
    );
    refused(await go(bad.path, 'PUT', bad.body, account, 'nope'), 401, 'invalid_key');
    refused(await go(bad.path, 'PUT', bad.body, account), 400, 'invalid_path');
    refused(await go('/v1/refunds', 'PUT', bad.body, account), 403, 'account_not_allowed');
    refused(await go('/v1/refunds', 'POST', bad.body, {}), 403, 'endpoint_not_allowed');
    refused(await go('/v1/payment_intents', 'PUT', bad.body, {}), 403, 'endpoint_not_allowed');
    refused(
      await go('/v1/payment_intents', 'POST', 'amount=101&currency=usd', {
        'content-type': 'text/plain',
      }),
      415,
      'unsupported_media_type',
    );
    refused(
      await go('/v1/payment_intents', 'POST', 'amount=1;&currency=usd', {}),
      400,
      'invalid_body',
    );
    refused(
      await go('/v1/payment_intents', 'POST', 'amount=1e2&currency=usd', {}),
      400,
      'invalid_amount',
    );
    refused(
      await go('/v1/payment_intents', 'POST', 'amount=101&currency=eur', {}),
      403,
      'currency_not_priced',
    );
    refused(await go('/v1/payment_intents', 'POST', 'currency=usd', {}), 403, 'amount_unknown');
    refused(
      await go('/v1/payment_intents', 'POST', 'amount=101&currency=usd', {}),
      429,
      'cap_exhausted',
    );
    expect(vendor.book.entries).toEqual([]);
  });
});

describe('401 invalid_key', () => {
  it('is one byte-identical body, however the key is wrong', async () => {
    const { id, token } = await broker.issue();
    await broker.api('DELETE', `/v1/keys/${id}`);
    const brief = await broker.issue({ expires_in: '1s' });
    const { body } = await broker.api('GET', `/v1/keys/${brief.id}`);
    await new Promise((resolve) =>
      setTimeout(resolve, Date.parse(body.expires_at) - Date.now() + 50),
    );
    const credentials = [
      `Bearer ${token}`,
      `Bearer ${brief.token}`,
      'Bearer vault_key_',
      `Bearer vault_key_${'0'.repeat(34)}`,
      'Basic dTpw',
      'Bearer',
      `Bearer ${broker.token}`,
      `Bearer ${SECRET}`,
      `Bearer ${token} ${token}`,
      `bearer ${token.toUpperCase()}`,
      `Bearer ${token.slice(0, -1)}`,
      'x'.repeat(8_000),
    ];
    const answers = await Promise.all(
      credentials.map((authorization) =>
        send(broker.url, 'GET', '/stripe/v1/payment_intents', { headers: { authorization } }),
      ),
    );
    const none = await send(broker.url, 'GET', '/stripe/v1/payment_intents');
    refused(none, 401, 'invalid_key');
    expect(none.headers['www-authenticate']).toBe('Bearer');
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.text).toBe(none.text);
      expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
    }
    expect(vendor.book.entries).toEqual([]);
  });

  it('follows a revocation at once, for calls that cost nothing too', async () => {
    const key = await broker.issue();
    expect((await broker.call(key.token, 'GET', '/v1/payment_intents')).status).toBe(200);
    await broker.api('DELETE', `/v1/keys/${key.id}`);
    refused(await broker.call(key.token, 'GET', '/v1/payment_intents'), 401, 'invalid_key');
  });

  it('answers a call whose key was revoked while its body was on the way', async () => {
    const key = await broker.issue();
    const [head, tail] = [PAYMENT.slice(0, 5), PAYMENT.slice(5)];
    const { hostname, port } = new URL(broker.url);
    const { connect } = await import('node:net');
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /stripe/v1/payment_intents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key.token}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${PAYMENT.length}\r\nConnection: close\r\n\r\n${head}`,
    );
    // By the time this is answered the broker has read the head above, and found the key good.
    await broker.call(key.token, 'GET', '/v1/payment_intents');
    await broker.api('DELETE', `/v1/keys/${key.id}`);
    socket.write(tail);
    let text = '';
    for await (const chunk of socket) text += (chunk as Buffer).toString();
    expect(readRaw(text)).toMatchObject({ status: 401, body: { code: 'invalid_key' } });
    expect(vendor.calls('POST /v1/payment_intents')).toEqual([]);
  });
});

describe('403 endpoint_not_allowed', () => {
  it('says what is allowed and what was attempted', async () => {
    const { token } = await broker.issue();
    const answer = await broker.call(token, 'POST', '/v1/payouts', { body: PAYMENT });
    refused(answer, 403, 'endpoint_not_allowed');
    expect(answer.body).toMatchObject({
      allowed_endpoints: ['/v1/payment_intents', '/v1/payment_intents/*'],
      attempted: 'POST /v1/payouts',
    });
  });

  const cases: [pattern: string, method: string, target: string, allowed: boolean][] = [
    ['/v1/payment_intents/*', 'GET', '/v1/payment_intents/pi_1', true],
    ['/v1/payment_intents/*', 'GET', '/v1/payment_intents', false],
    ['/v1/payment_intents/*', 'POST', '/v1/payment_intents/pi_1/capture', false],
    ['/v1/payment_intents/*/capture', 'POST', '/v1/payment_intents/pi_1/capture', true],
    ['/v1/payment_intents', 'GET', '/v1/payment_intents?limit=3&x=%2F..', true],
    ['/v1/payment_intents', 'GET', '/v1/Payment_intents', false],
    ['/v1/payment_intents', 'DELETE', '/v1/payment_intents', false],
    ['/v1/customers/*', 'DELETE', '/v1/customers/cus_1', false],
    ['DELETE /v1/customers/*', 'DELETE', '/v1/customers/cus_1', true],
    ['DELETE /v1/customers/*', 'GET', '/v1/customers/cus_1', false],
    ['GET /v1/customers/*', 'POST', '/v1/customers/cus_1', false],
    ['/v1/*', 'GET', '/v1/balance', true],
    ['/v1/*', 'GET', '/v1/balance/history', false],
    ['/v1/payment_intents', 'HEAD', '/v1/payment_intents', false],
    ['/v1/payment_intents', 'OPTIONS', '/v1/payment_intents', false],
  ];
  it.each(cases)('%s on %s %s: %p', async (pattern, method, target, allowed) => {
    const { token } = await broker.issue({ allowed_endpoints: [pattern] });
    const answer = await broker.call(token, method, target);
    if (method === 'HEAD')
      expect(answer.headers['x-vault-key-verdict']).toBe('endpoint_not_allowed');
    else expect(answer.body?.code === 'endpoint_not_allowed').toBe(!allowed);
    if (!allowed) expect(vendor.book.entries).toEqual([]);
  });
});

describe('400 invalid_path', () => {
  let token: string;
  beforeAll(async () => {
    const allowed_endpoints = ['/v1/*', '/v1/*/*', '/v1/*/*/*', '/v1/*/*/*/*', 'DELETE /v1/*/*'];
    ({ token } = await broker.issue({ allowed_endpoints }));
  });
  it.each([
    '//v1/payment_intents',
    '/v1//payment_intents',
    '/v1/payment_intents/',
    '/v1/./x',
    '/v1/../v1/refunds',
    '/v1/a/..',
    '/v1/%70ayouts',
    '/v1/payment_intents/%2e%2e/refunds',
    '/v1/payment_intents/.%2E',
    '/v1/x\\y',
    '/v1/x;y',
    '/v1/x#y',
    '/v1/x#',
    '/v1/.hidden',
    '/v1/x.',
    '/v1/-x',
    '/v1/~x',
    '/v1/x@y',
    '/v1/x:y',
    "/v1/x'",
    '/v1/*',
    '/v1/x+y',
    '/v1',
    '/v2/x',
    '/',
    '/V1/x',
    '/x/v1/y',
    `/v1/${'a'.repeat(2_045)}`,
    `/v1/a?${'b'.repeat(8_188)}`,
    '/v1/x?a#b',
  ])('refuses %s', async (target) => {
    refused(await broker.call(token, 'GET', target), 400, 'invalid_path');
    expect(vendor.book.entries).toEqual([]);
  });

  it.each([
    '/v1/a',
    '/v1/a.b',
    '/v1/_a',
    '/v1/0',
    '/v1/a~',
    '/v1/a-b',
    `/v1/${'a'.repeat(2_044)}`,
    `/v1/a?${'b'.repeat(8_186)}`,
    '/v1/a?',
    '/v1/a?x=/../%2e;',
    '/v1/a??',
  ])('forwards %s byte for byte', async (target) => {
    const answer = await broker.call(token, 'GET', target);
    expect(answer.headers['x-vault-key-verdict']).toBe('forwarded');
    expect(vendor.book.entries[0]?.path).toBe(target.split('?')[0]);
  });

  it('refuses a query on a POST, but for expand[]', async () => {
    const go = (query: string) => broker.call(token, 'POST', `/v1/customers?${query}`);
    for (const query of [
      '',
      'amount=1',
      'expand=x',
      'expand[0]=x',
      'expand[]=x&amount=1',
      'expand[]=x;amount=1',
      'expand[]=x%26&',
      '&expand[]=x',
      'Expand[]=x',
      '_method=DELETE',
      'expand%5B%5D%5B%5D=x',
    ]) {
      refused(await go(query), 400, 'invalid_path');
    }
    expect(vendor.book.entries).toEqual([]);
    for (const query of ['expand[]=sources', 'expand%5b%5D=sources&expand[]=x']) {
      expect((await go(query)).headers['x-vault-key-verdict']).toBe('forwarded');
    }
  });

  it.each([
    'expand[]=number',
    'expand[]=cvc',
    'expand[]=data.number&limit=3',
    'limit=3&expand[0]=CVC',
    'expand=number',
    'expand%5B%5D=num%62er',
    'e%78pand[]=data.cvc',
    'limit=1;expand[]=number',
    'expand[][]=+number',
    'expand[]=cardholder&expand[]=number',
    'expand[]=financial_addresses.aba.account_number',
  ])('shows no card or account number: GET ?%s is refused', async (query) => {
    for (const path of [
      'issuing/cards/ic_1',
      'issuing/cards',
      'treasury/financial_accounts/fa_1',
    ]) {
      refused(
        await broker.call(token, 'GET', `/v1/${path}?${query}`),
        403,
        'parameter_not_allowed',
      );
    }
    expect(vendor.book.entries).toEqual([]);
  });

  it('asks for no card number in a call that is no GET, by its query or by its body', async () => {
    const inQuery = await broker.call(token, 'POST', '/v1/customers?expand[]=default_card.number');
    refused(inQuery, 403, 'parameter_not_allowed');
    const inBody = await broker.call(token, 'POST', '/v1/customers', { body: 'expand[0]=cvc' });
    refused(inBody, 403, 'parameter_not_allowed');
    expect(inBody.body.parameter).toBe('expand');
    expect(vendor.book.entries).toEqual([]);
  });

  it('takes an expand that asks for none, and a filter by another name', async () => {
    for (const query of ['expand[]=customer', 'expand[]=data.cardholder', 'numbers=1&cvc=2']) {
      const answer = await broker.call(token, 'GET', `/v1/issuing/cards/ic_1?${query}`);
      expect(answer.headers['x-vault-key-verdict']).toBe('forwarded');
    }
  });

  it('stores and shows no vault key that a caller puts into a path', async () => {
    const answer = await broker.call(token, 'GET', `/v1/${token}`);
    refused(answer, 400, 'invalid_path');
    expect(answer.text).not.toContain(token);
  });

  it('knows no absolute target, and no asterisk', async () => {
    for (const target of [
      `http://evil.test/stripe/v1/balance`,
      `${broker.url}/stripe/v1/balance`,
      '*',
      'stripe/v1/balance',
    ]) {
      const answer = readRaw(
        await exchangeRaw(
          broker.url,
          rawRequest([`GET ${target} HTTP/1.1`, 'Host: a', `Authorization: Bearer ${token}`]),
        ),
      );
      expect([404, 400]).toContain(answer.status);
    }
    expect(vendor.book.entries).toEqual([]);
  });
});

describe('request headers', () => {
  let token: string;
  beforeAll(async () => {
    ({ token } = await broker.issue({ daily_usd_cap: 1_000 }));
  });

  /** A charge written by hand, with the header lines given beside the usual ones. */
  const charge = async (...lines: string[]) =>
    readRaw(
      await exchangeRaw(
        broker.url,
        rawRequest(
          [
            'POST /stripe/v1/payment_intents HTTP/1.1',
            'Host: a',
            ...(lines.some((line) => /^authorization:/i.test(line))
              ? []
              : [`Authorization: Bearer ${token}`]),
            'Content-Type: application/x-www-form-urlencoded',
            `Content-Length: ${PAYMENT.length}`,
            ...lines,
          ],
          PAYMENT,
        ),
      ),
    );

  it.each([
    [['Host: b']],
    [['Content-Type: application/json']],
    [['Content-Length: 3']],
    [['Content-Encoding: identity', 'Content-Encoding: identity']],
    [['Idempotency-Key: a', 'Idempotency-Key: a']],
    [['Idempotency-Key: a', 'idempotency_key: b']],
    [['Idempotency_Key: a']],
    [['Stripe-Account: acct_1', 'Stripe-Account: acct_1']],
    [['Stripe-Account: acct_1', 'Stripe_Account: acct_2']],
    [['Stripe-Context: a', 'Stripe-Context: b']],
    [['X-HTTP-Method-Override: DELETE']],
    [['X-HTTP-Method: DELETE']],
    [['X-Method-Override: DELETE']],
    [['X_HTTP_Method_Override: DELETE']],
    [['Connection: Authorization']],
    [['Connection: keep-alive, Idempotency-Key']],
    [['Connection: Stripe-Account']],
    [['Idempotency-Key:']],
    [['Idempotency-Key: \u00e9']],
    [[`Idempotency-Key: ${'x'.repeat(256)}`]],
    [['Transfer-Encoding: chunked']],
    [['Transfer-Encoding : chunked']],
    [['Transfer-Encoding: xchunked']],
    [['X: a\r\n Authorization: folded']],
    [['X: a\nAuthorization: Bearer x']],
    [['Bad Name: x']],
  ])('refuses with 400: %p', async (lines) => {
    const answer = await charge(...lines);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    expect(vendor.book.entries).toEqual([]);
  });

  it('refuses a second Authorization, whichever of them is good', async () => {
    for (const [first, second] of [
      [token, 'x'],
      ['x', token],
      [token, token],
    ]) {
      const answer = await charge(
        `Authorization: Bearer ${first}`,
        `authorization: Bearer ${second}`,
      );
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    }
    expect(vendor.book.entries).toEqual([]);
  });

  it.each(['Stripe-Account', 'Stripe-Context', 'stripe_account', 'STRIPE_CONTEXT'])(
    'refuses %s with 403, and never drops it silently',
    async (name) => {
      for (const value of ['acct_1', '']) {
        const answer = await charge(`${name}: ${value}`);
        expect([answer.status, answer.body.code]).toEqual([403, 'account_not_allowed']);
      }
      expect(vendor.book.entries).toEqual([]);
    },
  );

  it.each(['gzip', 'identity, gzip', 'x', ''])(
    'refuses Content-Encoding "%s" with 415',
    async (encoding) => {
      const answer = await charge(`Content-Encoding: ${encoding}`);
      expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type']);
      expect(vendor.book.entries).toEqual([]);
    },
  );

  it('hands on what is on the list, sets its own, and drops all else', async () => {
    const dropped = [
      'Cookie: a=b',
      'X-Forwarded-For: 1.2.3.4',
      'Forwarded: for=1',
      'X-Original-URL: /v1/payouts',
      'X-Rewrite-URL: /v1/payouts',
      'X-Agent-Run-ID: r1',
      `X-Api-Key: ${token}`,
      'Traceparent: 00-1',
      'Via: 1.1 a',
      'Proxy-Authorization: Basic x',
      'X-Stripe-Client-User-Agent: {}',
      'Origin: http://evil.test',
      'Referer: http://evil.test',
    ];
    const kept = [
      'Accept: application/json',
      'Accept-Language: de',
      'Idempotency-Key: k 1',
      'Stripe-Version: 2026-10-28.endive',
      'User-Agent: agent/1',
    ];
    const answer = await charge(
      ...dropped,
      ...kept,
      'Accept-Encoding: gzip',
      'Content-Encoding: identity',
    );
    expect(answer.status).toBe(200);
    expect([...(vendor.book.entries[0]?.headerNames ?? [])].sort()).toEqual([
      'accept',
      'accept-encoding',
      'accept-language',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'idempotency-key',
      'stripe-version',
      'user-agent',
    ]);
    expect(vendor.book.entries[0]).toMatchObject({ idempotencyKey: 'k 1', keyLast4: '4711' });
  });

  it('takes a chunked body, and trailers say nothing', async () => {
    const text = await exchangeRaw(
      broker.url,
      rawRequest(
        [
          'POST /stripe/v1/payment_intents HTTP/1.1',
          'Host: a',
          `Authorization: Bearer ${token}`,
          'Content-Type: application/x-www-form-urlencoded',
          'Transfer-Encoding: chunked',
          'Trailer: Idempotency-Key',
        ],
        `5\r\namoun\r\n${(PAYMENT.length - 5).toString(16)}\r\n${PAYMENT.slice(5)}\r\n0\r\nIdempotency-Key: trailed\r\nStripe-Account: acct_1\r\n\r\n`,
      ),
    );
    expect(text).toContain('200 OK');
    expect(vendor.book.entries[0]?.idempotencyKey).toBeUndefined();
    expect(vendor.book.entries[0]?.headerNames).not.toContain('stripe-account');
  });

  it('executes one call where two were smuggled into one body', async () => {
    const inner = `POST /stripe/v1/payment_intents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Length: 0\r\n\r\n`;
    await exchangeRaw(
      broker.url,
      `POST /stripe/v1/payment_intents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${PAYMENT.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
    );
    expect(vendor.book.entries).toEqual([]);
  });
});

describe('what the vendor may not say', () => {
  /** A vendor that answers as the test says, for what the offline Stripe never does. */
  let respond: (req: IncomingMessage, res: ServerResponse) => void;
  const server = createServer({ keepAliveTimeout: 75_000 }, (req, res) => {
    req.resume().on('end', () => respond(req, res));
  });
  let other: BrokerProcess;
  let token: string;
  let id: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    other = await BrokerProcess.start({
      vendor: { url, secretKey: SECRET },
      env: { VAULT_KEY_VENDOR_TIMEOUT: '2s' },
    });
    ({ id, token } = await other.issue({ daily_usd_cap: 1_000 }));
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  const go = () => other.call(token, 'POST', '/v1/payment_intents', { body: PAYMENT });

  it('speaks for the broker in no header, however it is spelled, and shows no secret', async () => {
    const hostile = {
      'X-Vault-Key-Verdict': 'cap_exhausted',
      'X-Vault-Key-Id': 'vk_fake',
      'X-Vault-Key-Remaining-Usd': '99',
      'X-Vault-Key-Other': '1',
      X_Vault_Key_Verdict: 'x',
      'Set-Cookie': ['a=b', 'c=d'],
      Location: 'http://evil.test',
      'Access-Control-Allow-Origin': '*',
      'Strict-Transport-Security': 'max-age=1',
      'Content-Security-Policy': 'x',
      'Alt-Svc': 'h3',
      'Clear-Site-Data': '"*"',
      Refresh: '0',
      Link: '<x>',
      'X-Accel-Redirect': '/etc',
      'X-Sendfile': '/etc',
      Connection: 'X-Hop',
      'X-Hop': '1',
      'X-Debug': `the key was ${SECRET}`,
      'X-Debug-2': ['ok', SECRET],
      Server: 'nginx',
      'X-Powered-By': 'x',
      'WWW-Authenticate': 'Basic',
      NEL: '{}',
      'Report-To': '{}',
      'Reporting-Endpoints': 'a="/"',
      'Service-Worker-Allowed': '/',
      SourceMap: '/x',
      'Timing-Allow-Origin': '*',
    };
    const kept = {
      'Request-Id': 'req_1',
      'Idempotent-Replayed': 'true',
      'Idempotency-Key': 'k',
      'Stripe-Version': 'v',
      'Stripe-Should-Retry': 'true',
      'Retry-After': '3',
      'X-Harmless': '1',
    };
    respond = (_req, res) => {
      res.writeHead(200, { ...hostile, ...kept, 'Content-Type': 'application/json' });
      res.end('{}');
    };
    const { headers } = await go();
    expect(headers).toMatchObject({
      'x-vault-key-verdict': 'forwarded',
      'x-vault-key-id': id,
      'request-id': 'req_1',
      'idempotent-replayed': 'true',
      'idempotency-key': 'k',
      'stripe-version': 'v',
      'stripe-should-retry': 'true',
      'retry-after': '3',
      'x-harmless': '1',
      // Ours, in place of what the vendor says.
      'x-content-type-options': 'nosniff',
      'content-security-policy': 'sandbox',
    });
    const names = Object.keys(headers);
    const gone = Object.keys(hostile)
      .map((name) => name.toLowerCase())
      .filter(
        (name) =>
          !/^(?:x-vault-key-(?:verdict|id|remaining-usd)|connection|content-security-policy)$/.test(
            name,
          ),
      );
    expect(names.filter((name) => gone.includes(name))).toEqual([]);
    expect(JSON.stringify(headers)).not.toContain(SECRET);
  });

  it('passes for no refusal of ours by its body', async () => {
    respond = (_req, res) => {
      res.writeHead(429, { 'content-type': 'application/json' });
      res.end('{"code":"cap_exhausted"}');
    };
    const answer = await go();
    expect([answer.status, answer.headers['x-vault-key-verdict']]).toEqual([429, 'forwarded']);
  });

  it('hands on bytes above ASCII in a header as they are', async () => {
    respond = (_req, res) => {
      res.writeHead(200, { 'x-echo': '\u00e2\u0082\u00ac' });
      res.end('{}');
    };
    expect((await go()).headers['x-echo']).toBe('\u00e2\u0082\u00ac');
  });

  it.each([301, 302, 303, 307, 308, 304])(
    'redirects nobody: %i is a 502, and the hold stands',
    async (status) => {
      const before = await other.money({ id });
      const paths: (string | undefined)[] = [];
      respond = (req, res) => {
        paths.push(req.url);
        res.writeHead(status, { location: '/v1/payouts' });
        res.end();
      };
      const answer = await go();
      refused(answer, 502, 'vendor_redirect');
      expect(answer.headers['location']).toBeUndefined();
      expect(paths).toEqual(['/v1/payment_intents']);
      expect((await other.money({ id })).held).toBe(before.held + 1);
    },
  );

  it('tells nobody why it took no secret: 401 is a 502, and the hold is released', async () => {
    const before = await other.money({ id });
    respond = (_req, res) => {
      res.writeHead(401, { 'www-authenticate': 'Basic realm="Stripe"' });
      res.end(
        JSON.stringify({ error: { message: `Invalid API Key provided: ****${SECRET.slice(-4)}` } }),
      );
    };
    const answer = await go();
    refused(answer, 502, 'vendor_rejected_credentials');
    expect(answer.text).not.toContain(SECRET.slice(-4));
    expect(answer.headers['www-authenticate']).toBeUndefined();
    expect(await other.money({ id })).toEqual(before);
  });

  it('wedges nobody with a 401 whose body never ends', async () => {
    respond = (_req, res) => {
      res.writeHead(401);
      const timer = setInterval(() => res.write('x'), 50);
      res.on('close', () => clearInterval(timer));
    };
    refused(await go(), 502, 'vendor_rejected_credentials');
  });
});

describe('secrets', () => {
  it('are in nothing the process prints and in no file of the store', async () => {
    const key = await broker.issue();
    await broker.call(key.token, 'POST', '/v1/payment_intents', {
      body: `${PAYMENT}&metadata[token]=${key.token}`,
      headers: { 'idempotency-key': key.token },
    });
    await broker.call(key.token, 'GET', `/v1/payment_intents/${key.token}`);
    await broker.call(key.token, 'POST', `/v1/payment_intents/${key.token}`);
    await broker.call(key.token, 'GET', `/v1/payouts/${key.token}`);
    const { readdirSync, readFileSync } = await import('node:fs');
    const { dirname, join } = await import('node:path');
    const folder = dirname(broker.store.slice('sqlite:'.length));
    const files = readdirSync(folder);
    expect(files).toContain('vault-key.db');
    for (const file of files) {
      const bytes = readFileSync(join(folder, file)).toString('latin1');
      for (const secret of [key.token, SECRET, broker.token])
        expect(bytes.includes(secret)).toBe(false);
    }
    for (const secret of [key.token, SECRET, broker.token])
      expect(broker.output).not.toContain(secret);
  });
});
