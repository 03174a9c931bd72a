import { randomUUID } from 'node:crypto';
import { BrokerClient } from '../../lib/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { brokers as eachBroker, brokersOnPools } from '../support/brokers';
import type { BrokerUnderTest } from '../support/brokers';
import { Gates } from '../support/gates';
import { until } from '../support/until';
import { ToolsController } from './tools.controller';
import { adapters, startToolsApp } from './tools-app';
import type { ToolsApp } from './tools-app';

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: Record<string, unknown>;
}

const brokers = { ...eachBroker, ...brokersOnPools };

/** Where the broker is has nothing to do with the platform: Fastify is tried with one broker. */
const arrangements: [broker: string, platform: keyof typeof adapters][] = [
  ...Object.keys(brokers).map((broker): [string, 'Express'] => [broker, 'Express']),
  ['the embedded broker', 'Fastify'],
];

interface Charged {
  amount: number;
  key: string | undefined;
  user: string | undefined;
}

describe.each(arrangements)('with %s, on %s', (brokerName, platform) => {
  let vendor: StripeVendor;
  let broker: BrokerUnderTest;
  let tools: ToolsApp;

  beforeAll(async () => {
    vendor = await createStripeVendor({
      secretKey: `sk_test_${randomUUID().replaceAll('-', '')}`,
    });
    broker = await brokers[brokerName]!(vendor);
    tools = await startToolsApp(platform, broker.options);
    for (const secret of broker.secrets) tools.watch.addSecret(secret);
  });

  // Whatever a promise did, no key outlives it and no secret was shown.
  afterEach(async () => {
    await noKeyLives();
    expect(tools.watch.secrets.size).toBeGreaterThanOrEqual(broker.secrets.length);
    expect(tools.watch.leaks()).toEqual([]);
  });

  afterAll(async () => {
    // What was written and measured in all of them is there still.
    tools.watch.show(broker.output());
    const metrics = await broker.metrics(tools.app);
    expect(metrics).toContain('vault_key_');
    tools.watch.show(metrics);
    await tools.showMeters();
    expect(tools.watch.leaks()).toEqual([]);
    await tools.app.close();
    await broker.close();
    await vendor.close();
  });

  async function send(
    method: string,
    path: string,
    {
      body,
      run,
      signal,
      ...headers
    }: {
      body?: unknown;
      run?: string;
      signal?: AbortSignal;
      [header: `x-${string}`]: string;
    } = {},
  ): Promise<Answer> {
    const response = await fetch(`${tools.url}/tools/${path}`, {
      method,
      headers: {
        ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
        ...(run === undefined ? {} : { 'x-agent-run-id': run }),
        ...headers,
      },
      ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    tools.watch.show(text);
    tools.watch.show(Object.fromEntries(response.headers));
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = {};
    }
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: parsed as Record<string, unknown>,
    };
  }

  async function liveKeys(): Promise<string[]> {
    return (await broker.keys(tools.app, 'active')).map(({ label }) => label);
  }

  function noKeyLives(): Promise<void> {
    return until(
      async () => (await liveKeys()).length === 0,
      async () => `these keys are still alive: ${(await liveKeys()).join(', ')}`,
    );
  }

  async function keysOf(run: string, { app } = tools) {
    return (await broker.keys(app)).filter(({ label }) => label.endsWith(`-${run}`));
  }

  /** What the vendor was asked to create in a run. */
  function charged(run: string): Charged[] {
    return allCharged().get(run) ?? [];
  }

  /** The same for each run. */
  function allCharged() {
    const found = new Map<string | undefined, Charged[]>();
    for (const { params } of vendor.calls('POST /v1/payment_intents')) {
      const { run, key, user } = (params['metadata'] ?? {}) as Record<string, string | undefined>;
      found.set(run, [...(found.get(run) ?? []), { amount: Number(params['amount']), key, user }]);
    }
    return found;
  }

  function newRun(): string {
    return `run-${randomUUID().slice(0, 8)}`;
  }

  it('a charge goes through with a key of its own, which is revoked afterwards', async () => {
    const run = newRun();
    const answer = await send('POST', 'charge', { run, 'x-user': 'ada', body: { amount: 1250 } });

    expect(answer).toMatchObject({ status: 201, body: { sameKey: true } });
    expect(charged(run)).toEqual([{ amount: 1250, key: answer.body['key'], user: 'ada' }]);
    await noKeyLives();
    expect(await keysOf(run)).toMatchObject([
      { id: answer.body['key'], label: `nest-ada-${run}`, status: 'revoked', spent_usd: 12.5 },
    ]);
  });

  it('120 requests of 30 users at once each see their own key and only that', async () => {
    const runs = Array.from({ length: 120 }, (_, i) => ({
      run: newRun(),
      user: `user-${i % 30}`,
      amount: 101 + i,
    }));
    const answers = await Promise.all(
      runs.map(({ run, user, amount }) =>
        send('POST', 'charge', { run, 'x-user': user, body: { amount } }),
      ),
    );

    const keys = new Map((await broker.keys(tools.app)).map((key) => [key.id, key]));
    const charges = allCharged();
    runs.forEach(({ run, user, amount }, i) => {
      const { status, body } = answers[i]!;
      const id = body['key'] as string;
      expect([status, body['sameKey']]).toEqual([201, true]);
      expect(charges.get(run)).toEqual([{ amount, key: id, user }]);
      expect(keys.get(id)).toMatchObject({
        label: `nest-${user}-${run}`,
        spent_usd: amount / 100,
      });
    });
    expect(new Set(answers.map(({ body }) => body['key'])).size).toBe(120);
  });

  it('two calls of a request share one key, and the one that would pass the cap reaches no vendor', async () => {
    const run = newRun();
    const answer = await send('POST', 'two', { run, body: { amount: 1000 } });

    expect(answer).toMatchObject({
      status: 402,
      body: { error: 'spend_cap_exceeded', retryable: false, cap: 15, spent: 10 },
    });
    expect(charged(run)).toHaveLength(1);
    const [key, ...more] = await keysOf(run);
    expect(key).toMatchObject({ id: charged(run)[0]!.key, spent_usd: 10 });
    expect(more).toEqual([]);
  });

  it('100 charges at once against a cap that fits 37 settle exactly 37', async () => {
    const run = newRun();
    const answer = await send('POST', 'charges', { run, body: { amount: 100, count: 100 } });

    expect(answer.body['charged']).toBe(37);
    expect(new Set(answer.body['refused'] as string[])).toEqual(
      new Set(['SpendCapExceededException']),
    );
    expect(charged(run)).toHaveLength(37);
    expect(await keysOf(run)).toMatchObject([{ spent_usd: 37, held_usd: 0 }]);
  });

  it('a handler that throws answers what it threw, and its key is revoked', async () => {
    const run = newRun();
    const answer = await send('POST', 'throws', { run });

    expect(answer).toMatchObject({ status: 400, body: { message: 'the handler threw' } });
    await noKeyLives();
    expect(await keysOf(run)).toMatchObject([{ status: 'revoked' }]);
  });

  it('an inner invocation has the tighter of its own cap and the one around it', async () => {
    const run = newRun();
    const { body } = await send('POST', 'inner', { run });

    expect(body).toMatchObject({ second: 'SpendCapExceededException', after: body['outer'] });
    expect(charged(run)).toHaveLength(1);
  });

  describe('a client that hangs up', () => {
    async function hangUp(
      path: string,
      gate: string,
      { run, ...options }: { run: string; body?: unknown; [header: `x-${string}`]: string },
    ): Promise<void> {
      const controller = new AbortController();
      const sent = send('POST', path, { run, ...options, signal: controller.signal });
      await tools.app.get(Gates).gate(gate).reached;
      controller.abort();
      await expect(sent).rejects.toThrow(/abort/);
    }

    it('before its key was asked for costs no key', async () => {
      const run = newRun();
      const gate = randomUUID();
      const response = nextResponseClose();
      await hangUp('charge', gate, { run, 'x-gate-guard': gate });
      await response;
      tools.app.get(Gates).gate(gate).open();

      await send('POST', 'charge', {});
      expect(await keysOf(run)).toEqual([]);
      expect(tools.app.get(ToolsController).ran.has(run)).toBe(false);
    });

    it('while its key is being issued still gets it revoked, and its handler does not run', async () => {
      const run = newRun();
      const gate = randomUUID();
      const { answered } = holdIssueOf(run, gate);
      const response = nextResponseClose();
      await hangUp('charge', gate, { run });
      await response;
      tools.app.get(Gates).gate(gate).open();
      await answered;

      await noKeyLives();
      expect(await keysOf(run)).toMatchObject([{ status: 'revoked', spent_usd: 0 }]);
      expect(tools.app.get(ToolsController).ran.has(run)).toBe(false);
    });

    it('after its key was issued has its work done to the end, and then its key revoked', async () => {
      const run = newRun();
      const gate = randomUUID();
      await hangUp('charge', gate, { run, body: { gate } });
      tools.app.get(Gates).gate(gate).open();

      await until(
        () => charged(run).length === 1,
        () => 'the charge was not made',
      );
      await noKeyLives();
    });

    /** Resolves when the server has noticed that the connection of the request under way is gone. */
    function nextResponseClose(): Promise<void> {
      return new Promise((resolve) => {
        tools.app.getHttpServer().once('request', (_req: unknown, res: NodeJS.EventEmitter) => {
          res.once('close', resolve);
        });
      });
    }

    /** The broker's answer to the issue of one run comes late, as over a slow network. */
    function holdIssueOf(run: string, gate: string): { answered: Promise<void> } {
      const client = tools.app.get(BrokerClient);
      const issue = client.issue.bind(client);
      let answer!: () => void;
      const answered = new Promise<void>((resolve) => (answer = resolve));
      client.issue = async (request) => {
        const result = await issue(request);
        if (!request.label.endsWith(run)) return result;
        client.issue = issue;
        await tools.app.get(Gates).gate(gate).pass();
        answer();
        return result;
      };
      return { answered };
    }
  });

  it("a card's decline stays the vendor's own 402, and gives its hold back", async () => {
    const run = newRun();
    const answer = await send('POST', 'declined', { run });

    expect(answer).toMatchObject({
      status: 402,
      body: { error: 'vendor_error', code: 'card_declined', retryable: false },
    });
    expect(await keysOf(run)).toMatchObject([{ spent_usd: 0, held_usd: 0 }]);
  });

  // The rest has nothing to do with what the broker keeps its books in.
  if (brokerName.includes('PostgreSQL')) return;

  it('an endpoint that is not on the list is refused, and told apart from the allowed ones', async () => {
    const before = vendor.calls('POST /v1/payouts').length;
    const answer = await send('POST', 'payout');

    expect(answer).toMatchObject({
      status: 403,
      body: {
        error: 'endpoint_not_allowed',
        retryable: false,
        allowed: ['/v1/payment_intents', '/v1/payment_intents/*', '/v1/charges'],
      },
    });
    expect(String(answer.body['attempted'])).toContain('/v1/payouts');
    expect(vendor.calls('POST /v1/payouts')).toHaveLength(before);
  });

  it('a pipe that refuses costs one key, which is revoked, and the handler does not run', async () => {
    const run = newRun();
    const answer = await send('POST', 'piped/many', { run });

    expect(answer.status).toBe(400);
    await noKeyLives();
    expect(await keysOf(run)).toMatchObject([{ status: 'revoked', spent_usd: 0 }]);
    expect(tools.app.get(ToolsController).ran.has(run)).toBe(false);
  });

  it('a guard that refuses costs no key', async () => {
    const run = newRun();
    expect(await send('POST', 'charge', { run, 'x-refuse': 'yes' })).toMatchObject({
      status: 403,
    });
    expect(await keysOf(run)).toEqual([]);
  });

  it('an unmarked handler has no key, and a vendor call from it fails before anything is sent', async () => {
    const before = vendor.calls().length;
    expect((await send('GET', 'unmarked')).body).toEqual({
      key: null,
      error: 'VaultKeyMissingException',
    });
    expect(vendor.calls()).toHaveLength(before);
  });

  it('a header that is an invalid run id is refused, and no key is issued', async () => {
    const before = (await broker.keys(tools.app)).length;
    const answer = await send('POST', 'charge', { run: 'no run/id' });

    expect(answer).toMatchObject({
      status: 400,
      body: { error: 'invalid_run_id', retryable: false },
    });
    expect(await broker.keys(tools.app)).toHaveLength(before);
  });

  it.each([0, -1, 1.5, '100', null, 100_000_000])(
    'an amount of %p is refused by name before anything is sent',
    async (amount) => {
      const run = newRun();
      const before = vendor.calls().length;
      const answer = await send('POST', 'charge', { run, body: { amount } });

      expect(answer).toMatchObject({
        status: 400,
        body: { error: 'invalid_amount', param: 'amount' },
      });
      expect(vendor.calls()).toHaveLength(before);
    },
  );

  it('a vendor call left behind by an invocation that is over fails before anything is sent', async () => {
    const run = newRun();
    const gate = randomUUID();
    await send('POST', 'left-behind', { run, body: { gate } });
    await noKeyLives();
    tools.app.get(Gates).gate(gate).open();

    const error = await tools.app.get(ToolsController).leftBehind.get(run);
    tools.watch.show(error);
    expect((error as Error).name).toBe('VaultKeyMissingException');
    expect(charged(run)).toEqual([]);
  });

  describe.each([
    ['server-sent events', 'events'],
    ['a generator', 'generator'],
    ['a StreamableFile', 'file'],
    ['a web Response', 'web'],
    ['a response written by hand', 'manual'],
  ])('%s', (_name, path) => {
    it('keep the key until the response ends', async () => {
      const run = newRun();
      const gate = randomUUID();
      const response = await fetch(`${tools.url}/tools/${path}?gate=${gate}`, {
        headers: { 'x-agent-run-id': run },
      });
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = (await reader.read()).value ?? '';
      // A stream may begin before its handler is called.
      await tools.app.get(Gates).gate(gate).reached;
      expect(await keysOf(run)).toMatchObject([{ status: 'active' }]);

      tools.app.get(Gates).gate(gate).open();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        text += part.value;
      }
      expect(text).toMatch(/vk_/);
      expect(text).toMatch(/pi_/);
      expect(charged(run)).toHaveLength(1);
      await noKeyLives();
    });

    it('lose the key when the client hangs up in the middle', async () => {
      const run = newRun();
      const gate = randomUUID();
      const controller = new AbortController();
      const response = await fetch(`${tools.url}/tools/${path}?gate=${gate}`, {
        headers: { 'x-agent-run-id': run },
        signal: controller.signal,
      });
      const reader = response.body!.getReader();
      await reader.read();
      await tools.app.get(Gates).gate(gate).reached;
      controller.abort();

      await noKeyLives();
      tools.app.get(Gates).gate(gate).open();
      expect(await keysOf(run)).toMatchObject([{ status: 'revoked' }]);
    });
  });

  it('an outer timeout() ends the key, and what the handler calls later is not sent', async () => {
    const run = newRun();
    const gate = randomUUID();
    const answer = await send('POST', 'charge', { run, body: { gate }, 'x-timeout': '150' });

    expect(answer.status).toBe(500);
    await noKeyLives();
    tools.app.get(Gates).gate(gate).open();
    await send('POST', 'charge', {});
    expect(charged(run)).toEqual([]);
  });

  it('an outer retry() gives each attempt a key of its own, and both are revoked', async () => {
    const run = newRun();
    const answer = await send('POST', 'fails-once', { run, 'x-retry': '1' });

    expect(answer.status).toBe(201);
    await noKeyLives();
    expect(await keysOf(run)).toMatchObject([{ status: 'revoked' }, { status: 'revoked' }]);
    expect(charged(run)).toHaveLength(1);
  });

  describe.each([
    ['imported twice', { importedTwice: true }],
    ["beside the application's own nestjs-cls", { ownCls: true }],
  ])('the module %s', (_name, arrangement) => {
    it('issues one key for one invocation, and revokes it', async () => {
      const run = newRun();
      const other = await startToolsApp(platform, broker.options, arrangement);
      try {
        const response = await fetch(`${other.url}/tools/charge`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-agent-run-id': run },
          body: JSON.stringify({ amount: 500 }),
        });
        expect(await response.json()).toMatchObject({ sameKey: true });
        await until(
          async () => (await keysOf(run, other)).every(({ status }) => status === 'revoked'),
          () => 'its key is still alive',
        );
        expect(await keysOf(run, other)).toHaveLength(1);
      } finally {
        await other.app.close();
      }
    });
  });
});
