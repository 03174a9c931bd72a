import type { Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type Stripe from 'stripe';
import { VaultKeyService } from '../../lib/index';
import { STRIPE_CLIENT } from '../../lib/stripe/index';
import { StripeVendor, VaultKeyTestingModule } from '../../lib/testing/index';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, CHARGE, FILES, PAGE, REFUND } from './given/stripe-sdk';

checkBlocks(PAGE, BLOCKS);

it('the controller charges through the client', async () => {
  const { AgentToolsController } = blockWith(PAGE, CHARGE).run(['AgentToolsController'], {
    files: FILES,
  });
  const app = await start({ controllers: [AgentToolsController as Type] });
  await app.listen(0, '127.0.0.1');
  try {
    const answer = await fetch(`${await app.getUrl()}/agent-tools/charge`, {
      method: 'POST',
      body: new URLSearchParams({ amount: '1250', paymentMethod: 'pm_card_visa' }),
    });
    expect(answer.status).toBe(201);
    expect(app.get(StripeVendor).book.total('usd')).toBe(1250);
  } finally {
    await app.close();
  }
});

it('the service tells a cap from the rest', async () => {
  const { Refunds } = blockWith(PAGE, REFUND).run(['Refunds']);
  const app = await (await start({ providers: [Refunds as Type] })).init();
  try {
    const service = app.get<{ refund(charge: string, amount: number): Promise<string> }>(
      Refunds as Type,
    );
    const policy = { dailyUsdCap: 5, allowedEndpoints: ['/v1/charges', '/v1/refunds'] };
    await app.get(VaultKeyService).run(policy, async () => {
      const { id } = await app
        .get<Stripe>(STRIPE_CLIENT)
        .charges.create({ amount: 300, currency: 'usd', source: 'tok_visa' });
      expect(await service.refund(id, 100)).toMatch(/^re_/);
      expect(await service.refund(id, 200)).toMatch(/^not refunded: The spend cap of \$5 /);
      await expect(service.refund('ch_1', 50)).rejects.toMatchObject({ code: 'amount_unknown' });
    });
  } finally {
    await app.close();
  }
});

async function start(metadata: { controllers?: Type[]; providers?: Type[] }) {
  const module = await Test.createTestingModule({
    imports: [VaultKeyTestingModule.forRoot()],
    ...metadata,
  }).compile();
  return module.createNestApplication();
}
