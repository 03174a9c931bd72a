import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INestApplication, Type } from '@nestjs/common';
import { Test, TestingModuleBuilder } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { ProxiedStripeService, VaultKeyService } from '../../lib/index';
import { StripeVendor, TestingBroker, VaultKeyTestingModule } from '../../lib/testing/index';
import type { StripeFault, VaultKeyTestingOptions } from '../../lib/testing/index';
import '../../lib/testing/jest';
import { CodeBlock, blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, FILES, VITEST, PAGE } from './given/testing';

checkBlocks(PAGE, BLOCKS);

it('registers the matchers with Vitest as it is shown', () => {
  const { expect: registered } = blockWith(PAGE, 'expect.extend(stripeMatchers)').run(['expect'], {
    files: VITEST,
  });
  expect(registered).toMatchObject({
    names: ['toHaveCharged', 'toHaveRefunded', 'toHaveReceived'],
  });
});

// The block registers its own tests, which run here as they would in its reader's project.
blockWith(PAGE, "describe('the charge tool'").run([], { files: FILES });

const { AgentToolsController } = new CodeBlock(
  PAGE,
  0,
  "import { AgentToolsController } from './agent-tools.controller';",
).run(['AgentToolsController'], { files: FILES }) as { AgentToolsController: Type };

async function startApp(options?: VaultKeyTestingOptions) {
  const module = await Test.createTestingModule({
    imports: [VaultKeyTestingModule.forRoot(options)],
    controllers: [AgentToolsController],
  }).compile();
  const app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  return app;
}

async function charge(app: INestApplication, amount = 1200): Promise<Response> {
  return fetch(`${await app.getUrl()}/agent-tools/charge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ amount, paymentMethod: 'pm_card_visa' }),
  });
}

describe("an application's own module", () => {
  it('is given a broker in memory and an offline Stripe, and closes them with itself', async () => {
    const arranged = blockWith(PAGE, 'overrideProvider');
    const { module } = (await arranged.runAsync(['module'], {}, { files: FILES })) as {
      module: TestingModule;
    };
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    const vendor = app.get(StripeVendor);
    try {
      expect((await charge(app)).status).toBe(201);
      expect(vendor).toHaveCharged({ amount: 1200, times: 1 });
      await app.get(TestingBroker).exhaust();
      expect((await charge(app)).status).toBe(402);
    } finally {
      await app.close();
    }
    await expect(fetch(vendor.url)).rejects.toThrow();
  });
});

it('a marked method that is called directly is an invocation of its own', async () => {
  const compile = jest.spyOn(TestingModuleBuilder.prototype, 'compile');
  const block = blockWith(PAGE, 'module.get(AgentToolsController)');
  try {
    await expect(block.runAsync([], {}, { files: FILES })).resolves.toEqual({});
  } finally {
    // A block that fails halfway has not closed what it started, and Jest would wait for it.
    for (const { value } of compile.mock.results) {
      await (await (value as Promise<TestingModule>)).close();
    }
    compile.mockRestore();
  }
});

describe('what the vendor does wrong', () => {
  const rows = [
    ...readFileSync(join(__dirname, '../..', PAGE), 'utf8').matchAll(
      /^\| (?<what>[a-z ,]+?) +\| `(?<script>\{.+?\})` +\| (?<status>\d{3}) `(?<error>\w+)`/gm,
    ),
  ].map(({ groups }) => groups as Record<'what' | 'script' | 'status' | 'error', string>);
  let app: INestApplication | undefined;
  afterEach(() => app?.close());

  it('has its rows', () => expect(rows).toHaveLength(6));

  it.each(rows)('$what: $status $error', async ({ script, status, error }) => {
    const { fault } = new CodeBlock(PAGE, 0, `const fault = ${script};`).run(['fault']);
    // Short only for the vendor that never answers: a busy machine is slow to answer, too.
    app = await startApp('hang' in (fault as object) ? { vendorTimeout: '1s' } : {});
    app.get(StripeVendor).next('POST /v1/payment_intents', fault as StripeFault);
    const answer = await charge(app);
    const body = (await answer.json()) as { error: string; declineCode?: string };
    expect([answer.status, body.error]).toEqual([Number(status), error]);
    if ('decline' in (fault as object)) expect(body.declineCode).toBe('insufficient_funds');
    if (status === '429') expect(answer.headers.get('retry-after')).toBe('2');
  });

  it('every script that is shown is one', async () => {
    app = await startApp();
    await expect(blockWith(PAGE, 'vendor.hold').runAsync([], { app })).resolves.toEqual({});
  });
});

it('what the broker refuses is taken back, all of it', async () => {
  const app = await startApp();
  try {
    await blockWith(PAGE, 'broker.exhaust').runAsync([], { app });
    expect((await charge(app)).status).toBe(201);
    await app.get(TestingBroker).exhaust({ user: 'anon' });
    expect(await (await charge(app)).json()).toMatchObject({
      error: 'spend_cap_exceeded',
      scope: 'user',
      cap: 12,
      spent: 12,
      remaining: 0,
    });
  } finally {
    await app.close();
  }
});

it('what was charged is found as it is shown', async () => {
  const app = await startApp();
  const stripe = app.get(ProxiedStripeService);
  try {
    await app
      .get(VaultKeyService)
      .run(
        { dailyUsdCap: 500, allowedEndpoints: ['/v1/payment_intents', '/v1/refunds'] },
        async () => {
          const { id } = await stripe.createPaymentIntent({
            amount: 1200,
            confirm: true,
            paymentMethod: 'pm_card_visa',
            metadata: { order: 7 },
          });
          await stripe.createRefund({ paymentIntentId: id, amount: 300 });
        },
      );
    await blockWith(PAGE, 'toHaveRefunded').runAsync([], { app });
  } finally {
    await app.close();
  }
});

it('an offline Stripe on its own serves any client', async () => {
  await expect(blockWith(PAGE, "name: 'Ada'").runAsync([])).resolves.toEqual({});
});

it('what happens without a call is charged as it is shown', async () => {
  const block = blockWith(PAGE, 'vendor.renew(id)');
  await expect(block.runAsync(['charged'])).resolves.toEqual({ charged: 11_000 });
});

it('several accounts are told apart', async () => {
  const block = blockWith(PAGE, 'vendor.addAccount(');
  await expect(block.runAsync(['theirs'])).resolves.toEqual({ theirs: 1200 });
});
