import { once } from 'node:events';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import Stripe from 'stripe';
import { BrokerClient } from '../../broker-client/broker-client';
import type { VendorAnswer, VendorCall } from '../../broker-client/broker-client';
import { VaultKeyException } from '../../exceptions/vault-key.exception';
import { VaultKeyUnavailableException } from '../../exceptions/vault-key-unavailable.exception';
import { CallNumbering } from '../../vault-key/call-numbering';
import { CurrentVaultKey } from '../../vault-key/current-vault-key';
import { Invocation } from '../../vault-key/invocation';
import { VaultKey } from '../../vault-key/vault-key';
import { stripeClient } from './stripe-client';

const TOKEN = 'vault_key_0123456789abcdefghijABCDEFGH';

type Script = (call: VendorCall) => VendorAnswer | Promise<VendorAnswer>;

/** A broker that answers as the test says, one step a call. */
class ScriptedBroker extends BrokerClient {
  readonly dialect = 'vault-key';
  readonly calls: VendorCall[] = [];

  constructor(private readonly steps: Script[]) {
    super();
  }

  issue(): never {
    throw new Error('no key is asked for here');
  }

  revoke(): never {
    throw new Error('no key is revoked here');
  }

  async forward(call: VendorCall): Promise<VendorAnswer> {
    this.calls.push(call);
    return this.steps[Math.min(this.calls.length, this.steps.length) - 1]!(call);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function answer(
  status: number,
  body: unknown,
  headers: Record<string, string> = { 'x-vault-key-verdict': 'forwarded' },
): VendorAnswer {
  return { status, headers, body: Readable.from([Buffer.from(JSON.stringify(body))]) };
}

/** A refusal of the broker's own. */
function refusal(status: number, code: string, fields: object = {}): VendorAnswer {
  return answer(
    status,
    { error: { type: 'vault_key_error', code, message: 'The broker says no.', ...fields } },
    { 'x-vault-key-verdict': code, 'stripe-should-retry': 'false' },
  );
}

const PAID = { id: 'pi_1', object: 'payment_intent', status: 'succeeded' };

const stripe = stripeClient(Stripe, new CurrentVaultKey());
jest.spyOn(stripe, 'getInitialNetworkRetryDelay').mockReturnValue(0);
jest.spyOn(stripe, 'getMaxNetworkRetryDelay').mockReturnValue(0);

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
process.on('unhandledRejection', onUnhandled);
afterAll(() => {
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
});

/** Runs work under a key of the broker. */
function run<T>(broker: BrokerClient, work: () => T, calls?: CallNumbering): T {
  const key = new VaultKey({
    id: 'vk_1',
    token: TOKEN,
    vendor: 'stripe',
    label: 'nest-u1-r1',
    userId: 'u1',
    runId: 'r1',
    expiresAt: new Date(Date.now() + 60_000),
    broker,
  });
  return new Invocation({ key, identity: { userId: 'u1', runId: 'r1' }, calls }).enter(work);
}

function pay(options?: Stripe.RequestOptions): Promise<Stripe.PaymentIntent> {
  return stripe.paymentIntents.create({ amount: 500, currency: 'usd' }, options);
}

async function failure(
  steps: Script[],
  call: () => Promise<unknown> = pay,
): Promise<{ error: Stripe.errors.StripeError; broker: ScriptedBroker }> {
  const broker = new ScriptedBroker(steps);
  const error: unknown = await run(broker, call).then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Stripe.errors.StripeError);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(TOKEN);
  return { error: error as Stripe.errors.StripeError, broker };
}

it('a call goes out as the client writes it, with the token of its invocation', async () => {
  const broker = new ScriptedBroker([() => answer(200, PAID)]);
  const paid = await run(broker, () =>
    stripe.paymentIntents.create({
      amount: 500,
      currency: 'usd',
      expand: ['customer'],
      metadata: { order: 'o 1' },
    }),
  );
  expect(paid).toEqual(PAID);
  expect(broker.calls).toMatchObject([
    {
      vendor: 'stripe',
      token: TOKEN,
      method: 'POST',
      target: '/v1/payment_intents',
      body: 'amount=500&currency=usd&expand[0]=customer&metadata[order]=o%201',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'stripe-version': Stripe.API_VERSION,
        'idempotency-key': expect.stringMatching(/^stripe-node-retry-/),
      },
    },
  ]);
  expect(broker.calls[0]!.headers).not.toHaveProperty('authorization');
  expect(broker.calls[0]!.headers).not.toHaveProperty('x-stripe-client-telemetry');
});

it('a read has no body', async () => {
  const broker = new ScriptedBroker([() => answer(200, { object: 'list', data: [] })]);
  await run(broker, () => stripe.charges.list({ limit: 3, expand: ['data.customer'] }));
  expect(broker.calls[0]).not.toHaveProperty('body');
  expect(broker.calls[0]!.target).toBe('/v1/charges?limit=3&expand[0]=data.customer');
});

it.each([
  ['cap_exhausted', 429, 'spend_cap_exceeded', 'StripePermissionError'],
  ['endpoint_not_allowed', 403, 'endpoint_not_allowed', 'StripePermissionError'],
  ['braked', 403, 'agent_braked', 'StripePermissionError'],
  ['invalid_key', 401, 'vault_key_invalid', 'StripeAPIError'],
  ['store_unavailable', 503, 'vault_key_unavailable', 'StripeAPIError'],
  ['overloaded', 503, 'vault_key_unavailable', 'StripeAPIError'],
  ['amount_unknown', 403, 'amount_unknown', 'StripePermissionError'],
  ['invalid_amount', 400, 'invalid_amount', 'StripeInvalidRequestError'],
  ['idempotency_key_reused', 422, 'idempotency_key_reused', 'StripeInvalidRequestError'],
  ['vendor_redirect', 502, 'vendor_redirect', 'StripeAPIError'],
])('what the broker refuses as %s is tried once', async (refused, status, code, type) => {
  const { error, broker } = await failure([() => refusal(status, refused)]);
  expect(error).toMatchObject({ code, type, rawType: 'vault_key_error' });
  expect(VaultKeyException.from(error)).toMatchObject({ code });
  expect(broker.calls).toHaveLength(1);
});

it.each([
  [
    'the vendor could not be reached',
    () => refusal(502, 'vendor_unreachable'),
    'vendor_unreachable',
  ],
  [
    'the outcome is unknown',
    () => refusal(504, 'vendor_outcome_unknown'),
    'vendor_outcome_unknown',
  ],
  [
    'the broker could not be reached',
    () => Promise.reject(new VaultKeyUnavailableException({ message: 'It is away.' })),
    'vault_key_unavailable',
  ],
])(
  'where %s the client tries again as often as it may, under one key',
  async (_name, step, code) => {
    const { error, broker } = await failure([step], () => pay({ maxNetworkRetries: 2 }));
    expect(error.code).toBe(code);
    expect(broker.calls).toHaveLength(3);
    expect(new Set(broker.calls.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);

    const once = await failure([step], () => pay({ maxNetworkRetries: 0 }));
    expect(once.broker.calls).toHaveLength(1);
  },
);

it('a delete whose outcome is unknown has no key to be repeated with, and is not', async () => {
  const { error, broker } = await failure([() => refusal(502, 'vendor_outcome_unknown')], () =>
    stripe.customers.del('cus_1'),
  );
  expect(VaultKeyException.from(error)).toMatchObject({ retryable: false });
  expect(broker.calls).toHaveLength(1);
});

it.each([
  ['an unknown outcome', () => refusal(502, 'vendor_outcome_unknown'), 'vendor_outcome_unknown'],
  ["the vendor's 500", () => answer(500, { error: { type: 'api_error' } }), 'vendor_error'],
])('a refused second try does not make nothing of %s', async (_name, first, code) => {
  const { error, broker } = await failure([first, () => refusal(401, 'invalid_key')]);
  expect(broker.calls).toHaveLength(2);
  expect(error.code).toBe(code);
  expect(error.message).not.toContain('Nothing was sent');
});

it('an error of the vendor that is not of its usual form is still one of the vendor', async () => {
  const html = (): VendorAnswer => ({
    status: 503,
    headers: { 'x-vault-key-verdict': 'forwarded' },
    body: Readable.from([Buffer.from('<html>')]),
  });
  const { error } = await failure([html], () => pay({ maxNetworkRetries: 0 }));
  expect(error).toMatchObject({ type: 'StripeAPIError', code: 'vendor_error', statusCode: 503 });
  expect(VaultKeyException.from(error)).toMatchObject({ vendorStatus: 503 });
});

it.each([
  ['is no JSON', () => Readable.from([Buffer.from('{"id":')])],
  ['breaks off', () => broken()],
])('an executed call whose answer %s has an unknown outcome', async (_name, body) => {
  const step: Script = () => ({
    status: 200,
    headers: { 'x-vault-key-verdict': 'forwarded' },
    body: body(),
  });
  const { error, broker } = await failure([step]);
  expect(error.code).toBe('vendor_outcome_unknown');
  expect(broker.calls).toHaveLength(1);
});

it('an answer that brings nothing ends with the time-out of its call', async () => {
  const body = new Readable({ read: () => undefined });
  const step: Script = () => ({
    status: 200,
    headers: { 'x-vault-key-verdict': 'forwarded' },
    body,
  });
  const { error } = await failure([step], () => pay({ timeout: 300, maxNetworkRetries: 0 }));
  expect(error.code).toBe('vendor_outcome_unknown');
  expect(body.destroyed).toBe(true);
});

describe('an answer that is read as a stream', () => {
  function streaming(body: Readable, timeout?: number): Promise<Readable> {
    const headers = { 'x-vault-key-verdict': 'forwarded' };
    const broker = new ScriptedBroker([() => ({ status: 200, headers, body })]);
    return run(
      broker,
      () =>
        stripe.rawRequest('GET', '/v1/charges', undefined, {
          streaming: true,
          ...(timeout === undefined ? {} : { timeout }),
        }) as unknown as Promise<Readable>,
    );
  }

  it('and brings nothing more ends with the time-out of its call', async () => {
    const body = new Readable({ read: () => undefined });
    body.push('{"object"');
    const stream = await streaming(body, 1_000);
    const read = async () => {
      let seen = '';
      try {
        for await (const chunk of stream) seen += String(chunk);
      } catch (error) {
        return { seen, error };
      }
      return { seen };
    };
    expect(await read()).toMatchObject({
      seen: '{"object"',
      error: {
        code: 'vendor_outcome_unknown',
        message: expect.stringContaining('1000 ms') as string,
      },
    });
    expect(body.destroyed).toBe(true);
  });

  it('goes on for as long as something comes, and for as long as its reader takes', async () => {
    let chunks = 0;
    const body = new Readable({
      read() {
        setTimeout(() => this.push(++chunks > 8 ? null : 'x'.repeat(20_000)), 60);
      },
    });
    const stream = await streaming(body, 1_500);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    let size = 0;
    for await (const chunk of stream) size += (chunk as Buffer).length;
    expect(size).toBe(160_000);
  });

  it('and breaks off is an error of its reader', async () => {
    const body = new Readable({ read: () => undefined });
    body.push('{');
    const stream = await streaming(body, 60_000);
    const read = stream.toArray();
    setImmediate(() => body.destroy());
    await expect(read).rejects.toThrow('broke off');
  });

  it('and given up gives up the call', async () => {
    const body = new Readable({ read: () => undefined });
    const stream = await streaming(body, 60_000);
    stream.destroy();
    await once(body, 'close');
  });
});

it('an answer that comes after the time-out of its call is let go', async () => {
  const late = deferred();
  const { error } = await failure([() => late.promise], () =>
    pay({ timeout: 300, maxNetworkRetries: 0 }),
  );
  expect(error).toMatchObject({ code: 'vendor_outcome_unknown', statusCode: 504 });
  const given = answer(200, PAID);
  late.resolve(given);
  await once(given.body, 'close');
});

it('a failure that comes after the time-out of its call is nobody’s', async () => {
  const late = deferred();
  await failure([() => late.promise], () => pay({ timeout: 300, maxNetworkRetries: 0 }));
  late.reject(new Error('too late'));
  await new Promise(setImmediate);
  expect(unhandled).toEqual([]);
});

it('what a broker client should never throw leaves the outcome unknown, and shows nothing', async () => {
  const { error } = await failure([
    () => {
      throw new TypeError(`boom ${TOKEN.slice(0, 12)}`);
    },
  ]);
  expect(error.code).toBe('vendor_outcome_unknown');
  expect(error.message).not.toContain('boom');
});

it('a token that comes back in an answer is masked', async () => {
  const broker = new ScriptedBroker([() => answer(200, { ...PAID, description: TOKEN })]);
  const paid = await run(broker, () => pay());
  expect(paid.description).toBe('vault_key_…EFGH');
});

it('an idempotency key that no header may hold is refused before anything is sent', async () => {
  const { error, broker } = await failure([() => answer(200, PAID)], () =>
    pay({ idempotencyKey: 'a\r\nauthorization: Bearer x' }),
  );
  expect(error).toMatchObject({ code: 'invalid_request', param: 'idempotency-key' });
  expect(broker.calls).toEqual([]);
});

it('an error of another client is left alone', () => {
  const other = new Stripe.errors.StripeCardError({ type: 'card_error', message: 'No.' });
  expect(VaultKeyException.from(other)).toBeUndefined();
  for (const nothing of [undefined, null, 'error', new Error('x'), { raw: {} }]) {
    expect(VaultKeyException.from(nothing)).toBeUndefined();
  }
  const own = new VaultKeyUnavailableException({ message: 'Away.' });
  expect(VaultKeyException.from(own)).toBe(own);
});

function deferred() {
  let resolve!: (answer: VendorAnswer) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<VendorAnswer>((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
}

function broken(): Readable {
  const body = new Readable({ read: () => undefined });
  body.push(Buffer.from('{"id":'));
  setImmediate(() => body.destroy(new Error('cut')));
  return body;
}

describe('the call of a job that is done again', () => {
  it('has the same idempotency key as before, though another account is served already', async () => {
    const broker = new ScriptedBroker([() => answer(200, PAID)]);
    const chargeEach = (...accounts: string[]) =>
      run(
        broker,
        async () => {
          for (const stripeAccount of accounts) {
            await stripe.paymentIntents.create({ amount: 500, currency: 'usd' }, { stripeAccount });
          }
        },
        new CallNumbering('payouts:7'),
      );

    await chargeEach('acct_1', 'acct_2');
    await chargeEach('acct_2');

    const [first, second, again] = broker.calls.map(({ headers }) => headers['idempotency-key']);
    expect(again).toBe(second);
    expect(again).not.toBe(first);
  });
});
