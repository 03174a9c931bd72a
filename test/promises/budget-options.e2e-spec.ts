import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import {
  BrokerOperator,
  ProxiedStripeService,
  SpendCapExceededException,
  VaultKeyModule,
  VaultKeyService,
  VaultKeyUnavailableException,
} from '../../lib/index';
import type { SharedOptions, VaultKeyModuleOptions } from '../../lib/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { BrokerProcess } from '../support/broker-process';

const POLICY = { dailyUsdCap: 100, allowedEndpoints: ['/v1/payment_intents'] };

let vendor: StripeVendor;
beforeAll(async () => {
  vendor = await createStripeVendor();
});
afterAll(() => vendor.close());

const where: Record<string, () => Promise<VaultKeyModuleOptions>> = {
  async 'the embedded broker'() {
    const stripe = { secretKey: vendor.secretKey, baseUrl: vendor.url };
    return { embedded: { vendors: { stripe }, store: 'sqlite::memory:' } };
  },
  async 'the command'() {
    const { url, token } = await BrokerProcess.start({ vendor });
    return { broker: { url, token } };
  },
};

describe.each(Object.keys(where))('budgets of the application at %s', (name) => {
  let module: TestingModule;
  afterEach(() => module.close());

  const start = async (options: Pick<SharedOptions, 'budgets' | 'budgetsMode'>) => {
    const broker = await where[name]!();
    module = await Test.createTestingModule({
      imports: [VaultKeyModule.forRoot({ ...broker, ...options })],
    }).compile();
    // What a function throws is logged.
    module.useLogger(false);
    await module.init();
  };
  let handled = 0;
  /** A payment of 10 USD. */
  const pay = (userId: string, policy = POLICY) =>
    module.get(VaultKeyService).run(
      policy,
      () => {
        handled += 1;
        return module
          .get(ProxiedStripeService)
          .createPaymentIntent({ amount: 1000, paymentMethod: 'pm_card_visa', confirm: true });
      },
      { userId },
    );

  it('are functions of the identity, of any period, async too', async () => {
    await start({
      budgets: {
        user: async ({ identity }) => ({
          cap: identity.userId === 'pro' ? 25 : 12.349,
          period: 'month' as const,
        }),
        run: [30, { cap: 40, period: '24h' }],
      },
    });
    await pay('pro');
    await pay('pro');
    await pay('free');
    const error: unknown = await pay('free').catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(SpendCapExceededException);
    expect(error).toMatchObject({ scope: 'user', period: 'month', cap: 12.34, spent: 10 });
    await expect(pay('pro')).rejects.toMatchObject({ scope: 'user', cap: 25 });
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no plan'))],
    ['gives nothing', () => undefined as never],
    ['gives no cap', () => ({ cap: '5' }) as never],
    ['gives a period that there is not', () => ({ cap: 5, period: 'year' }) as never],
  ])('let no handler run where a function %s: 503', async (_what, user) => {
    await start({ budgets: { user } });
    const before = handled;
    const error: unknown = await pay('u').catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(VaultKeyUnavailableException);
    expect((error as VaultKeyUnavailableException).getStatus()).toBe(503);
    expect((error as Error).message).toMatch(/^The budgets of agent run .* could not be computed/);
    expect(handled).toBe(before);
  });

  it('refuse nothing in shadow mode, but for a cap of 0 and the key', async () => {
    await start({ budgets: { user: 5, tool: 5 }, budgetsMode: 'shadow' });
    await pay('u');
    await expect(pay('u', { ...POLICY, dailyUsdCap: 5 })).rejects.toMatchObject({ scope: 'key' });
    if (name !== 'the embedded broker') return;
    const operator = module.get(BrokerOperator);
    const { entries } = await operator.audit({ event: 'call' });
    expect(entries.map(({ wouldRefuse }) => wouldRefuse)).toEqual([
      { scope: 'user', period: 'day', source: 'app', capUsd: 5 },
    ]);
  });

  it('are raised by an operator', async () => {
    await start({ budgets: { user: 10 } });
    await pay('u');
    await expect(pay('u')).rejects.toBeInstanceOf(SpendCapExceededException);
    if (name !== 'the embedded broker') return;
    const operator = module.get(BrokerOperator);
    const u = { scope: 'user', id: 'u' } as const;
    const raise = await operator.raise(u, { usd: 10, expiresIn: '1h', reason: 'a big order' });
    expect(raise).toMatchObject({ target: 'u', usd: 10, expiresAt: expect.any(Date) as Date });
    await pay('u');
    await operator.endRaise(u, raise.id);
    const caps = await operator.effectiveBudgets({ userId: 'u' });
    expect(caps).toMatchObject([{ source: 'app', capUsd: 10, remainingUsd: -10 }]);
    await expect(
      operator.raise({ scope: 'user', id: '*' }, { usd: 1, expiresIn: '1h', reason: 'r' }),
    ).rejects.toMatchObject({ code: 'invalid_request', param: 'id' });
  });
});
