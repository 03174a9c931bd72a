import { once } from 'node:events';
import { createServer } from 'node:http';
import type { OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import type { BrokerClient } from '../broker-client/broker-client';
import { httpBrokerClient } from '../broker-client/http-broker.client';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { SpendCapExceededException } from '../exceptions/spend-cap-exceeded.exception';
import type { VaultKeyException } from '../exceptions/vault-key.exception';
import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';
import { VendorException } from '../exceptions/vendor.exception';
import { VendorOutcomeUnknownException } from '../exceptions/vendor-outcome-unknown.exception';
import { CurrentVaultKey } from '../vault-key/current-vault-key';
import { enterInvocation } from '../vault-key/invocation-context';
import { VaultKey } from '../vault-key/vault-key';
import { ProxiedStripeService } from './proxied-stripe.service';
import type { CreatePaymentIntentParams } from './proxied-stripe.service';
import type { VendorMethod } from './proxied-vendor.service';

const TOKEN = 'vault_key_0123456789abcdefghijABCDEFGH';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

interface Sent {
  call: string;
  body: string;
  idempotencyKey?: string;
  contentType?: string;
  authorization?: string;
}

let server: Server;
let client: BrokerClient;
let key: VaultKey;
let sent: Sent[];
let answer: (response: ServerResponse) => void;

const stripe = new ProxiedStripeService(new CurrentVaultKey());

beforeEach(async () => {
  sent = [];
  answer = replyWith(200, { id: 'pi_1', object: 'payment_intent' });
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method, url, headers } = request;
      sent.push({
        call: `${method} ${url}`,
        body,
        idempotencyKey: headers['idempotency-key'] as string | undefined,
        contentType: headers['content-type'],
        authorization: headers.authorization,
      });
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = httpBrokerClient({
    url,
    proxyUrl: url,
    token: 'm'.repeat(40),
    dialect: 'vault-key',
  });
  key = keyFor('stripe');
});

afterEach(async () => {
  await client.close();
  server.close();
  await once(server, 'close');
});

function keyFor(vendor: string): VaultKey {
  return new VaultKey({
    id: 'vk_1',
    token: TOKEN,
    vendor,
    label: 'nest-u1-r1',
    userId: 'u1',
    runId: 'r1',
    expiresAt: new Date(Date.now() + 60_000),
    broker: client,
  });
}

function replyWith(
  status: number,
  body: unknown,
  headers: OutgoingHttpHeaders = { 'x-vault-key-verdict': 'forwarded' },
): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

function inInvocation<T>(work: () => Promise<T>): Promise<T> {
  return enterInvocation({ key, identity: key }, work);
}

async function refusalOf(work: () => Promise<unknown>): Promise<VaultKeyException> {
  const error: unknown = await inInvocation(work).then(
    (value) => {
      throw new Error(`answered ${JSON.stringify(value)}`);
    },
    (reason: unknown) => reason,
  );
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(TOKEN);
  expect(JSON.stringify(error)).not.toContain(TOKEN);
  return error as VaultKeyException;
}

describe('the calls', () => {
  it.each<[string, string, string, () => Promise<unknown>]>([
    [
      'createPaymentIntent',
      'POST /stripe/v1/payment_intents',
      'amount=1250&currency=usd&customer=cus_1',
      () => stripe.createPaymentIntent({ amount: 1250, customerId: 'cus_1' }),
    ],
    [
      'createPaymentIntent with all there is',
      'POST /stripe/v1/payment_intents',
      'amount=1&currency=eur&confirm=true&description=A%20book&metadata[order]=7&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never&payment_method=pm_card_visa&off_session=true&capture_method=manual',
      () =>
        stripe.createPaymentIntent({
          amount: 1,
          currency: 'EUR',
          confirm: true,
          description: 'A book',
          metadata: { order: 7 },
          automaticPaymentMethods: { enabled: true, allowRedirects: 'never' },
          paymentMethod: 'pm_card_visa',
          offSession: true,
          captureMethod: 'manual',
        }),
    ],
    [
      'createPaymentIntent that confirms, and has no page to come back to,',
      'POST /stripe/v1/payment_intents',
      'amount=1250&currency=usd&confirm=true&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never&payment_method=pm_card_visa',
      () =>
        stripe.createPaymentIntent({ amount: 1250, confirm: true, paymentMethod: 'pm_card_visa' }),
    ],
    [
      'createPaymentIntent that confirms, with a page to come back to,',
      'POST /stripe/v1/payment_intents',
      'amount=1250&currency=usd&confirm=true&return_url=https%3A%2F%2Fshop.example%2Fdone',
      () =>
        stripe.createPaymentIntent({
          amount: 1250,
          confirm: true,
          returnUrl: 'https://shop.example/done',
        }),
    ],
    [
      'createPaymentIntent that confirms a card and nothing else',
      'POST /stripe/v1/payment_intents',
      'amount=1250&currency=usd&confirm=true&allowed_payment_method_types[0]=card',
      () =>
        stripe.createPaymentIntent({
          amount: 1250,
          confirm: true,
          allowedPaymentMethodTypes: ['card'],
        }),
    ],
    [
      'confirmPaymentIntent',
      'POST /stripe/v1/payment_intents/pi_1/confirm',
      'payment_method=pm_1',
      () => stripe.confirmPaymentIntent('pi_1', { paymentMethod: 'pm_1' }),
    ],
    [
      'capturePaymentIntent',
      'POST /stripe/v1/payment_intents/pi_1/capture',
      'amount_to_capture=700',
      () => stripe.capturePaymentIntent('pi_1', { amountToCapture: 700 }),
    ],
    [
      'capturePaymentIntent of all',
      'POST /stripe/v1/payment_intents/pi_1/capture',
      '',
      () => stripe.capturePaymentIntent('pi_1'),
    ],
    [
      'cancelPaymentIntent',
      'POST /stripe/v1/payment_intents/pi_1/cancel',
      'cancellation_reason=abandoned',
      () => stripe.cancelPaymentIntent('pi_1', { cancellationReason: 'abandoned' }),
    ],
    [
      'retrievePaymentIntent',
      'GET /stripe/v1/payment_intents/pi_1',
      '',
      () => stripe.retrievePaymentIntent('pi_1'),
    ],
    [
      'listCharges',
      'GET /stripe/v1/charges?customer=cus_1&limit=3&starting_after=ch_1',
      '',
      () => stripe.listCharges({ customerId: 'cus_1', limit: 3, startingAfter: 'ch_1' }),
    ],
    [
      'createRefund',
      'POST /stripe/v1/refunds',
      'payment_intent=pi_1&amount=500&reason=duplicate',
      () => stripe.createRefund({ paymentIntentId: 'pi_1', amount: 500, reason: 'duplicate' }),
    ],
    [
      'createRefund of a payment to a connected account, in its currency,',
      'POST /stripe/v1/refunds',
      'charge=ch_1&currency=eur&reverse_transfer=true&refund_application_fee=false',
      () =>
        stripe.createRefund({
          chargeId: 'ch_1',
          currency: 'EUR',
          reverseTransfer: true,
          refundApplicationFee: false,
        }),
    ],
    [
      'request',
      'POST /stripe/v1/customers',
      'email=ada%40example.com',
      () => stripe.request('POST', '/v1/customers', { email: 'ada@example.com' }),
    ],
    [
      'request with parameters of a DELETE, in the body,',
      'DELETE /stripe/v1/customers/cus_1',
      'expand[0]=a',
      () => stripe.request('DELETE', '/v1/customers/cus_1', { expand: ['a'] }),
    ],
    [
      'request with a query in the path',
      'GET /stripe/v1/charges?limit=3&customer=cus_1',
      '',
      () => stripe.request('GET', '/v1/charges?limit=3', { customer: 'cus_1' }),
    ],
  ])('%s sends %s', async (_title, call, body, work) => {
    await expect(inInvocation(work)).resolves.toEqual({ id: 'pi_1', object: 'payment_intent' });

    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({ call, body, authorization: `Bearer ${TOKEN}` });
    expect(sent[0]?.contentType).toBe(
      body === '' ? undefined : 'application/x-www-form-urlencoded',
    );
  });

  it('carry an idempotency key each, unless they read', async () => {
    await inInvocation(async () => {
      await stripe.createPaymentIntent({ amount: 100 });
      await stripe.createPaymentIntent({ amount: 100 });
      await stripe.createPaymentIntent({ amount: 100 }, { idempotencyKey: 'order-1' });
      await stripe.listCharges();
    });

    const keys = sent.map(({ idempotencyKey }) => idempotencyKey);
    expect(keys[0]).toMatch(UUID);
    expect(keys[1]).toMatch(UUID);
    expect(keys[1]).not.toBe(keys[0]);
    expect(keys.slice(2)).toEqual(['order-1', undefined]);
  });

  it('give undefined for an answer without content', async () => {
    answer = (response) => {
      response.writeHead(204, { 'x-vault-key-verdict': 'forwarded' }).end();
    };

    await expect(inInvocation(() => stripe.request('DELETE', '/v1/customers/cus_1'))).resolves.toBe(
      undefined,
    );
  });
});

describe('what is refused before anything is sent', () => {
  const create = (params: Record<string, unknown>) => () =>
    stripe.createPaymentIntent(params as unknown as CreatePaymentIntentParams);

  it.each<[string, unknown]>([
    ['a string', '500'],
    ['zero', 0],
    ['less than zero', -5],
    ['a fraction', 12.5],
    ['no number', Number.NaN],
    ['too much', 100_000_000],
    ['a list', [500]],
    ['nothing', undefined],
    ['null', null],
    ['a bigint', 500n],
  ])('an amount that is %s', async (_title, amount) => {
    const error = await refusalOf(create({ amount }));

    expect(error).toBeInstanceOf(CallRefusedException);
    expect(error.getStatus()).toBe(400);
    expect(error).toMatchObject({ code: 'invalid_amount', param: 'amount' });
    expect(sent).toEqual([]);
  });

  it.each<[string, string, () => Promise<unknown>]>([
    ['a customer that is a path', 'customerId', create({ amount: 1, customerId: '../x' })],
    ['a customer that is an object', 'customerId', create({ amount: 1, customerId: { a: 1 } })],
    ['a customer that is null', 'customerId', create({ amount: 1, customerId: null })],
    ['a currency of four letters', 'currency', create({ amount: 1, currency: 'usdt' })],
    ['a flag that is a string', 'confirm', create({ amount: 1, confirm: 'true' })],
    ['an unknown way to capture', 'captureMethod', create({ amount: 1, captureMethod: 'now' })],
    ['metadata with a Date', 'metadata[at]', create({ amount: 1, metadata: { at: new Date() } })],
    ['a PaymentIntent with a slash', 'id', () => stripe.retrievePaymentIntent('pi_1/capture')],
    ['an empty id', 'id', () => stripe.capturePaymentIntent('')],
    ['an id with a query', 'id', () => stripe.confirmPaymentIntent('pi_1?a=b')],
    ['an id of 256 letters', 'id', () => stripe.cancelPaymentIntent('a'.repeat(256))],
    ['a limit of 0', 'limit', () => stripe.listCharges({ limit: 0 })],
    ['a refund of nothing', 'paymentIntentId', () => stripe.createRefund({})],
    [
      'a refund of two things',
      'paymentIntentId',
      () => stripe.createRefund({ paymentIntentId: 'pi_1', chargeId: 'ch_1' }),
    ],
    [
      'an idempotency key with a line break',
      'idempotencyKey',
      () => stripe.createPaymentIntent({ amount: 1 }, { idempotencyKey: 'a\nb' }),
    ],
    [
      'an empty idempotency key',
      'idempotencyKey',
      () => stripe.createPaymentIntent({ amount: 1 }, { idempotencyKey: '' }),
    ],
    ['another method', 'method', () => stripe.request('TRACE' as VendorMethod, '/v1/charges')],
  ])('%s', async (_title, param, work) => {
    const error = await refusalOf(work);

    expect(error).toBeInstanceOf(CallRefusedException);
    expect(error).toMatchObject({ code: 'invalid_request', param });
    expect(error.getStatus()).toBe(400);
    expect(sent).toEqual([]);
  });

  it.each(['/v1/../v2', '/v1/%2e%2e', 'v1/charges', '/v1//charges', '/v1/a b', '//evil.test', ''])(
    'the path %j',
    async (path) => {
      const error = await refusalOf(() => stripe.request('GET', path));

      expect(error).toMatchObject({ code: 'invalid_path', param: 'path' });
      expect(sent).toEqual([]);
    },
  );

  it('a call outside an invocation', async () => {
    await expect(stripe.listCharges()).rejects.toBeInstanceOf(VaultKeyMissingException);
    expect(sent).toEqual([]);
  });

  it('a call after the invocation has ended', async () => {
    const error = await refusalOf(async () => {
      await stripe.listCharges();
      key.end();
      return stripe.createPaymentIntent({ amount: 100 });
    });

    expect(error).toBeInstanceOf(VaultKeyMissingException);
    expect(sent).toHaveLength(1);
  });

  it("a call under another vendor's key", async () => {
    key = keyFor('acme');

    const error = await refusalOf(() => stripe.listCharges());

    expect(error).toMatchObject({ code: 'vault_key_missing', reason: 'other_vendor' });
    expect(sent).toEqual([]);
  });
});

describe('what the answer amounts to', () => {
  const charge = () => stripe.createPaymentIntent({ amount: 100 }, { idempotencyKey: 'order-1' });

  it("a refusal of the broker's becomes its exception", async () => {
    const fields = { scope: 'key', cap_usd: 5, spent_usd: 5, remaining_usd: 0 };
    answer = replyWith(
      429,
      { error: { code: 'cap_exhausted', ...fields }, code: 'cap_exhausted', ...fields },
      { 'x-vault-key-verdict': 'cap_exhausted' },
    );

    const error = await refusalOf(charge);

    expect(error).toBeInstanceOf(SpendCapExceededException);
    expect(error).toMatchObject({ cap: 5, spent: 5, remaining: 0 });
  });

  it("a vendor's error becomes a VendorException, without any token it echoes", async () => {
    answer = replyWith(402, {
      error: { type: 'card_error', code: 'card_declined', message: `No, ${TOKEN}.` },
    });

    const error = await refusalOf(charge);

    expect(error).toBeInstanceOf(VendorException);
    expect(error.getStatus()).toBe(402);
    expect(error.message).toContain('vault_key_…EFGH');
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['HTML', replyWith(200, '<html></html>', { 'content-type': 'text/html' })],
    ['half of its JSON', replyWith(200, '{"id":"pi_1"')],
    ['nothing', replyWith(200, '')],
    [
      'less than it announced',
      (response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('{"id":"pi_1"}', () => response.destroy());
      },
    ],
    ['a redirect', (response) => response.writeHead(302, { location: '/' }).end()],
  ])('an answer of %s leaves the outcome unknown', async (_title, handler) => {
    answer = handler;

    const error = await refusalOf(charge);

    expect(error).toBeInstanceOf(VendorOutcomeUnknownException);
    expect(error).toMatchObject({ idempotencyKey: 'order-1', retryable: true });
  });

  it('an error whose body breaks off keeps its status', async () => {
    answer = (response) => {
      response.writeHead(402, { 'content-length': 100, 'x-vault-key-verdict': 'forwarded' });
      response.write('{"error"', () => response.destroy());
    };

    const error = await refusalOf(charge);

    expect(error).toBeInstanceOf(VendorException);
    expect(error.getStatus()).toBe(402);
  });
});
