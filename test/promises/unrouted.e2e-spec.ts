import { randomUUID } from 'node:crypto';
import { Controller, Injectable, Module, Post, Req, Scope, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { MessagePattern } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Cron, Interval, ScheduleModule, Timeout } from '@nestjs/schedule';
import type Stripe from 'stripe';
import {
  AgentTool,
  BrokerClient,
  CurrentVaultKey,
  ProxiedStripeService,
  SpendCapExceededException,
  VaultKeyException,
  VaultKeyMissingException,
  VaultKeyModule,
  VaultKeyUnavailableException,
} from '../../lib/index';
import { InjectStripe } from '../../lib/stripe/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { until } from '../support/until';
import { brokerOf } from '../support/broker-of';

const POLICY = { dailyUsdCap: 15, allowedEndpoints: ['/v1/payment_intents'] };

/** What every tool here does. */
@Injectable()
class Till {
  constructor(
    private readonly stripe: ProxiedStripeService,
    @InjectStripe() readonly sdk: Stripe,
    readonly vaultKeys: CurrentVaultKey,
  ) {}

  /** Charges a dollar, or so many cents, and gives the id of the key that paid. */
  async charge(errand: string, amount = 100): Promise<string> {
    const { id } = this.vaultKeys.get();
    await this.stripe.createPaymentIntent({ amount, metadata: { errand, key: id } });
    return id;
  }
}

@Injectable()
class Timers {
  constructor(private readonly till: Till) {}

  @Cron('* * * * * *')
  @AgentTool(POLICY)
  cronAbove() {
    return this.till.charge('cronAbove');
  }

  @AgentTool(POLICY)
  @Cron('* * * * * *')
  cronBelow() {
    return this.till.charge('cronBelow');
  }

  @Interval(100)
  @AgentTool(POLICY)
  intervalAbove() {
    return this.till.charge('intervalAbove');
  }

  @AgentTool(POLICY)
  @Interval(100)
  intervalBelow() {
    return this.till.charge('intervalBelow');
  }

  @Timeout(10)
  @AgentTool(POLICY)
  timeoutAbove() {
    return this.till.charge('timeoutAbove');
  }

  @AgentTool(POLICY)
  @Timeout(10)
  timeoutBelow() {
    return this.till.charge('timeoutBelow');
  }
}

@Injectable()
class Listeners {
  constructor(private readonly till: Till) {}

  @OnEvent('asked')
  @AgentTool(POLICY)
  above({ errand }: { errand: string }) {
    return this.till.charge(errand);
  }

  @AgentTool(POLICY)
  @OnEvent('asked')
  below({ errand }: { errand: string }) {
    return this.till.charge(errand);
  }

  @OnEvent('doomed', { suppressErrors: false })
  @AgentTool(POLICY)
  fail(error: unknown) {
    throw error;
  }
}

@Injectable()
class Refunds {
  ran = 0;

  constructor(readonly till: Till) {}

  @AgentTool(POLICY)
  charge(errand: string, amount?: number) {
    this.ran++;
    return this.till.charge(errand, amount);
  }

  /** Gives no promise of its own. */
  @AgentTool(POLICY)
  whoPays(): string {
    return this.till.vaultKeys.get().id;
  }

  @AgentTool(POLICY)
  fail(error: unknown): never {
    throw error;
  }

  @AgentTool(POLICY)
  failBySdk() {
    return this.till.sdk.paymentIntents.create({ amount: 1_600, currency: 'usd' });
  }

  @AgentTool({ ...POLICY, dailyUsdCap: 100 })
  generous(errand: string, amount: number) {
    return this.till.charge(errand, amount);
  }

  /** Its own cap is less than that of what it calls. */
  @AgentTool(POLICY)
  async outer(errand: string) {
    return [
      this.till.vaultKeys.get().id,
      await this.generous(errand, 1_000),
      await this.generous(errand, 1_000).catch((error: unknown) => error),
      await this.till.charge(errand, 500),
    ];
  }

  /** What it was called with, and with what it was ended. */
  readonly heard: unknown[] = [];

  @AgentTool(POLICY)
  async *chunks(errand: string): AsyncGenerator<string, string, unknown> {
    try {
      for (let n = 0; n < 3; n++) {
        try {
          this.heard.push(yield await this.till.charge(errand));
        } catch (error) {
          this.heard.push(error);
        }
      }
      return this.till.vaultKeys.get().id;
    } finally {
      this.heard.push(this.till.vaultKeys.get().id);
    }
  }

  @AgentTool(POLICY)
  async *failing(error?: unknown): AsyncGenerator<string> {
    yield this.till.vaultKeys.get().id;
    if (error !== undefined) throw error;
    await this.failBySdkUnmarked();
  }

  failBySdkUnmarked() {
    return this.till.sdk.paymentIntents.create({ amount: 1_600, currency: 'usd' });
  }
}

@Injectable()
class PartialRefunds extends Refunds {
  constructor(till: Till) {
    super(till);
  }

  @AgentTool({ ...POLICY, dailyUsdCap: 2 })
  override async charge(errand: string) {
    return `${this.till.vaultKeys.get().id} ${await super.charge(errand)}`;
  }

  /** Not marked itself: what it calls is. */
  override whoPays(): string {
    const before = this.till.vaultKeys.tryGet()?.id ?? 'none';
    const above: unknown = super.whoPays();
    return (above as Promise<string>).then((id) => `${before} ${id}`) as unknown as string;
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestScoped {
  constructor(private readonly till: Till) {}

  @AgentTool(POLICY)
  charge(errand: string) {
    return this.till.charge(errand);
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class Transient {
  constructor(private readonly till: Till) {}

  @AgentTool(POLICY)
  charge(errand: string) {
    return this.till.charge(errand);
  }
}

@Injectable()
class UserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    context.switchToHttp().getRequest<{ user: unknown }>().user = { id: 'ada' };
    return true;
  }
}

@Controller()
@UseGuards(UserGuard)
class Desk {
  constructor(
    private readonly refunds: Refunds,
    private readonly till: Till,
  ) {}

  @Post('marked')
  @AgentTool(POLICY)
  async marked() {
    const own = this.till.vaultKeys.get().id;
    const inner = await this.refunds.generous('http', 1_000);
    await this.refunds.generous('http', 1_000);
    return { own, inner };
  }

  @Post('other')
  @AgentTool(POLICY)
  async other(@Req() _request: unknown) {
    return this.till.charge('other');
  }

  @MessagePattern('message')
  @AgentTool(POLICY)
  message() {
    return this.till.charge('message');
  }
}

@Controller()
class ScopedDesk {
  constructor(
    private readonly refunds: Refunds,
    private readonly scoped: RequestScoped,
    private readonly transient: Transient,
    private readonly till: Till,
  ) {}

  @Post('unmarked')
  async unmarked() {
    return {
      keys: await Promise.all([
        this.refunds.charge('unmarked'),
        this.scoped.charge('unmarked'),
        this.transient.charge('unmarked'),
      ]),
      left: this.till.vaultKeys.tryGet()?.id ?? null,
    };
  }
}

@Module({
  providers: [Till, Refunds, PartialRefunds, RequestScoped, Transient, Listeners],
  controllers: [Desk, ScopedDesk],
})
class ToolsModule {}

@Module({ providers: [Till, Timers] })
class TimersModule {}

describe('marked methods that Nest does not route', () => {
  let vendor: StripeVendor;
  let app: INestApplication;
  let refunds: Refunds;

  async function start(...imports: object[]): Promise<INestApplication> {
    const { secretKey, url: baseUrl } = vendor;
    @Module({
      imports: [
        VaultKeyModule.forRoot({
          embedded: { vendors: { stripe: { secretKey, baseUrl } }, store: 'sqlite::memory:' },
        }),
        ...(imports as never[]),
      ],
    })
    class AppModule {}

    const started = await NestFactory.create(AppModule, new ExpressAdapter(), {
      abortOnError: false,
      logger: false,
    });
    await started.listen(0, '127.0.0.1');
    return started;
  }

  beforeAll(async () => {
    vendor = await createStripeVendor({ secretKey: `sk_test_${randomUUID()}` });
    app = await start(EventEmitterModule.forRoot(), ToolsModule);
    refunds = app.get(Refunds);
  });

  afterEach(async () => {
    await until(
      async () => (await keysIn(app)).every(({ status }) => status === 'revoked'),
      () => 'a key is alive',
    );
  });

  afterAll(async () => {
    await app.close();
    await vendor.close();
  });

  async function keysIn(of: INestApplication) {
    const { keys } = await brokerOf(of).keys({}, 1_000);
    return keys;
  }

  async function keyOf(id: string, of = app) {
    const key = (await keysIn(of)).find((each) => each.id === id);
    if (key === undefined) throw new Error(`there is no key ${id}`);
    return key;
  }

  /** The keys that paid for an errand, as they were named to the vendor. */
  function paid(errand: string): string[] {
    return vendor.calls('POST /v1/payment_intents').flatMap(({ params }) => {
      const metadata = (params['metadata'] ?? {}) as Record<string, string>;
      return metadata['errand'] === errand ? [metadata['key']!] : [];
    });
  }

  it('of timers (@Cron, @Interval, @Timeout) have a key each time, above and below their decorators', async () => {
    const timed = await start(ScheduleModule.forRoot(), TimersModule);
    const names = ['cron', 'interval', 'timeout'].flatMap((name) => [
      `${name}Above`,
      `${name}Below`,
    ]);
    await until(
      () => names.every((name) => paid(name).length > 0),
      () => `these did not run: ${names.filter((name) => paid(name).length === 0).join(', ')}`,
    );
    const runs = new Set<string>();
    for (const name of names) {
      const id = paid(name)[0]!;
      await until(
        async () => (await keyOf(id, timed)).status === 'revoked',
        () => `the key of ${name} is still alive`,
      );
      const key = await keyOf(id, timed);
      expect(key).toMatchObject({
        spent_usd: 1,
        subject: { user_id: 'anon', tool: `Timers.${name}` },
      });
      expect(key.label).toBe(`nest-anon-${key.subject.run_id}`);
      runs.add(key.subject.run_id!);
    }
    expect(runs.size).toBe(names.length);
    await timed.close();
  });

  it('of event listeners have a key for each event, above and below @OnEvent', async () => {
    const emitter = app.get(EventEmitter2);
    await Promise.all(['e1', 'e2', 'e3'].map((errand) => emitter.emitAsync('asked', { errand })));
    const keys = ['e1', 'e2', 'e3'].flatMap(paid);
    expect(new Set(keys).size).toBe(6);
    const tools = await Promise.all(keys.map(async (id) => (await keyOf(id)).subject.tool));
    for (const tool of ['Listeners.above', 'Listeners.below']) {
      expect(tools.filter((each) => each === tool)).toHaveLength(3);
    }
  });

  it('of event listeners throw what they throw', async () => {
    const error = new RangeError('its own');
    await expect(app.get(EventEmitter2).emitAsync('doomed', error)).rejects.toBe(error);
  });

  it('of a provider have a key of their own, issued before and revoked after', async () => {
    const id = await refunds.charge('plain', 700);
    expect(paid('plain')).toEqual([id]);
    await until(
      async () => (await keyOf(id)).status === 'revoked',
      () => 'the key is alive',
    );
    expect(await keyOf(id)).toMatchObject({ spent_usd: 7, subject: { tool: 'Refunds.charge' } });
    expect(refunds.till.vaultKeys.tryGet()).toBeUndefined();
  });

  it('100 at once each pay with their own', async () => {
    const errands = Array.from({ length: 100 }, (_, i) => `at-once-${i}`);
    const keys = await Promise.all(errands.map((errand) => refunds.charge(errand)));
    expect(errands.flatMap(paid)).toEqual(keys);
    expect(new Set(keys).size).toBe(100);
  });

  it('give a promise, also where the method itself gives none', async () => {
    const given: unknown = refunds.whoPays();
    expect(given).toBeInstanceOf(Promise);
    expect(await given).toMatch(/^vk_/);
  });

  it.each([new RangeError('its own'), 'text', undefined])(
    'throw what they throw: %p',
    async (error) => {
      const thrown = await Promise.resolve()
        .then(() => refunds.fail(error))
        .then(
          () => 'nothing',
          (reason: unknown) => [reason],
        );
      expect(thrown).toEqual([error]);
      expect((thrown as unknown[])[0]).toBe(error);
    },
  );

  it("throw this package's exception for an error of the stripe client", async () => {
    const error: unknown = await refunds.failBySdk().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SpendCapExceededException);
    expect(error).toMatchObject({ code: 'spend_cap_exceeded', cause: expect.anything() });
  });

  it('do not run where no key can be issued', async () => {
    const issue = jest.spyOn(app.get(BrokerClient, { strict: false }), 'issue');
    const error = new VaultKeyUnavailableException({ message: 'No key today.' });
    issue.mockResolvedValue({ issued: false, error });
    const before = refunds.ran;
    await expect(refunds.charge('none')).rejects.toBe(error);
    await expect(refunds.chunks('none').next()).rejects.toBe(error);
    issue.mockRestore();
    expect(refunds.ran).toBe(before);
    expect(paid('none')).toEqual([]);
  });

  it('of an object made with new do not run where its class is no provider, and say what to do', async () => {
    const stray = new Refunds(app.get(Till));
    // Its class is a provider of one application alone, which is then the one it belongs to.
    expect(await stray.charge('stray')).toMatch(/^vk_/);

    class Unknown extends Refunds {}
    const unknown = new Unknown(app.get(Till));
    const calls: (() => unknown)[] = [
      () => unknown.charge('unknown'),
      () => unknown.chunks('unknown'),
      () => Refunds.prototype.charge.call({ till: app.get(Till), ran: 0 } as Refunds, 'unknown'),
    ];
    for (const call of calls) {
      expect(call).toThrow(VaultKeyMissingException);
      expect(call).toThrow('the object was made with new');
    }
    expect(paid('unknown')).toEqual([]);
  });

  it('run inside an invocation under a key of their own, whose spend counts against the outer cap too', async () => {
    const [own, inner, refused, last] = await refunds.outer('outer');
    expect(new Set([own, inner]).size).toBe(2);
    expect(refused).toMatchObject({ code: 'spend_cap_exceeded', cap: 15, spent: 10 });
    expect(last).toBe(own);
    const keys = [await keyOf(own as string), await keyOf(inner as string)];
    expect(keys.map(({ parent_id }) => parent_id)).toEqual([undefined, own]);
    expect(keys[1]!.subject.run_id).toBe(keys[0]!.subject.run_id);
  });

  it('called from a marked HTTP handler work for its user, in its agent run and under its cap', async () => {
    const response = await fetch(`${await app.getUrl()}/marked`, {
      method: 'POST',
      headers: { 'x-agent-run-id': 'errand-7' },
    });
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({ error: 'spend_cap_exceeded', cap: 15 });
    expect(paid('http')).toHaveLength(1);
    const inner = await keyOf(paid('http')[0]!);
    expect(inner).toMatchObject({
      label: 'nest-ada-errand-7',
      subject: { user_id: 'ada', run_id: 'errand-7', tool: 'Refunds.generous' },
    });
    expect(await keyOf(inner.parent_id!)).toMatchObject({ subject: { tool: 'Desk.marked' } });
  });

  it('called from an unmarked handler have a key each, request-scoped and transient providers too', async () => {
    const response = await fetch(`${await app.getUrl()}/unmarked`, { method: 'POST' });
    const { keys, left } = (await response.json()) as { keys: string[]; left: unknown };
    expect(paid('unmarked').toSorted()).toEqual(keys.toSorted());
    const tools = await Promise.all(keys.map(async (id) => (await keyOf(id)).subject.tool));
    expect(tools).toEqual(['Refunds.charge', 'RequestScoped.charge', 'Transient.charge']);
    expect(left).toBeNull();
  });

  it.each([RequestScoped, Transient])(
    'of a provider resolved on demand have a key: %p',
    async (scope) => {
      const errand = randomUUID();
      const provider = await app.resolve<{ charge(errand: string): Promise<string> }>(scope);
      expect(await provider.charge(errand)).toBe(paid(errand)[0]);
    },
  );

  describe('of a subclass', () => {
    it('that call the marked method above them open an inner invocation, and the least cap counts', async () => {
      const partial = app.get(PartialRefunds);
      const [outer = '', inner = ''] = (await partial.charge('partial')).split(' ');
      expect(await keyOf(inner)).toMatchObject({
        parent_id: outer,
        subject: { tool: 'PartialRefunds.charge' },
      });
      expect(await keyOf(outer)).toMatchObject({ daily_usd_cap: 2 });
    });

    it('that are not marked have no key, and the marked method above them has', async () => {
      const [before, above] = (await Promise.resolve(app.get(PartialRefunds).whoPays())).split(' ');
      expect(before).toBe('none');
      expect(await keyOf(above!)).toMatchObject({ subject: { tool: 'PartialRefunds.whoPays' } });
    });

    it('inherited as they are have a key too', async () => {
      expect(await app.get(PartialRefunds).generous('inherited', 100)).toBe(paid('inherited')[0]);
    });
  });

  describe('that are async generators', () => {
    beforeEach(() => (refunds.heard.length = 0));

    it('stay so, and have one key from the first step to the last', async () => {
      const chunks = refunds.chunks('chunks');
      // Nothing has begun before the first step.
      expect(paid('chunks')).toEqual([]);
      const first = await chunks.next('ignored');
      expect(refunds.till.vaultKeys.tryGet()).toBeUndefined();
      const key = first.value;
      await expect(chunks.next('two')).resolves.toEqual({ done: false, value: key });
      expect(await keyOf(key)).toMatchObject({ status: 'active', spent_usd: 2 });
      await chunks.next('three');
      await expect(chunks.next('four')).resolves.toEqual({ done: true, value: key });
      expect(refunds.heard).toEqual(['two', 'three', 'four', key]);
      await expect(chunks.next()).resolves.toEqual({ done: true, value: undefined });
    });

    it('whose reader stops early end, with their key to the end', async () => {
      for await (const key of refunds.chunks('early')) {
        expect(await keyOf(key)).toMatchObject({ status: 'active' });
        break;
      }
      expect(paid('early')).toEqual(refunds.heard);
    });

    it('hear what is thrown into them', async () => {
      const chunks = refunds.chunks('thrown');
      const error = new RangeError('from outside');
      const { value: key } = await chunks.next();
      await expect(chunks.throw(error)).resolves.toEqual({ done: false, value: key });
      await chunks.return('enough');
      expect(refunds.heard).toEqual([error, key]);
    });

    it('throw what they throw', async () => {
      const error = new RangeError('its own');
      const chunks = refunds.failing(error);
      await chunks.next();
      await expect(chunks.next()).rejects.toBe(error);
    });

    it("throw this package's exception for an error of the stripe client", async () => {
      const chunks = refunds.failing();
      await chunks.next();
      const error: unknown = await chunks.next().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SpendCapExceededException);
      expect(VaultKeyException.from(error)).toBe(error);
    });
  });

  describe("that are a controller's", () => {
    it('and are called by the application itself have an invocation of their own', async () => {
      const id = await app.get(Desk).other(undefined);
      expect(await keyOf(id)).toMatchObject({
        subject: { user_id: 'anon', tool: 'Desk.other' },
        spent_usd: 1,
      });
    });

    it('and handle messages do not run where no interceptor is around them', async () => {
      const call = async (): Promise<string> => app.get(Desk).message();
      await expect(call()).rejects.toMatchObject({ reason: 'not_intercepted' });
      expect(paid('message')).toEqual([]);
    });
  });

  it('of two applications with the same class each use their own application', async () => {
    const other = await start(ToolsModule);
    try {
      const [here, there] = await Promise.all([
        refunds.charge('here'),
        other.get(Refunds).charge('there'),
      ]);
      expect(await keyOf(here)).toBeDefined();
      expect(await keyOf(there, other)).toBeDefined();
      await expect(keyOf(there)).rejects.toThrow('there is no key');
      const scoped = await other.resolve(RequestScoped);
      expect(() => scoped.charge('scoped')).toThrow('two applications in this process');
      const stray = new Refunds(other.get(Till));
      expect(() => stray.charge('stray-too')).toThrow(VaultKeyMissingException);
    } finally {
      await other.close();
    }
    expect(await refunds.charge('here-again')).toMatch(/^vk_/);
    // With the other application gone it can be told again whose these are.
    expect(await (await app.resolve(RequestScoped)).charge('scoped')).toMatch(/^vk_/);
  });
});
