import { Injectable, Logger, Scope } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import type { Provider } from '@nestjs/common';
import {
  BrakeService,
  OnVaultKeyEvent,
  ProxiedStripeService,
  VaultKeyEvents,
  VaultKeyModule,
  VaultKeyService,
} from '../../lib/index';
import type { VaultKeyEvent, VaultKeyModuleOptions, VaultKeyThresholdEvent } from '../../lib/index';
import { VaultKeyTestingModule } from '../../lib/testing/index';
import { MANAGEMENT_TOKEN } from '../support/broker-process';
import { BrokerServer } from '../support/broker-server';
import { TcpBalancer } from '../support/tcp-balancer';
import { until } from '../support/until';
import { RecordingVendor } from '../broker/recording-vendor';

@Injectable()
class Listeners {
  readonly thresholds: VaultKeyThresholdEvent[] = [];
  readonly all: VaultKeyEvent[] = [];

  @OnVaultKeyEvent('threshold')
  onThreshold(event: VaultKeyThresholdEvent): void {
    this.thresholds.push(event);
  }

  @OnVaultKeyEvent('*')
  @OnVaultKeyEvent('call')
  async onAll(event: VaultKeyEvent): Promise<void> {
    this.all.push(event);
    throw new Error('a listener that fails');
  }
}

@Injectable()
class EmitterListener {
  readonly events: unknown[] = [];

  @OnEvent('vault-key.brake')
  onBrake(event: unknown): void {
    this.events.push(event);
    throw new Error('a listener that fails');
  }
}

let running: TestingModule | undefined;
const errors: string[] = [];
beforeEach(() => {
  errors.length = 0;
  jest.spyOn(Logger.prototype, 'error').mockImplementation((text: unknown) => {
    errors.push(String(text));
  });
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  jest.restoreAllMocks();
});

async function application(
  imports: Parameters<typeof Test.createTestingModule>[0]['imports'],
  providers: Provider[] = [],
): Promise<TestingModule> {
  running = await Test.createTestingModule({ imports: imports ?? [], providers }).compile();
  await running.init();
  return running;
}
const POLICY = { dailyUsdCap: 100, allowedEndpoints: ['/v1/payment_intents'] };
/** An invocation that pays 60 USD. */
const pay = (app: TestingModule) =>
  app
    .get(VaultKeyService)
    .run(
      POLICY,
      () =>
        app
          .get(ProxiedStripeService)
          .createPaymentIntent({ amount: 6_000, paymentMethod: 'pm_card_visa', confirm: true }),
      { userId: 'u1' },
    );
const kinds = (events: readonly VaultKeyEvent[]) => events.map(({ kind }) => kind);

describe('events of an embedded broker', () => {
  it('reach marked methods, typed, and a method that fails breaks no call and no other', async () => {
    const app = await application(
      [VaultKeyTestingModule.forRoot({ budgets: { user: 100 } })],
      [Listeners],
    );
    const { all, thresholds } = app.get(Listeners);
    await expect(pay(app)).resolves.toMatchObject({ object: 'payment_intent' });
    await until(
      () => all.length >= 4,
      () => JSON.stringify(all),
    );
    expect(thresholds).toEqual([
      expect.objectContaining({
        kind: 'threshold',
        at: expect.any(Date),
        scope: 'user',
        subject: { userId: 'u1' },
        percent: 50,
        capUsd: 100,
        remainingUsd: 40,
      }),
    ]);
    // A method that is marked twice is called twice.
    expect(kinds(all).sort()).toEqual(['call', 'call', 'issue', 'threshold']);
    expect(errors.join()).toContain(
      'Listeners.onAll failed with an event of kind call: Error: a listener that fails',
    );
  });

  it('are observables, one a kind, and are read while somebody subscribes', async () => {
    const app = await application([VaultKeyTestingModule.forRoot({})]);
    const events = app.get(VaultKeyEvents);
    await app.get(BrakeService).stop({ user: 'nobody' }, 'before anybody listens');
    const seen: VaultKeyEvent[] = [];
    let isDone = false;
    const brakes = events.brake$.subscribe({
      next: (event) => seen.push(event),
      complete: () => (isDone = true),
    });
    const calls = events.of('call').subscribe((event) => seen.push(event));
    // The subscription begins with what happens from now on.
    await until(
      async () => {
        await app.get(BrakeService).stop({ user: 'u9' }, 'too fast');
        return seen.length > 0;
      },
      () => 'no brake was told',
    );
    expect(seen[0]).toMatchObject({
      kind: 'brake',
      scope: 'user',
      actor: 'app',
      reason: 'too fast',
    });
    calls.unsubscribe();
    await app.close();
    running = undefined;
    expect(isDone).toBe(true);
    expect(brakes.closed).toBe(true);
  });

  it('are handed to the event emitter where the options say so', async () => {
    const app = await application(
      [EventEmitterModule.forRoot(), VaultKeyTestingModule.forRoot({ eventEmitter: true })],
      [EmitterListener],
    );
    const listener = app.get(EmitterListener);
    await until(
      async () => {
        await app.get(BrakeService).stop({ user: 'u9' }, 'too fast');
        return listener.events.length > 0;
      },
      () => 'no brake was told',
    );
    expect(listener.events[0]).toMatchObject({ kind: 'brake', reason: 'too fast' });
  });
});

describe('an application does not start', () => {
  it('with an event emitter that it does not import', async () => {
    await expect(
      application([VaultKeyTestingModule.forRoot({ eventEmitter: true })]),
    ).rejects.toThrow(
      'eventEmitter needs EventEmitterModule, which the application does not import',
    );
    running = undefined;
  });

  it('with a mark in a class of each request, or of no kind of events', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      @OnVaultKeyEvent('brake')
      on(): void {}
    }
    @Injectable()
    class Wrong {
      @OnVaultKeyEvent('breaks' as 'brake')
      on(): void {}
    }
    const started = application([VaultKeyTestingModule.forRoot({})], [PerRequest, Wrong]);
    await expect(started).rejects.toThrow(/PerRequest\.on is marked .* made for each request/);
    await expect(started).rejects.toThrow("Wrong.on is marked with @OnVaultKeyEvent('breaks')");
    running = undefined;
  });

  it('where its broker tells no events', async () => {
    const broker = {
      url: 'https://api.keybrake.com',
      token: 'kb_test',
      dialect: 'keybrake' as const,
    };
    await expect(application([VaultKeyModule.forRoot({ broker })], [Listeners])).rejects.toThrow(
      'a broker of the "keybrake" dialect tells no events',
    );
    running = undefined;
  });

  it('with webhooks or thresholds that are not valid', async () => {
    const options = {
      embedded: {
        store: 'sqlite::memory:',
        vendors: { stripe: { secretKey: 'sk_test_1' } },
        thresholds: [101],
        webhooks: { ops: { url: 'http://example.com' } },
      },
    } satisfies VaultKeyModuleOptions;
    const started = application([VaultKeyModule.forRoot(options)]);
    await expect(started).rejects.toThrow('embedded.thresholds must be a list');
    await expect(started).rejects.toThrow('embedded.webhooks.ops.url must be an https: URL');
    await expect(started).rejects.toThrow('embedded.webhooks.ops.secret is missing');
    running = undefined;
  });
});

describe('events of a broker that is a server', () => {
  let vendor: RecordingVendor;
  let broker: BrokerServer;
  let between: TcpBalancer;
  beforeAll(async () => {
    vendor = await RecordingVendor.start();
    broker = await BrokerServer.start(vendor);
    between = await TcpBalancer.start([broker.url]);
  });
  afterAll(async () => {
    await between.close();
    await broker.close();
    vendor.close();
  });

  it('come over one connection, from the last one on where that breaks', async () => {
    const app = await application([
      VaultKeyModule.forRoot({ broker: { url: between.url, token: MANAGEMENT_TOKEN } }),
    ]);
    const events = app.get(VaultKeyEvents);
    const opened = jest.spyOn(broker.broker.events, 'open');
    const seen: VaultKeyEvent[] = [];
    const all = events.all$.subscribe((event) => seen.push(event));
    const issues = events.issue$.subscribe();
    await until(
      () => opened.mock.calls.length === 1,
      () => 'nothing is read',
    );
    const first = await broker.issue();
    await until(
      () => seen.length === 1,
      () => 'the first did not come',
    );
    between.cut();
    const others = [await broker.issue(), await broker.issue()];
    await until(
      () => seen.length === 3,
      () => `${seen.length} came`,
    );
    expect(seen.map((event) => (event.kind === 'issue' ? event.keyId : event.kind))).toEqual(
      [first, ...others].map(({ id }) => id),
    );
    all.unsubscribe();
    issues.unsubscribe();
    const asked = opened.mock.calls.length;
    await broker.issue();
    expect([asked, opened.mock.calls.length]).toEqual([2, 2]);
    expect(seen).toHaveLength(3);
  });
});
