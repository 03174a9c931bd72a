import { randomUUID } from 'node:crypto';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Controller, Module, UseGuards } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { McpHttpControllerFor, McpStrategy, StreamableHttpTransport } from '@rekog/mcp-nest';
import { QueueEvents } from 'bullmq';
import type { Queue } from 'bullmq';
import { VaultKeyModule } from '../../lib/index';
import type { KeyView } from '../../lib/broker/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { Gates } from '../support/gates';
import { describeWithRedis, RedisServer } from '../support/redis-server';
import { until } from '../support/until';
import { jobDataOf, MARKED_QUEUE, QueueTools } from './transports/bullmq';
import { HttpTools } from './transports/http';
import { UserGuard } from './transports/mcp-http';
import { answerOf, McpTools } from './transports/mcp-tools';
import { ToolWork, ToolWorkModule } from './transports/tool-work';
import type { Charged, ToolArgs } from './transports/tool-work';
import type { Caller, ToolAnswer } from './transports/transport-under-test';
import { brokerOf } from '../support/broker-of';

const INVOCATIONS = 250;
const USERS = 20;

interface Way {
  label: string;
  charge(args: ToolArgs, caller: Required<Caller>): Promise<ToolAnswer>;
}

describeWithRedis('one application over HTTP, MCP and BullMQ', () => {
  let vendor: StripeVendor;
  let redis: RedisServer;
  let app: INestApplication;
  let ways: Way[];
  const closers: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    const secretKey = `sk_test_${randomUUID()}`;
    vendor = await createStripeVendor({ secretKey });
    redis = await RedisServer.start();
    const connection = { host: redis.host, port: redis.port };
    const transport = new StreamableHttpTransport({});

    @Controller('mcp')
    @UseGuards(UserGuard)
    class McpEndpoint extends McpHttpControllerFor(transport) {}

    @Module({
      imports: [
        VaultKeyModule.forRoot({
          embedded: {
            // A connection for each run: how long they would wait for one is the machine's matter.
            vendors: { stripe: { secretKey, baseUrl: vendor.url, connections: 2 * INVOCATIONS } },
            store: 'sqlite::memory:',
          },
        }),
        ToolWorkModule,
        BullModule.forRoot({ connection }),
        BullModule.registerQueue({ name: MARKED_QUEUE }),
      ],
      controllers: [HttpTools, McpTools, McpEndpoint],
      providers: [QueueTools],
    })
    class AppModule {}

    app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false });
    const strategy = new McpStrategy({ name: 'tools', version: '1', transports: [transport] });
    app.connectMicroservice({ strategy }, { inheritAppConfig: true });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    ways = [overHttp(url), await overMcp(url), await overBullMq(connection)];
  });

  afterAll(async () => {
    for (const close of closers) await close();
    await app.close();
    await redis.close();
    await vendor.close();
  });

  function overHttp(url: string): Way {
    return {
      label: 'nest',
      async charge(args, { user, run }) {
        const response = await fetch(`${url}/tools/charge`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-user': user, 'x-agent-run-id': run },
          body: JSON.stringify(args),
        });
        const body: unknown = await response.json();
        return response.ok ? { result: body } : { error: body };
      },
    };
  }

  /** A client for each user, whose calls each name their run. */
  async function overMcp(url: string): Promise<Way> {
    const clients = new Map<string, Client>();
    for (let i = 0; i < USERS; i++) {
      const client = new Client({ name: 'agent', version: '1' });
      const requestInit = { headers: { 'x-user': `user-${i}` } };
      await client.connect(
        new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }),
      );
      closers.push(() => client.close());
      clients.set(`user-${i}`, client);
    }
    return {
      label: 'nest',
      charge: async (args, { user, run }) =>
        answerOf(
          await clients.get(user)!.callTool({
            name: 'charge',
            arguments: { ...args },
            _meta: { 'nestjs-vault-key/agent-run-id': run },
          }),
        ),
    };
  }

  async function overBullMq(connection: { host: string; port: number }): Promise<Way> {
    const queue = app.get<Queue>(getQueueToken(MARKED_QUEUE), { strict: false });
    const events = new QueueEvents(MARKED_QUEUE, { connection });
    queue.setMaxListeners(0);
    events.setMaxListeners(0);
    await events.waitUntilReady();
    closers.push(() => events.close());
    return {
      label: 'bullmq',
      async charge(args, caller) {
        const job = await queue.add('charge', jobDataOf(args, caller));
        return { result: await job.waitUntilFinished(events) };
      },
    };
  }

  async function keysByRun(): Promise<Map<string, KeyView[]>> {
    const { keys } = await brokerOf(app).keys({}, 1_000);
    const byRun = new Map<string, KeyView[]>();
    for (const key of keys) {
      const run = key.subject.run_id ?? '';
      byRun.set(run, [...(byRun.get(run) ?? []), key]);
    }
    return byRun;
  }

  it(`${INVOCATIONS} invocations at once, mixed over all of them, each pay with their own key and no other`, async () => {
    const calls = Array.from({ length: INVOCATIONS }, (_, i) => ({
      way: ways[i % ways.length]!,
      // Told apart by what they cost, too.
      amount: 100 + i,
      caller: { run: `mixed-${i}`, user: `user-${i % USERS}` },
    }));
    const answers = calls.map(({ way, amount, caller }) =>
      way.charge({ amount, gate: 'all' }, caller),
    );
    // They all have their keys, and none of them has paid.
    const { began } = app.get(ToolWork, { strict: false });
    await until(
      () => began.size === INVOCATIONS,
      () => `${began.size} of ${INVOCATIONS} invocations have begun`,
    );
    app.get(Gates, { strict: false }).gate('all').open();
    const charged = (await Promise.all(answers)).map(
      (answer) => (answer as { result: Charged }).result,
    );

    const byRun = await keysByRun();
    expect(byRun.size).toBe(INVOCATIONS);
    const paid = new Map(
      vendor.calls('POST /v1/payment_intents').map(({ params }) => {
        const metadata = params['metadata'] as Record<string, string>;
        return [metadata['run']!, { ...metadata, amount: Number(params['amount']) }];
      }),
    );
    expect(vendor.calls()).toHaveLength(INVOCATIONS);
    calls.forEach(({ way, amount, caller: { run, user } }, i) => {
      const { key } = charged[i]!;
      expect(paid.get(run)).toEqual({ key, run, user, amount });
      expect(byRun.get(run)).toMatchObject([
        {
          id: key,
          label: `${way.label}-${user}-${run}`,
          subject: { user_id: user },
          spent_usd: amount / 100,
        },
      ]);
    });
    await until(
      async () => [...(await keysByRun()).values()].flat().every((key) => key.status === 'revoked'),
      () => 'a key is alive',
    );
  });
});
