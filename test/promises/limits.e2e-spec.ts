import { Body, Controller, Injectable, Post } from '@nestjs/common';
import type { ExecutionContext, INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AgentTool,
  BrokerOperator,
  CallRefusedException,
  ProxiedStripeService,
  VaultKeyModule,
  VaultKeyService,
  VaultKeyUnavailableException,
} from '../../lib/index';
import type { AgentToolContext } from '../../lib/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { brokers } from '../support/brokers';
import type { BrokerUnderTest } from '../support/brokers';

interface Payment {
  amount: number;
  customerId?: string;
  paymentMethod?: string;
  confirm?: boolean;
}

const allowedEndpoints = ['/v1/payment_intents', '/v1/payment_intents/*', '/v1/refunds'];
/** The customer of each user, as an application would know it. */
const customers = new Map<string, string>();
const identify = (context: ExecutionContext) => {
  const { user } = context.switchToHttp().getRequest<{ user: { id: string } }>();
  return { userId: user.id, customerId: customers.get(user.id) };
};
const customersOf = async ({ identity }: AgentToolContext): Promise<readonly string[]> => {
  const id = customers.get(identity.userId);
  if (id === 'fails') throw new Error('the database does not answer');
  return id === undefined ? [] : [id];
};

@Injectable()
class Nightly {
  /** How often it has run. */
  runs = 0;

  @AgentTool({
    dailyUsdCap: 500,
    allowedEndpoints,
    limits: { perCallUsd: () => 12.34 * 1.2, callsPerMinute: (() => 1.5) as () => number },
  })
  async bad(): Promise<void> {
    this.runs += 1;
  }
}

@Controller('tools')
class Tools {
  runs = 0;

  constructor(private readonly stripe: ProxiedStripeService) {}

  @Post('pay')
  @AgentTool({
    dailyUsdCap: 500,
    allowedEndpoints,
    limits: { perCallUsd: 100, customers: customersOf },
  })
  pay(@Body() payment: Payment) {
    this.runs += 1;
    return this.stripe.createPaymentIntent({ ...payment });
  }

  @Post('own')
  @AgentTool({
    dailyUsdCap: 500,
    allowedEndpoints,
    limits: { customers: ({ identity }) => [identity.customerId] },
  })
  own(@Body() payment: Payment) {
    return this.stripe.createPaymentIntent({ ...payment });
  }

  @Post('loop')
  @AgentTool({ dailyUsdCap: 500, allowedEndpoints, limits: { callsPerMinute: 3 } })
  async loop() {
    for (let i = 0; i < 5; i++) await this.stripe.createPaymentIntent({ amount: 100 });
  }

  @Post('free')
  @AgentTool({ dailyUsdCap: 500, allowedEndpoints })
  free(@Body() payment: Payment) {
    return this.stripe.createPaymentIntent({ ...payment });
  }

  @Post('refund')
  @AgentTool({ dailyUsdCap: 500, allowedEndpoints, limits: { customers: customersOf } })
  refund(@Body() { id }: { id: string }) {
    return this.stripe.createRefund({ paymentIntentId: id });
  }
}

const NAMES = ['the built vault-key-broker', 'the embedded broker'];

describe.each(NAMES)('limits of a tool, with %s', (name) => {
  let vendor: StripeVendor;
  let broker: BrokerUnderTest;
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    vendor = await createStripeVendor();
    broker = await brokers[name]!(vendor);
    const module = await Test.createTestingModule({
      imports: [VaultKeyModule.forRoot({ ...broker.options, identify })],
      controllers: [Tools],
      providers: [Nightly],
    }).compile();
    app = module.createNestApplication({ logger: false });
    // The user is whoever the header says: a guard of an application would know it.
    app.use(
      (
        req: { headers: Record<string, string>; user?: object },
        _res: unknown,
        next: () => void,
      ) => {
        req.user = { id: req.headers['x-user'] };
        next();
      },
    );
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    for (const user of ['ann', 'bob']) customers.set(user, await newCustomer());
  });
  afterAll(async () => {
    await app.close();
    await broker.close();
    await vendor.close();
  });
  beforeEach(() => vendor.book.clear());

  /** A customer that the application has made with the account's own secret. */
  async function newCustomer(): Promise<string> {
    const answer = await fetch(`${vendor.url}/v1/customers`, {
      method: 'POST',
      headers: { authorization: `Bearer ${vendor.secretKey}` },
    });
    return ((await answer.json()) as { id: string }).id;
  }

  async function ask(user: string, tool: string, body: object = {}) {
    const answer = await fetch(`${url}/tools/${tool}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-user': user },
      body: JSON.stringify(body),
    });
    const json = (await answer.json()) as Record<string, unknown>;
    return { status: answer.status, retryAfter: answer.headers.get('retry-after'), body: json };
  }

  it("lets a user's agent pay for this user's customer alone", async () => {
    const [ann, bob] = [customers.get('ann'), customers.get('bob')];
    expect((await ask('ann', 'pay', { amount: 1_000, customerId: ann })).status).toBe(201);
    const refused = await ask('ann', 'pay', { amount: 1_000, customerId: bob });
    expect([refused.status, refused.body]).toEqual([
      403,
      {
        error: 'limit_exceeded',
        message:
          'The key is limited by customers: customer names what belongs to none of its customers. Do not retry it.',
        retryable: false,
        scope: 'key',
        limit: 'customers',
        parameter: 'customer',
      },
    ]);
    expect((await ask('ann', 'pay', { amount: 1_000 })).body).toMatchObject({
      error: 'limit_exceeded',
      limit: 'customers',
    });
    expect(vendor.book.entries).toHaveLength(1);
  });

  it('takes the customer of the user from what `identify` says', async () => {
    const pay = async (user: string, of: string) => {
      const { status, body } = await ask(user, 'own', {
        amount: 100,
        customerId: customers.get(of),
      });
      return [status, body['error']];
    };
    expect(await pay('ann', 'ann')).toEqual([201, undefined]);
    expect(await pay('ann', 'bob')).toEqual([403, 'limit_exceeded']);
    expect(await pay('bob', 'bob')).toEqual([201, undefined]);
    // Who is no customer reaches none.
    expect(await pay('dora', 'bob')).toEqual([503, 'vault_key_unavailable']);
  });

  it('finds out whose a payment is, before it is refunded', async () => {
    const paid = await ask('ann', 'free', {
      amount: 1_000,
      customerId: customers.get('ann'),
      paymentMethod: 'pm_card_visa',
      confirm: true,
    });
    const { id } = paid.body as { id: string };
    expect((await ask('bob', 'refund', { id })).body).toMatchObject({
      error: 'limit_exceeded',
      limit: 'customers',
      parameter: 'payment_intent',
    });
    expect((await ask('ann', 'refund', { id })).status).toBe(201);
  });

  it('refuses a call above its limit', async () => {
    const customerId = customers.get('ann');
    expect((await ask('ann', 'pay', { amount: 10_000, customerId })).status).toBe(201);
    expect((await ask('ann', 'pay', { amount: 10_001, customerId })).body).toMatchObject({
      error: 'limit_exceeded',
      limit: 'per_call_usd',
    });
  });

  it('says when a call may be tried again that came too soon: 429 rate_limited', async () => {
    const { status, retryAfter, body } = await ask('ann', 'loop');
    expect([status, body]).toEqual([
      429,
      {
        error: 'rate_limited',
        message: expect.stringMatching(
          /^The key may make 3 calls a minute, and has made as many\. Try again in \d+ s\.$/,
        ),
        retryable: true,
        retryAfter: expect.any(Number),
        scope: 'key',
        limit: 'calls_per_minute',
        calls_per_minute: 3,
      },
    ]);
    expect(retryAfter).toBe(String(body['retryAfter']));
    expect(vendor.book.entries).toHaveLength(3);
  });

  it('runs no handler where a limit cannot be computed, or comes to none', async () => {
    const { runs } = app.get(Tools);
    customers.set('carl', 'fails');
    for (const user of ['carl', 'nobody']) {
      const { status, body } = await ask(user, 'pay', { amount: 1_000 });
      expect([status, body['error']]).toEqual([503, 'vault_key_unavailable']);
      expect(body['message']).not.toContain('database');
    }
    expect(app.get(Tools).runs).toBe(runs);
    await expect(app.get(Nightly).bad()).rejects.toBeInstanceOf(VaultKeyUnavailableException);
    expect(app.get(Nightly).runs).toBe(0);
    expect(vendor.book.entries).toEqual([]);
  });

  it('holds what run() does to them, and takes no function there', async () => {
    const keys = app.get(VaultKeyService);
    const stripe = app.get(ProxiedStripeService);
    const policy = { dailyUsdCap: 500, allowedEndpoints, limits: { perCallUsd: 12.34 * 1.2 } };
    const pay = (amount: number) => keys.run(policy, () => stripe.createPaymentIntent({ amount }));
    await pay(1_480);
    const refused = await pay(1_481).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CallRefusedException);
    expect(refused).toMatchObject({ retryable: false, details: { limit: 'per_call_usd' } });
    const limits = { customers: (() => ['cus_1']) as never };
    await expect(keys.run({ ...policy, limits }, () => undefined)).rejects.toThrow(
      'limits.customers must be an array of 1 to 100 strings',
    );
  });

  if (name === 'the embedded broker') {
    it("holds every key of a user to an operator's limits, which the operator sees", async () => {
      const operator = app.get(BrokerOperator);
      const limits = { perCallUsd: 5, currencies: ['usd'] };
      const set = await operator.setBudget({ scope: 'user', id: 'ann' }, 1_000, limits);
      expect(set.limits).toEqual(limits);
      expect((await ask('ann', 'free', { amount: 501 })).body).toMatchObject({
        error: 'limit_exceeded',
        limit: 'per_call_usd',
        scope: 'user',
      });
      expect((await ask('bob', 'free', { amount: 501 })).status).toBe(201);
      const { keys } = await operator.keys({ userId: 'bob', tool: 'Tools.pay' });
      expect(keys.map(({ limits: own }) => own?.customers)).toEqual([]);
      await expect(
        operator.setBudget({ scope: 'user', id: 'ann' }, 1_000, { perCall: 5 } as never),
      ).rejects.toThrow('limits.perCall is no field of this call');
      await expect(
        operator.setBudget({ scope: 'user', id: 'ann' }, 1_000, { customers: undefined } as never),
      ).rejects.toThrow('limits.customers has no value');
      await operator.setBudget({ scope: 'user', id: 'ann' }, 1_000);
      expect((await operator.budget({ scope: 'user', id: 'ann' })).limits).toBeUndefined();
      expect((await ask('ann', 'free', { amount: 501 })).status).toBe(201);
    });
  }
});
