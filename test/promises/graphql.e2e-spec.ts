import { randomUUID } from 'node:crypto';
import { BadRequestException, Module } from '@nestjs/common';
import type {
  INestApplication,
  MiddlewareConsumer,
  NestMiddleware,
  NestModule,
  Type,
} from '@nestjs/common';
import { ApolloDriver } from '@nestjs/apollo';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { NestFactory } from '@nestjs/core';
import {
  Args,
  GraphQLModule,
  Mutation,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { createClient } from 'graphql-ws';
import type { Client } from 'graphql-ws';
import {
  AgentTool,
  CurrentVaultKey,
  SpendCapExceededException,
  VaultKeyMiddleware,
  VaultKeyModule,
} from '../../lib/index';
import { Gates } from '../support/gates';
import { until } from '../support/until';
import { loggerTo } from './transports/tool-host';
import { brokerOf } from '../support/broker-of';

const POLICY = { dailyUsdCap: 5, allowedEndpoints: ['/v1/refunds'] };

const typeDefs = `
  type Spend { tool: String, key(gate: String): String, free: String }
  type Query { key(gate: String): String, unmarked: String, spend: Spend }
  type Mutation { cap: String, bad: String }
  type Subscription { ticks(gate: String): String, filtered: String, fails: String }
`;

@Resolver('Spend')
class SpendResolver {
  constructor(
    private readonly vaultKeys: CurrentVaultKey,
    private readonly gates: Gates,
  ) {}

  @Query()
  @AgentTool(POLICY)
  async key(@Args('gate') gate?: string) {
    const { id } = this.vaultKeys.get();
    if (gate !== undefined) await this.gates.gate(gate).pass();
    return this.vaultKeys.get().id === id ? id : 'another';
  }

  @Query()
  unmarked() {
    return this.vaultKeys.tryGet()?.id ?? null;
  }

  @Query()
  spend() {
    return { tool: 'spend' };
  }

  @ResolveField('key')
  @AgentTool(POLICY)
  async keyOfField(@Parent() _parent: unknown) {
    return this.vaultKeys.get().id;
  }

  @ResolveField()
  free() {
    return this.vaultKeys.tryGet()?.id ?? null;
  }

  @Mutation()
  @AgentTool(POLICY)
  cap(): never {
    throw new SpendCapExceededException({ cap: 5, spent: 5, remaining: 0 });
  }

  @Mutation()
  @AgentTool(POLICY)
  bad(): never {
    throw new BadRequestException('no');
  }

  @Subscription()
  @AgentTool(POLICY)
  async *ticks(@Args('gate') gate: string) {
    yield { ticks: this.vaultKeys.get().id };
    await this.gates.gate(gate).pass();
    yield { ticks: this.vaultKeys.get().id };
  }

  @Subscription('filtered', { filter: ({ filtered }: { filtered: string }) => filtered !== 'no' })
  @AgentTool(POLICY)
  async *filtered() {
    yield { filtered: 'no' };
    yield { filtered: this.vaultKeys.get().id };
  }

  @Subscription()
  @AgentTool(POLICY)
  async *fails() {
    yield { fails: 'soon' };
    throw new SpendCapExceededException({ cap: 5 });
  }
}

const adapters = { Express: ExpressAdapter, Fastify: FastifyAdapter };

describe.each(Object.keys(adapters) as (keyof typeof adapters)[])('GraphQL on %s', (platform) => {
  let app: INestApplication;
  let url: string;
  let log: string[];

  async function start(
    options: Partial<ApolloDriverConfig> = {},
    behind: Type<NestMiddleware>[] = [],
  ): Promise<void> {
    @Module({
      imports: [
        VaultKeyModule.forRoot({
          identify: () => ({ userId: 'ada' }),
          embedded: { vendors: { stripe: { secretKey: 'sk_test_1' } }, store: 'sqlite::memory:' },
        }),
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          typeDefs,
          graphiql: false,
          subscriptions: { 'graphql-ws': true },
          ...options,
        }),
      ],
      providers: [SpendResolver, { provide: Gates, useFactory: () => new Gates() }],
    })
    class AppModule implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        if (behind.length > 0) consumer.apply(...behind).forRoutes('graphql');
      }
    }

    log = [];
    app = await NestFactory.create(AppModule, new adapters[platform](), {
      logger: loggerTo((line) => log.push(String(line))),
    });
    await app.listen(0, '127.0.0.1');
    url = `${await app.getUrl()}/graphql`;
  }

  async function ask(query: string) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-agent-run-id': 'run-1' },
      body: JSON.stringify({ query }),
    });
    return (await response.json()) as {
      data: Record<string, unknown> | null;
      errors?: { message: string; path: string[]; extensions: Record<string, unknown> }[];
    };
  }

  async function keys() {
    return (await brokerOf(app).keys()).keys;
  }

  function noKeyLives(): Promise<void> {
    return until(
      async () => (await keys()).every(({ status }) => status === 'revoked'),
      () => 'a key is still alive',
    );
  }

  afterEach(async () => {
    await noKeyLives();
    await app.close();
  });

  it('the resolvers of one request that run at once have a key each, in one agent run', async () => {
    await start();
    const gate = randomUUID();
    const names = Array.from({ length: 12 }, (_, i) => `k${i}`);
    const asked = ask(`{ ${names.map((name) => `${name}: key(gate: "${gate}")`).join(' ')} }`);
    await until(
      async () => (await keys()).length === 12,
      () => 'the resolvers do not run at once',
    );
    app.get(Gates).gate(gate).open();

    const { data } = await asked;
    expect(new Set(Object.values(data ?? {})).size).toBe(12);
    expect(new Set(Object.values(data ?? {}))).toEqual(new Set((await keys()).map(({ id }) => id)));
    expect(new Set((await keys()).map(({ label }) => label))).toEqual(new Set(['nest-ada-run-1']));
  });

  it('a resolver that has settled loses its key while others of its request still work', async () => {
    await start();
    const gate = randomUUID();
    const asked = ask(`{ slow: key(gate: "${gate}") fast: key }`);
    await app.get(Gates).gate(gate).reached;
    await until(
      async () => (await keys()).filter(({ status }) => status === 'revoked').length === 1,
      () => 'the key of the resolver that is done is still alive',
    );

    app.get(Gates).gate(gate).open();
    expect((await asked).errors).toBeUndefined();
  });

  it.each([true, false])(
    'a refusal says its own code and message, whether Nest rewrites HTTP errors (%s) or not',
    async (autoTransformHttpErrors) => {
      await start({ autoTransformHttpErrors, includeStacktraceInErrorResponses: false });
      const { data, errors } = await ask('mutation { cap }');

      expect(data).toEqual({ cap: null });
      expect(errors).toMatchObject([
        { path: ['cap'], message: expect.stringContaining('The spend cap of $5') as string },
      ]);
      expect(errors![0]!.extensions).toEqual({
        code: 'spend_cap_exceeded',
        retryable: false,
        scope: 'key',
        cap: 5,
        spent: 5,
        remaining: 0,
      });
    },
  );

  it("an error of the user's own is answered as Nest answers it", async () => {
    await start();
    const { errors } = await ask('mutation { bad }');
    expect(errors).toMatchObject([{ message: 'no', extensions: { code: 'BAD_REQUEST' } }]);
  });

  it('a field resolver without interceptors does not run, and says what to do', async () => {
    await start();
    const { data, errors } = await ask('{ spend { tool key free } }');

    expect(data).toEqual({ spend: { tool: 'spend', key: null, free: null } });
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining("fieldResolverEnhancers: ['interceptors']") as string,
        extensions: {
          code: 'vault_key_missing',
          reason: 'not_intercepted',
          tool: 'SpendResolver.keyOfField',
        },
      },
    ]);
    expect(log.join('\n')).toContain('fieldResolverEnhancers');
    expect(await keys()).toEqual([]);
  });

  it('a field resolver with interceptors has a key, and its unmarked neighbour none', async () => {
    await start({ fieldResolverEnhancers: ['interceptors'] });
    const { data } = await ask('{ spend { key free } }');

    expect(data).toEqual({ spend: { key: (await keys())[0]!.id, free: null } });
    expect(await keys()).toMatchObject([{ subject: { tool: 'SpendResolver.keyOfField' } }]);
  });

  it("behind VaultKeyMiddleware a resolver has the request's key, or one inside it", async () => {
    await start({}, [VaultKeyMiddleware(POLICY)]);
    const { data } = await ask('{ unmarked key }');
    expect(await keys()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: data!['unmarked'] }),
        expect.objectContaining({ id: data!['key'], parent_id: data!['unmarked'] }),
      ]),
    );
  });

  describe('a subscription', () => {
    let client: Client;

    beforeEach(async () => {
      await start();
      client = createClient({
        url: url.replace('http', 'ws'),
        retryAttempts: 0,
        webSocketImpl: (require('ws') as { WebSocket: unknown }).WebSocket,
      });
    });

    afterEach(() => client.dispose());

    it('has one key from its first event to its last', async () => {
      const gate = randomUUID();
      const events = client.iterate({ query: `subscription { ticks(gate: "${gate}") }` });
      const { value } = (await events.next()) as { value: { data: { ticks: string } } };
      expect(await keys()).toMatchObject([{ id: value.data.ticks, status: 'active' }]);

      app.get(Gates).gate(gate).open();
      expect(await events.next()).toEqual({ done: false, value });
      expect(await events.next()).toMatchObject({ done: true });
      await noKeyLives();
    });

    it('loses it when the client unsubscribes', async () => {
      const gate = randomUUID();
      const events = client.iterate({ query: `subscription { ticks(gate: "${gate}") }` });
      await events.next();
      await app.get(Gates).gate(gate).reached;
      await events.return?.();
      app.get(Gates).gate(gate).open();
      await noKeyLives();
    });

    it('loses it when the connection is gone', async () => {
      const gate = randomUUID();
      const events = client.iterate({ query: `subscription { ticks(gate: "${gate}") }` });
      await events.next();
      await app.get(Gates).gate(gate).reached;
      const next = events.next();
      client.terminate();
      await expect(next).rejects.toBeDefined();
      app.get(Gates).gate(gate).open();
      await noKeyLives();
    });

    it('keeps it behind a filter', async () => {
      const events = client.iterate({ query: 'subscription { filtered }' });
      const { value } = (await events.next()) as { value: { data: { filtered: string } } };
      expect(value.data.filtered).toBe((await keys())[0]!.id);
      expect(await events.next()).toMatchObject({ done: true });
    });

    it('loses it when it fails', async () => {
      const events = client.iterate({ query: 'subscription { fails }' });
      expect(await events.next()).toMatchObject({ value: { data: { fails: 'soon' } } });
      await events.next().catch(() => {});
      expect(await keys()).toHaveLength(1);
      await noKeyLives();
    });
  });
});
