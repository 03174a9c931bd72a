import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { approvalsCommand } from '../../lib/broker/cli/commands/approvals';
import { budgetsCommand } from '../../lib/broker/cli/commands/budgets';
import { parseCommand } from '../../lib/broker/cli/command';
import { VaultKeyModule } from '../../lib/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, PAGE } from './given/approvals';

checkBlocks(PAGE, BLOCKS);

const TEXT = readFileSync(join(__dirname, '../../', PAGE), 'utf8');

describe(PAGE, () => {
  let vendor: StripeVendor;
  let app: INestApplication;
  beforeAll(async () => {
    vendor = await createStripeVendor();
    const { AgentToolsController } = blockWith(PAGE, 'class AgentToolsController').run([
      'AgentToolsController',
    ]) as { AgentToolsController: Type };
    const { ApprovalDesk } = blockWith(PAGE, 'class ApprovalDesk').run(['ApprovalDesk']) as {
      ApprovalDesk: Type;
    };
    const vendors = { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } };
    const module = await Test.createTestingModule({
      imports: [VaultKeyModule.forRoot({ embedded: { vendors, store: 'sqlite::memory:' } })],
      controllers: [AgentToolsController],
      providers: [{ provide: 'desk', useClass: ApprovalDesk }],
    }).compile();
    app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
  });
  afterAll(async () => {
    await app.close();
    await vendor.close();
  });

  it('the tool asks above its threshold, as the page shows it, and the desk approves', async () => {
    const charge = async (amount: number) => {
      const answer = await fetch(`${await app.getUrl()}/agent-tools/charge`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ amount, paymentMethod: 'pm_card_visa' }),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    expect((await charge(10_000)).status).toBe(201);
    const { status, body } = await charge(10_001);
    expect(status).toBe(403);
    const [, shown = ''] = /```json\n([\s\S]*?)```/.exec(TEXT) ?? [];
    // The page of this broker has no public URL.
    const { approvalUrl: _, ...rest } = JSON.parse(shown) as Record<string, unknown>;
    expect(Object.keys(body).sort()).toEqual(Object.keys(rest).sort());
    const approved = (await app.get('desk').approveOrder(10_001)) as { id: string };
    expect(approved.id).toBe(body['approvalId']);
    expect((await charge(10_001)).status).toBe(201);
  });

  it('the commands are as the command takes them', async () => {
    const sent: unknown[] = [];
    const call = async (method: string, path: string, body?: unknown) => {
      sent.push([method, path, ...(body === undefined ? [] : [body])]);
      const approval = { destinations: [], parameters: [], subject: {}, expires_at: '', state: '' };
      const budget = {
        scope: 'user',
        id: 'u1',
        source: 'operator',
        daily_usd_cap: 1,
        live_keys: 0,
      };
      return { approvals: [], method: '', path: '', ...approval, ...budget };
    };
    for (const [, name = '', line = ''] of TEXT.matchAll(
      /^vault-key-broker (approvals|budgets) (.+)$/gm,
    )) {
      const command = name === 'approvals' ? approvalsCommand : budgetsCommand;
      const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(
        ([, quoted, word]) => quoted ?? word,
      );
      const { operands, options } = parseCommand(words as string[], command.options);
      await command.run({ api: { call } as never, operands, options, flags: new Set(), env: {} });
    }
    expect(sent).toEqual([
      ['GET', '/v1/approvals?state=pending'],
      ['GET', '/v1/approvals/apr_0VnqJ4'],
      ['POST', '/v1/approvals/apr_0VnqJ4/approve', { reason: 'order 7, checked with Ann' }],
      ['POST', '/v1/approvals/apr_0VnqJ4/deny', { reason: 'not this month' }],
      ['PUT', '/v1/budgets/user/u1', { daily_usd_cap: 500, approve_above_usd: 50 }],
      ['PUT', '/v1/budgets/vendor/stripe', { daily_usd_cap: 10_000, approve_above_usd: 1_000 }],
    ]);
  });
});
