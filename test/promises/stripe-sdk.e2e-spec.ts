import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Body, Controller, Headers, Module, Post } from '@nestjs/common';
import type { INestApplication, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import Stripe from 'stripe';
import { Agent, fetch } from 'undici';
import {
  AgentTool,
  CurrentVaultKey,
  VaultKeyException,
  VaultKeyMissingException,
  VaultKeyModule,
  VaultKeyService,
  VendorException,
} from '../../lib/index';
import type { VaultKey } from '../../lib/index';
import { InjectStripe, STRIPE_CLIENT } from '../../lib/stripe/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { brokers } from '../support/brokers';
import type { BrokerUnderTest } from '../support/brokers';
import { Gates } from '../support/gates';
import { SecretWatch } from '../support/secret-watch';
import { until } from '../support/until';

type Work = (stripe: Stripe, key: VaultKey) => Promise<unknown>;

/** What the handler does in a test, by name. */
const works = new Map<string, Work>();

@Controller('sdk')
class SdkController {
  constructor(
    @InjectStripe() private readonly stripe: Stripe,
    private readonly vaultKey: CurrentVaultKey,
  ) {}

  @Post('run')
  @AgentTool({
    dailyUsdCap: 100,
    allowedEndpoints: [
      '/v1/payment_intents',
      '/v1/payment_intents/*',
      '/v1/payment_intents/*/capture',
      '/v1/charges',
      '/v1/customers',
      '/v1/customers/*',
    ],
  })
  run(@Body() { work }: { work: string }, @Headers('x-agent-run-id') _run: string) {
    return works.get(work)!(this.stripe, this.vaultKey.get());
  }
}

@Module({ controllers: [SdkController] })
class SdkModule {}

interface Answer {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test says by its expectation what it is
  body: any;
}

const SERVER_OF_KEYBRAKES_OWN = "a server of Keybrake's own contract alone";

describe.each(Object.keys(brokers))('the stripe client, with %s', (brokerName) => {
  const marksAnswers = brokerName !== SERVER_OF_KEYBRAKES_OWN;
  let vendor: StripeVendor;
  let broker: BrokerUnderTest;
  let app: INestApplication;
  let url: string;
  let client: Stripe;
  let caller: Agent;
  const watch = new SecretWatch();
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);

  beforeAll(async () => {
    vendor = await createStripeVendor({
      secretKey: `sk_test_${randomUUID().replaceAll('-', '')}`,
    });
    broker = await brokers[brokerName]!(vendor);
    for (const secret of broker.secrets) watch.addSecret(secret);

    @Module({ imports: [VaultKeyModule.forRoot(broker.options), SdkModule] })
    class AppModule {}

    const adapter =
      broker.options.embedded === undefined ? new ExpressAdapter() : new FastifyAdapter();
    app = await NestFactory.create(AppModule, adapter, { logger: loggerTo(watch) });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    caller = new Agent();
    client = app.get<Stripe>(STRIPE_CLIENT);
    // Its retries wait half a second and more.
    jest.spyOn(client, 'getInitialNetworkRetryDelay').mockReturnValue(0.001);
    jest.spyOn(client, 'getMaxNetworkRetryDelay').mockReturnValue(0.001);
    client.on('response', (event: unknown) => watch.show(event));
    client.on('request', (event: unknown) => watch.show(event));
    process.on('unhandledRejection', onUnhandled);
  });

  afterEach(async () => {
    works.clear();
    await noKeyLives();
    expect(unhandled).toEqual([]);
  });

  afterAll(async () => {
    process.off('unhandledRejection', onUnhandled);
    await caller.destroy();
    vendor.reset();
    await app.close();
    await broker.close();
    await vendor.close();
  });

  /** Runs work in a marked handler, and gives what its caller is answered. */
  async function inInvocation(
    work: Work,
    { run = newRun(), signal }: { run?: string; signal?: AbortSignal } = {},
  ): Promise<Answer> {
    const name = randomUUID();
    works.set(name, (stripe, key) => {
      watch.addSecret(key.token);
      return work(stripe, key);
    });
    const response = await fetch(`${url}/sdk/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-agent-run-id': run },
      body: JSON.stringify({ work: name }),
      dispatcher: caller,
      ...(signal === undefined ? {} : { signal }),
    });
    const body = await response.text();
    watch.show(body);
    return { status: response.status, body: body === '' ? undefined : JSON.parse(body) };
  }

  /** What a call fails with inside the handler, as the client throws it. */
  async function failureInInvocation(
    work: Work,
  ): Promise<{ error: Stripe.errors.StripeError; exception: VaultKeyException | undefined }> {
    let caught: unknown;
    const { status } = await inInvocation(async (stripe, key) => {
      caught = await work(stripe, key).then(
        () => 'no error',
        (error: unknown) => error,
      );
      return {};
    });
    expect(status).toBe(201);
    watch.show(caught);
    expect(caught).toBeInstanceOf(Stripe.errors.StripeError);
    return {
      error: caught as Stripe.errors.StripeError,
      exception: VaultKeyException.from(caught),
    };
  }

  function newRun(): string {
    return `run-${randomUUID().slice(0, 8)}`;
  }

  async function keysOf(run: string) {
    return (await broker.keys(app)).filter(({ label }) => label.endsWith(`-${run}`));
  }

  async function noKeyLives(): Promise<void> {
    const live = () => broker.keys(app, 'active');
    await until(
      async () => (await live()).length === 0,
      async () => `${(await live()).length} keys are still alive`,
    );
  }

  function charge(amount = 1250, metadata: Record<string, string> = {}) {
    return {
      amount,
      currency: 'usd',
      confirm: true,
      payment_method: 'pm_card_visa',
      allowed_payment_method_types: ['card'],
      metadata,
    };
  }

  function callsIn(run: string) {
    return vendor
      .calls('POST /v1/payment_intents')
      .filter(
        ({ params }) => (params['metadata'] as Record<string, string> | undefined)?.['run'] === run,
      );
  }

  /** To be called after all others. */
  function promiseThatNothingShowed(): void {
    it('what it showed in all of this holds no secret, nor does the client itself', async () => {
      watch.show(client);
      watch.show(await broker.metrics(app));
      watch.show(broker.output());
      expect(watch.secrets.size).toBeGreaterThan(100);
      expect(watch.size).toBeGreaterThan(100_000);
      expect(watch.leaks()).toEqual([]);
    });
  }

  it('a charge goes out under the key of its invocation, and comes back as Stripe answers it', async () => {
    const run = newRun();
    const { status, body } = await inInvocation(
      async (stripe, key) => {
        const intent = await stripe.paymentIntents.create(charge(1250, { run, key: key.id }));
        watch.show(intent.lastResponse);
        const { requestId, statusCode } = intent.lastResponse;
        return { key: key.id, status: intent.status, requestId, statusCode };
      },
      { run },
    );

    expect([status, body]).toEqual([
      201,
      {
        key: expect.any(String),
        status: 'succeeded',
        requestId: expect.any(String),
        statusCode: 200,
      },
    ]);
    expect(body.requestId).toBe(callsIn(run)[0]!.requestId);
    expect(callsIn(run)[0]!.params['allowed_payment_method_types']).toEqual(['card']);
    expect(await keysOf(run)).toMatchObject([{ id: body.key, spent_usd: 12.5, held_usd: 0 }]);
  });

  it('a cap is an error of the client inside the invocation, is tried once, and leaves it as 402', async () => {
    const run = newRun();
    let attempts = 0;
    const count = (): void => void attempts++;
    client.on('request', count);
    const work: Work = async (stripe) => {
      await stripe.paymentIntents.create(charge(6000, { run }));
      await stripe.paymentIntents.create(charge(5000, { run }));
    };
    const { error, exception } = await failureInInvocation(work);
    client.off('request', count);

    expect(error).toBeInstanceOf(Stripe.errors.StripePermissionError);
    expect(error.code).toBe('spend_cap_exceeded');
    expect(error.message).toMatch(/spend cap of \$100 .*Nothing was sent/s);
    expect(exception).toMatchObject({ name: 'SpendCapExceededException', cap: 100, spent: 60 });
    expect(exception?.cause).toBe(error);
    expect(attempts).toBe(2);
    expect(callsIn(run)).toHaveLength(1);

    expect(await inInvocation(work, { run })).toMatchObject({
      status: 402,
      body: { error: 'spend_cap_exceeded', retryable: false, cap: 100, spent: 60 },
    });
  });

  it.each([
    ['500', { status: 500, saved: false }],
    ['502 after it was executed', { status: 502, at: 'after' }],
    ['409', { status: 409 }],
    ...(marksAnswers ? [['reset connection', { reset: 'after' }] as const] : []),
  ] as const)('a %s that a retry overcomes is one hold and one charge', async (_name, fault) => {
    const run = newRun();
    vendor.next('POST /v1/payment_intents', fault);
    const { status, body } = await inInvocation(
      async (stripe) => ({
        made: (await stripe.paymentIntents.create(charge(900, { run }))).status,
      }),
      { run },
    );

    expect([status, body]).toEqual([201, { made: 'succeeded' }]);
    const calls = callsIn(run);
    expect(calls).toHaveLength(2);
    expect(calls[0]!.idempotencyKey).toMatch(/^stripe-node-retry-/);
    expect(calls[1]!.idempotencyKey).toBe(calls[0]!.idempotencyKey);
    expect(vendor.book.executed.filter(({ metadata }) => metadata['run'] === run)).toHaveLength(1);
    expect(await keysOf(run)).toMatchObject([{ spent_usd: 9, held_usd: 0 }]);
  });

  it('a time-out of the call ends it with its outcome unknown, and its hold stands', async () => {
    const run = newRun();
    const idempotencyKey = randomUUID();
    vendor.next('POST /v1/payment_intents', { hang: 'after' });
    const answer = await inInvocation(
      (stripe) =>
        stripe.paymentIntents.create(charge(800, { run }), {
          timeout: 1_000,
          maxNetworkRetries: 0,
          idempotencyKey,
        }),
      { run },
    );
    expect(answer).toMatchObject({
      status: 504,
      body: { error: 'vendor_outcome_unknown', retryable: true, idempotencyKey },
    });
    expect(await keysOf(run)).toMatchObject([{ spent_usd: 0, held_usd: 8 }]);
    vendor.reset();
  });

  it('a connection that breaks under a call, retries off, leaves its outcome unknown', async () => {
    const run = newRun();
    vendor.next('POST /v1/payment_intents', { reset: 'after' });
    const { error } = await failureInInvocation((stripe) =>
      stripe.paymentIntents.create(charge(800, { run }), { maxNetworkRetries: 0 }),
    );
    expect(error).toMatchObject({ type: 'StripeAPIError', code: 'vendor_outcome_unknown' });
    expect(callsIn(run)).toHaveLength(1);
  });

  it('an answer that breaks off after it was executed leaves its outcome unknown', async () => {
    vendor.next('POST /v1/payment_intents', { truncate: true });
    const { error, exception } = await failureInInvocation((stripe) =>
      stripe.paymentIntents.create(charge(800), { maxNetworkRetries: 0 }),
    );
    expect(error.code).toBe('vendor_outcome_unknown');
    expect(exception).toMatchObject({
      idempotencyKey: expect.stringMatching(/^stripe-node-retry-/) as unknown,
    });
  });

  it('a caller that hangs up loses the answer, and the charge is made and counted', async () => {
    const run = newRun();
    const controller = new AbortController();
    const held = vendor.hold('POST /v1/payment_intents');
    let settled: Promise<unknown> | undefined;
    const sent = inInvocation(
      (stripe) => (settled = stripe.paymentIntents.create(charge(400, { run }))),
      {
        run,
        signal: controller.signal,
      },
    );
    await held.arrived;
    controller.abort();
    await expect(sent).rejects.toThrow(/abort/);
    held.release();

    expect(await settled).toMatchObject({ status: 'succeeded' });
    await noKeyLives();
    expect(await keysOf(run)).toMatchObject([{ status: 'revoked', spent_usd: 4, held_usd: 0 }]);
  });

  it('100 invocations at once, of one client, each spend with their own key', async () => {
    const runs = Array.from({ length: 100 }, (_, i) => ({ run: newRun(), amount: 101 + i }));
    const answers = await Promise.all(
      runs.map(({ run, amount }) =>
        inInvocation(
          async (stripe, key) => {
            const { id } = await stripe.paymentIntents.create(charge(amount, { run }));
            await stripe.paymentIntents.retrieve(id);
            return { key: key.id };
          },
          { run },
        ),
      ),
    );

    const spent = new Map((await broker.keys(app)).map(({ id, spent_usd }) => [id, spent_usd]));
    expect(answers.map(({ body }) => spent.get(body.key))).toEqual(
      runs.map(({ amount }) => amount / 100),
    );
    expect(new Set(answers.map(({ body }) => body.key)).size).toBe(100);
  });

  // The rest has nothing to do with what the broker keeps its books in.
  if (brokerName === 'the embedded broker on PostgreSQL') {
    promiseThatNothingShowed();
    return;
  }

  it('pages are turned and objects expanded, each page a call of the invocation', async () => {
    const { body } = await inInvocation(async (stripe) => {
      const email = `${randomUUID()}@example.com`;
      for (let i = 0; i < 5; i++) await stripe.customers.create({ email, name: `c${i}` });
      const names: (string | null | undefined)[] = [];
      for await (const { name } of stripe.customers.list({ email, limit: 2 })) names.push(name);

      const customer = await stripe.customers.create({ email: 'ada@example.com' });
      const made = await stripe.paymentIntents.create({
        ...charge(500),
        customer: customer.id,
        expand: ['customer', 'latest_charge'],
      });
      const listed = await stripe.charges.list({ limit: 1, expand: ['data.payment_intent'] });
      return {
        names,
        email: (made.customer as Stripe.Customer).email,
        paid: (made.latest_charge as Stripe.Charge).paid,
        intent: (listed.data[0]!.payment_intent as Stripe.PaymentIntent).id === made.id,
      };
    });

    expect(body).toEqual({
      names: ['c4', 'c3', 'c2', 'c1', 'c0'],
      email: 'ada@example.com',
      paid: true,
      intent: true,
    });
  });

  it('a search and a raw request reach the vendor, whose answer stands', async () => {
    const { error, exception } = await failureInInvocation((stripe) =>
      stripe.customers.search({ query: "email:'ada@example.com'" }),
    );
    expect(error).toMatchObject({ type: 'StripeInvalidRequestError', statusCode: 400 });
    expect(exception).toMatchObject({ name: 'VendorException', vendorStatus: 400 });
    expect(vendor.calls('GET /v1/customers/search').at(-1)?.params).toEqual({
      query: "email:'ada@example.com'",
    });

    const raw = await inInvocation((stripe) =>
      stripe.rawRequest('POST', '/v1/customers', { name: 'Ada', metadata: { order: 'o_1' } }),
    );
    expect(raw.body).toMatchObject({ object: 'customer', metadata: { order: 'o_1' } });
  });

  it('a rate limit is Stripe’s own, and is not tried again', async () => {
    const run = newRun();
    vendor.next('POST /v1/payment_intents', { status: 429, headers: { 'Retry-After': '7' } });
    const { error, exception } = await failureInInvocation((stripe) =>
      stripe.paymentIntents.create(charge(900, { run })),
    );
    expect(error).toMatchObject({ type: 'StripeRateLimitError', code: 'rate_limit' });
    expect(exception).toMatchObject({ name: 'VendorRateLimitedException', retryAfter: 7 });
    expect(callsIn(run)).toHaveLength(1);
  });

  it('a declined card is the error that Stripe gives to a client with the raw key', async () => {
    const declined = { ...charge(700), payment_method: 'pm_card_chargeDeclinedInsufficientFunds' };
    const { hostname: host, port } = new URL(vendor.url);
    const raw = new Stripe(vendor.secretKey, { host, port, protocol: 'http', telemetry: false });
    const expected = await raw.paymentIntents.create(declined).catch((error: unknown) => error);
    const { error } = await failureInInvocation((stripe) => stripe.paymentIntents.create(declined));

    expect(error).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect(Object.keys(error).toSorted()).toEqual(Object.keys(expected as object).toSorted());
    for (const field of ['type', 'rawType', 'code', 'decline_code', 'message', 'statusCode']) {
      expect([field, Reflect.get(error, field)]).toEqual([
        field,
        Reflect.get(expected as object, field),
      ]);
    }
    expect(error.requestId).toMatch(/^req_/);
    expect(error.payment_intent?.object).toBe('payment_intent');

    expect(await inInvocation((stripe) => stripe.paymentIntents.create(declined))).toMatchObject({
      status: 402,
      body: {
        error: 'vendor_error',
        vendorStatus: 402,
        code: 'card_declined',
        declineCode: 'insufficient_funds',
        type: 'card_error',
        requestId: expect.stringMatching(/^req_/),
      },
    });
  });

  it('an endpoint that is not on the list is refused, and not tried again', async () => {
    const { error, exception } = await failureInInvocation((stripe) =>
      stripe.payouts.create({ amount: 100, currency: 'usd' }),
    );
    expect(error).toMatchObject({ type: 'StripePermissionError', code: 'endpoint_not_allowed' });
    expect(exception).toMatchObject({ name: 'EndpointNotAllowedException' });
    expect(vendor.calls('POST /v1/payouts')).toEqual([]);
  });

  it.each<[string, Work, string]>([
    [
      'a file to upload',
      (stripe) =>
        stripe.files.create({
          purpose: 'dispute_evidence',
          file: { data: 'x', name: 'a.txt', type: 'text/plain' },
        }),
      'host_not_proxied',
    ],
    ['a quote as PDF', (stripe) => stripe.quotes.pdf('qt_1'), 'host_not_proxied'],
    [
      'OAuth',
      (stripe) => stripe.oauth.token({ grant_type: 'authorization_code', code: 'c' }),
      'host_not_proxied',
    ],
    [
      'a stream of meter events',
      (stripe) => stripe.v2.billing.meterEventStream.create({ events: [] }),
      'host_not_proxied',
    ],
    ['an API of /v2', (stripe) => stripe.v2.core.events.retrieve('evt_1'), 'host_not_proxied'],
    [
      'another host for a raw request',
      (stripe) => stripe.rawRequest('GET', '/v1/charges', undefined, { apiBase: 'files' }),
      'host_not_proxied',
    ],
    [
      'an own key',
      (stripe) => stripe.charges.list({}, { apiKey: 'sk_live_of_someone_else' }),
      'api_key_not_proxied',
    ],
    [
      'an own key as header',
      (stripe) =>
        stripe.rawRequest('GET', '/v1/charges', undefined, {
          additionalHeaders: { authorization: 'Bearer sk_live_of_someone_else' },
        }),
      'api_key_not_proxied',
    ],
    [
      'an account of its own',
      (stripe) => stripe.charges.list({}, { stripeAccount: 'acct_1' }),
      'account_not_allowed',
    ],
    [
      'a context of its own',
      (stripe) => stripe.charges.list({}, { stripeContext: 'acct_1' }),
      'account_not_allowed',
    ],
    ['a path in an id', (stripe) => stripe.customers.retrieve('../charges'), 'invalid_path'],
    [
      'an amount that is none',
      (stripe) => stripe.paymentIntents.create(charge(1.5)),
      'invalid_amount',
    ],
  ])('%s is refused, and nothing is sent', async (_name, work, code) => {
    watch.addSecret('sk_live_of_someone_else');
    const before = vendor.calls().length;
    const { error, exception } = await failureInInvocation(work);

    expect(error.code).toBe(code);
    expect(exception).toBeInstanceOf(VaultKeyException);
    expect(vendor.calls()).toHaveLength(before);
  });

  it('an answer can be read as a stream', async () => {
    vendor.next('GET /v1/charges', { stream: { bytes: 300_000 } });
    const { body } = await inInvocation(async (stripe) => {
      const stream = (await stripe.rawRequest('GET', '/v1/charges', undefined, {
        streaming: true,
      })) as unknown as NodeJS.ReadableStream;
      return { bytes: (await text(stream)).length };
    });
    expect(body.bytes).toBeGreaterThanOrEqual(300_000);
  });

  it('outside an invocation a call fails before anything is sent', async () => {
    const before = vendor.calls().length;
    const error = await client.charges.list().catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ type: 'StripeAPIError', code: 'vault_key_missing' });
    expect(VaultKeyException.from(error)).toBeInstanceOf(VaultKeyMissingException);
    expect(VaultKeyException.from(error)).toMatchObject({ reason: 'outside_invocation' });
    expect(vendor.calls()).toHaveLength(before);
  });

  it('a call left behind by an invocation that is over fails before anything is sent', async () => {
    const gate = new Gates().gate('left behind');
    let left: Promise<unknown> | undefined;
    await inInvocation((stripe) => {
      left = gate.pass().then(() => stripe.charges.list());
      left.catch(() => undefined);
      return Promise.resolve({});
    });
    await noKeyLives();
    const before = vendor.calls().length;
    gate.open();

    const error = await left!.catch((thrown: unknown) => thrown);
    expect(VaultKeyException.from(error)).toMatchObject({ reason: 'invocation_ended' });
    expect(vendor.calls()).toHaveLength(before);
  });

  it('work that Nest does not route fails with the same exceptions', async () => {
    const policy = { dailyUsdCap: 1, allowedEndpoints: ['/v1/payment_intents'] };
    const work = app
      .get(VaultKeyService)
      .run(policy, () => client.paymentIntents.create(charge(200)));
    await expect(work).rejects.toMatchObject({ name: 'SpendCapExceededException', cap: 1 });
  });

  if (marksAnswers) {
    it('an object is deleted where a pattern grants it, but no customer with its subscriptions', async () => {
      const policy = {
        dailyUsdCap: 0,
        allowedEndpoints: ['/v1/customers', 'DELETE /v1/customers/*', 'DELETE /v1/products/*'],
      };
      const run = <T>(work: () => Promise<T>) => app.get(VaultKeyService).run(policy, work);
      const { id } = await run(() => client.customers.create({ name: 'Ada' }));
      await expect(run(() => client.customers.del(id))).rejects.toMatchObject({
        code: 'amount_unknown',
      });
      // The offline Stripe has no products; the call was for it to answer.
      await expect(run(() => client.products.del('prod_1'))).rejects.toThrow(VendorException);
      expect(vendor.calls('DELETE /v1/customers/*')).toHaveLength(0);
      expect(vendor.calls('DELETE /v1/products/*')).toHaveLength(1);
    });
  }

  it('webhooks are verified outside any invocation', () => {
    const payload = JSON.stringify({ id: 'evt_1', object: 'event' });
    const header = client.webhooks.generateTestHeaderString({ payload, secret: 'whsec_1' });
    expect(client.webhooks.constructEvent(payload, header, 'whsec_1').id).toBe('evt_1');
  });

  promiseThatNothingShowed();
});

it('an application that does not use the client does not load its package', () => {
  const entry = JSON.stringify(join(__dirname, '../../dist/index.js'));
  const script = `require(${entry}); console.log(Object.keys(require.cache).filter((file) => /node_modules.stripe./.test(file)).length)`;
  expect(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }).trim()).toBe('0');
});

function loggerTo(watch: SecretWatch): LoggerService {
  const show = (...lines: unknown[]): void => lines.forEach((line) => watch.show(line));
  return { log: show, error: show, warn: show, debug: show, verbose: show, fatal: show };
}
