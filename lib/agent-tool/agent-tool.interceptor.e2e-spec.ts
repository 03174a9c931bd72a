import { once } from 'node:events';
import * as http from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  Body,
  Controller,
  Get,
  Injectable,
  ParseIntPipe,
  Post,
  Query,
  Res,
  Sse,
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import type {
  CallHandler,
  ExecutionContext,
  INestApplication,
  Provider,
  Type,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { ClsModule, ClsService } from 'nestjs-cls';
import { Observable, concat, interval, lastValueFrom, map, of, retry, timeout } from 'rxjs';
import { BrokerClient } from '../broker-client/broker-client';
import type {
  IssueKeyRequest,
  IssueResult,
  RevokeResult,
  VendorAnswer,
} from '../broker-client/broker-client';
import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { VaultKeyModule } from '../vault-key.module';
import { CurrentVaultKey } from '../vault-key/current-vault-key';
import { RevocationQueue } from '../vault-key/revocation-queue';
import { AgentTool } from './agent-tool.decorator';
import { AgentToolInterceptor } from './agent-tool.interceptor';

/** A moment that code can wait for. */
class Gate {
  open!: () => void;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}

/** A broker in memory that tells what it was asked for. */
class BookBroker extends BrokerClient {
  readonly dialect = 'vault-key';
  readonly issued: IssueKeyRequest[] = [];
  readonly revoked: string[] = [];
  readonly firstRevocation = new Gate();
  /** Awaited before each issue answers. */
  beforeIssue: (request: IssueKeyRequest) => Promise<void> | void = () => undefined;
  refusal: Extract<IssueResult, { issued: false }> | undefined;

  get live(): number {
    return this.issued.filter((_, i) => !this.revoked.includes(`vk_${i + 1}`)).length;
  }

  async issue(request: IssueKeyRequest): Promise<IssueResult> {
    await this.beforeIssue(request);
    if (this.refusal !== undefined) return this.refusal;
    this.issued.push(request);
    const id = `vk_${this.issued.length}`;
    const key = { id, token: `vault_key_${id}`, expiresAt: new Date(Date.now() + 300_000) };
    return { issued: true, key };
  }

  revoke(ids: readonly string[]): Promise<RevokeResult> {
    this.revoked.push(...ids);
    this.firstRevocation.open();
    return Promise.resolve({ ended: ids, failed: [] });
  }

  forward(): Promise<VendorAnswer> {
    return Promise.reject(new Error('no vendor here'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const POLICY = { dailyUsdCap: 5, allowedEndpoints: ['/v1/payment_intents'] };

/** What the handlers under test share with their test. */
@Injectable()
class Bench {
  started = new Gate();
  release = new Gate();
  finished = new Gate();
  runs = 0;
  leftBehind: Promise<unknown> | undefined;
}

@Controller()
class ToolsController {
  constructor(
    private readonly vaultKey: CurrentVaultKey,
    private readonly bench: Bench,
  ) {}

  @Get('plain')
  plain() {
    return { key: this.vaultKey.tryGet()?.id ?? null };
  }

  @Get('value')
  @AgentTool(POLICY)
  value() {
    this.bench.runs++;
    const { id, userId, runId } = this.vaultKey.get('stripe');
    return { id, userId, runId };
  }

  @Get('promise')
  @AgentTool(POLICY)
  async promise() {
    this.bench.runs++;
    this.bench.started.open();
    await this.bench.release.opened;
    const key = this.vaultKey.get();
    this.bench.finished.open();
    return { id: key.id };
  }

  @Get('observable')
  @AgentTool(POLICY)
  observable() {
    return concat(
      of(1),
      new Observable<unknown>((subscriber) => {
        subscriber.next({ id: this.vaultKey.get().id });
        subscriber.complete();
      }),
    );
  }

  @Get('observable/endless')
  @AgentTool(POLICY)
  endless() {
    this.bench.started.open();
    return interval(10);
  }

  @Get('throws')
  @AgentTool(POLICY)
  throws() {
    throw new Error('no');
  }

  @Post('piped')
  @AgentTool(POLICY)
  piped(@Query('n', ParseIntPipe) n: number, @Body() _body: unknown) {
    this.bench.runs++;
    return { n };
  }

  @Sse('sse')
  @AgentTool(POLICY)
  sse() {
    this.bench.started.open();
    return interval(5).pipe(map(() => ({ data: { id: this.vaultKey.get().id } })));
  }

  @Get('file')
  @AgentTool(POLICY)
  file() {
    return new StreamableFile(Readable.from(this.chunks()));
  }

  @Get('generator')
  @AgentTool(POLICY)
  generator() {
    return this.chunks();
  }

  @Get('web/stream')
  @AgentTool(POLICY)
  webStream() {
    return this.readableStream();
  }

  @Get('web/response')
  @AgentTool(POLICY)
  webResponse() {
    return new Response(this.readableStream());
  }

  private readableStream() {
    const chunks = this.chunks();
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await chunks.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
      },
      { highWaterMark: 0 },
    );
  }

  @Get('raw')
  @AgentTool(POLICY)
  raw(@Res() response: unknown) {
    const stream = ((response as { raw?: unknown }).raw ?? response) as http.ServerResponse;
    (response as { hijack?: () => void }).hijack?.();
    stream.writeHead(200);
    const write = async (): Promise<void> => {
      for await (const chunk of this.chunks()) stream.write(chunk);
      stream.end();
    };
    write().catch(() => stream.destroy());
  }

  @Get('forgetful')
  @AgentTool(POLICY)
  forgetful() {
    this.bench.leftBehind = this.bench.release.opened.then(() => this.vaultKey.get());
    this.bench.leftBehind.catch(() => undefined);
    return {};
  }

  @Get('per-call')
  @AgentTool({
    dailyUsdCap: ({ identity }) => (identity.userId === 'anon' ? 1 : 9),
    allowedEndpoints: async ({ args, identity }) =>
      args.length > 0 ? [`/v1/${identity.tool?.split('.')[1]}`] : [],
  })
  perCall() {
    return {};
  }

  @Get('bad-cap')
  @AgentTool({
    dailyUsdCap: () => Number.NaN,
    allowedEndpoints: ['/v1/refunds'],
  })
  badCap() {
    this.bench.runs++;
  }

  @Get('throwing-endpoints')
  @AgentTool({
    dailyUsdCap: 1,
    allowedEndpoints: () => {
      throw new Error('the table is gone');
    },
  })
  throwingEndpoints() {
    this.bench.runs++;
  }

  private async *chunks() {
    yield Buffer.from(`${this.vaultKey.get().id}\n`);
    this.bench.started.open();
    await this.bench.release.opened;
    yield Buffer.from(`${this.vaultKey.get().id}\n`);
  }
}

@Controller('marked')
@AgentTool({ ...POLICY, dailyUsdCap: 2 })
class MarkedController {
  @Get('by-class')
  byClass() {
    return {};
  }

  @Get('by-method')
  @AgentTool({ ...POLICY, dailyUsdCap: 3, expiresIn: '30s' })
  byMethod() {
    return {};
  }

  @Get('twice-intercepted')
  @UseInterceptors(AgentToolInterceptor)
  twiceIntercepted() {
    return {};
  }
}

interface Setup {
  options?: Parameters<typeof VaultKeyModule.forRoot>[0];
  imports?: NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>;
  providers?: Provider[];
  controllers?: Type[];
}

const SERVER = { url: 'http://127.0.0.1:9', token: 'management-token' };

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('AgentToolInterceptor on %s', (_name, adapter) => {
  let app: INestApplication;
  let broker: BookBroker;
  let bench: Bench;
  let port: number;
  let connection: Socket;

  async function start({ options, imports, providers, controllers }: Setup = {}): Promise<void> {
    broker = new BookBroker();
    const module = await Test.createTestingModule({
      imports: [VaultKeyModule.forRoot(options ?? { broker: SERVER }), ...(imports ?? [])],
      controllers: controllers ?? [ToolsController, MarkedController],
      providers: [Bench, ...(providers ?? [])],
    })
      .overrideProvider(BrokerClient)
      .useValue(broker)
      .compile();
    app = module.createNestApplication(adapter() as ExpressAdapter, {
      forceCloseConnections: true,
    });
    app.useLogger(false);
    await app.listen(0, '127.0.0.1');
    app.getHttpServer().on('connection', (socket: Socket) => (connection = socket));
    bench = app.get(Bench);
    port = (app.getHttpServer().address() as AddressInfo).port;
  }

  function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${port}${path}`, { headers });
  }

  /** A request whose client can hang up. */
  function open(path: string): http.ClientRequest {
    const request = http.get({ port, host: '127.0.0.1', path, agent: false });
    request.on('error', () => undefined);
    return request;
  }

  async function allRevoked(issued = broker.issued.length): Promise<void> {
    await queue().drain(2_000);
    expect(broker.issued).toHaveLength(issued);
    expect(broker.live).toBe(0);
  }

  /** The run is still at work: its key has not even been queued. */
  async function stillAtWork(): Promise<void> {
    await nextTurn();
    expect(queue()).toMatchObject({ activeInvocations: 1, backlog: 0 });
  }

  function queue(): RevocationQueue {
    return app.get(RevocationQueue);
  }

  /** Hangs up, and waits until the server knows. */
  async function hangUp(request: http.ClientRequest): Promise<void> {
    const gone = new Promise((resolve) => connection.once('close', resolve));
    request.destroy();
    await gone;
  }

  afterEach(async () => {
    bench.release.open();
    await app.close();
    expect(broker.live).toBe(0);
  });

  describe('the life of a key', () => {
    beforeEach(() => start());

    it('an unmarked handler gets no key and costs no broker call', async () => {
      expect(await (await get('/plain')).json()).toEqual({ key: null });
      expect(broker.issued).toHaveLength(0);
    });

    it('a marked handler works under a key of its own, which is revoked afterwards', async () => {
      const answer = await get('/value', { 'x-agent-run-id': 'run:1' });

      expect(await answer.json()).toEqual({ id: 'vk_1', userId: 'anon', runId: 'run:1' });
      expect(broker.issued).toEqual([
        {
          label: 'nest-anon-run:1',
          vendor: 'stripe',
          dailyUsdCap: 5,
          allowedEndpoints: ['/v1/payment_intents'],
          expiresIn: '5m',
          subject: { userId: 'anon', runId: 'run:1', tool: 'ToolsController.value' },
        },
      ]);
      await broker.firstRevocation.opened;
      expect(broker.revoked).toEqual(['vk_1']);
    });

    it('the answer does not wait for the revocation', async () => {
      const revoking = new Gate();
      const revoke = broker.revoke.bind(broker);
      broker.revoke = async (ids) => {
        await revoking.opened;
        return revoke(ids);
      };
      expect((await get('/value')).status).toBe(200);
      expect(broker.live).toBe(1);
      revoking.open();
      await allRevoked();
    });

    it('200 requests at once see 200 keys', async () => {
      const ids = await Promise.all(
        Array.from({ length: 200 }, async (_, i) => {
          const answer = await get('/value', { 'x-agent-run-id': `run-${i}` });
          const { id, runId } = (await answer.json()) as { id: string; runId: string };
          expect(runId).toBe(`run-${i}`);
          expect(broker.issued[Number(id.slice(3)) - 1]?.subject.runId).toBe(runId);
          return id;
        }),
      );
      expect(new Set(ids).size).toBe(200);
      await allRevoked();
    });

    it.each(['/observable', '/throws'])('the key of %s is revoked', async (path) => {
      const answer = await get(path);
      await answer.text();
      await allRevoked(1);
    });

    it('an observable is subscribed to in the context of its invocation', async () => {
      expect(await (await get('/observable')).json()).toEqual({ id: 'vk_1' });
    });

    it('a request the pipes refuse costs one issue and one revocation', async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/piped?n=x`, { method: 'POST' });
      expect(answer.status).toBe(400);
      await allRevoked(1);
      expect(bench.runs).toBe(0);
    });

    it('a call left behind by its invocation finds no key', async () => {
      await (await get('/forgetful')).text();
      await allRevoked(1);
      bench.release.open();
      await expect(bench.leftBehind).rejects.toMatchObject({
        constructor: VaultKeyMissingException,
        reason: 'invocation_ended',
      });
    });

    it.each(['/file', '/generator', '/web/stream', '/web/response', '/raw'])(
      'the key of %s lives until the response ends, and what streams finds it',
      async (path) => {
        const [response] = (await once(open(path), 'response')) as [http.IncomingMessage];
        const chunks: string[] = [];
        response.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
        await once(response, 'data');
        await stillAtWork();
        bench.release.open();
        await once(response, 'end');
        expect(chunks.join('')).toBe('vk_1\nvk_1\n');
        await allRevoked(1);
      },
    );

    it('the key of an event stream lives until its client leaves', async () => {
      const request = open('/sse');
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      for await (const chunk of response.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
        if ((chunk as string).includes('vk_1')) break;
      }
      await stillAtWork();
      await hangUp(request);
      await allRevoked(1);
    });

    it.each(['/promise', '/observable/endless', '/file', '/raw'])(
      'the key of %s is revoked when its client hangs up, once the handler is done',
      async (path) => {
        const request = open(path);
        await bench.started.opened;
        await hangUp(request);
        if (path === '/promise') {
          await stillAtWork();
          bench.release.open();
          await bench.finished.opened;
        }
        await allRevoked(1);
      },
    );

    it.each(['/promise', '/observable/endless', '/sse', '/file'])(
      'a client of %s that hangs up while the key is being issued still gets it revoked, and the handler does not run',
      async (path) => {
        const asked = new Gate();
        const answer = new Gate();
        broker.beforeIssue = () => {
          asked.open();
          return answer.opened;
        };
        let started = false;
        void bench.started.opened.then(() => (started = true));
        const request = open(path);
        await asked.opened;
        await hangUp(request);
        answer.open();
        await allRevoked(1);
        expect(started).toBe(false);
      },
    );

    it.each(['/value', '/sse'])(
      'where no key can be issued %s does not run, and the caller reads 503',
      async (path) => {
        broker.refusal = {
          issued: false,
          error: new VaultKeyUnavailableException({ message: 'The broker is away.' }),
        };
        let started = false;
        void bench.started.opened.then(() => (started = true));
        const answer = await get(path);
        expect(answer.status).toBe(503);
        expect(await answer.json()).toMatchObject({
          error: 'vault_key_unavailable',
          retryable: true,
        });
        expect(bench.runs).toBe(0);
        expect(started).toBe(false);
      },
    );

    it('a key that an unusable answer names is revoked', async () => {
      broker.refusal = {
        issued: false,
        error: new VaultKeyUnavailableException({ message: 'The broker answered 500.' }),
        keyId: 'vk_named',
      };
      expect((await get('/value')).status).toBe(503);
      await queue().drain(2_000);
      expect(broker.revoked).toEqual(['vk_named']);
    });

    it('the keys of requests sent one behind the other are revoked when their client hangs up', async () => {
      const asked = new Gate();
      const answer = new Gate();
      let issues = 0;
      broker.beforeIssue = () => {
        if (++issues === 3) asked.open();
        return answer.opened;
      };
      const client = connect(port, '127.0.0.1');
      client.write('GET /promise HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(3));
      await asked.opened;
      answer.open();
      await bench.started.opened;
      const gone = new Promise((resolve) => connection.once('close', resolve));
      client.destroy();
      await gone;
      bench.release.open();
      await allRevoked(3);
    });

    it('a run id of another form is refused, and no key is issued', async () => {
      for (const runId of ['a b', 'x'.repeat(129), 'a,b', '']) {
        const answer = await get('/value', { 'x-agent-run-id': runId });
        expect(answer.status).toBe(400);
        expect(await answer.json()).toMatchObject({ error: 'invalid_run_id', retryable: false });
      }
      expect(broker.issued).toHaveLength(0);
    });

    it("a handler's own mark comes before its controller's", async () => {
      await get('/marked/by-class');
      await get('/marked/by-method');
      expect(broker.issued).toMatchObject([
        { dailyUsdCap: 2, expiresIn: '5m' },
        { dailyUsdCap: 3, expiresIn: '30s' },
      ]);
    });

    it('a cap and an allow-list may depend on the call', async () => {
      await get('/per-call');
      expect(broker.issued).toMatchObject([{ dailyUsdCap: 1, allowedEndpoints: ['/v1/perCall'] }]);
    });

    it.each(['/bad-cap', '/throwing-endpoints'])(
      'a policy that cannot be computed (%s) is 503 and the handler does not run',
      async (path) => {
        const answer = await get(path);
        expect(answer.status).toBe(503);
        expect(JSON.stringify(await answer.json())).not.toContain('the table is gone');
        expect(bench.runs).toBe(0);
        expect(broker.issued).toHaveLength(0);
      },
    );

    it('used as @UseInterceptors beside the module, it still issues one key', async () => {
      await get('/marked/twice-intercepted');
      expect(broker.issued).toHaveLength(1);
    });

    it('app.close() waits for the invocations at work and for their revocation', async () => {
      const answer = get('/promise');
      await bench.started.opened;
      const closed = app.close();
      bench.release.open();
      expect((await answer).status).toBe(200);
      await closed;
      expect(broker.live).toBe(0);
    });
  });

  describe('beside others', () => {
    const outermost = (wrap: (next: CallHandler) => Observable<unknown>): Provider => ({
      provide: APP_INTERCEPTOR,
      useValue: { intercept: (_context: ExecutionContext, next: CallHandler) => wrap(next) },
    });

    it('an outer retry() gets a new key for each attempt', async () => {
      const seen: string[] = [];
      @Controller()
      class FlakyController {
        constructor(private readonly vaultKey: CurrentVaultKey) {}

        @Get('flaky')
        @AgentTool(POLICY)
        async flaky() {
          await nextTurn();
          seen.push(this.vaultKey.get().id);
          if (seen.length < 3) throw new Error('again');
          return {};
        }
      }
      await start({
        controllers: [FlakyController],
        providers: [outermost((next) => next.handle().pipe(retry(2)))],
      });
      expect((await get('/flaky')).status).toBe(200);
      expect(seen).toEqual(['vk_1', 'vk_2', 'vk_3']);
      await allRevoked(3);
    });

    it('an outer timeout() ends the key while the handler still runs', async () => {
      await start({ providers: [outermost((next) => next.handle().pipe(timeout(30)))] });
      expect((await get('/promise')).status).toBe(500);
      await allRevoked(1);
    });

    it('an outer timeout() during the issue ends the key, and the handler does not run', async () => {
      await start({ providers: [outermost((next) => next.handle().pipe(timeout(30)))] });
      const answer = new Gate();
      broker.beforeIssue = () => answer.opened;
      expect((await get('/value')).status).toBe(500);
      answer.open();
      await allRevoked(1);
      expect(bench.runs).toBe(0);
    });

    it('an outer timeout() while the pipes work ends the key, and the handler gets no other', async () => {
      const pipes = new Gate();
      let piped!: () => void;
      const afterPipes = new Promise<void>((resolve) => (piped = resolve));
      const slow = {
        async transform(value: unknown) {
          await pipes.opened;
          setImmediate(piped);
          return value;
        },
      };
      let ran = false;

      @Controller()
      class SlowController {
        @Get('slow')
        @AgentTool(POLICY)
        slow(@Query('n', slow) _n: unknown) {
          ran = true;
        }
      }

      await start({
        controllers: [SlowController],
        providers: [outermost((next) => next.handle().pipe(timeout(30)))],
      });
      expect((await get('/slow')).status).toBe(500);
      pipes.open();
      await afterPipes;
      expect(ran).toBe(false);
      await allRevoked(1);
    });

    it('the module imported twice issues one key', async () => {
      await start({ imports: [VaultKeyModule.forRoot({ broker: SERVER })] });
      expect(await (await get('/value')).json()).toMatchObject({ id: 'vk_1' });
      expect(broker.issued).toHaveLength(1);
      await allRevoked(1);
    });

    it.each([true, false])(
      "works beside the application's own nestjs-cls (middleware: %s)",
      async (mount) => {
        @Controller()
        class ClsController {
          constructor(
            private readonly cls: ClsService,
            private readonly vaultKey: CurrentVaultKey,
          ) {}

          @Get('cls')
          @AgentTool(POLICY)
          async both() {
            await nextTurn();
            return { locale: this.cls.get('locale') ?? null, id: this.vaultKey.get().id };
          }
        }
        await start({
          controllers: [ClsController],
          imports: [
            ClsModule.forRoot({
              global: true,
              middleware: { mount, setup: (cls) => cls.set('locale', 'fr') },
            }),
          ],
        });
        expect(await (await get('/cls')).json()).toEqual({
          locale: mount ? 'fr' : null,
          id: 'vk_1',
        });
        await allRevoked(1);
      },
    );

    it('the user comes from request.user, and identify has the last word', async () => {
      const guard = (user: unknown): Provider => ({
        provide: APP_GUARD,
        useValue: {
          canActivate: (context: ExecutionContext) => {
            context.switchToHttp().getRequest().user = user;
            return true;
          },
        },
      });
      await start({
        providers: [guard({ sub: 'u/1' })],
        options: {
          broker: SERVER,
          identify: async () => ({ tenantId: 7, tool: 'charge' }),
        },
      });
      await get('/value', { 'x-agent-run-id': 'r' });
      expect(broker.issued[0]).toMatchObject({
        label: 'nest-u/1-r',
        subject: { userId: 'u/1', runId: 'r', tenantId: '7', tool: 'charge' },
      });
    });

    it('a subclass registered by the root module comes first, and the own one passes through', async () => {
      @Injectable()
      class OwnInterceptor extends AgentToolInterceptor {
        protected override labelFor() {
          return 'mine';
        }
      }
      await start({ providers: [{ provide: APP_INTERCEPTOR, useClass: OwnInterceptor }] });
      await get('/value');
      expect(broker.issued).toMatchObject([{ label: 'mine' }]);
    });

    it('a client that left before its turn came costs no key', async () => {
      const guarding = new Gate();
      const letIn = new Gate();
      const slow: Provider = {
        provide: APP_GUARD,
        useValue: {
          canActivate: () => {
            guarding.open();
            return letIn.opened.then(() => true);
          },
        },
      };
      await start({ providers: [slow] });
      const request = open('/value');
      await guarding.opened;
      await hangUp(request);
      letIn.open();
      await nextTurn();
      await queue().drain(2_000);
      expect(broker.issued).toHaveLength(0);
      expect(bench.runs).toBe(0);
    });

    it.each([
      ['pigeon', []],
      // Packages that have Nest run their handlers, and name no transport.
      ['http', [{ user: { id: 'grace' }, headers: {} }]],
      ['http', ['a message', {}]],
    ])('a marked handler called over another transport does not run: %s %j', async (type, args) => {
      await start();
      const context = new ExecutionContextHost(
        args,
        ToolsController,
        ToolsController.prototype.value as () => unknown,
      );
      context.setType(type);
      const handle = jest.fn();
      const answer = app.get(AgentToolInterceptor).intercept(context, { handle });
      await expect(lastValueFrom(answer)).rejects.toMatchObject({
        code: 'transport_not_supported',
        message: expect.stringMatching(
          new RegExp(`ToolsController\\.value .*"${type}".*requestOf\\(\\) and identify\\(\\)`),
        ),
      });
      expect(handle).not.toHaveBeenCalled();
      expect(broker.issued).toHaveLength(0);
    });
  });
});
