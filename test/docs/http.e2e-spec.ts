import type { DynamicModule, Type } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { VaultKeyModule } from '../../lib/index';
import type { VaultKeyModuleOptions } from '../../lib/index';
import { createStripeVendor, vaultKeyTestingOptions } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, CHARGE, FILES, IDENTIFY, PAGE, PREFIX } from './given/http';
import { brokerOf } from '../support/broker-of';

checkBlocks(PAGE, BLOCKS);

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('on %s', (_name, adapter) => {
  let vendor: StripeVendor;
  let app: NestFastifyApplication;

  beforeAll(async () => {
    vendor = await createStripeVendor();
    const { AgentToolsController } = blockWith(PAGE, CHARGE).run(['AgentToolsController'], {
      files: FILES,
    });
    const { LegacyToolsModule } = blockWith(PAGE, PREFIX).run(['LegacyToolsModule'], {
      files: FILES,
    });
    const module = await Test.createTestingModule({
      imports: [
        VaultKeyModule.forRoot(vaultKeyTestingOptions(vendor, { identify: identifyShown() })),
        LegacyToolsModule as Type,
      ],
      controllers: [AgentToolsController as Type],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(adapter());
    await app.listen(0, '127.0.0.1');
  });

  afterAll(async () => {
    await app.close();
    await vendor.close();
  });

  async function charge(prefix: string, amount: number, run: string): Promise<Response> {
    return fetch(`${await app.getUrl()}/${prefix}/charge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-session': 'ada', 'x-agent-run-id': run },
      body: JSON.stringify({ amount, paymentMethod: 'pm_card_visa' }),
    });
  }

  async function keysOf(run: string) {
    return (await brokerOf(app).keys({ run_id: run })).keys;
  }

  it('the controller charges for its user and agent run', async () => {
    expect((await charge('agent-tools', 1250, 'run-1')).status).toBe(201);
    expect(await keysOf('run-1')).toMatchObject([
      {
        label: 'nest-ada-run-1',
        subject: { tool: 'AgentToolsController.charge' },
        spent_usd: 12.5,
      },
    ]);
  });

  it('a refusal is answered with its status, as JSON that is not kept', async () => {
    const answer = await charge('agent-tools', 50_001, 'run-2');
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([402, 'no-store']);
    expect(await answer.json()).toMatchObject({ error: 'spend_cap_exceeded', retryable: false });
    expect((await charge('agent-tools', 100, 'no run')).status).toBe(400);
  });

  it('a request under the prefix pays with a key, whatever answers it', async () => {
    expect((await charge('legacy-tools', 900, 'run-3')).status).toBe(201);
    expect(await keysOf('run-3')).toMatchObject([
      { label: 'nest-ada-run-3', daily_usd_cap: 100, spent_usd: 9 },
    ]);
  });
});

function identifyShown(): NonNullable<VaultKeyModuleOptions['identify']> {
  let shown: VaultKeyModuleOptions = {};
  const forRoot = jest.spyOn(VaultKeyModule, 'forRoot').mockImplementation((options) => {
    shown = options ?? {};
    return { module: VaultKeyModule } satisfies DynamicModule;
  });
  blockWith(PAGE, IDENTIFY).run([], { files: FILES });
  forRoot.mockRestore();
  return shown.identify!;
}
