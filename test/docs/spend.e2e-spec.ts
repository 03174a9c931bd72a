import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Test } from '@nestjs/testing';
import {
  BrokerOperator,
  ProxiedStripeService,
  VaultKeyModule,
  VaultKeyService,
} from '../../lib/index';
import { createStripeVendor } from '../../lib/testing/index';
import { run } from '../packaging/command';
import { BrokerProcess } from '../support/broker-process';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, PAGE } from './given/spend';

const CLI = resolve(__dirname, '../../dist/broker/cli/main.js');
const TEXT = readFileSync(join(__dirname, '../../', PAGE), 'utf8');

checkBlocks(PAGE, BLOCKS);

const folder = mkdtempSync(join(tmpdir(), 'vault-key-spend-page-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('the lines of the shell tell spend', async () => {
  const [, text = ''] = /^```sh\n(.*?)\n```/ms.exec(TEXT) ?? [];
  const broker = await BrokerProcess.start();
  const lines = text.split('\n');
  expect(lines).toHaveLength(3);
  // The days of the page are of its own time.
  const day = new Date().toISOString().slice(0, 10);
  for (const line of lines) {
    const [, ...args] = line
      .replaceAll(/2026-11-\d\d/g, day)
      .replaceAll('2026-11', day.slice(0, 7))
      .split(' ');
    const ran = await run(process.execPath, [CLI, ...args, '--url', broker.url], {
      cwd: folder,
      env: { KEYBRAKE_TOKEN: broker.token },
    });
    expect([line, ran.code]).toEqual([line, 0]);
  }
});

it('the class tells what a user has spent today, and writes it to a file', async () => {
  const { Finance } = blockWith(PAGE, 'class Finance').run(['Finance']) as {
    Finance: new (operator: BrokerOperator) => {
      spentToday(userId: string): Promise<number>;
      write(from: string, to: string, file: string): Promise<void>;
    };
  };
  const vendor = await createStripeVendor();
  const module = await Test.createTestingModule({
    imports: [
      VaultKeyModule.forRoot({
        embedded: {
          store: 'sqlite::memory:',
          vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
        },
      }),
    ],
  }).compile();
  const app = await module.init();
  try {
    await app
      .get(VaultKeyService)
      .run(
        { dailyUsdCap: 50, allowedEndpoints: ['/v1/payment_intents'] },
        () =>
          app
            .get(ProxiedStripeService)
            .createPaymentIntent({ amount: 1_250, confirm: true, paymentMethod: 'pm_card_visa' }),
        { userId: 'u1', runId: 'r1' },
      );
    const finance = new Finance(app.get(BrokerOperator));
    expect(await finance.spentToday('u1')).toBe(12.5);
    expect(await finance.spentToday('u2')).toBe(0);
    const day = new Date().toISOString().slice(0, 10);
    const file = join(folder, 'spend.csv');
    await finance.write(day, day, file);
    expect(readFileSync(file, 'utf8')).toMatch(
      /^day,user_id,.*\r\n\d{4}-\d\d-\d\d,u1,12\.50,.*\r\n$/,
    );
  } finally {
    await app.close();
    await vendor.close();
  }
});
