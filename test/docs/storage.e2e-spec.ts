import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Test } from '@nestjs/testing';
import { STORE_DOUBTS } from '../../lib/broker/ledger/store-doubt';
import { BrokerOperator, VaultKeyModule } from '../../lib/index';
import { run } from '../packaging/command';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, PAGE } from './given/storage';

const CLI = resolve(__dirname, '../../dist/broker/cli/main.js');
const TEXT = readFileSync(join(__dirname, '../../', PAGE), 'utf8');

checkBlocks(PAGE, BLOCKS);

const folder = mkdtempSync(join(tmpdir(), 'vault-key-storage-page-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('the line of the shell writes a backup', async () => {
  const [, line = ''] = /^```sh\n(.*)\n```/m.exec(TEXT) ?? [];
  const broker = await BrokerProcess.start();
  const [name = '', ...args] = line.split(' ');
  expect(name).toBe('vault-key-broker');
  const { code } = await run(process.execPath, [CLI, ...args, '--url', broker.url], {
    cwd: folder,
    env: { KEYBRAKE_TOKEN: broker.token },
  });
  expect(code).toBe(0);
  expect(existsSync(join(folder, args.at(-1) ?? ''))).toBe(true);
});

it('the lines of the shell export the audit log', async () => {
  const [, text = ''] = /^```sh\n(vault-key-broker audit .*?)\n```/ms.exec(TEXT) ?? [];
  const broker = await BrokerProcess.start();
  await broker.issue();
  await broker.issue();
  const keyFile = `${broker.store.slice('sqlite:'.length)}.audit-key`;
  const lines = text.split('\n');
  expect(lines.length).toBe(3);
  for (const line of lines) {
    const [, ...args] = line
      .replaceAll('/var/log/vault-key', folder)
      .replace('vault-key.db.audit-key', keyFile)
      .split(' ');
    const ran = await run(process.execPath, [CLI, ...args, '--url', broker.url], {
      cwd: folder,
      env: { KEYBRAKE_TOKEN: broker.token },
    });
    expect([line, ran.code]).toEqual([line, 0]);
  }
});

it('the class writes a backup', async () => {
  const { Backups } = blockWith(PAGE, 'export class Backups').run(['Backups']) as {
    Backups: new (broker: BrokerOperator) => { write(): Promise<string> };
  };
  const module = await Test.createTestingModule({
    imports: [
      VaultKeyModule.forRoot({
        embedded: {
          store: `sqlite:${temporaryFile()}`,
          vendors: { stripe: { secretKey: 'sk_test_page', baseUrl: 'http://127.0.0.1:9' } },
        },
      }),
    ],
  }).compile();
  const app = await module.init();
  const before = process.cwd();
  process.chdir(folder);
  try {
    const file = await new Backups(app.get(BrokerOperator)).write();
    expect(existsSync(file)).toBe(true);
  } finally {
    process.chdir(before);
    await app.close();
  }
});

it.each(STORE_DOUBTS)('the doubt %s has a row', (doubt) => {
  expect(TEXT).toContain(`| \`${doubt}\``);
});
