import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { parseConfig } from '../../lib/broker/broker.config';
import { ProxiedStripeService, VaultKeyModule, VaultKeyService } from '../../lib/index';
import type { VaultKeyModuleOptions } from '../../lib/index';
import {
  StripeVendor,
  TestingBroker,
  VaultKeyTestingModule,
  createStripeVendor,
} from '../../lib/testing/index';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, FEES, MODULE, PAGE, RELOAD } from './given/accounts';

checkBlocks(PAGE, BLOCKS);

let acme: StripeVendor;
beforeAll(async () => {
  acme = await createStripeVendor({ secretKey: 'sk_test_of_acme_0815' });
});
afterAll(() => acme.close());
afterEach(() => acme.reset());

/** An application with the accounts `stripe` and `stripe-acme`, each at an offline Stripe of its own. */
async function start(provider: Type): Promise<INestApplication> {
  const module = await Test.createTestingModule({
    imports: [VaultKeyTestingModule.forRoot({ accounts: { 'stripe-acme': acme } })],
    providers: [provider],
  }).compile();
  return module.createNestApplication({ logger: false }).init();
}

it("the module's options choose the account by the tenant", async () => {
  let options: VaultKeyModuleOptions = { embedded: { vendors: {} } };
  const forRoot = jest.spyOn(VaultKeyModule, 'forRoot').mockImplementation((given) => {
    options = given as VaultKeyModuleOptions;
    return { module: VaultKeyModule };
  });
  blockWith(PAGE, MODULE).run(['AppModule']);
  forRoot.mockRestore();
  const choose = (tenantId?: string) => {
    const identity = { userId: 'u1', runId: 'r1', ...(tenantId === undefined ? {} : { tenantId }) };
    return options.account?.({ identity, args: [] });
  };
  expect([choose('acme'), choose()]).toEqual(['stripe-acme', undefined]);
  expect(Object.keys(options.embedded?.vendors ?? {})).toEqual([
    'stripe',
    'stripe-acme',
    'stripe-globex',
  ]);
});

it('a fee is taken at one account, and the payment is read at the other', async () => {
  const { PlatformFees } = blockWith(PAGE, FEES).run(['PlatformFees']);
  const app = await start(PlatformFees as Type);
  try {
    const fees = app.get<{ take(...given: string[]): Promise<object> }>(PlatformFees as Type);
    const policy = {
      vendor: 'stripe-acme',
      dailyUsdCap: 50,
      allowedEndpoints: ['/v1/payment_intents', '/v1/payment_intents/*'],
    };
    const taken = await app.get(VaultKeyService).run(policy, async () => {
      const stripe = app.get(ProxiedStripeService);
      const { id } = await stripe.createPaymentIntent({ amount: 1200 });
      return fees.take('stripe-acme', id, await customerOf(app.get(StripeVendor)));
    });
    expect(taken).toMatchObject({ amount: 1200, currency: 'usd' });
    expect(app.get(StripeVendor).calls('POST /v1/payment_intents')).toHaveLength(1);
    expect(acme.calls('POST /v1/payment_intents')).toHaveLength(1);
    expect(acme.calls('GET /v1/payment_intents/*')).toHaveLength(2);
  } finally {
    await app.close();
  }
});

it('the secrets of an application that runs are changed', async () => {
  const { StripeAccounts } = blockWith(PAGE, RELOAD).run(['StripeAccounts']);
  const app = await start(StripeAccounts as Type);
  try {
    const service = app.get<{ use(accounts: object): Promise<void> }>(StripeAccounts as Type);
    const account = { kind: 'stripe', secretKey: acme.secretKey, baseUrl: acme.url };
    await service.use({ 'stripe-initech': account });
    const policy = { dailyUsdCap: 5, allowedEndpoints: ['/v1/charges'] };
    const read = (vendor: string) =>
      app
        .get(VaultKeyService)
        .run({ ...policy, vendor }, () => app.get(ProxiedStripeService).listCharges());
    expect(await read('stripe-initech')).toMatchObject({ data: [] });
    await expect(read('stripe-acme')).rejects.toMatchObject({ code: 'vault_key_unavailable' });
  } finally {
    await app.close();
  }
});

it('a spec reaches the caps of all accounts, or of one', async () => {
  const app = await start(class {});
  try {
    const charge = (vendor: string) =>
      app
        .get(VaultKeyService)
        .run({ vendor, dailyUsdCap: 50, allowedEndpoints: ['/v1/payment_intents'] }, () =>
          app.get(ProxiedStripeService).createPaymentIntent({ amount: 100 }),
        );
    const exceeded = { code: 'spend_cap_exceeded' };
    const broker = app.get(TestingBroker);
    await broker.exhaust({ vendor: 'stripe-acme' });
    await expect(charge('stripe-acme')).rejects.toMatchObject(exceeded);
    await charge('stripe');
    await broker.reset();
    await charge('stripe-acme');
    await broker.exhaust('all');
    for (const vendor of ['stripe', 'stripe-acme']) {
      await expect(charge(vendor)).rejects.toMatchObject(exceeded);
    }
  } finally {
    await app.close();
  }
});

it('its JSON is a config file', () => {
  const text = readFileSync(join(__dirname, '../..', PAGE), 'utf8');
  const [json = ''] = [...text.matchAll(/^```json\n([\s\S]*?)^```/gm)].map(([, block]) => block);
  expect(Object.keys(parseConfig(json).vendors ?? {})).toHaveLength(3);
});

async function customerOf({ url, secretKey }: StripeVendor): Promise<string> {
  const answer = await fetch(`${url}/v1/customers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secretKey}` },
  });
  return ((await answer.json()) as { id: string }).id;
}
