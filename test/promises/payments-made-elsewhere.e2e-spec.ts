import { Controller, Param, Post } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AgentTool, ProxiedStripeService, VaultKeyModule, VaultKeyService } from '../../lib/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { brokers } from '../support/brokers';
import type { BrokerUnderTest } from '../support/brokers';

const POLICY = {
  dailyUsdCap: 5,
  allowedEndpoints: ['/v1/refunds', '/v1/payment_intents/*/capture'],
};

@Controller('tools')
class Tools {
  constructor(private readonly stripe: ProxiedStripeService) {}

  @Post('refund/:charge')
  @AgentTool(POLICY)
  async refund(@Param('charge') charge: string) {
    return { amount: (await this.stripe.createRefund({ chargeId: charge })).amount };
  }
}

/** What the shop's own checkout does, with the account's secret. */
async function checkout(vendor: StripeVendor, amount: number, captureMethod = 'automatic') {
  const answer = await fetch(`${vendor.url}/v1/payment_intents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${vendor.secretKey}` },
    body: new URLSearchParams({
      amount: String(amount),
      currency: 'usd',
      confirm: 'true',
      payment_method: 'pm_card_visa',
      'allowed_payment_method_types[0]': 'card',
      capture_method: captureMethod,
    }),
  });
  return (await answer.json()) as { id: string; latest_charge: string };
}

describe.each(Object.entries(brokers))('%s', (_name, startBroker) => {
  let vendor: StripeVendor;
  let broker: BrokerUnderTest;
  let app: INestApplication;
  beforeAll(async () => {
    vendor = await createStripeVendor();
    broker = await startBroker(vendor);
    const module = await Test.createTestingModule({
      imports: [VaultKeyModule.forRoot(broker.options)],
      controllers: [Tools],
    }).compile();
    app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
  });
  afterAll(async () => {
    await app.close();
    await broker.close();
    await vendor.close();
  });

  it('a tool refunds a payment of the checkout up to its cap, and captures one', async () => {
    const refund = async (charge: string) => {
      const answer = await fetch(`${await app.getUrl()}/tools/refund/${charge}`, {
        method: 'POST',
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const [small, large] = [await checkout(vendor, 450), await checkout(vendor, 501)];
    expect(await refund(small.latest_charge)).toEqual({ status: 201, body: { amount: 450 } });
    expect(await refund(large.latest_charge)).toMatchObject({
      status: 402,
      body: { error: 'spend_cap_exceeded' },
    });
    expect(vendor.book.total('usd', 'refund')).toBe(450);

    const { id } = await checkout(vendor, 300, 'manual');
    const stripe = app.get(ProxiedStripeService);
    const capture = () => stripe.capturePaymentIntent(id);
    const captured = await app.get(VaultKeyService).run(POLICY, capture);
    expect(captured.amount_received).toBe(300);
    expect(vendor.book.total('usd', 'capture')).toBe(300);
  });
});
