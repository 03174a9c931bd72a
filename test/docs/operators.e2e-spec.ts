import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { parseConfig } from '../../lib/broker/broker.config';
import { BrokerOperator, VaultKeyModule } from '../../lib/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import { newOperator } from '../support/operators';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, PAGE } from './given/operators';

checkBlocks(PAGE, BLOCKS);

const CLI = resolve(process.env['BROKER_CLI'] ?? join(__dirname, '../../dist/broker/cli/main.js'));
const TEXT = readFileSync(join(__dirname, '../../', PAGE), 'utf8');
const blocksOf = (language: string) =>
  [...TEXT.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, block = '']) => block,
  );
const LINES = blocksOf('sh').flatMap((block) => block.trim().split('\n'));
const ann = newOperator('admin', 'ann');

describe(PAGE, () => {
  let vendor: StripeVendor;
  let broker: BrokerProcess;
  beforeAll(async () => {
    vendor = await createStripeVendor();
    const config = temporaryFile('broker.json');
    writeFileSync(config, JSON.stringify({ operators: [ann.options] }));
    broker = await BrokerProcess.start({ vendor, args: ['--config', config] });
  });
  afterAll(() => vendor.close());

  /** What a placeholder of a line stands for. */
  async function idFor(placeholder: string): Promise<string> {
    if (placeholder === 'BRAKE_ID') {
      return (await broker.api('GET', '/v1/brakes')).body.brakes[0].id as string;
    }
    const key = await broker.issue({ subject: { user_id: 'u2' } });
    vendor.next('POST /v1/payment_intents', { reset: 'after' });
    await broker.call(key.token, 'POST', '/v1/payment_intents', {
      body: 'amount=1250&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true',
    });
    return (await broker.api('GET', '/v1/holds?state=unknown')).body.holds[0].id as string;
  }

  it('shows a config that is valid', () => {
    const [config = ''] = blocksOf('json');
    expect(parseConfig(config).operators?.map(({ role }) => role)).toEqual(['admin', 'operator']);
  });

  it('shows each change that an operator makes in the shell', () => {
    expect(LINES).toHaveLength(8);
  });

  it.each(LINES)('%s', async (line) => {
    const placeholder = /\b(?:BRAKE|HOLD)_ID\b/.exec(line)?.[0];
    const typed =
      placeholder === undefined ? line : line.replace(placeholder, await idFor(placeholder));
    const command = typed.replace('vault-key-broker', '"$NODE" "$CLI"');
    const child = spawn('sh', ['-c', `${command} --url "$URL"`], {
      env: {
        PATH: process.env['PATH'] ?? '',
        NODE: process.execPath,
        CLI,
        URL: broker.url,
        VAULT_KEY_OPERATOR_TOKEN: ann.token,
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    }
    const [code] = (await once(child, 'close')) as [number];
    expect([code, output]).toEqual([0, output]);
  });

  it('an employee of the example lifts a brake, and the audit log has their name', async () => {
    const { SupportDesk } = blockWith(PAGE, 'class SupportDesk').run(['SupportDesk']) as {
      SupportDesk: Type;
    };
    const app = await Test.createTestingModule({
      imports: [
        VaultKeyModule.forRoot({
          embedded: {
            vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
            store: 'sqlite::memory:',
            operators: [ann.options, newOperator('viewer', 'eve').options],
          },
        }),
      ],
      providers: [{ provide: 'desk', useClass: SupportDesk }],
    }).compile();
    await app.init();
    const desk = app.get<{
      letGo: (id: string, employee: { name: string }, reason: string) => Promise<void>;
    }>('desk');
    const operator = app.get(BrokerOperator, { strict: false });
    const { id } = await operator.brake({ scope: 'user', target: 'u1', reason: 'a loop' });
    await expect(desk.letGo(id, { name: 'eve' }, 'mended')).rejects.toMatchObject({
      code: 'forbidden',
    });
    await desk.letGo(id, { name: 'ann' }, 'mended');
    const { entries } = await operator.audit({ event: 'lift' });
    expect(entries).toMatchObject([{ actor: 'ann', reason: 'mended' }]);
    await app.close();
  });
});
