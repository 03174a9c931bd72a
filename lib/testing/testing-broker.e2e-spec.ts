import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import './jest';
import { SpendCapExceededException } from '../exceptions/spend-cap-exceeded.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { ProxiedStripeService } from '../stripe/proxied-stripe.service';
import type { PartialAgentIdentity } from '../vault-key/agent-identity';
import { BrakeService } from '../vault-key/brake.service';
import { RevocationQueue } from '../vault-key/revocation-queue';
import { VaultKeyService } from '../vault-key/vault-key.service';
import { StripeVendor } from './stripe-vendor';
import { TestingBroker } from './testing-broker';
import type { CapTarget } from './testing-broker';
import { VaultKeyTestingModule } from './vault-key-testing.module';
import { brokerOf } from '../../test/support/broker-of';

const LONG = 'x'.repeat(300);
const POLICY = {
  dailyUsdCap: 100,
  allowedEndpoints: ['/v1/payment_intents', '/v1/refunds', '/v1/customers', '/v1/charges'],
};

describe('TestingBroker', () => {
  let module: TestingModule;
  let broker: TestingBroker;
  let vendor: StripeVendor;
  let stripe: ProxiedStripeService;

  beforeEach(async () => {
    module = await Test.createTestingModule({
      imports: [VaultKeyTestingModule.forRoot()],
    }).compile();
    await module.init();
    broker = module.get(TestingBroker);
    vendor = module.get(StripeVendor);
    stripe = module.get(ProxiedStripeService);
  });
  afterEach(() => module.close());

  function run<T>(work: () => Promise<T>, identity?: PartialAgentIdentity): Promise<T> {
    return module.get(VaultKeyService).run(POLICY, work, identity);
  }

  const charge = () =>
    stripe.createPaymentIntent({ amount: 1234, confirm: true, paymentMethod: 'pm_card_visa' });

  it('an exhausted cap is what has been spent under it, and nothing is left', async () => {
    await run(charge, { userId: 'u1' });
    await broker.exhaust({ user: 'u1' });
    await expect(run(charge, { userId: 'u1' })).rejects.toMatchObject({
      constructor: SpendCapExceededException,
      scope: 'user',
      cap: 12.34,
      spent: 12.34,
      remaining: 0,
      resetsAt: expect.stringMatching(/T00:00:00.000Z$/) as string,
    });
    expect(vendor).toHaveCharged({ times: 1 });
  });

  it.each<[CapTarget, PartialAgentIdentity, PartialAgentIdentity | undefined]>([
    ['all', {}, undefined],
    [{ user: 'u1' }, { userId: 'u1' }, { userId: 'u2' }],
    [{ user: 42 }, { userId: 42 }, {}],
    [{ user: LONG }, { userId: LONG }, {}],
    [{ user: 'u1', tenant: 't1' }, { userId: 'u1', tenantId: 't1' }, { userId: 'u1' }],
    [{ tenant: 't1' }, { userId: 'u1', tenantId: 't1' }, { tenantId: 't2' }],
    [{ run: 'r1' }, { runId: 'r1' }, { runId: 'r1', userId: 'u1' }],
    [
      { run: 'r1', user: 'u1' },
      { runId: 'r1', userId: 'u1' },
      { runId: 'r2', userId: 'u1' },
    ],
    [{ run: 'r1', tenant: 't1' }, { runId: 'r1', tenantId: 't1' }, { runId: 'r1' }],
    [{ tool: 'Tools.charge' }, { tool: 'Tools.charge' }, { tool: 'Tools.refund' }],
  ])('%j stops whom it names, nobody else, and until the reset', async (target, whom, other) => {
    await broker.exhaust(target);
    await expect(run(charge, whom)).rejects.toBeInstanceOf(SpendCapExceededException);
    if (other !== undefined) await run(charge, other);
    await broker.reset();
    await run(charge, whom);
    expect(await brokerOf(module).budgets()).toEqual({ budgets: [] });
  });

  it('an invocation under way is stopped, and what costs nothing passes', async () => {
    await run(async () => {
      await charge();
      await broker.exhaust();
      await expect(charge()).rejects.toBeInstanceOf(SpendCapExceededException);
      await stripe.listCharges({ limit: 1 });
    });
  });

  it("a cap exhausted twice is the application's own again after one reset", async () => {
    const own = brokerOf(module);
    await own.putBudget('user', 'anon', { daily_usd_cap: 100 });
    await broker.exhaust({ user: 'anon' });
    await broker.exhaust({ user: 'anon' });
    await broker.reset();
    await broker.reset();
    expect(await own.budgets()).toMatchObject({ budgets: [{ id: 'anon', daily_usd_cap: 100 }] });
    await run(charge);
  });

  it.each([
    [{}],
    [{ users: 'u1' }],
    [{ user: '' }],
    [{ user: 'u1', tool: 'Tools.charge' }],
    [{ user: undefined }],
    [null],
    ['everybody'],
  ])('%j names no cap, and nothing is stopped', async (target) => {
    await expect(broker.exhaust(target as CapTarget)).rejects.toThrow(TypeError);
    await run(charge);
  });

  it('a broker that is down gives no key, and lets no call of an invocation under way pass', async () => {
    await run(async () => {
      broker.goDown();
      await expect(charge()).rejects.toBeInstanceOf(VaultKeyUnavailableException);
    });
    let begun = 0;
    const work = async () => {
      begun++;
      await charge();
    };
    await expect(run(work)).rejects.toMatchObject({ status: 503, retryable: true });
    await expect(module.get(VaultKeyService).issue(POLICY)).rejects.toMatchObject({ status: 503 });
    expect(begun).toBe(0);
    expect(vendor).not.toHaveReceived('*');
    await expect(module.get(BrakeService).stop('all', 'a drill')).rejects.toMatchObject({
      status: 503,
    });
    expect(await brokerOf(module).brakes()).toEqual({ brakes: [] });

    await broker.reset();
    await run(work);
    expect(begun).toBe(1);
  });

  it('a broker that is down lets its application close at once', async () => {
    await run(async () => broker.goDown());
    await module.get(RevocationQueue).drain();
    expect((await brokerOf(module).keys()).keys).toMatchObject([{ status: 'revoked' }]);
  });
});
