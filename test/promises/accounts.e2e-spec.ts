import { writeFileSync } from 'node:fs';
import { Body, Controller, Injectable, Post } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AgentTool,
  CallRefusedException,
  BrokerOperator,
  CurrentVaultKey,
  ProxiedStripeService,
  VaultKeyModule,
  VaultKeyService,
} from '../../lib/index';
import type { ChooseAccount, VaultKeyModuleOptions } from '../../lib/index';
import { InjectStripe } from '../../lib/stripe/index';
import type { InjectedStripe } from '../../lib/stripe/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import { SecretWatch } from '../support/secret-watch';

const ENDPOINTS = ['/v1/payment_intents', '/v1/payment_intents/*'];
const CHARGE = { amount: 1000, paymentMethod: 'pm_card_visa', confirm: true };

interface Work {
  /** What does the work. */
  by?: 'service' | 'client';
  idempotencyKey?: string;
}

@Injectable()
class Inner {
  constructor(
    private readonly stripe: ProxiedStripeService,
    @InjectStripe() private readonly client: InjectedStripe,
  ) {}

  /** A provider's method, which Nest does not route. */
  @AgentTool({ dailyUsdCap: 50, allowedEndpoints: ENDPOINTS, vendor: 'stripe-fees' })
  async fee(payment: string) {
    const fee = await this.stripe.createPaymentIntent({ ...CHARGE, amount: 100 });
    const [here, own] = [
      await this.stripe.for('stripe-acme').retrievePaymentIntent(payment),
      await this.client.for('stripe-acme').paymentIntents.retrieve(payment),
    ];
    return { fee: fee.id, seen: [here.id, own.id] };
  }
}

@Controller('tools')
class ToolsController {
  static handled = 0;

  constructor(
    private readonly stripe: ProxiedStripeService,
    @InjectStripe() private readonly client: InjectedStripe,
    private readonly vaultKeys: VaultKeyService,
    private readonly current: CurrentVaultKey,
    private readonly inner: Inner,
  ) {}

  @Post('charge')
  @AgentTool({ dailyUsdCap: 50, allowedEndpoints: ENDPOINTS })
  async charge(@Body() { by, idempotencyKey }: Work) {
    ToolsController.handled += 1;
    const { vendor, kind, tenantId: tenant = '' } = this.current.get();
    if (by !== 'client') {
      const metadata = { tenant };
      const { id } = await this.stripe.createPaymentIntent(
        { ...CHARGE, metadata },
        { idempotencyKey },
      );
      return { id, vendor, kind };
    }
    const { id } = await this.client.paymentIntents.create({
      amount: 1000,
      currency: 'usd',
      payment_method: 'pm_card_visa',
      confirm: true,
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      metadata: { tenant },
    });
    return { id, vendor, kind };
  }

  @Post('fees')
  @AgentTool({ dailyUsdCap: 50, allowedEndpoints: ENDPOINTS, vendor: 'stripe-fees' })
  async fees() {
    const { id } = await this.stripe.createPaymentIntent(CHARGE);
    return { id, vendor: this.current.get().vendor };
  }

  @Post('chosen')
  @AgentTool({
    dailyUsdCap: 50,
    allowedEndpoints: ENDPOINTS,
    vendor: ({ identity }) => `stripe-${identity.tenantId}`,
  })
  chosen() {
    return { vendor: this.current.get().vendor };
  }

  @Post('run')
  run() {
    const policy = { dailyUsdCap: 50, allowedEndpoints: ENDPOINTS };
    return this.vaultKeys.run(
      policy,
      async () => {
        const metadata = { tenant: this.current.get().tenantId ?? '' };
        await this.stripe.createPaymentIntent({ ...CHARGE, metadata });
        return { vendor: this.current.get().vendor };
      },
      { tenantId: 'globex' },
    );
  }

  @Post('both')
  @AgentTool({ dailyUsdCap: 50, allowedEndpoints: ENDPOINTS })
  async both() {
    const { id } = await this.stripe.createPaymentIntent(CHARGE);
    const { fee, seen } = await this.inner.fee(id);
    const after = await this.stripe.retrievePaymentIntent(id);
    for (const stripe of [this.stripe, this.client]) {
      expect(() => stripe.for(undefined as unknown as string)).toThrow(CallRefusedException);
    }
    const missing = [
      await this.stripe.for('stripe-fees').retrievePaymentIntent(fee).catch(codeOf),
      await this.client.for('stripe-globex').paymentIntents.retrieve(id).catch(codeOf),
    ];
    return { id, seen, after: after.id, missing };
  }
}

function codeOf(error: { code?: string }): string | undefined {
  return error.code;
}

const vendors: Record<string, StripeVendor> = {};
const watch = new SecretWatch();

beforeAll(async () => {
  for (const name of ['acme', 'globex', 'fees']) {
    const vendor = await createStripeVendor({ secretKey: `sk_test_of_${name}_0815` });
    vendors[name] = vendor;
    watch.addSecret(vendor.secretKey);
  }
});
afterAll(async () => {
  for (const vendor of Object.values(vendors)) await vendor.close();
});
beforeEach(() => {
  ToolsController.handled = 0;
  for (const vendor of Object.values(vendors)) vendor.reset();
});

const accounts = () =>
  Object.fromEntries(
    Object.entries(vendors).map(([name, { secretKey, url }]) => [
      `stripe-${name}`,
      { kind: 'stripe', secretKey, baseUrl: url },
    ]),
  );

const byTenant: ChooseAccount = ({ identity: { tenantId } }) => {
  if (tenantId === 'throws') throw new Error('no such tenant');
  return tenantId === undefined ? undefined : `stripe-${tenantId}`;
};

const shared: Omit<VaultKeyModuleOptions, 'broker' | 'embedded'> = {
  account: byTenant,
  identify: (context) => {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    return { tenantId: headers['x-tenant'], userId: headers['x-user'] ?? 'u1' };
  },
};

const brokers: Record<string, () => Promise<{ options: VaultKeyModuleOptions; close(): unknown }>> =
  {
    async 'the embedded broker'() {
      const embedded = { vendors: accounts(), store: 'sqlite::memory:' };
      return { options: { ...shared, embedded } as VaultKeyModuleOptions, close: () => undefined };
    },
    async 'the built vault-key-broker'() {
      const file = temporaryFile('config.json');
      writeFileSync(file, JSON.stringify({ vendors: accounts() }));
      // With an account `stripe` that nobody is to fall back to.
      const broker = await BrokerProcess.start({ args: ['--config', file] });
      const server = { url: broker.url, token: broker.token };
      return {
        options: { ...shared, broker: server } as VaultKeyModuleOptions,
        close: () => broker.kill('SIGTERM'),
      };
    },
  };

async function startApp(options: VaultKeyModuleOptions): Promise<INestApplication> {
  const module = await Test.createTestingModule({
    imports: [VaultKeyModule.forRoot(options)],
    controllers: [ToolsController],
    providers: [Inner],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

interface Answer {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test says by its expectation what it is
  body: any;
}

describe.each(Object.entries(brokers))('an account for each tenant, with %s', (_name, start) => {
  let app: INestApplication;
  let url: string;
  let close: () => unknown;

  beforeAll(async () => {
    const broker = await start();
    close = broker.close;
    app = await startApp(broker.options);
    url = await app.getUrl();
  });
  afterAll(async () => {
    await app.close();
    await close();
  });

  async function ask(tool: string, tenant?: string, work: Work & { user?: string } = {}) {
    const { user, ...body } = work;
    const answer = await fetch(`${url}/tools/${tool}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(tenant === undefined ? {} : { 'x-tenant': tenant }),
        ...(user === undefined ? {} : { 'x-user': user }),
      },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    watch.show(text);
    return { status: answer.status, body: JSON.parse(text) as unknown } as Answer;
  }

  it("200 invocations at once of two tenants: each call carried its tenant's secret", async () => {
    const asked = Array.from({ length: 200 }, (_, i) =>
      ask('charge', i % 2 === 0 ? 'acme' : 'globex', {
        by: i % 4 < 2 ? 'service' : 'client',
        user: `u${i % 20}`,
      }),
    );
    const answers = await Promise.all(asked);
    expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
    for (const tenant of ['acme', 'globex']) {
      // The vendor answers 401 to any secret but its own.
      const calls = vendors[tenant]!.calls('POST /v1/payment_intents');
      expect(calls.map(({ status }) => status)).toEqual(Array<number>(100).fill(200));
      expect(
        new Set(calls.map(({ params }) => (params['metadata'] as { tenant?: string }).tenant)),
      ).toEqual(new Set([tenant]));
      expect(vendors[tenant]!.book.total('usd')).toBe(100_000);
    }
    expect(vendors['fees']!.calls()).toEqual([]);
    expect(watch.leaks()).toEqual([]);
  });

  it('CurrentVaultKey names the account and what it is at', async () => {
    const { body } = await ask('charge', 'globex');
    expect(body).toMatchObject({ vendor: 'stripe-globex', kind: 'stripe' });
  });

  it.each([
    ['nothing', undefined, 'account'],
    ['an unknown name', 'initech', 'stripe-initech'],
    ['what is no name', 'In/../itech', 'account'],
    ['an error', 'throws', 'account'],
  ])('an account that is %s is 503, and no tool runs', async (_what, tenant, says) => {
    const { status, body } = await ask('charge', tenant);
    expect([status, body.error]).toEqual([503, 'vault_key_unavailable']);
    expect(body.message).toContain(says);
    expect(body.message).not.toMatch(/acme|globex/);
    expect(ToolsController.handled).toBe(0);
    for (const vendor of Object.values(vendors)) expect(vendor.calls()).toEqual([]);
  });

  it('a mark that names an account is asked for that one, whoever calls', async () => {
    const { body } = await ask('fees', 'acme');
    expect(body).toMatchObject({ vendor: 'stripe-fees' });
    expect(vendors['fees']!.book.total('usd')).toBe(1000);
    expect(vendors['acme']!.calls()).toEqual([]);
  });

  it('a mark may compute its account; where it gives an unknown one, the tool does not run', async () => {
    expect((await ask('chosen', 'acme')).body).toEqual({ vendor: 'stripe-acme' });
    const { status, body } = await ask('chosen');
    expect([status, body.error]).toEqual([503, 'vault_key_unavailable']);
  });

  it('run() works with the account of the identity that it is given', async () => {
    expect((await ask('run', 'acme')).body).toEqual({ vendor: 'stripe-globex' });
    expect(vendors['globex']!.book.total('usd')).toBe(1000);
    expect(vendors['acme']!.calls()).toEqual([]);
  });

  it('of keys for several accounts the innermost goes with a call, and for() names another one', async () => {
    const { status, body } = await ask('both', 'acme');
    expect([status, body]).toEqual([
      201,
      {
        id: expect.any(String),
        seen: [body.id, body.id],
        after: body.id,
        missing: ['vault_key_missing', 'vault_key_missing'],
      },
    ]);
    expect(vendors['acme']!.book.total('usd')).toBe(1000);
    expect(vendors['fees']!.book.total('usd')).toBe(100);
  });

  it("one tenant's idempotency key never meets another's", async () => {
    const work: Work = { idempotencyKey: `order-${randomText()}` };
    const acme = await ask('charge', 'acme', work);
    const globex = await ask('charge', 'globex', work);
    expect([acme.status, globex.status]).toEqual([201, 201]);
    expect(await ask('charge', 'acme', work)).toEqual(acme);
    for (const tenant of ['acme', 'globex']) {
      expect(vendors[tenant]!.book.total('usd')).toBe(1000);
    }
  });
});

function randomText(): string {
  return Math.random().toString(36).slice(2);
}

describe('the embedded broker of an application that runs', () => {
  const options = (vendorsNow: object): VaultKeyModuleOptions =>
    ({
      ...shared,
      embedded: { vendors: vendorsNow, store: 'sqlite::memory:' },
    }) as VaultKeyModuleOptions;

  async function charge(app: INestApplication, tenant: string): Promise<number> {
    const answer = await fetch(`${await app.getUrl()}/tools/charge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-tenant': tenant },
      body: '{}',
    });
    await answer.text();
    return answer.status;
  }

  it('takes another secret and another account, and keeps the old where the new are not valid', async () => {
    const { 'stripe-fees': fees, 'stripe-acme': acme, 'stripe-globex': globex } = accounts();
    const wrong = { ...acme, secretKey: 'sk_test_that_is_over' };
    const app = await startApp(options({ 'stripe-fees': fees, 'stripe-acme': wrong }));
    try {
      const operator = app.get(BrokerOperator);
      expect(await charge(app, 'acme')).toBe(502);
      const changing = { ...wrong, nextSecretKey: vendors['acme']!.secretKey };
      await operator.reload({ 'stripe-fees': fees!, 'stripe-acme': changing });
      expect(await charge(app, 'acme')).toBe(201);
      expect(await charge(app, 'globex')).toBe(503);
      await operator.reload({
        'stripe-fees': fees!,
        'stripe-acme': acme!,
        'stripe-globex': globex!,
      });
      expect([await charge(app, 'acme'), await charge(app, 'globex')]).toEqual([201, 201]);
      await expect(
        operator.reload({ 'stripe-acme': { secretKey: 'sk test' }, B: {} }),
      ).rejects.toMatchObject({
        name: 'CallRefusedException',
        code: 'invalid_request',
        message: expect.stringMatching(/vendors\.stripe-acme\.kind .*secretKey .*vendors\.B /),
      });
      expect([await charge(app, 'acme'), await charge(app, 'globex')]).toEqual([201, 201]);
      watch.show(operator);
      expect(watch.leaks()).toEqual([]);
    } finally {
      await app.close();
    }
  });

  it('reads the files of its secrets again', async () => {
    const secretKeyFile = temporaryFile('secret');
    writeFileSync(secretKeyFile, 'sk_test_that_is_over\n');
    const { 'stripe-fees': fees, 'stripe-acme': acme } = accounts();
    const { secretKey, ...rest } = acme!;
    const app = await startApp(
      options({ 'stripe-fees': fees, 'stripe-acme': { ...rest, secretKeyFile } }),
    );
    try {
      expect(await charge(app, 'acme')).toBe(502);
      writeFileSync(secretKeyFile, `${secretKey}\n`);
      await app.get(BrokerOperator).reload();
      expect(await charge(app, 'acme')).toBe(201);
    } finally {
      await app.close();
    }
  });

  it('caps each account by a budget of its own', async () => {
    const app = await startApp(options(accounts()));
    try {
      const operator = app.get(BrokerOperator);
      await operator.setBudget({ scope: 'vendor', id: 'stripe-acme' }, 15);
      expect([await charge(app, 'acme'), await charge(app, 'acme')]).toEqual([201, 402]);
      expect([await charge(app, 'globex'), await charge(app, 'globex')]).toEqual([201, 201]);
    } finally {
      await app.close();
    }
  });

  it('does not start where a mark names an account that it does not have', async () => {
    const { 'stripe-acme': acme } = accounts();
    await expect(startApp(options({ 'stripe-acme': acme }))).rejects.toThrow(
      /ToolsController\.fees.*"stripe-fees" is not configured in `embedded\.vendors`, which has: stripe-acme/s,
    );
    const { account: _account, ...rest } = options(accounts());
    await expect(startApp(rest as VaultKeyModuleOptions)).rejects.toThrow(
      /ToolsController\.charge.*"stripe" is not configured/s,
    );
  });
});
