import diagnostics from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Module, Post } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { context, propagation, trace } from '@opentelemetry/api';
import { AgentTool, ProxiedStripeService, RevocationQueue, VaultKeyModule } from '../../lib/index';
import type { VaultKeyModuleOptions } from '../../lib/index';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import { RecordingVendor } from '../broker/recording-vendor';
import { KeybrakeServer } from '../support/keybrake-server';
import { TelemetrySdk } from '../support/telemetry-sdk';
import type { Seen } from '../support/telemetry-sdk';
import { until } from '../support/until';

const INTERNAL = 0;
const SERVER = 1;
const CLIENT = 2;
const ERROR = 2;
const PAYMENT = JSON.stringify({
  id: 'pi_secretly_named',
  object: 'payment_intent',
  amount: 1_000,
  currency: 'usd',
  status: 'succeeded',
});

@Controller()
class Tools {
  constructor(private readonly stripe: ProxiedStripeService) {}

  @Post('charge')
  @AgentTool({
    tool: 'charge',
    dailyUsdCap: 25,
    allowedEndpoints: ['/v1/payment_intents', '/v1/payment_intents/*'],
  })
  async charge() {
    const made = await this.stripe.createPaymentIntent({ amount: 1_000, confirm: true });
    trace.getTracer('the application').startSpan('work of its own').end();
    await this.stripe.request('GET', `/v1/payment_intents/${made.id}`);
    return made;
  }

  @Post('too-much')
  @AgentTool({ tool: 'too-much', dailyUsdCap: 1, allowedEndpoints: ['/v1/payment_intents'] })
  tooMuch() {
    return this.stripe.createPaymentIntent({ amount: 1_000, confirm: true });
  }

  @Post('broken')
  @AgentTool({ tool: 'broken', dailyUsdCap: 1, allowedEndpoints: ['/v1/payment_intents'] })
  broken(): never {
    throw new TypeError('with sk_test_recording_vendor_0815 in its message');
  }
}

let vendor: RecordingVendor;
let sdk: TelemetrySdk;
let app: INestApplication | undefined;

beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
beforeEach(() => {
  vendor.reset();
  vendor.respond = (_req, res) => {
    res.setHeader('content-type', 'application/json');
    res.end(PAYMENT);
  };
  sdk = TelemetrySdk.register();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  sdk.end();
});
afterAll(() => vendor.close());

async function startApp(options: VaultKeyModuleOptions): Promise<INestApplication> {
  @Module({ imports: [VaultKeyModule.forRoot(options)], controllers: [Tools] })
  class AppModule {}
  const started = await NestFactory.create(AppModule, { logger: false });
  await started.listen(0, '127.0.0.1');
  return started;
}

/** Calls a tool, and waits until its key is revoked. */
async function use(tool: string): Promise<Response> {
  const answer = await fetch(`${await app!.getUrl()}/${tool}`, {
    method: 'POST',
    headers: { 'x-agent-run-id': 'errand-7', connection: 'close' },
  });
  await answer.text();
  await app!.get(RevocationQueue).drain();
  return answer;
}

const embedded = (): VaultKeyModuleOptions => ({
  embedded: {
    vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
    store: 'sqlite::memory:',
  },
});

/** The names of spans, each below the one that it is a part of. */
function treeOf(spans: readonly Seen[], of?: string): unknown[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return spans
    .filter(({ parentSpanId }) =>
      of === undefined ? parentSpanId === undefined || !ids.has(parentSpanId) : parentSpanId === of,
    )
    .map(({ name, kind, spanId }) => {
      const below = treeOf(spans, spanId);
      return below.length === 0 ? [kind, name] : [kind, name, below];
    });
}

const sorted = (tree: unknown[]): unknown[] =>
  tree
    .map((node) =>
      Array.isArray(node) && Array.isArray(node[2]) ? [node[0], node[1], sorted(node[2])] : node,
    )
    .sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));

const traceHeaders = () =>
  vendor.received.flatMap(({ rawHeaders }) =>
    rawHeaders.filter((name) => /^(?:traceparent|tracestate|baggage|b3)$/i.test(name)),
  );

describe('with vault-key-broker as its own process', () => {
  let broker: BrokerProcess;
  let file: string;

  beforeAll(async () => {
    file = temporaryFile('spans.ndjson');
    broker = await BrokerProcess.start({
      vendor,
      env: {
        NODE_OPTIONS: `--require ${join(__dirname, '../support/trace-to-file.js')}`,
        SPANS_FILE: file,
      },
    });
  });

  const brokerSpans = (): Seen[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Seen);

  it('an invocation, the broker and the vendor calls are one trace', async () => {
    app = await startApp({ broker: { url: broker.url, token: broker.token } });
    await use('charge');
    const all = (): Seen[] => [...sdk.spans, ...brokerSpans()];
    await until(
      () => brokerSpans().some(({ name }) => name === 'DELETE /v1/keys/{id}'),
      () => JSON.stringify(treeOf(all())),
    );
    expect(sorted(treeOf(all()))).toEqual(
      sorted([
        [
          INTERNAL,
          'execute_tool charge',
          [
            [
              INTERNAL,
              'issue_key stripe',
              [[CLIENT, 'POST /v1/keys', [[SERVER, 'POST /v1/keys']]]],
            ],
            [
              CLIENT,
              'POST /v1/payment_intents',
              [
                [
                  SERVER,
                  'POST /stripe',
                  [
                    [INTERNAL, 'admit'],
                    [CLIENT, 'POST /v1/payment_intents'],
                  ],
                ],
              ],
            ],
            [INTERNAL, 'work of its own'],
            [
              CLIENT,
              'GET /v1/payment_intents/{id}',
              [
                [
                  SERVER,
                  'GET /stripe',
                  [
                    [INTERNAL, 'admit'],
                    [CLIENT, 'GET /v1/payment_intents/{id}'],
                  ],
                ],
              ],
            ],
            [
              INTERNAL,
              'revoke_keys',
              [[CLIENT, 'DELETE /v1/keys/{id}', [[SERVER, 'DELETE /v1/keys/{id}']]]],
            ],
          ],
        ],
      ]),
    );
    expect(new Set(all().map(({ traceId }) => traceId)).size).toBe(1);
    expect(traceHeaders()).toEqual([]);
    expect(vendor.received).toHaveLength(2);
  });

  it('no span of either holds a token, a secret or the id of an object', () => {
    const text = readFileSync(file, 'utf8') + sdk.text;
    expect(text.length).toBeGreaterThan(1_000);
    for (const secret of [broker.token, vendor.secretKey, 'vault_key_', 'pi_secretly_named']) {
      expect(text.replaceAll(/vault_key[._](?!key_)/g, '')).not.toContain(secret);
    }
  });

  it('a server of the Keybrake dialect is told of no trace', async () => {
    const keybrake = await KeybrakeServer.start(broker.url);
    app = await startApp({
      broker: { url: keybrake.url, token: broker.token, dialect: 'keybrake' },
    });
    const before = brokerSpans().length;
    await use('charge');
    const ids = new Set(sdk.spans.map(({ traceId }) => traceId));
    await until(
      () => brokerSpans().length > before,
      () => 'no span more',
    );
    expect(brokerSpans().filter(({ traceId }) => ids.has(traceId))).toEqual([]);
    await keybrake.close();
  });
});

describe('with the embedded broker', () => {
  it('all is one trace too, a part of what the application is doing', async () => {
    app = await startApp(embedded());
    await use('charge');
    expect(sorted(treeOf(sdk.spans))).toEqual(
      sorted([
        [
          INTERNAL,
          'execute_tool charge',
          [
            [INTERNAL, 'issue_key stripe'],
            [
              CLIENT,
              'POST /v1/payment_intents',
              [
                [INTERNAL, 'admit'],
                [CLIENT, 'POST /v1/payment_intents'],
              ],
            ],
            [INTERNAL, 'work of its own'],
            [
              CLIENT,
              'GET /v1/payment_intents/{id}',
              [
                [INTERNAL, 'admit'],
                [CLIENT, 'GET /v1/payment_intents/{id}'],
              ],
            ],
            [INTERNAL, 'revoke_keys'],
          ],
        ],
      ]),
    );
    const [invocation] = sdk.spans.filter(({ name }) => name === 'execute_tool charge');
    expect(invocation?.attributes).toEqual({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'charge',
      'gen_ai.tool.type': 'function',
      'vault_key.agent_run': 'errand-7',
      'vault_key.cap_usd': 25,
      'vault_key.key_id': expect.stringMatching(/^vk_/),
      'vault_key.vendor': 'stripe',
      'vault_key.verdict': 'completed',
    });
    const calls = sdk.spans.filter(({ name, kind }) => kind === CLIENT && name.startsWith('POST'));
    expect(calls.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([
      200, 200,
    ]);
  });

  it('a refusal is told by its code, on every span that it has come to', async () => {
    app = await startApp(embedded());
    expect((await use('too-much')).status).toBe(402);
    const failed = sdk.spans.filter(({ status }) => status === ERROR);
    expect(
      Object.fromEntries(failed.map(({ name, attributes }) => [name, attributes['error.type']])),
    ).toEqual({
      admit: 'cap_exhausted',
      'POST /v1/payment_intents': 'cap_exhausted',
      'execute_tool too-much': 'spend_cap_exceeded',
    });
    expect(vendor.received).toEqual([]);
  });

  it('an error of the handler is told by its class, never by its message', async () => {
    app = await startApp(embedded());
    await use('broken');
    const [span] = sdk.spans.filter(({ name }) => name === 'execute_tool broken');
    expect(span).toMatchObject({
      status: ERROR,
      attributes: { 'error.type': 'TypeError', 'vault_key.verdict': 'failed' },
    });
    expect(sdk.text).not.toContain(vendor.secretKey);
  });

  it('an instrumentation of all requests tells the vendor of no trace either', async () => {
    // What @opentelemetry/instrumentation-undici does of itself to every request.
    let told = 0;
    const instrument = (message: unknown): void => {
      const { request } = message as { request: { addHeader(name: string, value: string): void } };
      const headers: Record<string, string> = {};
      propagation.inject(context.active(), headers);
      for (const [name, value] of Object.entries(headers)) request.addHeader(name, value);
      if ('traceparent' in headers) told += 1;
    };
    diagnostics.subscribe('undici:request:create', instrument);
    try {
      app = await startApp(embedded());
      const root = trace.getTracer('the application').startSpan('a request');
      await context.with(trace.setSpan(context.active(), root), () => use('charge'));
      root.end();
    } finally {
      diagnostics.unsubscribe('undici:request:create', instrument);
    }
    // The request of this test to the application.
    expect(told).toBe(1);
    expect(vendor.received).toHaveLength(2);
    expect(traceHeaders()).toEqual([]);
  });
});

it('two applications of one process leave the SDK that is registered in its place', async () => {
  const provider = trace.getTracerProvider();
  const first = await startApp(embedded());
  app = await startApp(embedded());
  await use('charge');
  await first.close();
  await use('charge');
  expect(trace.getTracerProvider()).toBe(provider);
  expect(sdk.spans.filter(({ name }) => name === 'execute_tool charge')).toHaveLength(2);
});

it('without an SDK nothing is traced, and everything works', async () => {
  sdk.end();
  app = await startApp(embedded());
  expect((await use('charge')).status).toBe(201);
  expect(sdk.spans).toEqual([]);
});
