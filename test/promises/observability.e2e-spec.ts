import { Controller, Get, Module, Post } from '@nestjs/common';
import type { INestApplication, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Registry } from 'prom-client';
import { AgentTool, ProxiedStripeService, RevocationQueue, VaultKeyModule } from '../../lib/index';
import type { VaultKeyModuleOptions } from '../../lib/index';
import { VaultKeyHealthIndicator } from '../../lib/terminus/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { BrokerProcess } from '../support/broker-process';
import { brokerOf } from '../support/broker-of';
import { BrokerServer } from '../support/broker-server';
import { KeybrakeServer } from '../support/keybrake-server';

@Controller()
class Tools {
  constructor(private readonly stripe: ProxiedStripeService) {}

  @Post('charge')
  @AgentTool({ tool: 'charge', dailyUsdCap: 25.5, allowedEndpoints: ['/v1/payment_intents'] })
  charge() {
    return this.stripe.createPaymentIntent({
      amount: 1_000,
      currency: 'usd',
      paymentMethod: 'pm_card_visa',
      confirm: true,
    });
  }

  @Post('flexible')
  @AgentTool({ tool: 'flexible', dailyUsdCap: () => 1, allowedEndpoints: ['/v1/refunds'] })
  flexible() {
    return {};
  }
}

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly vaultKeys: VaultKeyHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([
      () => this.vaultKeys.isHealthy('vaultKeys', { maxRevocationBacklog: 0 }),
    ]);
  }
}

@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [VaultKeyHealthIndicator],
})
class HealthModule {}

/** One line of the log as a logger is given it. */
interface Line {
  level: string;
  given: unknown[];
}

let vendor: StripeVendor;
let app: INestApplication | undefined;
let lines: Line[];

beforeAll(async () => {
  vendor = await createStripeVendor();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});
afterAll(() => vendor.close());

async function startApp(options: VaultKeyModuleOptions): Promise<string> {
  @Module({ imports: [VaultKeyModule.forRoot(options), HealthModule], controllers: [Tools] })
  class AppModule {}
  lines = [];
  const to =
    (level: string) =>
    (...given: unknown[]): void =>
      void lines.push({ level, given });
  const logger: LoggerService = { log: to('log'), warn: to('warn'), error: to('error') };
  app = await NestFactory.create(AppModule, { logger });
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}

const embedded = (): VaultKeyModuleOptions & { embedded: object } => ({
  embedded: {
    vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
    store: 'sqlite::memory:',
  },
});

const call = async (url: string, tool: string) =>
  fetch(`${url}/${tool}`, { method: 'POST', headers: { 'x-agent-run-id': 'errand-7' } });

const health = async (url: string) => {
  const answer = await fetch(`${url}/health`);
  const { details } = (await answer.json()) as {
    details: { vaultKeys: Record<string, unknown> };
  };
  return { status: answer.status, vaultKeys: details.vaultKeys };
};

describe("the application's registry of metrics", () => {
  it('has what the embedded broker measures, and what waits to be revoked', async () => {
    const registry = new Registry();
    const url = await startApp({ ...embedded(), metrics: { registry } });
    expect((await call(url, 'charge')).status).toBe(201);
    await app!.get(RevocationQueue).drain();
    const text = (await registry.metrics()).split('\n');
    expect(text).toEqual(
      expect.arrayContaining([
        'vault_key_calls_total{vendor="stripe",verdict="forwarded"} 1',
        'vault_key_spent_usd_total{vendor="stripe"} 10',
        'vault_key_added_latency_seconds_count{vendor="stripe"} 1',
        'vault_key_revocation_backlog 0',
        'vault_key_active_invocations 0',
      ]),
    );
  });

  it('is read while the store is closed, and takes the next broker in place of the one before', async () => {
    const registry = new Registry();
    await startApp({ ...embedded(), metrics: { registry } });
    await app!.close();
    expect(await registry.metrics()).toContain('# TYPE vault_key_calls_total counter');
    const url = await startApp({ ...embedded(), metrics: { registry } });
    await call(url, 'charge');
    expect(await registry.metrics()).toContain('vault_key_spent_usd_total{vendor="stripe"} 10');
  });

  it.each([
    [{}, 'metrics must hold a registry of the package prom-client as registry'],
    [{ registry: new Registry(), path: '/metrics' }, 'holds path'],
  ])('anything else is a fault at the start: %#', async (metrics, fault) => {
    const options = { ...embedded(), metrics } as VaultKeyModuleOptions;
    @Module({ imports: [VaultKeyModule.forRoot(options)] })
    class AppModule {}
    await expect(
      NestFactory.create(AppModule, { logger: false, abortOnError: false }),
    ).rejects.toThrow(fault);
  });
});

describe('the health indicator', () => {
  it('is up with an embedded broker, and down once that is closed', async () => {
    const url = await startApp(embedded());
    expect(await health(url)).toEqual({
      status: 200,
      vaultKeys: {
        status: 'up',
        broker: 'ready',
        store: 'sqlite',
        durability: expect.any(String),
        revocationBacklog: 0,
        activeInvocations: 0,
      },
    });
    await brokerOf(app!).close();
    expect(await health(url)).toMatchObject({ status: 503, vaultKeys: { status: 'down' } });
  });

  it('is up with a broker that is a server, and down with the backlog once that is gone', async () => {
    const broker = await BrokerServer.start(vendor);
    const url = await startApp({ broker: { url: broker.url, token: broker.token } });
    expect(await health(url)).toMatchObject({
      status: 200,
      vaultKeys: { broker: 'ready', store: 'sqlite' },
    });
    expect((await call(url, 'charge')).status).toBe(201);
    const queue = app!.get(RevocationQueue);
    await queue.drain();
    await broker.close();
    queue.add('vk_of_some_invocation', new Date(Date.now() + 60_000));
    const { status, vaultKeys } = await health(url);
    expect([status, vaultKeys['status'], vaultKeys['revocationBacklog']]).toEqual([503, 'down', 1]);
    expect(vaultKeys['message']).toEqual(expect.stringContaining('whether it is ready'));
  });

  it('does not ask a broker of the keybrake dialect, which has no such call', async () => {
    const broker = await BrokerServer.start(vendor);
    const keybrake = await KeybrakeServer.start(broker.url);
    const url = await startApp({
      broker: { url: keybrake.url, token: broker.token, dialect: 'keybrake' },
    });
    expect(await health(url)).toMatchObject({
      status: 200,
      vaultKeys: { status: 'up', broker: 'not asked' },
    });
    await app?.close();
    app = undefined;
    await keybrake.close();
    await broker.close();
  });
});

describe("the module's log", () => {
  it('names the marked tools with their caps in one line at the start', async () => {
    await startApp(embedded());
    const told = lines.filter(({ given }) => String(given[0]).includes('a vault key for each'));
    expect(told).toEqual([
      {
        level: 'log',
        given: [
          '2 tools have a vault key for each invocation: charge ($25.5), flexible (cap by call)',
          'AgentTool',
        ],
      },
    ]);
  });

  it.each([
    ['warns of a tool without a budget over its caps', {}, 1],
    ['has no such warning where there is one', { budgets: { user: 500 } }, 0],
  ])('%s', async (_name, options, warnings) => {
    await startApp({ ...embedded(), ...options });
    const told = lines.filter(({ given }) => String(given[0]).includes('budgets is not set'));
    expect(told.map(({ level }) => level)).toEqual(Array(warnings).fill('warn'));
  });

  it('has the agent run and the tool as fields beside the words', async () => {
    const url = await startApp(embedded());
    await brokerOf(app!).close();
    expect((await call(url, 'charge')).status).toBe(503);
    const told = lines.filter(({ level }) => level === 'warn').at(-1);
    expect(told?.given).toEqual([
      expect.stringMatching(/^No vault key for charge, agent run errand-7: /),
      { agentRun: 'errand-7', tool: 'charge' },
      'VaultKey',
    ]);
  });
});

describe('the log of vault-key-broker', () => {
  it('is JSON with time and level where that is asked for, beside the line that it listens', async () => {
    const broker = await BrokerProcess.start({ vendor, args: ['--log-format', 'json'] });
    await broker.call('nope', 'GET', '/v1/payment_intents');
    process.kill(broker.pid, 'SIGHUP');
    await broker.says('read again');
    const { code, stdout, stderr } = await broker.kill('SIGTERM');
    expect([code, stdout]).toEqual([0, `vault-key-broker listening on ${broker.url}\n`]);
    const told = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        pid: broker.pid,
        hostname: expect.any(String),
        name: 'vault-key-broker',
        msg: 'refused a request from 127.0.0.1: 401 invalid_key',
      },
      expect.objectContaining({
        level: 'info',
        msg: 'SIGHUP: files, config and certificate were read again',
      }),
    ]);
  });

  it('a format that is unknown ends the start with one line', async () => {
    const { code, stderr } = await BrokerProcess.run({ vendor, args: ['--log-format', 'xml'] });
    expect([code, stderr]).toEqual([
      2,
      'vault-key-broker: --log-format (VAULT_KEY_LOG_FORMAT) must be text or json\n',
    ]);
  });
});
