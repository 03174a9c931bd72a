import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { BrokerOperator, VaultKeyModule } from '../../lib/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { budgetsCommand } from '../../lib/broker/cli/commands/budgets';
import { parseCommand } from '../../lib/broker/cli/command';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, FILES, PAGE } from './given/limits';

checkBlocks(PAGE, BLOCKS);

const TEXT = readFileSync(join(__dirname, '../../', PAGE), 'utf8');

describe(PAGE, () => {
  let vendor: StripeVendor;
  let app: INestApplication;
  beforeAll(async () => {
    vendor = await createStripeVendor();
    const { AgentToolsController } = blockWith(PAGE, 'class AgentToolsController').run(
      ['AgentToolsController'],
      { files: FILES },
    ) as { AgentToolsController: Type };
    const { RiskDesk } = blockWith(PAGE, 'class RiskDesk').run(['RiskDesk']) as { RiskDesk: Type };
    const module = await Test.createTestingModule({
      imports: [
        VaultKeyModule.forRoot({
          embedded: {
            vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
            store: 'sqlite::memory:',
          },
        }),
      ],
      controllers: [AgentToolsController],
      providers: [{ provide: 'desk', useClass: RiskDesk }],
    }).compile();
    app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
  });
  afterAll(async () => {
    await app.close();
    await vendor.close();
  });

  it('the tool charges no customer but those of its user', async () => {
    const charge = async (customerId: string, amount = 1_000) => {
      const answer = await fetch(`${await app.getUrl()}/agent-tools/charge`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ amount, customerId }),
      });
      const body = (await answer.json()) as Record<string, unknown>;
      return [answer.status, body['error'], body['limit']];
    };
    // The broker lets it pass, and the vendor has no such customer.
    expect(await charge('cus_anon')).toEqual([400, 'vendor_error', undefined]);
    expect(await charge('cus_other')).toEqual([403, 'limit_exceeded', 'customers']);
    expect(await charge('cus_anon', 10_001)).toEqual([403, 'limit_exceeded', 'per_call_usd']);
  });

  it('the desk limits a user', async () => {
    await app.get('desk').watch('u1');
    const { limits } = await app.get(BrokerOperator).budget({ scope: 'user', id: 'u1' });
    expect(limits).toEqual({ perCallUsd: 50, callsPerMinute: 20 });
  });

  it('the commands are as the command takes them', async () => {
    const lines = [...TEXT.matchAll(/^vault-key-broker budgets (.+)$/gm)].map(([, line = '']) =>
      line.replaceAll("'", '').split(' '),
    );
    const sent: unknown[] = [];
    for (const line of lines) {
      const { operands, options } = parseCommand(line, budgetsCommand.options);
      const call = async (_method: string, path: string, body?: unknown) => {
        sent.push([path, body]);
        return { scope: 'user', id: 'u1', source: 'operator', daily_usd_cap: 1, live_keys: 0 };
      };
      const flags = new Set<string>();
      await budgetsCommand.run({ api: { call } as never, operands, options, flags, env: {} });
    }
    expect(sent).toEqual([
      [
        '/v1/budgets/user/u1',
        { daily_usd_cap: 200, limits: { per_call_usd: 50, calls_per_minute: 20 } },
      ],
      ['/v1/budgets/user/*', { daily_usd_cap: 100, limits: { currencies: ['usd', 'eur'] } }],
    ]);
  });
});
