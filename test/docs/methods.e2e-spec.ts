import type { INestApplicationContext, Type } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { RevocationQueue } from '../../lib/index';
import { StripeVendor, VaultKeyTestingModule } from '../../lib/testing/index';
import { until } from '../support/until';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, FILES, METHODS, PAGE, orderOf } from './given/methods';
import { brokerOf } from '../support/broker-of';

checkBlocks(PAGE, BLOCKS);

interface Dunning {
  chargeEach(orders: readonly object[]): AsyncGenerator<{ amount: number }>;
  chargeFor(userId: string, order: object): Promise<{ amount: number }>;
}

describe('the methods', () => {
  let app: INestApplicationContext;
  let dunning: Dunning;

  beforeEach(async () => {
    const { Dunning, Orders } = blockWith(PAGE, METHODS).run(['Dunning', 'Orders'], {
      files: FILES,
    });
    const module = await Test.createTestingModule({
      imports: [
        VaultKeyTestingModule.forRoot(),
        ScheduleModule.forRoot(),
        EventEmitterModule.forRoot(),
      ],
      providers: [Dunning as Type, Orders as Type],
    }).compile();
    app = await module.init();
    dunning = app.get<Dunning>(Dunning as Type);
  });

  afterEach(() => app.close());

  const charges = () => app.get(StripeVendor).calls('POST /v1/payment_intents').length;

  async function keys() {
    await app.get(RevocationQueue).drain();
    return (await brokerOf(app).keys()).keys;
  }

  async function madeCharges(count: number): Promise<void> {
    await until(
      () => charges() === count,
      () => `${charges()} charges were made, not ${count}`,
    );
  }

  it('the timer charges, all of its invocation with one key', async () => {
    void app.get(SchedulerRegistry).getCronJob('dunning').fireOnTick();
    await madeCharges(2);
    expect(await keys()).toMatchObject([
      { subject: { user_id: 'anon', tool: 'Dunning.collect' }, spent_usd: 21 },
    ]);
  });

  it('the listener charges', async () => {
    app.get(EventEmitter2).emit('order.placed', orderOf(1250));
    await madeCharges(1);
    expect(await keys()).toMatchObject([{ subject: { tool: 'Dunning.charge' }, spent_usd: 12.5 }]);
  });

  it('the generator charges at each step, and its key goes when it is left', async () => {
    for await (const { amount } of dunning.chargeEach([500, 600, 700].map(orderOf))) {
      if (amount === 600) break;
    }
    expect(charges()).toBe(2);
    expect(await keys()).toMatchObject([{ status: 'revoked', spent_usd: 11 }]);
  });

  it('a marked method within an invocation has a key of its own, and the outer cap counts too', async () => {
    expect(await dunning.chargeFor('ada', orderOf(1250))).toMatchObject({ amount: 1250 });
    const all = await keys();
    const outer = all.find(({ parent_id }) => parent_id === undefined || parent_id === null);
    expect(all).toHaveLength(2);
    expect(all.map(({ label }) => label)).toEqual(Array(2).fill('nest-ada-dunning:ada'));
    expect(all.find(({ id }) => id !== outer?.id)).toMatchObject({
      parent_id: outer?.id,
      subject: { tool: 'Dunning.charge' },
    });
    await expect(dunning.chargeFor('ada', orderOf(4_000))).rejects.toMatchObject({
      code: 'spend_cap_exceeded',
      scope: 'parent',
      cap: 30,
    });
  });
});
