import { randomUUID } from 'node:crypto';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { SecretWatch } from '../support/secret-watch';
import { until } from '../support/until';
import { bullmq } from './transports/bullmq';
import { graphqlOnExpress, graphqlOnFastify } from './transports/graphql';
import { express, fastify } from './transports/http';
import { mcpOnExpress, mcpSessionsOnFastify } from './transports/mcp-http';
import { mcpOverStdio } from './transports/mcp-stdio';
import { redis, tcp } from './transports/rpc';
import { socketIo } from './transports/socket-io';
import type { Charged } from './transports/tool-work';
import type {
  Caller,
  RunningTransport,
  ToolAnswer,
  TransportUnderTest,
} from './transports/transport-under-test';

const transports: TransportUnderTest[] = [
  express,
  fastify,
  tcp,
  redis,
  mcpOnExpress,
  mcpSessionsOnFastify,
  mcpOverStdio,
  socketIo,
  graphqlOnExpress,
  graphqlOnFastify,
  bullmq,
];

for (const transport of transports) {
  const suite = transport.available === false ? describe.skip : describe;
  suite(`over ${transport.name}`, () => keepPromises(transport));
}

function keepPromises(transport: TransportUnderTest): void {
  const {
    refusals = 'body',
    users = true,
    label = 'nest',
    stopsForLeaver = false,
    toolName,
  } = transport;
  let vendor: StripeVendor;
  let running: RunningTransport;
  /** Shown all that callers see. */
  let watch: SecretWatch;

  beforeAll(async () => {
    const secretKey = `sk_test_${randomUUID().replaceAll('-', '')}`;
    vendor = await createStripeVendor({ secretKey });
    running = await transport.start({
      embedded: {
        vendors: { stripe: { secretKey, baseUrl: vendor.url } },
        store: 'sqlite::memory:',
      },
    });
  });

  beforeEach(() => {
    watch = new SecretWatch();
  });

  // Whatever a promise did, no key outlives it and no secret was shown.
  afterEach(async () => {
    await noKeyLives();
    const secrets = [vendor.secretKey, ...(await running.host.secrets())];
    for (const secret of secrets) watch.addSecret(secret);
    expect([...watch.leaks(), ...(await running.host.leaks(secrets))]).toEqual([]);
  });

  afterAll(async () => {
    await running.close();
    await vendor.close();
  });

  async function call(...args: Parameters<RunningTransport['call']>): Promise<ToolAnswer> {
    const answer = await running.call(...args);
    watch.show(answer);
    return answer;
  }

  async function liveKeys(): Promise<string[]> {
    const keys = await running.host.keys();
    return keys.filter(({ status }) => status === 'active').map((key) => key.label);
  }

  function noKeyLives(): Promise<void> {
    return until(
      async () => (await liveKeys()).length === 0,
      async () => `these keys are still alive: ${(await liveKeys()).join(', ')}`,
    );
  }

  /** What the vendor was asked to charge in a run. */
  function charged(run: string): { amount: number; key?: string; user?: string }[] {
    return vendor.calls('POST /v1/payment_intents').flatMap(({ params }) => {
      const { run: of, ...metadata } = (params['metadata'] ?? {}) as Record<string, string>;
      return of === run ? [{ amount: Number(params['amount']), ...metadata }] : [];
    });
  }

  function newCaller(user = 'ada'): Caller & { known: string } {
    const run = `run-${randomUUID().slice(0, 8)}`;
    return users ? { run, user, known: user } : { run, known: 'anon' };
  }

  /** Holds the refusal to what this transport's callers can read of it. */
  function expectRefusal(
    answer: ToolAnswer,
    body: Record<string, unknown> & { error: string },
    ...said: string[]
  ): void {
    const error = (answer as { error?: unknown }).error as Record<string, unknown>;
    expect(error).toMatchObject(
      refusals === 'body' ? body : { message: expect.any(String) as string },
    );
    for (const text of said) expect(error['message']).toContain(text);
  }

  it('a tool runs with a key of its own, issued before it and revoked after it', async () => {
    const caller = newCaller();
    const answer = await call('charge', { amount: 1250 }, caller);

    expect(answer).toMatchObject({ result: { key: expect.any(String) as string } });
    const { key } = (answer as { result: Charged }).result;
    expect(charged(caller.run)).toEqual([{ amount: 1250, key, user: caller.known }]);
    await noKeyLives();
    expect(await running.host.keys(caller.run)).toMatchObject([
      {
        id: key,
        label: `${label}-${caller.known}-${caller.run}`,
        subject: { user_id: caller.known, run_id: caller.run, tool: toolName('charge') },
        status: 'revoked',
        spent_usd: 12.5,
      },
    ]);
  });

  it('30 calls of 10 users at once each pay with their own key and only that', async () => {
    const callers = Array.from({ length: 30 }, (_, i) => newCaller(`user-${i % 10}`));
    const answers = await Promise.all(
      callers.map((caller, i) => call('charge', { amount: 101 + i }, caller)),
    );

    const keys = new Map((await running.host.keys()).map((key) => [key.id, key]));
    const ids = answers.map((answer) => (answer as { result: Charged }).result.key);
    callers.forEach(({ run, known }, i) => {
      expect(charged(run)).toEqual([{ amount: 101 + i, key: ids[i], user: known }]);
      expect(keys.get(ids[i]!)).toMatchObject({
        label: `${label}-${known}-${run}`,
        spent_usd: (101 + i) / 100,
      });
    });
    expect(new Set(ids).size).toBe(30);
  });

  it('the call that would pass the cap reaches no vendor, and its caller is told what is left', async () => {
    const caller = newCaller();
    const answer = await call('chargeTwice', {}, caller);

    expectRefusal(
      answer,
      { error: 'spend_cap_exceeded', retryable: false, cap: 15, spent: 10, remaining: 5 },
      'cap of $15',
      '$10 is spent',
      '$5 is left',
      'Do not repeat the call',
    );
    expect(charged(caller.run)).toHaveLength(1);
  });

  it('an endpoint that is not on the list is not called, and its caller is told which are', async () => {
    const before = vendor.calls('POST /v1/payouts').length;
    const answer = await call('payOut', {}, newCaller());

    expectRefusal(
      answer,
      {
        error: 'endpoint_not_allowed',
        retryable: false,
        allowed: ['/v1/payment_intents', '/v1/charges'],
        attempted: 'POST /v1/payouts',
      },
      '/v1/payouts',
    );
    expect(vendor.calls('POST /v1/payouts')).toHaveLength(before);
  });

  it('where the broker gives no key the tool does not run', async () => {
    const caller = newCaller();
    await running.host.refuseIssueOf(caller.run);
    const answer = await call('charge', {}, caller);

    expectRefusal(answer, { error: 'vault_key_unavailable', retryable: true }, 'No key today.');
    expect(await running.host.began(caller.run)).toBe(false);
    expect(charged(caller.run)).toEqual([]);
  });

  it('a run id of the wrong form is refused, and no key is issued', async () => {
    const before = (await running.host.keys()).length;
    const answer = await call('charge', {}, { run: 'no run/id' });

    expectRefusal(answer, { error: 'invalid_run_id', retryable: false });
    expect(await running.host.keys()).toHaveLength(before);
    expect(await running.host.began('no run/id')).toBe(false);
  });

  it('an unmarked tool has no key, and a vendor call from it fails before anything is sent', async () => {
    const caller = newCaller();
    const before = vendor.calls().length;

    expect(await call('chargeUnmarked', {}, caller)).toEqual({
      result: { key: null, error: 'VaultKeyMissingException' },
    });
    expect(vendor.calls()).toHaveLength(before);
    expect(await running.host.keys(caller.run)).toEqual([]);
  });

  it.each(['own', 'http'] as const)(
    "an error of the tool's own (%s) comes out as without a mark, and its key is revoked",
    async (error) => {
      const caller = newCaller();
      const answer = await call('fail', { error }, caller);

      expect(answer).toHaveProperty('error');
      expect(answer).toEqual(await call('failUnmarked', { error }, newCaller()));
      await noKeyLives();
      expect(await running.host.keys(caller.run)).toMatchObject([{ status: 'revoked' }]);
    },
  );

  it('a vendor call that a tool left behind fails before anything is sent', async () => {
    const caller = newCaller();
    const gate = randomUUID();
    await call('leaveBehind', { gate }, caller);
    await noKeyLives();
    await running.host.openGate(gate);

    expect(await running.host.leftBehind(caller.run)).toBe('VaultKeyMissingException');
    expect(charged(caller.run)).toEqual([]);
  });

  it('a caller that goes away while its key is being issued still gets it revoked', async () => {
    if (running.callAndLeave === undefined) return;
    const caller = newCaller();
    const gate = randomUUID();
    await running.host.holdIssueOf(caller.run, gate);
    const leaver = await running.callAndLeave('charge', {}, caller);
    await running.host.gateReached(gate);
    await leaver.leave();
    await running.host.openGate(gate);

    await noKeyLives();
    expect(await running.host.keys(caller.run)).toMatchObject([{ status: 'revoked' }]);
    expect(await running.host.began(caller.run)).toBe(!stopsForLeaver);
  });

  it('a caller that goes away while its tool works has the work done, and then the key revoked', async () => {
    if (running.callAndLeave === undefined) return;
    const caller = newCaller();
    const gate = randomUUID();
    const leaver = await running.callAndLeave('charge', { gate }, caller);
    await running.host.gateReached(gate);
    await leaver.leave();
    expect(await running.host.keys(caller.run)).toMatchObject([{ status: 'active' }]);
    await running.host.openGate(gate);

    await until(
      () => charged(caller.run).length === 1,
      () => 'the charge was not made',
    );
    await noKeyLives();
  });
}
