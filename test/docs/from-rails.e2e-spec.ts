import { Logger } from '@nestjs/common';
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ProxiedStripeService, VaultKeyModule, VaultKeyService } from '../../lib/index';
import {
  StripeVendor,
  VaultKeyTestingModule,
  createStripeVendor,
  vaultKeyTestingOptions,
} from '../../lib/testing/index';
import { until } from '../support/until';
import { CodeBlock, blockWith, checkBlocks } from './code-blocks';
import {
  BLOCKS,
  CONTROLLER,
  CURRENT,
  ENSURE,
  FILES,
  JOB,
  LEFT_BEHIND,
  MIDDLEWARE,
  PAGE,
  SDK,
  SEVERAL,
} from './given/from-rails';
import { brokerOf } from '../support/broker-of';

checkBlocks(PAGE, BLOCKS);

const POLICY = {
  dailyUsdCap: 100,
  allowedEndpoints: ['/v1/charges', '/v1/customers', '/v1/payment_intents'],
};

const chargeOf = (amount: number) => ({ amount, paymentMethod: 'pm_card_visa' });

function classOf(text: string): Type {
  const name = text.replace('export class ', '');
  return blockWith(PAGE, text).run([name], { files: FILES })[name] as Type;
}

describe('what stands in the place of', () => {
  const tools = blockWith(PAGE, CONTROLLER).run(['AgentToolsController', 'ChargeService'], {
    files: FILES,
  });
  const shown = blockWith(PAGE, LEFT_BEHIND);
  const reports = new CodeBlock(
    PAGE,
    shown.line,
    `import { later } from 'node:timers/promises';\n${shown.code}`,
  ).run(['ReportsController', 'later'], { files: FILES });
  const later = reports['later'] as { open(): void };
  const services = {
    receipt: classOf(CURRENT),
    payouts: classOf(JOB),
    backfill: classOf(ENSURE),
    order: classOf(SEVERAL),
    invoice: classOf(SDK),
  };
  let app: INestApplication;
  let url: string;
  let vendor: StripeVendor;

  beforeEach(async () => {
    const module = await Test.createTestingModule({
      imports: [VaultKeyTestingModule.forRoot()],
      controllers: [tools['AgentToolsController'], reports['ReportsController']] as Type[],
      providers: [tools['ChargeService'] as Type, ...Object.values(services)],
    }).compile();
    app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    vendor = app.get(StripeVendor);
  });

  afterEach(() => app.close());

  const post = (path: string, body: object = {}): Promise<Response> =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  async function keys() {
    return (await brokerOf(app).keys()).keys;
  }

  async function charge(amount: number): Promise<string> {
    const stripe = app.get(ProxiedStripeService);
    const { id } = await stripe.request<{ id: string }>('POST', '/v1/charges', {
      amount,
      currency: 'usd',
      source: 'tok_visa',
    });
    return id;
  }

  it('the hooks: a request has its key, and it is revoked', async () => {
    expect((await post('/agent-tools/charge', chargeOf(1250))).status).toBe(201);
    await until(
      async () => (await keys())[0]?.status === 'revoked',
      () => 'the key still lives',
    );
    expect(await keys()).toMatchObject([{ daily_usd_cap: 500, spent_usd: 12.5 }]);
  });

  it('Current: the key of the invocation', async () => {
    const receipt = app.get<{ note(): string }>(services.receipt);
    const note = app
      .get(VaultKeyService)
      .run(POLICY, () => receipt.note(), { userId: 'ada', runId: 'run-1' });
    expect(await note).toBe('paid for ada in run run-1, under nest-ada-run-1');
    expect(() => receipt.note()).toThrow('outside an invocation');
  });

  it('the service: the cap can be told from all else', async () => {
    const answer = await post('/agent-tools/charge', chargeOf(50_001));
    expect(await answer.json()).toEqual({
      refused: expect.stringContaining('cap of $500') as string,
      left: 500,
    });
    vendor.next('POST /v1/payment_intents', { status: 429 });
    expect((await post('/agent-tools/charge', chargeOf(100))).status).toBe(429);
  });

  it('the job: each has its key, and a second attempt refunds nothing', async () => {
    const chargeId = await app.get(VaultKeyService).run(POLICY, () => charge(1250));
    const payouts = app.get<{ process(job: object): Promise<unknown> }>(services.payouts);
    const data = { userId: 'ada', chargeId };
    const job = {
      id: 'payout-1',
      queueName: 'payouts',
      data,
      timestamp: Date.now(),
      updateProgress: () => Promise.resolve(),
    };
    const first = await payouts.process({ ...job, attemptsMade: 0 });
    expect(await payouts.process({ ...job, attemptsMade: 1 })).toEqual(first);
    expect(
      (await keys()).filter(({ label }) => label === 'bullmq-ada-payouts:payout-1'),
    ).toHaveLength(2);
    expect(vendor.book.total('usd', 'refund')).toBe(1250);
  });

  it('ensure: run ends the key of any work', async () => {
    const chargeIds = await app
      .get(VaultKeyService)
      .run(POLICY, async () => [await charge(500), await charge(600)]);
    const backfill = app.get<{ refund(ids: string[]): Promise<number> }>(services.backfill);
    expect(await backfill.refund(chargeIds)).toBe(2);
    await expect(backfill.refund(['ch_unknown'])).rejects.toMatchObject({ code: 'amount_unknown' });
    await until(
      async () => (await keys()).every(({ status }) => status === 'revoked'),
      () => 'a key still lives',
    );
  });

  it('several calls on one key: one key pays for them all', async () => {
    const order = app.get<{ order(email: string, amount: number): Promise<{ customer: string }> }>(
      services.order,
    );
    const made = app.get(VaultKeyService).run(POLICY, () => order.order('ada@example.com', 1250));
    expect(await made).toMatchObject({ customer: expect.stringMatching(/^cus_/) as string });
    expect(await keys()).toMatchObject([{ spent_usd: 12.5 }]);
  });

  it('the SDK: the client takes the key of the invocation', async () => {
    const invoice = app.get<{ charge(amount: number): Promise<{ amount: number }> }>(
      services.invoice,
    );
    const charged = app.get(VaultKeyService).run(POLICY, () => invoice.charge(1250));
    expect(await charged).toMatchObject({ amount: 1250 });
    expect(await keys()).toMatchObject([{ spent_usd: 12.5 }]);
    await expect(invoice.charge(100)).rejects.toMatchObject({ code: 'vault_key_missing' });
  });

  it('threads: what is left behind finds the key over, and the next request its own', async () => {
    expect(await (await post('/reports')).json()).toEqual({ accepted: true });
    await until(
      async () => (await keys())[0]?.status === 'revoked',
      () => 'the key still lives',
    );
    const warned = jest.spyOn(Logger, 'warn').mockImplementation(() => {});
    later.open();
    await until(
      () => warned.mock.calls.length === 1,
      () => 'the promise was not refused',
    );
    expect(warned).toHaveBeenCalledWith('VaultKeyMissingException');
    warned.mockRestore();
    expect(vendor.calls()).toEqual([]);
  });
});

it('what stands in the place of the Rack middleware: each request of the prefix has its key', async () => {
  const vendor = await createStripeVendor();
  const forRoot = VaultKeyModule.forRoot.bind(VaultKeyModule);
  const spy = jest
    .spyOn(VaultKeyModule, 'forRoot')
    .mockImplementation(({ identify } = {}) =>
      forRoot(vaultKeyTestingOptions(vendor, { identify })),
    );
  const legacy = classOf(MIDDLEWARE);
  spy.mockRestore();
  const app = (
    await Test.createTestingModule({ imports: [legacy] }).compile()
  ).createNestApplication();
  await app.listen(0, '127.0.0.1');
  try {
    const answer = await fetch(`${await app.getUrl()}/legacy-tools/charge`, {
      method: 'POST',
      headers: { 'x-user': 'ada', 'x-agent-run-id': 'run-1' },
    });
    expect(answer.status).toBe(201);
    expect((await brokerOf(app).keys()).keys).toMatchObject([
      { label: 'nest-ada-run-1', daily_usd_cap: 100, spent_usd: 9 },
    ]);
  } finally {
    await app.close();
    await vendor.close();
  }
});
