import { networkInterfaces } from 'node:os';
import { writeFileSync } from 'node:fs';
import { Test } from '@nestjs/testing';
import { BrakeService, BrokerClient, VaultKeyEvents, VaultKeyModule } from '../../lib/index';
import type { VaultKeyEvent } from '../../lib/index';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { Browser } from '../support/browser';
import { BrokerProcess, send, temporaryFile } from '../support/broker-process';
import type { BrokerProcessOptions } from '../support/broker-process';
import { certificateFor } from '../support/certificates';
import { rawRequest } from '../support/raw-http';
import { refusedSettings } from '../support/refused-settings';
import { testOperator } from '../support/test-operators';

const ann = testOperator('ann', 'admin');
const BRAKE = { scope: 'user', id: 'u1', reason: 'a test' };

let vendor: StripeVendor;
beforeAll(async () => {
  vendor = await createStripeVendor();
});
afterAll(() => vendor.close());

function configWith(...operators: unknown[]): string {
  const file = temporaryFile('config.json');
  writeFileSync(file, JSON.stringify({ operators }));
  return file;
}

const start = (options: BrokerProcessOptions = {}, config = configWith(ann.options)) =>
  BrokerProcess.start({ vendor, ...options, args: ['--config', config, ...(options.args ?? [])] });

describe('vault-key-broker, with the page', () => {
  it('lets operators log in on loopback, and has the page or says where it is missing', async () => {
    const broker = await start();
    const own = new Browser(broker.url);
    const page = await own.ask('GET', '/');
    if (page.status === 200) expect(page.headers['content-type']).toContain('text/html');
    else expect(page.body.error.message).toContain('dist/console');
    expect((await own.logIn(ann.token)).status).toBe(200);
    expect((await own.ask('POST', '/v1/brakes', { body: BRAKE })).status).toBe(201);
  });

  it('ends sessions with the token that leaves the config at a SIGHUP', async () => {
    const config = configWith(ann.options);
    const broker = await start({}, config);
    const own = new Browser(broker.url);
    await own.logIn(ann.token);
    const { options } = testOperator('ann', 'admin');
    writeFileSync(config, JSON.stringify({ operators: [options] }));
    process.kill(broker.pid, 'SIGHUP');
    await broker.says('read again');
    expect((await own.ask('GET', '/v1/keys')).status).toBe(401);
    expect((await own.logIn(ann.token)).status).toBe(401);
  });

  it('keeps sessions through a restart', async () => {
    const broker = await start();
    const own = new Browser(broker.url);
    await own.logIn(ann.token);
    await broker.kill('SIGKILL');
    const again = new Browser((await broker.restart()).url);
    for (const [key, cookie] of own.cookies) again.cookies.set(key, cookie);
    expect((await again.ask('GET', '/v1/session')).body.operator).toBe('ann');
  });
});

describe('--admin-port', () => {
  let broker: BrokerProcess;
  let admin: string;
  beforeAll(async () => {
    broker = await start({ args: ['--admin-port', '0'] });
    admin = /listening for operators on (\S+)\n/.exec(broker.output)?.[1] ?? '';
  });
  const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  it('says both ports at the start', () => {
    expect(broker.output).toMatch(
      /^vault-key-broker listening on http:\/\/127\.0\.0\.1:\d+\nvault-key-broker listening for operators on http:\/\/127\.0\.0\.1:\d+\n$/,
    );
    expect(new URL(admin).port).not.toBe(new URL(broker.url).port);
  });

  it('leaves to the other port what the application and its agents need, and nothing else', async () => {
    const key = await broker.issue();
    expect((await broker.call(key.token, 'GET', '/v1/payment_intents')).status).toBe(200);
    expect((await send(broker.url, 'GET', '/v1/keys/current', as(key.token))).status).toBe(200);
    expect((await broker.api('POST', '/v1/keys/revoke', { ids: [key.id] })).status).toBe(200);
    expect((await broker.api('DELETE', `/v1/keys/${key.id}`)).status).toBe(200);
    expect((await broker.api('POST', '/v1/leases', { ttl_seconds: 60 })).status).toBe(201);
    expect((await broker.api('GET', '/readyz')).status).toBe(200);
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/console/icon.svg'],
      ['GET', '/metrics'],
      ['GET', '/v1/session'],
      ['GET', '/v1/keys'],
      ['GET', `/v1/keys/${key.id}`],
      ['GET', '/v1/brakes'],
      ['GET', '/v1/audit'],
    ] as const) {
      const { status } = await send(broker.url, method, path, as(ann.token));
      expect([path, status]).toEqual([path, 404]);
    }
    const { status } = await new Browser(broker.url).logIn(ann.token);
    expect([401, 404]).toContain(status);
  });

  it('leaves to the other port what services of the application ask, with its token alone', async () => {
    const app = await Test.createTestingModule({
      imports: [VaultKeyModule.forRoot({ broker: { url: broker.url, token: broker.token } })],
    }).compile();
    try {
      const brakes = app.get(BrakeService);
      const told: VaultKeyEvent[] = [];
      app.get(VaultKeyEvents).brake$.subscribe((event) => told.push(event));
      const stopped: string[] = [];
      // The stream tells what comes once it is open.
      while (told.length === 0 && stopped.length < 500) {
        stopped.push((await brakes.stop({ user: 'u2' }, 'a test')).id);
      }
      expect(told[0]).toMatchObject({ actor: 'app', subject: { userId: 'u2' } });
      const active = (await brakes.list()).map(({ id }) => id);
      expect(active).toEqual(expect.arrayContaining(stopped));
      for (const id of stopped) await brakes.lift(id);
      expect(await app.get(BrokerClient).approvalState('apr_1')).toBeUndefined();
    } finally {
      await app.close();
    }
    const key = await broker.issue({ approve_above_usd: 1 });
    const refused = await broker.call(key.token, 'POST', '/v1/payment_intents', {
      body: 'amount=1000&currency=usd',
    });
    const approval = `/v1/approvals/${refused.body.error.approval_id}`;
    expect((await broker.api('GET', approval)).body.state).toBe('pending');
    for (const [method, path] of [
      ['GET', '/v1/brakes'],
      ['POST', '/v1/brakes'],
      ['GET', '/v1/events'],
      ['GET', approval],
    ] as const) {
      const { status } = await send(broker.url, method, path, as(ann.token));
      expect([method, path, status]).toEqual([method, path, 404]);
    }
    for (const [method, path] of [
      ['GET', '/v1/approvals'],
      ['POST', `${approval}/approve`],
      ['GET', '/v1/keys'],
      ['GET', '/v1/spend'],
    ] as const) {
      const { status } = await broker.api(method, path, method === 'POST' ? {} : undefined);
      expect([method, path, status]).toEqual([method, path, 404]);
    }
  });

  it('has the page, the metrics and what operators ask, and no key', async () => {
    const own = new Browser(admin);
    expect((await own.logIn(ann.token)).status).toBe(200);
    expect((await own.ask('POST', '/v1/brakes', { body: BRAKE })).status).toBe(201);
    for (const path of ['/v1/keys', '/v1/audit', '/metrics', '/readyz', '/healthz']) {
      expect([path, (await send(admin, 'GET', path, as(ann.token))).status]).toEqual([path, 200]);
    }
    const { text } = await send(admin, 'GET', '/metrics', as(ann.token));
    expect(text).toMatch(/vault_key_calls_total\{vendor="stripe",verdict="forwarded"\} 1/);
    for (const [method, path] of [
      ['POST', '/v1/keys'],
      ['POST', '/v1/leases'],
      ['GET', '/stripe/v1/payment_intents'],
    ] as const) {
      const answer = await send(admin, method, path, as(broker.token));
      expect([method, path, answer.status]).toEqual([method, path, 404]);
    }
  });

  it('stops with the other', async () => {
    const other = await start({ args: ['--admin-port', '0'] });
    expect((await other.kill('SIGTERM')).code).toBe(0);
  });
});

describe('beyond loopback', () => {
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.internal === false && address.family === 'IPv4')?.address;
  /** The URL of a broker on 0.0.0.0 for a browser on this machine. */
  const reached = (broker: BrokerProcess) => broker.url.replace('0.0.0.0', '127.0.0.1');

  it('there is no page and no log-in without TLS, from this machine either', async () => {
    const broker = await start({ args: ['--host', '0.0.0.0'] });
    const own = new Browser(reached(broker));
    expect((await own.ask('GET', '/')).body.error.message).toContain('--behind-tls');
    expect((await own.logIn(ann.token)).status).toBe(404);
    if (outside !== undefined) {
      const far = new Browser(reached(broker).replace('127.0.0.1', outside));
      expect((await far.logIn(ann.token)).status).toBe(404);
    }
    const headers = { authorization: `Bearer ${ann.token}` };
    expect((await send(reached(broker), 'GET', '/v1/keys', { headers })).status).toBe(200);
  });

  it.each([
    ['options', { args: ['--behind-tls', '--public-url', 'https://ops.example.com/keys'] }],
    [
      'variables',
      {
        env: {
          VAULT_KEY_BEHIND_TLS: 'true',
          VAULT_KEY_PUBLIC_URL: 'https://ops.example.com/keys/',
        },
      },
    ],
  ])(
    'a proxy that speaks TLS may be in front, as %s say',
    async (_what, { args = [], env = {} }: BrokerProcessOptions) => {
      const broker = await start({ args: ['--host', '0.0.0.0', ...args], env });
      const own = new Browser(reached(broker), {
        host: 'ops.example.com',
        origin: 'https://ops.example.com',
        prefix: '/keys',
      });
      expect((await own.logIn(ann.token)).status).toBe(200);
      expect(own.setCookie[0]).toMatch(/; Path=\/keys; HttpOnly; SameSite=Strict; Secure$/);
      expect((await own.ask('POST', '/v1/brakes', { body: BRAKE })).status).toBe(201);
      const { port } = new URL(broker.url);
      const foreign = await rawRequest(Number(port), 'GET', '/', { host: 'evil.example' });
      expect(foreign.status).toBe(421);
    },
  );

  it('TLS of its own will do', async () => {
    const { certFile, keyFile } = certificateFor('IP:127.0.0.1');
    const broker = await start({
      args: ['--host', '0.0.0.0', '--tls-cert', certFile, '--tls-key', keyFile],
    });
    const { request } = await import('node:https');
    const { port } = new URL(broker.url);
    const answer = await new Promise<{ status: number; cookie: string }>((resolve, reject) => {
      const req = request(
        {
          host: '127.0.0.1',
          port,
          method: 'POST',
          path: '/v1/session',
          rejectUnauthorized: false,
          headers: {
            host: 'localhost',
            origin: 'https://localhost',
            'content-type': 'application/json',
          },
        },
        (res) => {
          res.resume();
          const [cookie = ''] = res.headers['set-cookie'] ?? [];
          resolve({ status: res.statusCode ?? 0, cookie });
        },
      );
      req.on('error', reject);
      req.end(JSON.stringify({ token: ann.token }));
    });
    expect(answer).toEqual({ status: 200, cookie: expect.stringContaining('; Path=/; HttpOnly') });
  });
});

describe('a bad setting of the page', () => {
  const bad: [setting: string, options: BrokerProcessOptions][] = [
    ['--admin-port', { args: ['--admin-port', '65536'] }],
    ['--admin-port', { args: ['--admin-port', '4100', '--port', '4100'] }],
    ['VAULT_KEY_ADMIN_PORT', { env: { VAULT_KEY_ADMIN_PORT: 'none' } }],
    ['--public-url', { args: ['--public-url', 'ops.example.com'] }],
    ['--public-url', { args: ['--public-url', 'http://ops.example.com'] }],
    ['--public-url', { args: ['--public-url', 'https://a:b@ops.example.com'] }],
    ['VAULT_KEY_PUBLIC_URL', { env: { VAULT_KEY_PUBLIC_URL: 'https://ops.example.com/?a' } }],
    ['VAULT_KEY_BEHIND_TLS', { env: { VAULT_KEY_BEHIND_TLS: '1' } }],
  ];
  it.each(bad)('is refused by name, in one line: %s: %j', (setting, options) => {
    const line = refusedSettings(options);
    expect(line).toMatch(/^.+$/);
    expect(line).toContain(setting);
  });

  it('ends the start', async () => {
    const { code, stdout, stderr } = await BrokerProcess.run({ args: ['--admin-port', '65536'] });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^vault-key-broker: .*--admin-port.*\n$/);
  });

  it('is a port for operators that is taken, too', async () => {
    const broker = await start();
    const { port } = new URL(broker.url);
    const { code, stderr } = await BrokerProcess.run({ args: ['--admin-port', port] });
    expect(code).toBe(2);
    expect(stderr).toContain(`--admin-port ${port}`);
  });
});
