import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { parseConfig } from '../../lib/broker/broker.config';
import { EVENT_KINDS } from '../../lib/broker/events/event';
import { webhooksCommand } from '../../lib/broker/cli/commands/webhooks';
import { parseCommand } from '../../lib/broker/cli/command';
import { ProxiedStripeService, VaultKeyService } from '../../lib/index';
import { VaultKeyTestingModule } from '../../lib/testing/index';
import { until } from '../support/until';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, PAGE } from './given/events';

checkBlocks(PAGE, BLOCKS);

const TEXT = readFileSync(join(__dirname, '../../', PAGE), 'utf8');
const blocks = (language: string) =>
  [...TEXT.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, block = '']) => block,
  );

afterEach(() => jest.restoreAllMocks());

it('names every kind of events', () => {
  expect(EVENT_KINDS.filter((kind) => !TEXT.includes(`\`${kind}\``))).toEqual([]);
});

it('the listener is told a threshold', async () => {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  const { SpendAlerts } = blockWith(PAGE, 'class SpendAlerts').run(['SpendAlerts']) as {
    SpendAlerts: Type;
  };
  const app = await Test.createTestingModule({
    imports: [VaultKeyTestingModule.forRoot({ budgets: { user: 100 } })],
    providers: [SpendAlerts],
  }).compile();
  await app.init();
  try {
    await app
      .get(VaultKeyService)
      .run(
        { dailyUsdCap: 100, allowedEndpoints: ['/v1/payment_intents'] },
        () =>
          app
            .get(ProxiedStripeService)
            .createPaymentIntent({ amount: 6_000, paymentMethod: 'pm_card_visa', confirm: true }),
        { userId: 'u1' },
      );
    const told = () => warn.mock.calls.map(([line]) => String(line));
    await until(
      () => told().includes('user u1: 50 %, 40 USD are left'),
      () => JSON.stringify(told()),
    );
  } finally {
    await app.close();
  }
});

it('the receiver reads what is signed, and nothing else', () => {
  const { readEvent } = blockWith(PAGE, 'readEvent').run(['readEvent']) as {
    readEvent(secret: string, headers: Record<string, string>, body: string): { kind: string };
  };
  const [, bytes] = ['whsec_', Buffer.alloc(32, 5)] as const;
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const body = '{"id":"1","kind":"brake"}';
  const signature = createHmac('sha256', bytes)
    .update(`evt_1.${timestamp}.${body}`)
    .digest('base64');
  const headers = {
    'webhook-id': 'evt_1',
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
  const secret = `whsec_${bytes.toString('base64')}`;
  expect(readEvent(secret, headers, body).kind).toBe('brake');
  expect(() => readEvent(secret, headers, `${body} `)).toThrow();
});

it('the config is taken, and so are the commands', () => {
  const config = blocks('json').find((block) => block.includes('webhooks')) ?? '';
  expect(Object.keys(parseConfig(config).webhooks ?? {})).toEqual(['ops']);
  const lines = blocks('sh').flatMap((block) => block.trim().split('\n'));
  const commands = lines.filter((line) => line.startsWith('vault-key-broker webhooks'));
  expect(commands).toHaveLength(3);
  for (const line of commands) {
    const [, , ...args] = line.split(' ');
    const [action = 'list'] = parseCommand(args, webhooksCommand.options).operands;
    expect(webhooksCommand.help).toContain(`webhooks ${action === 'list' ? '[list]' : action}`);
  }
});
