import { randomUUID } from 'node:crypto';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { CallToolResult } from '@modelcontextprotocol/client';
import { Controller, Injectable, Module, UseGuards } from '@nestjs/common';
import type {
  CanActivate,
  ExecutionContext,
  INestApplication,
  MiddlewareConsumer,
  NestMiddleware,
  NestModule,
  Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { Payload } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  McpController,
  McpHttpControllerFor,
  McpStrategy,
  PublicTool,
  Resource,
  StreamableHttpTransport,
  Tool,
  ToolRoles,
  ToolScopes,
} from '@rekog/mcp-nest';
import type { StreamableHttpTransportOptions } from '@rekog/mcp-nest';
import { z } from 'zod';
import {
  AgentTool,
  CurrentVaultKey,
  ProxiedStripeService,
  VaultKeyMiddleware,
  VaultKeyModule,
} from '../../lib/index';
import type { KeyView } from '../../lib/broker/index';
import type { VaultKeyModuleOptions } from '../../lib/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { Gates } from '../support/gates';
import { until } from '../support/until';
import { loggerTo } from './transports/tool-host';
import { brokerOf } from '../support/broker-of';

const POLICY = { dailyUsdCap: 15, allowedEndpoints: ['/v1/payment_intents'] };

interface RawRequest {
  headers: Record<string, string | undefined>;
  user?: { id: string; scopes: string[]; roles: string[] };
}

/** Lets in whom the headers name, with the scopes and roles they name. */
@Injectable()
class UserGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<RawRequest & { raw?: RawRequest }>();
    const raw = request.raw ?? request;
    const { 'x-user': id, 'x-scopes': scopes = '', 'x-roles': roles = '' } = raw.headers;
    if (id !== undefined) raw.user = { id, scopes: scopes.split(' '), roles: roles.split(' ') };
    await meeting(raw.headers['x-meeting']);
    return true;
  }
}

/** A guard of a tool's own, which sees no HTTP request. */
@Injectable()
class ToolGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    context.switchToRpc().getContext<{ user?: { id: string } }>().user = { id: 'let-in-by-tool' };
    return true;
  }
}

const begun: string[] = [];
const gates = new Gates();
const arrived = new Map<string, number>();

/** Holds the requests that name a meeting, `<name>:<how many>`, until all of them are there. */
async function meeting(named: string | undefined): Promise<void> {
  if (named === undefined) return;
  const count = (arrived.get(named) ?? 0) + 1;
  arrived.set(named, count);
  const gate = gates.gate(named);
  if (count === Number(named.split(':')[1])) gate.open();
  await gate.pass();
}

@McpController()
class Tools {
  constructor(
    private readonly stripe: ProxiedStripeService,
    private readonly vaultKeys: CurrentVaultKey,
  ) {}

  @Tool({
    name: 'charge_card',
    description: 'Charges a card',
    parameters: z.object({ amount: z.number().int().positive(), gate: z.string().optional() }),
    outputSchema: z.object({ key: z.string(), user: z.string(), run: z.string() }),
  })
  @AgentTool(POLICY)
  async charge(@Payload() { amount, gate }: { amount: number; gate?: string }) {
    begun.push('charge_card');
    const { id, userId, runId } = this.vaultKeys.get();
    if (gate !== undefined) await gates.gate(gate).pass();
    const metadata = { key: id, user: userId, run: runId };
    await this.stripe.createPaymentIntent({ amount, metadata });
    return metadata;
  }

  @Tool({ name: 'guarded', description: 'Has a guard of its own' })
  @UseGuards(ToolGuard)
  @AgentTool(POLICY)
  guarded() {
    return { user: this.vaultKeys.get().userId };
  }

  @Resource({
    name: 'receipt',
    uri: 'mcp://receipt',
    description: 'A receipt',
    mimeType: 'text/plain',
  })
  @AgentTool({ ...POLICY, dailyUsdCap: 0 })
  async receipt() {
    await this.stripe.createPaymentIntent({ amount: 100 });
  }
}

interface RunningApp {
  url: URL;
  log: string[];
  keys(run: string): Promise<readonly KeyView[]>;
  connect(headers?: Record<string, string>, era?: 'legacy' | 'modern'): Promise<Client>;
}

let vendor: StripeVendor;
let closing: (() => Promise<unknown>)[];

beforeAll(async () => {
  vendor = await createStripeVendor({ secretKey: `sk_test_${randomUUID()}` });
});

beforeEach(() => {
  closing = [];
  begun.length = 0;
});

afterEach(async () => {
  for (const close of closing.reverse()) await close();
});

afterAll(() => vendor.close());

interface StartOptions {
  tools?: Type;
  adapter?: AbstractHttpAdapter;
  transport?: StreamableHttpTransportOptions;
  budgets?: VaultKeyModuleOptions['budgets'];
  inheritAppConfig?: boolean;
  /** A middleware around the endpoint. */
  around?: Type<NestMiddleware>;
  identify?: VaultKeyModuleOptions['identify'];
  freemium?: boolean;
}

async function start(options: StartOptions = {}): Promise<RunningApp> {
  const { tools = Tools, adapter = new ExpressAdapter(), inheritAppConfig = true } = options;
  const transport = new StreamableHttpTransport(options.transport);

  @Controller('mcp')
  @UseGuards(UserGuard)
  class McpEndpoint extends McpHttpControllerFor(transport) {}

  const embedded = {
    vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
    store: 'sqlite::memory:',
  };

  @Module({
    imports: [
      VaultKeyModule.forRoot({ embedded, budgets: options.budgets, identify: options.identify }),
    ],
    controllers: [tools, McpEndpoint],
  })
  class AppModule implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      if (options.around !== undefined) consumer.apply(options.around).forRoutes('mcp');
    }
  }

  const log: string[] = [];
  const app: INestApplication = await NestFactory.create(AppModule, adapter, {
    logger: false,
    forceCloseConnections: true,
  });
  app.useLogger(loggerTo((line) => log.push(String(line))));
  const strategy = new McpStrategy({
    name: 'tools',
    version: '1',
    transports: [transport],
    allowUnauthenticatedAccess: options.freemium ?? false,
  });
  app.connectMicroservice({ strategy }, { inheritAppConfig });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  closing.push(() => app.close());
  const url = new URL(`${await app.getUrl()}/mcp`);
  const broker = brokerOf(app);

  return {
    url,
    log,
    keys: async (run) => (await broker.keys({ run_id: run }, 1_000)).keys,
    async connect(headers = {}, era = 'modern') {
      const client = new Client(
        { name: 'agent', version: '1' },
        { versionNegotiation: { mode: era === 'modern' ? 'auto' : 'legacy' } },
      );
      await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
      expect(client.getProtocolEra()).toBe(era);
      closing.push(() => client.close());
      return client;
    },
  };
}

function charge(client: Client, args: { amount: number; gate?: string } = { amount: 100 }) {
  return client.callTool({ name: 'charge_card', arguments: args });
}

function textOf({ content: [block] }: CallToolResult): string {
  return block?.type === 'text' ? block.text : '';
}

function refusalOf({ _meta = {} }: CallToolResult): Record<string, unknown> {
  return _meta['nestjs-vault-key/refusal'] as Record<string, unknown>;
}

describe('an MCP tool', () => {
  const servers = [
    ['Express', () => new ExpressAdapter()],
    ['Fastify', () => new FastifyAdapter()],
  ] as const;
  const matrix = servers.flatMap(([server, adapter]) =>
    (['legacy', 'modern'] as const).flatMap((era) =>
      [true, false].map((statefulMode) => ({ server, adapter, era, statefulMode })),
    ),
  );

  it.each(matrix)(
    'is charged to its user and agent run ($server, $era client, sessions: $statefulMode)',
    async ({ adapter, era, statefulMode }) => {
      const app = await start({ adapter: adapter(), transport: { statefulMode } });
      const client = await app.connect({ 'x-user': 'ada', 'X-Agent-Run-ID': 'run-1' }, era);

      const { structuredContent } = await charge(client);

      expect(structuredContent).toMatchObject({ user: 'ada', run: 'run-1' });
      expect(await app.keys('run-1')).toMatchObject([
        { subject: { user_id: 'ada', run_id: 'run-1', tool: 'charge_card' }, spent_usd: 1 },
      ]);
    },
  );

  it('has its agent run from `_meta` where no header names it, and a header counts for more', async () => {
    const app = await start();
    const name = 'charge_card';
    const args = { amount: 100 };
    const client = await app.connect();
    const byMeta = await client.callTool({
      name,
      arguments: args,
      _meta: { 'nestjs-vault-key/agent-run-id': 'run-meta' },
    });
    const byHeaderName = await client.callTool({
      name,
      arguments: args,
      _meta: { 'X-Agent-Run-ID': 'run-plain' },
    });
    const both = await (
      await app.connect({ 'x-agent-run-id': 'run-header' })
    ).callTool({ name, arguments: args, _meta: { 'nestjs-vault-key/agent-run-id': 'run-meta' } });

    expect([byMeta, byHeaderName, both].map((each) => each.structuredContent)).toMatchObject([
      { run: 'run-meta' },
      { run: 'run-plain' },
      { run: 'run-header' },
    ]);
  });

  it('works in the agent run of its MCP session where nothing names another', async () => {
    const app = await start({ transport: { statefulMode: true } });
    const [first, second] = [await app.connect({}, 'legacy'), await app.connect({}, 'legacy')];
    const runOf = async (client: Client) =>
      ((await charge(client)).structuredContent as { run: string }).run;

    expect(await runOf(first)).toMatch(/^mcp-[\w-]{36}$/);
    expect(await runOf(first)).toBe(await runOf(first));
    expect(await runOf(second)).not.toBe(await runOf(first));
  });

  it.each([{ 'x-agent-run-id': 'no run' }, { meta: 'no run' }, { meta: 7 }])(
    'is not run where its agent run is named by an invalid run id: %j',
    async ({ meta, ...headers }: Record<string, unknown>) => {
      const app = await start();
      const client = await app.connect(headers as Record<string, string>);
      const result = await client.callTool({
        name: 'charge_card',
        arguments: { amount: 100 },
        ...(meta === undefined ? {} : { _meta: { 'nestjs-vault-key/agent-run-id': meta } }),
      });

      expect(result).toMatchObject({
        isError: true,
        _meta: { 'nestjs-vault-key/refusal': { error: 'invalid_run_id' } },
      });
      expect(begun).toEqual([]);
    },
  );

  it('works for whom a guard of its own lets in, and for nobody else where none does', async () => {
    const app = await start();
    const client = await app.connect();

    const guarded = await client.callTool({ name: 'guarded' });
    expect(JSON.parse(textOf(guarded))).toEqual({ user: 'let-in-by-tool' });
    expect((await charge(client)).structuredContent).toMatchObject({ user: 'anon' });
  });

  it('gets no key for arguments its schema refuses', async () => {
    const app = await start();
    const client = await app.connect({ 'x-agent-run-id': 'run-1' });

    const result = await charge(client, { amount: -5 });

    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain('Invalid parameters');
    expect(await app.keys('run-1')).toEqual([]);
    expect(begun).toEqual([]);
  });

  it('has a key of its own in each of the calls that one session makes at once', async () => {
    const app = await start({ transport: { statefulMode: true } });
    const client = await app.connect({ 'x-agent-run-id': 'run-1' }, 'legacy');

    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) => charge(client, { amount: 100 + i })),
    );

    const keys = await app.keys('run-1');
    expect(keys).toHaveLength(20);
    results.forEach(({ structuredContent }, i) => {
      const { key } = structuredContent as { key: string };
      expect(keys.find(({ id }) => id === key)).toMatchObject({ spent_usd: (100 + i) / 100 });
    });
  });

  it.each(servers)(
    'calls of one session that arrive at once keep the user and the agent run of their own request (%s)',
    async (_server, adapter) => {
      const app = await start({ adapter: adapter(), transport: { statefulMode: true } });
      const client = await app.connect({}, 'legacy');
      const { sessionId } = client.transport as StreamableHTTPClientTransport;
      const together = `${randomUUID()}:20`;

      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const response = await fetch(app.url, {
            method: 'POST',
            headers: {
              'content-type': 'application/json',
              accept: 'application/json, text/event-stream',
              'mcp-session-id': sessionId ?? '',
              'x-user': `user-${i}`,
              'x-agent-run-id': `run-${i}`,
              'x-meeting': together,
            },
            body: JSON.stringify({
              jsonrpc: '2.0',
              id: 100 + i,
              method: 'tools/call',
              params: { name: 'charge_card', arguments: { amount: 100 } },
            }),
          });
          const data = /^data: (.+)$/m.exec(await response.text())?.[1] ?? '{}';
          const { result } = JSON.parse(data) as { result: CallToolResult };
          return result.structuredContent ?? result;
        }),
      );

      expect(answers).toMatchObject(
        Array.from({ length: 20 }, (_, i) => ({ user: `user-${i}`, run: `run-${i}` })),
      );
    },
  );

  it.each([true, false])(
    'counts against the key that a middleware gave its request, too (sessions: %s)',
    async (statefulMode) => {
      const app = await start({
        around: VaultKeyMiddleware({ ...POLICY, dailyUsdCap: 5 }),
        identify: () => ({ userId: 'of-the-middleware' }),
        transport: { statefulMode },
      });
      const client = await app.connect({ 'x-agent-run-id': 'run-1' }, 'legacy');

      expect((await charge(client, { amount: 400 })).isError).toBeUndefined();
      const refused = await charge(client, { amount: 600 });

      expect(refusalOf(refused)).toMatchObject({ scope: 'parent', cap: 5, remaining: 5 });
    },
  );

  it('whose client hangs up does its work, and then its key is revoked', async () => {
    const app = await start();
    const client = await app.connect({ 'x-agent-run-id': 'run-1' });
    const gate = randomUUID();
    const leaving = new AbortController();
    const left = client
      .callTool(
        { name: 'charge_card', arguments: { amount: 100, gate } },
        { signal: leaving.signal },
      )
      .catch((error: unknown) => error);
    await gates.gate(gate).reached;
    leaving.abort();
    await left;
    gates.gate(gate).open();

    await until(
      async () => (await app.keys('run-1'))[0]?.status === 'revoked',
      () => 'the key still lives',
    );
    expect(await app.keys('run-1')).toMatchObject([{ spent_usd: 1 }]);
  });
});

describe('what an MCP client is told', () => {
  it('of a cap: what was refused, the limit, what is left and when it resets, and not to retry', async () => {
    const app = await start({ budgets: { user: 10 } });
    const client = await app.connect({ 'x-user': randomUUID() });
    await charge(client, { amount: 800 });

    const result = await charge(client, { amount: 300 });

    expect(result.isError).toBe(true);
    expect(result.structuredContent).toBeUndefined();
    expect(textOf(result)).toMatch(
      /^The spend cap of \$10 of this user does not allow this call \(\$8 is spent, \$2 is left, this call asks for \$3\)\. Nothing was sent to the vendor\. Do not repeat the call: wait until \d{4}-\d\d-\d\dT00:00:00\.000Z, or ask a person before spending more\.\nRetry: no\.$/,
    );
    expect(result._meta).toMatchObject({
      'nestjs-vault-key/refusal': { error: 'spend_cap_exceeded', cap: 10, spent: 8, remaining: 2 },
    });
  });

  it('of a call whose outcome nobody knows: the idempotency key to repeat it with', async () => {
    const app = await start();
    const client = await app.connect();
    vendor.next('POST /v1/payment_intents', { reset: 'after' });

    const result = await charge(client);

    const { idempotencyKey } = refusalOf(result);
    expect(idempotencyKey).toEqual(expect.any(String));
    expect(textOf(result)).toContain(
      `Retry: only with the idempotency key ${String(idempotencyKey)}.`,
    );
  });

  it('of a resource that was refused: a JSON-RPC error with the reason', async () => {
    const app = await start();
    const client = await app.connect();

    await expect(client.readResource({ uri: 'mcp://receipt' })).rejects.toMatchObject({
      message: expect.stringContaining('The spend cap of $0') as string,
      data: { error: 'spend_cap_exceeded' },
    });
  });

  it('in a hybrid application without inheritAppConfig: that nothing ran, and why', async () => {
    const app = await start({ inheritAppConfig: false });
    const client = await app.connect({ 'x-agent-run-id': 'run-1' });

    const result = await charge(client);

    expect(result).toMatchObject({
      isError: true,
      _meta: {
        'nestjs-vault-key/refusal': { error: 'vault_key_missing', reason: 'not_intercepted' },
      },
    });
    expect(textOf(result)).toContain('{ inheritAppConfig: true }');
    expect(app.log.join('\n')).toContain('{ inheritAppConfig: true }');
    expect(begun).toEqual([]);
    expect(await app.keys('run-1')).toEqual([]);
  });
});

describe('what keeps callers from an MCP tool', () => {
  const orders = permutations(['Tool', 'AgentTool', 'Access']);

  /** A controller whose one tool has its decorators in an order, the outermost first. */
  function toolWith(order: readonly string[], access: MethodDecorator): Type {
    class Guarded {
      withdraw() {
        begun.push('withdraw');
        return { withdrawn: true };
      }
    }
    const decorators: Record<string, MethodDecorator> = {
      Tool: Tool({ name: 'withdraw', description: 'Withdraws' }),
      AgentTool: AgentTool(POLICY),
      Access: access,
    };
    const descriptor = Object.getOwnPropertyDescriptor(Guarded.prototype, 'withdraw')!;
    const decorated = Reflect.decorate(
      order.map((name) => decorators[name]!),
      Guarded.prototype,
      'withdraw',
      descriptor,
    );
    Object.defineProperty(Guarded.prototype, 'withdraw', decorated);
    McpController()(Guarded);
    return Guarded;
  }

  async function withdraw(client: Client): Promise<boolean> {
    const result = await client.callTool({ name: 'withdraw' }).catch(() => undefined);
    const began = begun.splice(0).length === 1;
    expect(result !== undefined && result.isError !== true).toBe(began);
    return began;
  }

  it.each(orders)('are its scopes, in the order %s, %s, %s', async (...order) => {
    const app = await start({ tools: toolWith(order, ToolScopes(['payments'])) });

    expect(await withdraw(await app.connect({ 'x-user': 'ada' }))).toBe(false);
    expect(await withdraw(await app.connect({ 'x-user': 'ada', 'x-scopes': 'payments' }))).toBe(
      true,
    );
  });

  it.each(orders)('are its roles, in the order %s, %s, %s', async (...order) => {
    const app = await start({ tools: toolWith(order, ToolRoles(['treasurer'])) });

    expect(await withdraw(await app.connect({ 'x-user': 'ada' }))).toBe(false);
    expect(await withdraw(await app.connect({ 'x-user': 'ada', 'x-roles': 'treasurer' }))).toBe(
      true,
    );
  });

  it.each(orders)('is a log-in, unless it is public: %s, %s, %s', async (...order) => {
    const open = await start({ tools: toolWith(order, PublicTool()), freemium: true });
    expect(await withdraw(await open.connect())).toBe(true);

    const none: MethodDecorator = () => {};
    const shut = await start({ tools: toolWith(order, none), freemium: true });
    expect(await withdraw(await shut.connect())).toBe(false);
  });
});

function permutations(items: readonly string[]): string[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((first) =>
    permutations(items.filter((each) => each !== first)).map((rest) => [first, ...rest]),
  );
}
