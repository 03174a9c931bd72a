import { BullModule } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { QueueEvents } from 'bullmq';
import type { Job } from 'bullmq';
import { ProxiedStripeService, VaultKeyService } from '../../lib/index';
import { StripeVendor, VaultKeyTestingModule } from '../../lib/testing/index';
import { RedisServer, describeWithRedis } from '../support/redis-server';
import { until } from '../support/until';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, PAGE, QUEUE } from './given/queues';
import { brokerOf } from '../support/broker-of';

checkBlocks(PAGE, BLOCKS);

interface RefundDesk {
  refund(chargeId: string, userId: string): Promise<Job>;
}

describeWithRedis('the queue', () => {
  let redis: RedisServer;
  let events: QueueEvents;
  let app: INestApplicationContext;
  let desk: RefundDesk;
  let vendor: StripeVendor;

  beforeAll(async () => {
    redis = await RedisServer.start();
    const connection = { host: redis.host, port: redis.port };
    const { RefundsProcessor, RefundDesk } = blockWith(PAGE, QUEUE).run([
      'RefundsProcessor',
      'RefundDesk',
    ]) as Record<string, Type>;
    const module = await Test.createTestingModule({
      imports: [
        VaultKeyTestingModule.forRoot(),
        BullModule.forRoot({ connection }),
        BullModule.registerQueue({ name: 'refunds' }),
      ],
      providers: [RefundsProcessor!, RefundDesk!],
    }).compile();
    app = await module.init();
    desk = app.get<RefundDesk>(RefundDesk!);
    vendor = app.get(StripeVendor);
    events = new QueueEvents('refunds', { connection });
    await events.waitUntilReady();
  });

  afterAll(async () => {
    await events.close();
    await app.close();
    await redis.close();
  });

  /** A charge that was made through the broker, which refunds no other. */
  function charge(amount: number): Promise<string> {
    const policy = { dailyUsdCap: 100, allowedEndpoints: ['/v1/charges'] };
    const params = { amount, currency: 'usd', source: 'tok_visa' };
    return app.get(VaultKeyService).run(policy, async () => {
      const stripe = app.get(ProxiedStripeService);
      return (await stripe.request<{ id: string }>('POST', '/v1/charges', params)).id;
    });
  }

  it('works for whom the job names', async () => {
    const chargeId = await charge(1250);
    const job = await desk.refund(chargeId, 'ada');
    expect(await job.waitUntilFinished(events)).toMatchObject({ amount: 1250 });
    const run = `refunds:refund-${chargeId}`;
    expect((await brokerOf(app).keys({ run_id: run })).keys).toMatchObject([
      {
        label: `bullmq-ada-${run}`,
        subject: { tool: 'RefundsProcessor.process' },
        spent_usd: 12.5,
      },
    ]);
  });

  it('tries a refund whose answer was lost again, and it is made once', async () => {
    const chargeId = await charge(900);
    const before = vendor.calls('POST /v1/refunds').length;
    vendor.next('POST /v1/refunds', { reset: 'after' });
    const job = await desk.refund(chargeId, 'ada');
    expect(await job.waitUntilFinished(events)).toMatchObject({ amount: 900 });

    const keys = vendor
      .calls('POST /v1/refunds')
      .slice(before)
      .map((call) => call.idempotencyKey);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(new RegExp(`^refunds:refund-${chargeId}:[0-9a-f]{32}:1$`));
  });

  it('tries a refusal once, and tells who listens what it was', async () => {
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    const job = await desk.refund(await charge(6_000), 'ada');
    await expect(job.waitUntilFinished(events)).rejects.toThrow('The spend cap of $50');
    await until(
      () => warned.mock.calls.length === 1,
      () => 'nobody was told',
    );
    expect(warned).toHaveBeenCalledWith(`${job.id}: ask a person`);
    warned.mockRestore();
    const { keys } = await brokerOf(app).keys({ run_id: `refunds:${job.id}` });
    expect(keys).toHaveLength(1);
  });
});
