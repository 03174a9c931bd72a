import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Body, Controller, Get, Injectable, Module, Post, Req, UseGuards } from '@nestjs/common';
import type {
  CanActivate,
  ExecutionContext,
  INestApplication,
  MiddlewareConsumer,
  NestModule,
  OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  AgentTool,
  CurrentVaultKey,
  ProxiedStripeService,
  VaultKeyMiddleware,
  VaultKeyModule,
  VaultKeyStartUpException,
} from '../../lib/index';
import type { AgentToolOptions, RequestWithVaultKey } from '../../lib/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { Gates } from '../support/gates';
import { until } from '../support/until';
import { InProcessHost } from './transports/tool-host';
import { ToolWorkModule } from './transports/tool-work';

type AnyRequest = RequestWithVaultKey & { raw?: RequestWithVaultKey; seen?: string };

const CHARGES = { dailyUsdCap: 20, allowedEndpoints: ['/v1/payment_intents'] };
const REPORTS = { dailyUsdCap: 0, allowedEndpoints: ['GET /v1/charges'] };

const keyOf = (incoming: AnyRequest): string | undefined => (incoming.raw ?? incoming).vaultKey?.id;

/** Keeps what a guard sees of the key. */
@Injectable()
class SeeingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const incoming = context.switchToHttp().getRequest<AnyRequest>();
    incoming.seen = keyOf(incoming) ?? 'none';
    return true;
  }
}

@Controller()
@UseGuards(SeeingGuard)
class Tools {
  ran = 0;

  constructor(
    private readonly stripe: ProxiedStripeService,
    private readonly vaultKeys: CurrentVaultKey,
    private readonly gates: Gates,
  ) {}

  @Post('agent/charge')
  async charge(@Req() incoming: AnyRequest, @Body() body: { amount: number; gate?: string }) {
    this.ran++;
    if (body.gate !== undefined) await this.gates.gate(body.gate).pass();
    await this.pay(body.amount);
    return {
      key: this.vaultKeys.get().id,
      onRequest: keyOf(incoming),
      inGuard: incoming.seen,
      user: this.vaultKeys.get().userId,
    };
  }

  @Post('agent/marked')
  @AgentTool({ ...CHARGES, dailyUsdCap: 50 })
  async marked(@Req() incoming: AnyRequest, @Body() { amount }: { amount: number }) {
    await this.pay(amount);
    return { key: this.vaultKeys.get().id, onRequest: keyOf(incoming) };
  }

  @Post('reports/charge')
  async report() {
    await this.pay(100);
  }

  @Get('elsewhere')
  elsewhere(@Req() incoming: AnyRequest) {
    return { key: this.vaultKeys.tryGet()?.id ?? null, onRequest: keyOf(incoming) ?? null };
  }

  private pay(amount: number) {
    const { id: key, runId: run } = this.vaultKeys.get();
    return this.stripe.createPaymentIntent({ amount, metadata: { key, run } });
  }
}

function appModule(
  options: Parameters<typeof VaultKeyModule.forRoot>[0],
  policies: Record<string, AgentToolOptions>,
) {
  @Module({
    imports: [VaultKeyModule.forRoot(options), ToolWorkModule],
    controllers: [Tools],
  })
  class AppModule implements NestModule, OnModuleInit {
    constructor(
      private readonly adapterHost: HttpAdapterHost,
      private readonly stripe: ProxiedStripeService,
    ) {}

    configure(consumer: MiddlewareConsumer): void {
      for (const [prefix, policy] of Object.entries(policies)) {
        const options = { ...policy, tool: prefix };
        consumer.apply(VaultKeyMiddleware(options)).forRoutes(`${prefix}/*path`);
      }
      const answer = (incoming: RequestWithVaultKey, response: ServerResponse): void =>
        void this.answer(incoming, response);
      consumer.apply(VaultKeyMiddleware(CHARGES), answer).forRoutes('applied');
    }

    // After Nest has mounted its own middleware, and before its last resort, the 404.
    onModuleInit(): void {
      const adapter = this.adapterHost.httpAdapter;
      adapter.use('/agent/mounted', (incoming: RequestWithVaultKey, response: ServerResponse) =>
        this.answer(incoming, response),
      );
    }

    private async answer(incoming: RequestWithVaultKey, response: ServerResponse): Promise<void> {
      const { status } = await this.stripe
        .createPaymentIntent({ amount: 100, metadata: { run: incoming.vaultKey?.runId ?? '' } })
        .catch((error: unknown) => ({ status: String(error) }));
      response.end(JSON.stringify({ key: incoming.vaultKey?.id, status }));
    }
  }
  return AppModule;
}

const adapters = { Express: ExpressAdapter, Fastify: FastifyAdapter };

describe.each(Object.keys(adapters) as (keyof typeof adapters)[])(
  'VaultKeyMiddleware on %s',
  (platform) => {
    let vendor: StripeVendor;
    let app: INestApplication;
    let host: InProcessHost;
    let url: string;

    const identify = (context: ExecutionContext) => ({
      userId: context.switchToHttp().getRequest<IncomingMessage>().headers['x-user'] as string,
    });

    async function create(
      policies: Record<string, AgentToolOptions>,
      asks: { identify?: typeof identify } = { identify },
    ): Promise<INestApplication> {
      const { secretKey, url: baseUrl } = vendor;
      const embedded = { vendors: { stripe: { secretKey, baseUrl } }, store: 'sqlite::memory:' };
      const module = appModule({ embedded, ...asks }, policies);
      return NestFactory.create(module, new adapters[platform](), {
        logger: false,
        abortOnError: false,
      });
    }

    beforeAll(async () => {
      vendor = await createStripeVendor();
      app = await create({ agent: CHARGES, reports: REPORTS });
      await app.listen(0, '127.0.0.1');
      url = await app.getUrl();
      host = new InProcessHost(app);
    });

    afterEach(async () => {
      await until(
        async () => (await host.keys()).every(({ status }) => status === 'revoked'),
        () => 'a key is still alive',
      );
    });

    afterAll(async () => {
      await app.close();
      await vendor.close();
    });

    async function post(path: string, body: unknown, run = newRun()) {
      const response = await fetch(`${url}/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-user': 'ada', 'x-agent-run-id': run },
        body: JSON.stringify(body),
      });
      const answer = (await response.json()) as Record<string, unknown>;
      return { status: response.status, body: answer, keys: await host.keys(run) };
    }

    function newRun(): string {
      return `run-${randomUUID().slice(0, 8)}`;
    }

    it('an unmarked handler pays with the key of its request, which guards see too', async () => {
      const run = newRun();
      const { status, body, keys } = await post('agent/charge', { amount: 300 }, run);

      const { key } = body;
      expect([status, body]).toEqual([201, { key, onRequest: key, inGuard: key, user: 'ada' }]);
      expect(keys).toMatchObject([
        {
          id: key,
          label: `nest-ada-${run}`,
          subject: { user_id: 'ada', run_id: run, tool: 'agent' },
          spent_usd: 3,
        },
      ]);
    });

    it('50 requests at once each pay with their own key', async () => {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) => post('agent/charge', { amount: 101 + i })),
      );

      answers.forEach(({ body, keys }, i) => {
        expect(keys).toMatchObject([{ id: body['key'], spent_usd: (101 + i) / 100 }]);
      });
      expect(new Set(answers.map(({ body }) => body['key'])).size).toBe(50);
    });

    it("a marked handler has its own key, whose spend counts against the request's", async () => {
      const paid = await post('agent/marked', { amount: 1_500 });
      expect(paid.status).toBe(201);
      expect(paid.keys).toMatchObject(
        expect.arrayContaining([
          expect.objectContaining({ id: paid.body['onRequest'], daily_usd_cap: 20 }),
          expect.objectContaining({
            id: paid.body['key'],
            parent_id: paid.body['onRequest'],
            daily_usd_cap: 50,
            spent_usd: 15,
          }),
        ]) as unknown as object,
      );

      const refused = await post('agent/marked', { amount: 2_100 });
      expect(refused).toMatchObject({
        status: 402,
        body: { error: 'spend_cap_exceeded', scope: 'parent', cap: 20 },
      });
    });

    it('two prefixes have two policies, and what is under neither has no key', async () => {
      expect(await post('reports/charge', {})).toMatchObject({
        status: 403,
        body: { error: 'endpoint_not_allowed', allowed: ['GET /v1/charges'] },
      });
      const elsewhere = await fetch(`${url}/elsewhere`);
      expect(await elsewhere.json()).toEqual({ key: null, onRequest: null });
    });

    it('a handler applied behind it works with the key', async () => {
      const { body, keys } = await post('applied', {});
      expect(keys).toMatchObject([{ id: body['key'], spent_usd: 1 }]);
      expect(body).toMatchObject({ status: 'requires_payment_method' });
    });

    it('a handler mounted under the prefix works with the key', async () => {
      const { body, keys } = await post('agent/mounted', {});
      expect(keys).toMatchObject([{ id: body['key'], spent_usd: 1 }]);
      expect(body).toMatchObject({ status: 'requires_payment_method' });
    });

    it('a request whose key cannot be had is answered 503, and no handler runs', async () => {
      const run = newRun();
      await host.refuseIssueOf(run);
      const before = app.get(Tools).ran;

      expect(await post('agent/charge', { amount: 100 }, run)).toMatchObject({
        status: 503,
        body: { error: 'vault_key_unavailable', retryable: true },
        keys: [],
      });
      expect(app.get(Tools).ran).toBe(before);
    });

    it('a run id of the wrong form is answered 400, and no key is issued', async () => {
      const before = (await host.keys()).length;
      expect(await post('agent/charge', { amount: 100 }, 'no run/id')).toMatchObject({
        status: 400,
        body: { error: 'invalid_run_id' },
      });
      expect(await host.keys()).toHaveLength(before);
    });

    describe('a client that goes away', () => {
      function leave(run: string, body: object): () => Promise<void> {
        const closed = new Promise<void>((resolve) => {
          const server = app.getHttpServer() as NodeJS.EventEmitter;
          server.once('request', (_request: unknown, response: NodeJS.EventEmitter) => {
            response.once('close', resolve);
          });
        });
        const outgoing = request(`${url}/agent/charge`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-user': 'ada', 'x-agent-run-id': run },
          agent: false,
        });
        outgoing.on('error', () => {}).end(JSON.stringify(body));
        return () => {
          outgoing.destroy();
          return closed;
        };
      }

      it('while its key is being issued gets it revoked, and no handler runs', async () => {
        const run = newRun();
        const gate = randomUUID();
        await host.holdIssueOf(run, gate);
        const before = app.get(Tools).ran;
        const gone = leave(run, { amount: 100 });
        await host.gateReached(gate);
        await gone();
        await host.openGate(gate);

        await until(
          async () => (await host.keys(run)).every(({ status }) => status === 'revoked'),
          () => 'the key is still alive',
        );
        expect(app.get(Tools).ran).toBe(before);
      });

      it('while the handler works has its work done, and then the key revoked', async () => {
        const run = newRun();
        const gate = randomUUID();
        const gone = leave(run, { amount: 100, gate });
        const { reached, open } = app.get(Gates, { strict: false }).gate(gate);
        await reached;
        await gone();
        expect(await host.keys(run)).toMatchObject([{ status: 'active' }]);
        open();

        await until(
          async () => (await host.keys(run))[0]!.status === 'revoked',
          () => 'the key is still alive',
        );
        expect(await host.keys(run)).toMatchObject([{ spent_usd: 1 }]);
      });
    });

    it.each([
      ['identify', { agent: CHARGES }, {}],
      ['dailyUsdCap', { agent: { ...CHARGES, dailyUsdCap: -1 } }, { identify }],
      ['allowedEndpoints', { agent: { ...CHARGES, allowedEndpoints: [] } }, { identify }],
    ])('an application with a fault in %s does not start', async (name, policies, asks) => {
      const starting = create(policies, asks).then((faulty) => faulty.init());
      const error: unknown = await starting.catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(VaultKeyStartUpException);
      expect((error as Error).message).toContain('VaultKeyMiddleware');
      expect((error as Error).message).toContain(name);
    });
  },
);
