import { Controller, Get, Injectable, Module, Post, Body } from '@nestjs/common';
import type { INestApplication, NestModule, MiddlewareConsumer } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:http2';
import { Browser } from '../../test/support/browser';
import { temporaryFile } from '../../test/support/broker-process';
import { brokerOf } from '../../test/support/broker-of';
import { EventStream } from '../../test/support/event-stream';
import { servePlaceholderPage } from '../../test/support/placeholder-page';
import { rawRequest } from '../../test/support/raw-http';
import { testOperator } from '../../test/support/test-operators';
import { AuthorizedCallers } from '../broker/http/callers/authorized-callers';
import { Site } from '../broker/http/site';
import { runOperatorCommand } from '../broker/cli/operator-commands';
import { VaultKeyModule } from '../vault-key.module';
import { takeRequests } from './request-taker';
import { VaultKeyAdminModule } from './vault-key-admin.module';
import type { VaultKeyAdminModuleOptions } from './vault-key-admin.options';

const EMBEDDED = {
  embedded: {
    vendors: { stripe: { secretKey: 'sk_test_none', baseUrl: 'http://127.0.0.1:9' } },
    store: 'sqlite::memory:',
  },
};

/** An adapter of which nothing is known but that it has `use`. */
class OtherAdapter extends ExpressAdapter {
  override getType(): string {
    return 'other';
  }
}

const ADAPTERS: [name: string, adapter: () => AbstractHttpAdapter][] = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
  ['an adapter that has use()', () => new OtherAdapter()],
];

servePlaceholderPage();

const ann = testOperator('ann', 'admin');
const vic = testOperator('vic', 'viewer');
const operators = [ann.options, vic.options];

@Controller('echo')
class EchoController {
  @Get()
  get() {
    return { echo: true };
  }

  @Post()
  post(@Body() body: unknown) {
    return body;
  }
}

const apps: INestApplication[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

/** An application with the mount, which listens. */
async function application(
  adapter: () => AbstractHttpAdapter,
  options: VaultKeyAdminModuleOptions,
  prepare: (app: INestApplication) => void = () => {},
): Promise<{ app: INestApplication; url: string; port: number }> {
  @Module({
    imports: [VaultKeyModule.forRoot(EMBEDDED), VaultKeyAdminModule.forRoot(options)],
    controllers: [EchoController],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, adapter(), {
    logger: false,
    abortOnError: false,
  });
  apps.push(app);
  prepare(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return { app, url, port: Number(new URL(url).port) };
}

const BRAKE = { scope: 'user', id: 'u1', reason: 'a test' };

describe.each(ADAPTERS)('the mount on %s', (_name, adapter) => {
  it('serves the page and the management API below its path, and the application beside it', async () => {
    const { url } = await application(adapter, { operators });
    const page = await fetch(`${url}/vault-keys`);
    expect([page.status, page.url]).toEqual([200, `${url}/vault-keys/`]);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('x-powered-by')).toBeNull();
    expect((await fetch(`${url}/vault-keys/console/page-BBBB3333.js`)).status).toBe(200);

    const own = new Browser(`${url}/vault-keys`);
    expect((await own.logIn(ann.token)).body).toMatchObject({ operator: 'ann', role: 'admin' });
    expect(own.setCookie[0]).toContain('; Path=/vault-keys; HttpOnly; SameSite=Strict');
    expect((await own.ask('POST', '/v1/brakes', { body: BRAKE })).status).toBe(201);
    expect((await own.ask('GET', '/v1/brakes')).body.brakes).toHaveLength(1);
    expect((await own.ask('DELETE', '/v1/session')).status).toBe(200);

    expect(await (await fetch(`${url}/echo`)).json()).toEqual({ echo: true });
    for (const beside of ['/', '/vault-keysx', '/v1/keys', '/vault-key', '/console/icon.svg']) {
      const { status, headers } = await fetch(url + beside);
      expect([beside, status, headers.get('x-vault-key-verdict')]).toEqual([beside, 404, null]);
    }
  });

  it('serves no route of the application and its agents, to an admin either', async () => {
    const { url } = await application(adapter, { operators });
    const headers = {
      authorization: `Bearer ${ann.token}`,
      'content-type': 'application/json',
    };
    for (const [method, path] of [
      ['POST', '/v1/keys'],
      ['POST', '/v1/keys/revoke'],
      ['DELETE', '/v1/keys/vk_1'],
      ['POST', '/v1/leases'],
      ['POST', '/v1/leases/l1/renew'],
      ['DELETE', '/v1/leases/l1'],
      ['GET', '/metrics'],
      ['POST', '/stripe/v1/payment_intents'],
    ] as const) {
      const body = method === 'POST' ? { body: '{}' } : {};
      const answer = await fetch(`${url}/vault-keys${path}`, { method, headers, ...body });
      expect([method, path, answer.status]).toEqual([method, path, 404]);
    }
    const keys = await fetch(`${url}/vault-keys/v1/keys`, { headers });
    expect([keys.status, await keys.json()]).toEqual([200, { keys: [] }]);
  });

  it('is where its path says, whatever prefix, CORS and parsers the application has', async () => {
    const path = '/ops/keys';
    const { url, port } = await application(adapter, { path, operators }, (app) => {
      app.setGlobalPrefix('api');
      app.enableCors({ origin: 'https://evil.example', credentials: true });
    });
    expect(await (await fetch(`${url}/api/echo`)).json()).toEqual({ echo: true });
    const own = new Browser(url + path);
    expect((await own.logIn(ann.token)).status).toBe(200);
    expect((await own.ask('POST', '/v1/brakes', { body: BRAKE })).status).toBe(201);
    expect((await fetch(`${url}/api${path}/`)).status).toBe(404);

    const origin = 'https://evil.example';
    const read = await own.ask('GET', '/v1/brakes', { headers: { origin } });
    expect(read.status).toBe(200);
    const opened = Object.keys(read.headers).filter((name) => name.startsWith('access-control'));
    expect(opened).toEqual([]);
    const { status } = await own.ask('POST', '/v1/brakes', { body: BRAKE, headers: { origin } });
    expect(status).toBe(403);
    const echoed = await rawRequest(port, 'GET', '/api/echo', { host: '127.0.0.1', origin });
    expect(echoed.headers['access-control-allow-origin']).toBe(origin);
  });

  it('reads bodies by its own rules, and leaves the application its own', async () => {
    const { url, port } = await application(adapter, { operators });
    const post = (body: string, type = 'application/json') =>
      rawRequest(
        port,
        'POST',
        '/vault-keys/v1/brakes',
        {
          host: '127.0.0.1',
          authorization: `Bearer ${ann.token}`,
          'content-type': type,
          'content-length': Buffer.byteLength(body),
        },
        body,
      );
    for (const [body, type, status, code] of [
      ['{"scope":', 'application/json', 400, 'invalid_request'],
      ['"a text"', 'application/json', 422, 'invalid_request'],
      ['', 'application/json', 400, 'invalid_request'],
      ['scope=user', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
      [`{"scope":"${'x'.repeat(70_000)}"}`, 'application/json', 413, 'body_too_large'],
    ] as const) {
      const answer = await post(body, type);
      expect([body.slice(0, 20), answer.status, JSON.parse(answer.body).code]).toEqual([
        body.slice(0, 20),
        status,
        code,
      ]);
    }
    expect((await post(JSON.stringify(BRAKE))).status).toBe(201);
    const echoed = await fetch(`${url}/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":[1]}',
    });
    expect(await echoed.json()).toEqual({ a: [1] });
  });

  it('asks the application who sends a request, where it is told to', async () => {
    const seen: unknown[] = [];
    const { url } = await application(adapter, {
      path: '/keys',
      authorize: async (request: { headers: Record<string, string>; raw?: IncomingMessage }) => {
        seen.push(request);
        const user = request.headers['x-user'];
        if (user === 'broken') throw new Error('the session store is down');
        if (user === 'odd') return { name: 'odd', role: 'owner' } as never;
        if (user === 'app') return { name: 'app', role: 'admin' };
        return user === undefined
          ? undefined
          : { name: user, role: user === 'vic' ? 'viewer' : 'admin' };
      },
    });
    const own = new Browser(`${url}/keys`);
    const as = (user: string) => ({ headers: { 'x-user': user } });
    expect((await own.ask('GET', '/')).status).toBe(200);
    expect((await own.ask('GET', '/v1/keys')).status).toBe(401);
    expect((await own.ask('GET', '/v1/session', as('ann'))).body).toEqual({
      operator: 'ann',
      role: 'admin',
      expires_at: null,
      idle_expires_at: null,
    });
    const brake = await own.ask('POST', '/v1/brakes', { body: BRAKE, ...as('ann') });
    expect([brake.status, brake.body.set_by]).toEqual([201, 'ann']);
    expect((await own.ask('POST', '/v1/brakes', { body: BRAKE, ...as('vic') })).status).toBe(403);
    for (const user of ['broken', 'odd', 'app']) {
      const { status, body } = await own.ask('GET', '/v1/keys', as(user));
      expect([user, status, body.code]).toEqual([user, 503, 'authorize_failed']);
      expect(JSON.stringify(body)).not.toContain('session store');
    }
    expect((await own.logIn(ann.token)).status).toBe(404);
    const headers = { 'x-user': 'ann', origin: 'https://evil.example' };
    expect((await own.ask('POST', '/v1/brakes', { body: BRAKE, headers })).body.code).toBe('csrf');
    const added = { ...headers, authorization: 'Bearer of another page' };
    expect((await own.ask('POST', '/v1/brakes', { body: BRAKE, headers: added })).status).toBe(403);
    const foreign = { 'x-user': 'ann', host: 'evil.example' };
    expect((await own.ask('GET', '/v1/keys', { headers: foreign })).status).toBe(421);
    const bearer = { ...foreign, authorization: 'Bearer whatever the application takes' };
    expect((await own.ask('GET', '/v1/keys', { headers: bearer })).status).toBe(200);
    expect(seen.length).toBeGreaterThan(0);
  });

  it("does what the operator's commands ask", async () => {
    const { app, url } = await application(adapter, { operators });
    const command = async (name: string, ...args: string[]) => {
      let out = '';
      const code = await runOperatorCommand(
        name,
        [...args, '--url', `${url}/vault-keys`],
        { VAULT_KEY_OPERATOR_TOKEN: ann.token },
        { out: (text) => (out += text), error: (line) => (out += line) },
      );
      return { code, out };
    };
    const braked = await command('brake', 'user', 'u1', '--reason', 'a test');
    expect(braked).toMatchObject({ code: 0 });
    expect((await brokerOf(app).brakes()).brakes).toMatchObject([{ set_by: 'ann' }]);
    const id = (await brokerOf(app).brakes()).brakes[0]?.id ?? '';
    for (const [name, ...args] of [
      ['keys'],
      ['budgets', 'set', 'user', 'u1', '12.50', '--reason', 'a test'],
      ['budgets'],
      ['holds'],
      ['audit'],
      ['audit', 'verify'],
      ['lift', id, '--reason', 'a test'],
    ] as const) {
      expect(await command(name, ...args)).toMatchObject({ code: 0 });
    }
    expect(await command('keys', 'revoke', 'vk_1')).toMatchObject({ code: 1 });
  });

  it('is there in an application of a test module too', async () => {
    const module = await Test.createTestingModule({
      imports: [VaultKeyModule.forRoot(EMBEDDED), VaultKeyAdminModule.forRoot({ operators })],
    }).compile();
    const app = module.createNestApplication(adapter(), { logger: false });
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    const own = new Browser(`${await app.getUrl()}/vault-keys`);
    expect((await own.logIn(ann.token)).status).toBe(200);
    expect((await own.ask('POST', '/v1/brakes', { body: BRAKE })).status).toBe(201);
    const malformed = await own.ask('POST', '/v1/brakes', { body: undefined });
    expect([malformed.status, malformed.body.code]).toEqual([400, 'invalid_request']);
  });
});

describe.each(ADAPTERS)('the event stream of the mount on %s', (_name, adapter) => {
  it('ends with its session', async () => {
    const { url } = await application(adapter, { operators });
    const own = new Browser(`${url}/vault-keys`);
    await own.logIn(vic.token);
    const events = await EventStream.open({ url: `${url}/vault-keys`, session: own.sessionId });
    await brokerOf(apps[0]!).brake(BRAKE);
    await events.has(1);
    await own.ask('DELETE', '/v1/session');
    await events.ended();
  });

  it('ends where the application lets its reader in no more, or only as somebody it does not know', async () => {
    let answer: unknown = { name: 'ann', role: 'viewer' };
    const authorize = () => answer as never;
    const { url } = await application(adapter, { authorize });
    for (const next of [undefined, { name: 'ann', role: 'none' }]) {
      answer = { name: 'ann', role: 'viewer' };
      const events = await EventStream.open({ url: `${url}/vault-keys`, session: 'x' });
      answer = next;
      await events.ended();
    }
  });

  it('ends after a minute where the application decides, who may have found out once who asks', async () => {
    const minute = jest.spyOn(AuthorizedCallers.prototype, 'maxStreamMs', 'get');
    expect(new AuthorizedCallers(() => undefined, new Site()).maxStreamMs).toBe(60_000);
    minute.mockReturnValue(1_500);
    const { url } = await application(adapter, {
      authorize: () => ({ name: 'ann', role: 'viewer' }),
    });
    const events = await EventStream.open({ url: `${url}/vault-keys`, session: 'x' });
    await events.ended();
    minute.mockRestore();
  });

  it('does not keep its application from stopping', async () => {
    const { app, url } = await application(adapter, { operators });
    const events = await EventStream.open({ url: `${url}/vault-keys`, token: ann.token });
    const began = performance.now();
    await app.close();
    expect(performance.now() - began).toBeLessThan(4_000);
    await events.ended();
  });
});

describe('the mount on Express', () => {
  it('runs after the middleware of the application, which authorize may rely on, and before that of Nest', async () => {
    const calls: string[] = [];

    @Module({
      imports: [
        VaultKeyModule.forRoot(EMBEDDED),
        VaultKeyAdminModule.forRoot({
          authorize: ({ user }: { user?: { email: string } }) =>
            user && { name: user.email, role: 'admin' },
        }),
      ],
    })
    class AppModule implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer
          .apply((_req: unknown, _res: unknown, next: () => void) => {
            calls.push('nest');
            next();
          })
          .forRoutes('*path');
      }
    }

    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    apps.push(app);
    app.use((req: { user?: unknown }, _res: unknown, next: () => void) => {
      calls.push('app');
      // As a log-in that asks a database does.
      setImmediate(() => {
        req.user = { email: 'ann@example.com' };
        next();
      });
    });
    await app.listen(0, '127.0.0.1');
    const own = new Browser(`${await app.getUrl()}/vault-keys`);
    const { body } = await own.ask('POST', '/v1/brakes', { body: BRAKE });
    expect([body.set_by, calls]).toEqual(['ann@example.com', ['app']]);
  });

  it('takes a body that a parser has read before anyone could keep it', async () => {
    const parsing = new ExpressAdapter();
    const { default: express } = await import('express');
    parsing.use(express.json());
    const { url } = await application(() => parsing, { operators });
    const own = new Browser(`${url}/vault-keys`);
    expect((await own.logIn(ann.token)).status).toBe(200);
    expect((await own.ask('POST', '/v1/brakes', { body: BRAKE })).status).toBe(201);
    expect((await own.ask('DELETE', '/v1/session')).status).toBe(200);
  });
});

it('the mount on Fastify speaks HTTP/2', async () => {
  const { url } = await application(() => new FastifyAdapter({ http2: true }), { operators });
  const client = connect(url);
  const ask = async (headers: Record<string, string>, body?: string) => {
    const stream = client.request(headers);
    let status = 0;
    stream.once('response', (answer) => (status = Number(answer[':status'])));
    stream.end(body);
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += String(chunk);
    return { status, text };
  };
  const page = await ask({ ':path': '/vault-keys/' });
  expect([page.status, page.text]).toEqual([200, expect.stringContaining('<!doctype html>')]);
  const call = { ':path': '/vault-keys/v1/brakes', ':method': 'POST' };
  const change = { ...call, 'content-type': 'application/json' };
  const token = { authorization: `Bearer ${ann.token}` };
  expect((await ask({ ...change, ...token }, JSON.stringify(BRAKE))).status).toBe(201);
  expect((await ask(change, JSON.stringify(BRAKE))).status).toBe(401);
  const foreign = await ask({ ':path': '/vault-keys/', ':authority': 'evil.example' });
  expect(foreign.status).toBe(421);
  client.close();
});

describe('the start of an application with the mount', () => {
  async function faultsOf(options: unknown, root: object = VaultKeyModule.forRoot(EMBEDDED)) {
    @Module({
      imports: [
        ...(root === undefined ? [] : [root as never]),
        VaultKeyAdminModule.forRoot(options as VaultKeyAdminModuleOptions),
      ],
    })
    class AppModule {}

    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    apps.push(app);
    const error: unknown = await app.init().then(
      () => undefined,
      (failure: unknown) => failure,
    );
    return (error as { faults?: { where: string; message: string }[] } | undefined)?.faults ?? [];
  }
  const wheres = async (options: unknown) => (await faultsOf(options)).map(({ where }) => where);
  const authorize = () => undefined;

  it('is refused with every fault of its options at once', async () => {
    expect(
      await wheres({
        path: 'vault-keys/',
        operators: [{ name: 'app', role: 'owner', tokenHashes: [] }],
        authorize: 'yes',
        publicUrl: 'http://app.example.com',
        behindTls: 'yes',
        paths: [],
      }),
    ).toEqual([
      'VaultKeyAdminModule.paths',
      'VaultKeyAdminModule.path',
      'VaultKeyAdminModule',
      'VaultKeyAdminModule.operators[0].name',
      'VaultKeyAdminModule.operators[0].role',
      'VaultKeyAdminModule.operators[0].tokenHashes',
      'VaultKeyAdminModule.authorize',
      'VaultKeyAdminModule.publicUrl',
      'VaultKeyAdminModule.behindTls',
    ]);
  });

  it.each([
    ['neither', {}],
    ['both', { operators, authorize }],
  ])('is refused with %s of operators and authorize', async (_what, options) => {
    expect(await faultsOf(options)).toEqual([
      expect.objectContaining({
        where: 'VaultKeyAdminModule',
        message: expect.stringMatching(/^must be given one of operators and authorize/),
      }),
    ]);
  });

  it.each(['', '/', '//', '/a//b', '/a/', 'a', '/a b', '/../a', '/a/:id', '/a?b', '/é'])(
    'is refused with the path %j',
    async (path) => {
      expect(await wheres({ path, authorize })).toEqual(['VaultKeyAdminModule.path']);
    },
  );

  it('is refused where the broker is a server, or missing', async () => {
    const server = VaultKeyModule.forRoot({
      broker: { url: 'http://127.0.0.1:4100', token: 'x'.repeat(40) },
    });
    expect((await faultsOf({ authorize }, server))[0]?.message).toContain('is a server');
    expect((await faultsOf({ authorize }, class Empty {}))[0]?.message).toContain(
      'needs VaultKeyModule',
    );
  });

  it('needs no server: an application without one starts', async () => {
    @Module({
      imports: [VaultKeyModule.forRoot(EMBEDDED), VaultKeyAdminModule.forRoot({ authorize })],
    })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    await app.close();
  });

  it('takes options of a factory', async () => {
    @Injectable()
    class Staff {
      readonly people = operators;
    }
    @Module({ providers: [Staff], exports: [Staff] })
    class StaffModule {}
    @Module({
      imports: [
        VaultKeyModule.forRoot({
          ...EMBEDDED,
          embedded: { ...EMBEDDED.embedded, store: `sqlite:${temporaryFile()}` },
        }),
        VaultKeyAdminModule.forRootAsync({
          imports: [StaffModule],
          inject: [Staff],
          useFactory: async ({ people }: Staff) => ({ path: '/staff', operators: people }),
        }),
      ],
    })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    expect((await new Browser(`${await app.getUrl()}/staff`).logIn(vic.token)).status).toBe(200);
  });

  it('is refused on an adapter that has no way for it', () => {
    const taker = { takes: () => true, prepare: () => Promise.resolve(true), take: () => {} };
    expect(takeRequests({ getType: () => 'other' } as never, taker)).toBe(false);
  });
});
