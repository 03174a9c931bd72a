import { Controller, Injectable, Module, Post } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type Stripe from 'stripe';
import { AgentTool } from '../agent-tool/agent-tool.decorator';
import { createStripeVendor } from '../testing/stripe-vendor';
import type { StripeVendor } from '../testing/stripe-vendor';
import { VaultKeyTestingModule, vaultKeyTestingOptions } from '../testing/vault-key-testing.module';
import { VaultKeyModule } from '../vault-key.module';
import { VaultKeyService } from '../vault-key/vault-key.service';
import { InjectStripe, STRIPE_CLIENT } from './index';

@Injectable()
class Payments {
  @InjectStripe() readonly stripe!: Stripe;
}

@Controller()
class ToolsController {
  constructor(
    @InjectStripe() readonly stripe: Stripe,
    readonly payments: Payments,
  ) {}

  @Post('charge')
  @AgentTool({ dailyUsdCap: 5, allowedEndpoints: ['/v1/payment_intents'] })
  charge() {
    return this.stripe.paymentIntents.create({ amount: 100, currency: 'usd' });
  }
}

const FEATURE = { controllers: [ToolsController], providers: [Payments] };
const POLICY = { dailyUsdCap: 5, allowedEndpoints: ['/v1/payment_intents'] };

let vendor: StripeVendor;
const open: INestApplication[] = [];

beforeAll(async () => {
  vendor = await createStripeVendor();
});
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
  vendor.reset();
});
afterAll(() => vendor.close());

async function start(metadata: Parameters<typeof Test.createTestingModule>[0]) {
  const app = (await Test.createTestingModule(metadata).compile()).createNestApplication();
  open.push(app);
  return app.init();
}

/** Options of a module that is not global. */
function local() {
  return Object.assign(vaultKeyTestingOptions(vendor), { isGlobal: false });
}

function pay(app: INestApplication): Promise<Stripe.PaymentIntent> {
  const { stripe } = app.get(ToolsController);
  return app
    .get(VaultKeyService)
    .run(POLICY, () => stripe.paymentIntents.create({ amount: 100, currency: 'usd' }));
}

it('one client is injected wherever it is asked for, by the constructor and as a property', async () => {
  @Module(FEATURE)
  class FeatureModule {}
  const app = await start({
    imports: [VaultKeyModule.forRoot(vaultKeyTestingOptions(vendor)), FeatureModule],
  });
  const { stripe, payments } = app.get(ToolsController);
  expect(payments.stripe).toBe(stripe);
  expect(app.get(STRIPE_CLIENT)).toBe(stripe);
  expect(await pay(app)).toMatchObject({ amount: 100 });
});

it('a module that is not global gives it to those who import it', async () => {
  const vaultKeys = VaultKeyModule.forRoot(local());
  @Module({ ...FEATURE, imports: [vaultKeys] })
  class FeatureModule {}
  const app = await start({ imports: [FeatureModule] });
  expect(await pay(app)).toMatchObject({ amount: 100 });
});

it('the module imported twice makes one client', async () => {
  const options = local();
  @Module({ imports: [VaultKeyModule.forRoot(options)], providers: [Payments] })
  class OneModule {}
  @Module({ ...FEATURE, imports: [VaultKeyModule.forRoot(options)] })
  class OtherModule {}
  const app = await start({ imports: [OneModule, OtherModule] });
  expect(app.select(OneModule).get(Payments).stripe).toBe(
    app.select(OtherModule).get(Payments).stripe,
  );
});

it('it works in a spec, with the module for specs', async () => {
  const app = await start({ imports: [VaultKeyTestingModule.forRoot()], ...FEATURE });
  expect(await pay(app)).toMatchObject({ amount: 100 });
});

it('two applications in one process have a client and a vendor each', async () => {
  const other = await createStripeVendor();
  try {
    const apps = await Promise.all(
      [vendor, other].map((each) =>
        start({ imports: [VaultKeyModule.forRoot(vaultKeyTestingOptions(each))], ...FEATURE }),
      ),
    );
    await Promise.all(apps.map((app) => pay(app)));
    expect(new Set(apps.map((app) => app.get(STRIPE_CLIENT))).size).toBe(2);
    expect([vendor, other].map((each) => each.calls('POST /v1/payment_intents').length)).toEqual([
      1, 1,
    ]);
  } finally {
    for (const app of open.splice(0)) await app.close();
    await other.close();
  }
});

it('where the package is not installed its import says so, and how to install it', () => {
  jest.isolateModules(() => {
    jest.doMock('stripe', () => {
      throw Object.assign(new Error("Cannot find module 'stripe'"), { code: 'MODULE_NOT_FOUND' });
    });
    expect(() => require('./index') as unknown).toThrow(
      /^nestjs-vault-key\/stripe needs the package stripe, .*: npm install stripe@\^23$/,
    );
    jest.dontMock('stripe');
  });
});
