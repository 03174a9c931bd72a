import { Logger } from '@nestjs/common';
import type { INestApplication, Type } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core/helpers/external-context-creator';
import { Test } from '@nestjs/testing';
import { VaultKeyModule } from '../../lib/index';
import { createStripeVendor, vaultKeyTestingOptions } from '../../lib/testing/index';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, FILES, INTERCEPTOR, MAIN, MAIN_GIVEN, PAGE } from './given/transports';
import { brokerOf } from '../support/broker-of';

checkBlocks(PAGE, BLOCKS);

it('an application started as shown is up, and ends', async () => {
  Logger.overrideLogger(false);
  const { app } = (await blockWith(PAGE, MAIN).runAsync(['app'], { port: 0 }, MAIN_GIVEN)) as {
    app: INestApplication;
  };
  expect(await app.getUrl()).toContain('http');
  await app.close();
});

it('a handler over a transport of its own charges for whom the interceptor names', async () => {
  const vendor = await createStripeVendor();
  const forRoot = VaultKeyModule.forRoot.bind(VaultKeyModule);
  const spy = jest
    .spyOn(VaultKeyModule, 'forRoot')
    .mockImplementation(() => forRoot(vaultKeyTestingOptions(vendor)));
  const { AppModule, RefundHandlers } = blockWith(PAGE, INTERCEPTOR).run(
    ['AppModule', 'RefundHandlers'],
    { files: FILES },
  ) as Record<string, Type<{ charge(message: object): Promise<unknown> }>>;
  spy.mockRestore();
  const app = await (
    await Test.createTestingModule({ imports: [AppModule!] }).compile()
  )
    .createNestApplication()
    .init();
  try {
    const handlers = app.get(RefundHandlers!);
    const callOver = (type: string) =>
      app
        .get(ExternalContextCreator)
        .create(
          handlers,
          handlers.charge as never,
          'charge',
          undefined,
          undefined,
          undefined,
          undefined,
          undefined,
          type,
        );
    const properties = { headers: { 'x-agent-run-id': 'run-1' }, userId: 'ada' };
    const call = callOver('rmq');
    expect(await call({ amount: 1250 }, { properties })).toMatchObject({ amount: 1250 });
    expect((await brokerOf(app).keys()).keys).toMatchObject([
      { label: 'nest-ada-run-1', subject: { tool: 'RefundHandlers.charge' }, spent_usd: 12.5 },
    ]);
    await expect(call({ amount: 2001 }, { properties })).rejects.toMatchObject({
      code: 'spend_cap_exceeded',
    });
    await expect(callOver('pigeon')({ amount: 100 })).rejects.toMatchObject({
      code: 'transport_not_supported',
      status: 501,
    });
  } finally {
    await app.close();
    await vendor.close();
  }
});
