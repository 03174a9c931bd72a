import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { BullModule, getQueueToken, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable, Module } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Job, Queue, QueueEvents } from 'bullmq';
import type { JobsOptions } from 'bullmq';
import { Redis } from 'ioredis';
import type Stripe from 'stripe';
import {
  AgentTool,
  BrokerClient,
  CurrentVaultKey,
  EndpointNotAllowedException,
  ProxiedStripeService,
  SpendCapExceededException,
  VaultKeyException,
  VaultKeyModule,
  VaultKeyService,
  VaultKeyUnavailableException,
} from '../../lib/index';
import type { VaultKeyModuleOptions } from '../../lib/index';
import { InjectStripe, STRIPE_CLIENT } from '../../lib/stripe/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { Gate, Gates } from '../support/gates';
import { describeWithRedis, RedisServer } from '../support/redis-server';
import { SecretWatch } from '../support/secret-watch';
import { until } from '../support/until';
import { LOST_QUEUE, startLostTools } from './lost-worker';
import { loggerTo } from './transports/tool-host';
import { brokerOf } from '../support/broker-of';

const POLICY = { dailyUsdCap: 15, allowedEndpoints: ['/v1/payment_intents', '/v1/customers'] };
const PAYMENT_INTENTS = 'POST /v1/payment_intents';
const HOUR_MS = 3_600_000;
const FIRST_ATTEMPT = 'vault-key:first-attempt';
const ODD_QUEUE = 'Zahlungen & Überweisungen';

type Work = (tools: Tools, job: Job, signal?: AbortSignal) => Promise<unknown>;

/** What a job does, by its name. */
const works = new Map<string, Work>();

/** What jobs work with. */
@Injectable()
class Tools {
  constructor(
    readonly stripe: ProxiedStripeService,
    @InjectStripe() readonly sdk: Stripe,
    readonly vaultKeys: CurrentVaultKey,
  ) {}

  async charge(amount = 500, idempotencyKey?: string): Promise<string> {
    const { id } = await this.stripe.createPaymentIntent(
      { amount, confirm: true, paymentMethod: 'pm_card_visa' },
      { idempotencyKey },
    );
    return id;
  }

  async chargeBySdk(amount = 500, idempotencyKey?: string): Promise<string> {
    const { id } = await this.sdk.paymentIntents.create(
      {
        amount,
        currency: 'usd',
        confirm: true,
        payment_method: 'pm_card_visa',
        automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      },
      { idempotencyKey },
    );
    return id;
  }
}

/** What handlers of a worker's events have seen. */
interface Seen {
  event: string;
  job: string;
  hasKey: boolean;
  error?: unknown;
}

abstract class Watched extends WorkerHost {
  readonly seen: Seen[] = [];

  constructor(readonly tools: Tools) {
    super();
  }

  @OnWorkerEvent('active')
  onActive(job: Job): void {
    this.#see('active', job);
  }

  @OnWorkerEvent('completed')
  onCompleted(job: Job): void {
    this.#see('completed', job);
  }

  @OnWorkerEvent('failed')
  onFailed(job: Job, error: unknown): void {
    this.#see('failed', job, error);
  }

  #see(event: string, { id = '' }: Job, error?: unknown): void {
    const hasKey = this.tools.vaultKeys.tryGet() !== undefined;
    this.seen.push({ event, job: id, hasKey, ...(error === undefined ? {} : { error }) });
  }
}

@Processor('marked', { concurrency: 20 })
class MarkedJobs extends Watched {
  constructor(tools: Tools) {
    super(tools);
  }

  @AgentTool(POLICY)
  async process(job: Job, _token?: string, signal?: AbortSignal): Promise<unknown> {
    return works.get(job.name)!(this.tools, job, signal);
  }
}

@Processor('unmarked')
class UnmarkedJobs extends Watched {
  constructor(tools: Tools) {
    super(tools);
  }

  async process(job: Job): Promise<unknown> {
    return [await this.first(job), await this.second(job)];
  }

  @AgentTool(POLICY)
  first(job: Job): Promise<unknown> {
    return works.get(job.name)!(this.tools, job);
  }

  @AgentTool(POLICY)
  second(job: Job): Promise<unknown> {
    return works.get(job.name)!(this.tools, job);
  }
}

abstract class InheritedJobs extends WorkerHost {
  constructor(protected readonly tools: Tools) {
    super();
  }

  @AgentTool(POLICY)
  async process(job: Job): Promise<unknown> {
    return works.get(job.name)!(this.tools, job);
  }
}

@Processor(ODD_QUEUE)
class OddJobs extends InheritedJobs {
  constructor(tools: Tools) {
    super(tools);
  }
}

describeWithRedis('jobs of BullMQ', () => {
  const watch = new SecretWatch();
  let vendor: StripeVendor;
  let redis: RedisServer;
  let client: Redis;
  let app: INestApplicationContext;
  let marked: MarkedJobs;
  let events: Map<string, QueueEvents>;

  function embedded(): VaultKeyModuleOptions {
    return {
      embedded: {
        vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
        store: 'sqlite::memory:',
      },
    };
  }

  async function start(): Promise<INestApplicationContext> {
    @Module({
      imports: [
        VaultKeyModule.forRoot(embedded()),
        BullModule.forRoot({ connection: { host: redis.host, port: redis.port } }),
        BullModule.registerQueue({ name: 'marked' }, { name: 'unmarked' }, { name: ODD_QUEUE }),
      ],
      providers: [Tools, MarkedJobs, UnmarkedJobs, OddJobs],
    })
    class AppModule {}

    const started = await NestFactory.createApplicationContext(AppModule, { logger: false });
    started.useLogger(loggerTo((line) => watch.show(line)));
    // Its retries wait half a second and more.
    const sdk = started.get<Stripe>(STRIPE_CLIENT, { strict: false });
    jest.spyOn(sdk, 'getInitialNetworkRetryDelay').mockReturnValue(0.001);
    jest.spyOn(sdk, 'getMaxNetworkRetryDelay').mockReturnValue(0.001);
    return started;
  }

  beforeAll(async () => {
    redis = await RedisServer.start();
    client = new Redis(redis.port, redis.host);
    vendor = await createStripeVendor({ secretKey: `sk_test_${randomUUID()}` });
    watch.addSecret(vendor.secretKey);
    app = await start();
    marked = app.get(MarkedJobs);
    const connection = { host: redis.host, port: redis.port };
    events = new Map(
      ['marked', 'unmarked', ODD_QUEUE].map((name) => [
        name,
        new QueueEvents(name, { connection }),
      ]),
    );
    for (const each of events.values()) await each.waitUntilReady();
  });

  beforeEach(() => {
    vendor.reset();
    marked.seen.length = 0;
  });

  afterEach(async () => {
    await noKeyLives();
    // All that the queues keep.
    for (const key of await client.keys('*')) {
      if ((await client.type(key)) === 'hash') watch.show(await client.hgetall(key));
    }
    expect(watch.leaks()).toEqual([]);
  });

  afterAll(async () => {
    for (const each of events.values()) await each.close();
    await app.close();
    await vendor.close();
    await client.quit();
    await redis.close();
  });

  function queue(name = 'marked'): Queue {
    return app.get<Queue>(getQueueToken(name), { strict: false });
  }

  async function add(
    work: Work,
    { on = 'marked', data = {}, ...options }: JobsOptions & { on?: string; data?: unknown } = {},
  ): Promise<Job> {
    const name = randomUUID();
    works.set(name, (tools, job, signal) => {
      watch.addSecret(tools.vaultKeys.get().token);
      return work(tools, job, signal);
    });
    return queue(on).add(name, data, options);
  }

  /** The end of a job, as who added it sees it. */
  async function end(job: Job): Promise<{ result: unknown } | { error: Error }> {
    return job.waitUntilFinished(events.get(job.queueName)!).then(
      (result: unknown) => ({ result }),
      (error: Error) => {
        watch.show(error);
        return { error };
      },
    );
  }

  async function asStored(job: Job): Promise<Job> {
    return (await queue(job.queueName).getJob(job.id!))!;
  }

  async function keysOf(run: string) {
    const { keys } = await brokerOf(app).keys({ run_id: run }, 100);
    return keys;
  }

  async function noKeyLives(): Promise<void> {
    const broker = brokerOf(app);
    await until(
      async () => (await broker.keys({ status: 'active' }, 1)).keys.length === 0,
      () => 'keys are still alive',
    );
  }

  function idempotencyKeys(): (string | undefined)[] {
    return vendor.calls(PAYMENT_INTENTS).map(({ idempotencyKey }) => idempotencyKey);
  }

  /** What the handler of failures was given; the queue may tell others of them before it. */
  async function failuresOf({ id }: Job, attempts: number): Promise<Seen[]> {
    const failures = (): Seen[] =>
      marked.seen.filter(({ event, job }) => event === 'failed' && job === id);
    await until(
      () => failures().length === attempts,
      () => `${failures().length} of ${attempts} attempts have failed`,
    );
    return failures();
  }

  it('without fields of its own a job works for anon, in an agent run that is named for it', async () => {
    const job = await add((tools) => tools.charge());
    expect(await end(job)).toEqual({ result: expect.stringMatching(/^pi_/) as string });

    expect(await keysOf(`marked:${job.id}`)).toMatchObject([
      {
        label: `bullmq-anon-marked:${job.id}`,
        subject: { user_id: 'anon', run_id: `marked:${job.id}`, tool: 'MarkedJobs.process' },
      },
    ]);
    expect(idempotencyKeys()).toEqual([
      expect.stringMatching(new RegExp(`^marked:${job.id}:[0-9a-f]{32}:1$`)),
    ]);
  });

  it('a job works for whom its data names', async () => {
    const data = { userId: 7, runId: 'errand-1', tenantId: 'acme' };
    await end(await add((tools) => tools.charge(), { data }));
    expect(await keysOf('errand-1')).toMatchObject([
      { label: 'bullmq-7-errand-1', subject: { user_id: '7', tenant_id: 'acme' } },
    ]);
  });

  it.each([
    ['userId', { userId: {} }],
    ['runId', { runId: 'no run/id' }],
    ['tenantId', { tenantId: true }],
  ])('data whose %s is not sound fails the job for good, and names it', async (field, data) => {
    const work = jest.fn();
    const job = await add(work, { data, attempts: 5 });
    expect(await end(job)).toMatchObject({
      error: { message: expect.stringContaining(`${field} must be`) as string },
    });
    expect((await asStored(job)).attemptsMade).toBe(1);
    expect(work).not.toHaveBeenCalled();
  });

  it('odd names of queues and jobs still make run ids and idempotency keys', async () => {
    const jobs = await Promise.all(
      ['Bestellung №9', 'x'.repeat(300)].map((jobId) =>
        add((tools) => tools.charge(), { on: ODD_QUEUE, jobId }),
      ),
    );
    for (const job of jobs) expect(await end(job)).toHaveProperty('result');

    expect(new Set(idempotencyKeys()).size).toBe(2);
    for (const key of idempotencyKeys()) expect(key).toMatch(/^sha256-[0-9a-f]{64}:\w{32}:1$/);
    const broker = brokerOf(app);
    const labels = (await broker.keys({}, 1_000)).keys.map(({ label }) => label);
    const own = labels.filter((label) => label.startsWith('bullmq-anon-job:'));
    expect(new Set(own).size).toBe(2);
  });

  it.each([
    [
      'the cap',
      'spend_cap_exceeded',
      SpendCapExceededException,
      (tools: Tools) => tools.charge(1_600),
    ],
    [
      'the cap, through the stripe client,',
      'spend_cap_exceeded',
      SpendCapExceededException,
      (tools: Tools) => tools.chargeBySdk(1_600),
    ],
    [
      'the allow-list',
      'endpoint_not_allowed',
      EndpointNotAllowedException,
      (tools: Tools) => tools.stripe.request('POST', '/v1/payouts', { amount: 1, currency: 'usd' }),
    ],
  ])('a refusal by %s is not retried, and says why', async (_what, code, exception, work) => {
    const job = await add(work, { attempts: 5 });
    const ended = await end(job);

    const stored = await asStored(job);
    expect(stored.attemptsMade).toBe(1);
    expect(ended).toEqual({ error: expect.objectContaining({ message: stored.failedReason }) });
    const [{ error, hasKey } = {}] = await failuresOf(job, 1);
    expect(error).toMatchObject({ name: 'UnrecoverableError', message: stored.failedReason });
    expect((error as Error).cause).toBeInstanceOf(exception);
    expect(VaultKeyException.from(error)).toMatchObject({ code });
    expect(hasKey).toBe(false);
    expect(stored.stacktrace).toEqual([expect.stringContaining(exception.name)]);
  });

  it('where no key can be issued the job is retried as its queue says, and then works', async () => {
    const broker = app.get(BrokerClient, { strict: false });
    const error = new VaultKeyUnavailableException({ message: 'No key today.' });
    const issue = jest
      .spyOn(broker, 'issue')
      .mockResolvedValueOnce({ issued: false, error })
      .mockResolvedValueOnce({ issued: false, error });
    const work = jest.fn<Promise<string>, [Tools]>((tools) => tools.charge());
    const job = await add(work, { attempts: 5, backoff: 1 });

    expect(await end(job)).toHaveProperty('result');
    expect((await asStored(job)).attemptsMade).toBe(3);
    expect((await failuresOf(job, 2)).map((failure) => failure.error)).toEqual([error, error]);
    expect(work).toHaveBeenCalledTimes(1);
    issue.mockRestore();
  });

  it("an error of the job's own is retried as its queue says, and comes out unchanged", async () => {
    const error = new RangeError('its own');
    const job = await add(() => Promise.reject(error), { attempts: 2 });
    await end(job);
    expect((await failuresOf(job, 2)).map((failure) => failure.error)).toEqual([error, error]);
  });

  describe.each([
    ['ProxiedStripeService', 1, (tools: Tools, key?: string) => tools.charge(500, key)],
    ['the stripe client', 3, (tools: Tools, key?: string) => tools.chargeBySdk(500, key)],
  ])('through %s', (_name, times, charge) => {
    it('the retry of a job whose answer was lost charges nothing a second time', async () => {
      // As often as the client itself tries.
      vendor.next(PAYMENT_INTENTS, { reset: 'after' }, { times });
      const job = await add((tools) => charge(tools), { attempts: 3 });

      const ended = await end(job);
      expect((await asStored(job)).attemptsMade).toBe(2);
      expect(vendor.book.total('usd')).toBe(500);
      expect(ended).toEqual({ result: vendor.book.executed[0]!.paymentIntent });
      expect(new Set(idempotencyKeys()).size).toBe(1);
      expect(vendor.calls(PAYMENT_INTENTS)).toHaveLength(times + 1);
    });

    it('two equal charges of a job are two, in a retry too', async () => {
      let attempt = 0;
      const job = await add(
        async (tools) => {
          const charged = await Promise.all([charge(tools), charge(tools)]);
          if (++attempt === 1) throw new Error('the job broke off');
          return charged;
        },
        { attempts: 2 },
      );

      const { result } = (await end(job)) as { result: string[] };
      expect(vendor.book.total('usd')).toBe(1_000);
      expect(new Set(result).size).toBe(2);
      expect(new Set(idempotencyKeys()).size).toBe(2);
      expect(idempotencyKeys()).toHaveLength(4);
    });

    it('a retry that gets further charges what is new, and only that', async () => {
      let attempt = 0;
      const job = await add(
        async (tools) => {
          await charge(tools);
          if (++attempt === 1) throw new Error('the job broke off');
          await charge(tools);
        },
        { attempts: 2 },
      );
      await end(job);
      expect(vendor.book.total('usd')).toBe(1_000);
    });

    it('an idempotency key that is given stays', async () => {
      const order = `order-${randomUUID()}`;
      await end(await add((tools) => charge(tools, order)));
      expect(idempotencyKeys()).toEqual([order]);
    });

    it('equal charges of two jobs are two', async () => {
      const jobs = await Promise.all([
        add((tools) => charge(tools)),
        add((tools) => charge(tools)),
      ]);
      for (const job of jobs) expect(await end(job)).toHaveProperty('result');
      expect(vendor.book.total('usd')).toBe(1_000);
    });
  });

  it('calls of the two ways in one job do not collide', async () => {
    const job = await add(async (tools) => [await tools.charge(), await tools.chargeBySdk()]);
    await end(job);
    expect(vendor.book.total('usd')).toBe(1_000);
  });

  it('an invocation inside the job counts its calls on, and its refusal can be looked at there', async () => {
    const job = await add(
      (tools, inner) => {
        works.set(inner.name, (again) => again.charge(1_600));
        return app
          .get(MarkedJobs)
          .process(inner)
          .catch(async (error: unknown) => [(error as Error).name, await tools.charge()]);
      },
      { attempts: 2 },
    );
    const { result } = (await end(job)) as { result: string[] };
    expect(result).toEqual(['SpendCapExceededException', expect.stringMatching(/^pi_/)]);
  });

  it('methods of one job, called from a process() that is not marked, do not collide', async () => {
    let calls = 0;
    const job = await add(
      async (tools) => {
        const charged = await tools.charge();
        if (++calls === 2) throw new Error('the second method broke off');
        return charged;
      },
      { on: 'unmarked', attempts: 2 },
    );
    const { result } = (await end(job)) as { result: string[] };
    expect(new Set(result).size).toBe(2);
    expect(vendor.book.total('usd')).toBe(1_000);
    expect(idempotencyKeys()).toHaveLength(4);
    const tools = (await keysOf(`unmarked:${job.id}`)).map(({ subject }) => subject.tool);
    expect(new Set(tools)).toEqual(new Set(['UnmarkedJobs.first', 'UnmarkedJobs.second']));
  });

  it('a refusal in a method of a process() that is not marked is not retried either', async () => {
    const job = await add((tools) => tools.charge(1_600), { on: 'unmarked', attempts: 5 });
    await end(job);
    expect((await asStored(job)).attemptsMade).toBe(1);
  });

  it('a job that a worker died over charges nothing a second time', async () => {
    const lost = new Queue(LOST_QUEUE, { connection: { host: redis.host, port: redis.port } });
    const worker = spawn(
      process.execPath,
      ['--require', join(__dirname, '../../bench/typescript.cjs'), join(__dirname, 'lost-worker')],
      {
        stdio: 'inherit',
        env: {
          PATH: process.env['PATH'] ?? '',
          MODULE_OPTIONS: JSON.stringify(embedded()),
          REDIS_PORT: String(redis.port),
        },
      },
    );
    const died = once(worker, 'exit');
    const held = vendor.hold(PAYMENT_INTENTS);
    const job = await lost.add('charge', { amount: 500 });
    await held.arrived;
    worker.kill('SIGKILL');
    await died;
    held.release();

    const lostEvents = new QueueEvents(LOST_QUEUE, { connection: lost.opts.connection });
    const successor = await startLostTools(embedded(), redis.port);
    const charged = await job.waitUntilFinished(lostEvents);
    expect(vendor.book.total('usd')).toBe(500);
    expect(charged).toBe(vendor.book.executed[0]!.paymentIntent);
    expect(idempotencyKeys()).toHaveLength(2);
    await lostEvents.close();
    await successor.close();
    await lost.close();
  });

  it('a job that comes while its worker shuts down is another worker’s, and loses no attempt', async () => {
    const connection = { host: redis.host, port: redis.port };
    const lost = new Queue(LOST_QUEUE, { connection });
    const lostEvents = new QueueEvents(LOST_QUEUE, { connection });
    await lostEvents.waitUntilReady();
    const stopping = await startLostTools(embedded(), redis.port);
    const gate = new Gate();
    const atWork = stopping.get(VaultKeyService).run(POLICY, () => gate.pass());
    await gate.reached;
    const closing = stopping.close();
    const delayed = once(lostEvents, 'delayed');
    const job = await lost.add('charge', { amount: 700 });
    await delayed;
    gate.open();
    await atWork;
    await closing;
    expect(vendor.calls(PAYMENT_INTENTS)).toHaveLength(0);
    expect(await Job.fromId(lost, job.id!)).toMatchObject({ attemptsMade: 0 });

    const successor = await startLostTools(embedded(), redis.port);
    await job.waitUntilFinished(lostEvents);
    expect(vendor.book.total('usd')).toBe(700);
    await lostEvents.close();
    await successor.close();
    await lost.close();
  });

  describe('a retry', () => {
    /** Fails once, is then told to have begun at other times, and tried again. */
    async function retried(times: Record<string, number>, forget: readonly string[] = []) {
      const failed = new Promise<void>((resolve) => marked.worker.once('failed', () => resolve()));
      let attempt = 0;
      const job = await add(
        async (tools) => {
          if (++attempt === 1) throw new Error('the job broke off');
          return tools.charge();
        },
        { attempts: 3, backoff: HOUR_MS },
      );
      await failed;
      const key = `bull:marked:${job.id}`;
      expect(await client.hexists(key, FIRST_ATTEMPT)).toBe(1);
      if (forget.length > 0) await client.hdel(key, ...forget);
      if (Object.keys(times).length > 0) await client.hset(key, times);
      await (await asStored(job)).promote();
      const ended = await end(job);
      return { ended, attempt, job: await asStored(job) };
    }

    it.each([
      ['the job itself says', { [FIRST_ATTEMPT]: Date.now() - 24 * HOUR_MS }, []],
      [
        'it was added, where it does not say,',
        { timestamp: Date.now() - 24 * HOUR_MS },
        [FIRST_ATTEMPT],
      ],
    ])(
      'more than 23 hours after the first attempt, as %s fails for good',
      async (_what, times, forget) => {
        const { ended, attempt, job } = await retried(times, forget);
        expect(ended).toMatchObject({
          error: { message: expect.stringContaining('more than 23 hours') as string },
        });
        expect(attempt).toBe(1);
        expect(job.attemptsMade).toBe(2);
        expect(vendor.calls()).toEqual([]);
      },
    );

    it('of a job that had waited for days before its first attempt is let through', async () => {
      const { ended } = await retried({ timestamp: Date.now() - 72 * HOUR_MS });
      expect(ended).toHaveProperty('result');
    });

    it('less than 23 hours after the first attempt is let through', async () => {
      const { ended } = await retried({ [FIRST_ATTEMPT]: Date.now() - 22.9 * HOUR_MS });
      expect(ended).toHaveProperty('result');
    });
  });

  it("handlers of the worker's events have no key", async () => {
    const good = await add((tools) => tools.charge());
    const bad = await add((tools) => tools.charge(1_600));
    await Promise.all([end(good), end(bad)]);
    await until(
      () => marked.seen.length === 4,
      () => `${marked.seen.length} events`,
    );
    expect(marked.seen.map(({ event }) => event).toSorted()).toEqual([
      'active',
      'active',
      'completed',
      'failed',
    ]);
    expect(marked.seen.filter(({ hasKey }) => hasKey)).toEqual([]);
  });

  it('a job that takes a signal is still given one', async () => {
    const gates = new Gates();
    const job = await add(async (_tools, _job, signal) => {
      await gates.gate('cancelled').pass();
      return signal?.aborted;
    });
    await gates.gate('cancelled').reached;
    expect(marked.worker.cancelJob(job.id!)).toBe(true);
    gates.gate('cancelled').open();
    expect(await end(job)).toEqual({ result: true });
  });

  it('a job at work when the application is closed keeps its key until it is done', async () => {
    await app.get(MarkedJobs).worker.pause();
    const closing = await start();
    const revoke = jest.spyOn(closing.get(BrokerClient, { strict: false }), 'revoke');
    const gate = new Gates().gate('close');
    let keyId = '';
    const job = await add(async (tools) => {
      keyId = tools.vaultKeys.get().id;
      await gate.pass();
      return tools.charge();
    });
    await gate.reached;
    const closed = closing.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(revoke).not.toHaveBeenCalled();
    gate.open();
    await closed;

    expect(await end(job)).toEqual({ result: expect.stringMatching(/^pi_/) as string });
    expect(revoke.mock.calls.flatMap(([ids]) => ids)).toEqual([keyId]);
    await app.get(MarkedJobs).worker.resume();
  });
});
