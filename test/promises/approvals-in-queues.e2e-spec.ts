import { BullModule, getQueueToken, Processor, WorkerHost } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { QueueEvents } from 'bullmq';
import type { Job, Queue } from 'bullmq';
import { AgentTool, BrokerOperator, ProxiedStripeService, VaultKeyModule } from '../../lib/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { describeWithRedis, RedisServer } from '../support/redis-server';
import { until } from '../support/until';

/** How often the work of each job has begun. */
const begun = new Map<string, number>();

@Processor('payments', { concurrency: 10 })
class Payments extends WorkerHost {
  constructor(private readonly stripe: ProxiedStripeService) {
    super();
  }

  @AgentTool({ dailyUsdCap: 1_000, allowedEndpoints: ['/v1/payment_intents'], approveAbove: 100 })
  async process(job: Job<{ amount: number }>): Promise<string> {
    begun.set(job.id ?? '', (begun.get(job.id ?? '') ?? 0) + 1);
    return (await this.stripe.createPaymentIntent({ amount: job.data.amount })).id;
  }
}

describeWithRedis('a BullMQ job whose call needs an approval', () => {
  let vendor: StripeVendor;
  let redis: RedisServer;
  let app: INestApplicationContext;
  let events: QueueEvents;
  let queue: Queue;
  beforeAll(async () => {
    redis = await RedisServer.start();
    vendor = await createStripeVendor();
    const { host, port } = redis;
    const vendors = { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } };

    @Module({
      imports: [
        VaultKeyModule.forRoot({ embedded: { vendors, store: 'sqlite::memory:' } }),
        BullModule.forRoot({ connection: { host, port } }),
        BullModule.registerQueue({ name: 'payments' }),
      ],
      providers: [Payments],
    })
    class AppModule {}

    app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    queue = app.get<Queue>(getQueueToken('payments'), { strict: false });
    events = new QueueEvents('payments', { connection: { host, port } });
    await events.waitUntilReady();
  });
  beforeEach(() => vendor.reset());
  afterAll(async () => {
    await events.close();
    await app.close();
    await vendor.close();
    await redis.close();
  });

  const operator = () => app.get(BrokerOperator, { strict: false });
  /** The approval that a job's call has asked for, once the job is back in its queue. */
  async function asked(amount: number, job: Job): Promise<string> {
    const found = async () =>
      (await operator().approvals({ state: 'pending' })).approvals.find(
        (each) => each.amount === amount,
      );
    await until(
      async () => (await found()) !== undefined && (await job.isDelayed()),
      () => 'the job is not delayed',
    );
    return (await found())?.id ?? '';
  }

  it('waits in its queue until it is approved, and then charges once, without an attempt lost', async () => {
    const job = await queue.add('pay', { amount: 15_000 }, { attempts: 1 });
    const id = await asked(15_000, job);
    expect(begun.get(job.id ?? '')).toBe(1);
    // It comes back to ask for the answer, and does not begin its work meanwhile.
    const begunAt = (await queue.getJob(job.id ?? ''))?.attemptsStarted ?? 0;
    await until(
      async () => ((await queue.getJob(job.id ?? ''))?.attemptsStarted ?? 0) > begunAt,
      () => 'the job was not looked at again',
    );
    expect(begun.get(job.id ?? '')).toBe(1);
    expect(vendor.calls('POST /v1/payment_intents')).toHaveLength(0);
    await operator().approve(id, { reason: 'order 7' });
    await job.waitUntilFinished(events);
    expect(vendor.calls('POST /v1/payment_intents')).toHaveLength(1);
    const done = await queue.getJob(job.id ?? '');
    expect([done?.attemptsMade, begun.get(job.id ?? '')]).toEqual([1, 2]);
  }, 60_000);

  it('fails once it is denied, and is not tried again', async () => {
    const job = await queue.add('pay', { amount: 16_000 }, { attempts: 5, backoff: 1 });
    await operator().deny(await asked(16_000, job), { reason: 'not this month' });
    await expect(job.waitUntilFinished(events)).rejects.toThrow('not this month');
    expect(vendor.calls('POST /v1/payment_intents')).toHaveLength(0);
    const failed = await queue.getJob(job.id ?? '');
    expect([failed?.attemptsMade, begun.get(job.id ?? '')]).toEqual([1, 2]);
  }, 60_000);
});
