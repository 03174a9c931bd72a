import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Test } from '@nestjs/testing';
import type { Pool } from 'pg';
import { STORE_DOUBTS } from '../../lib/broker/ledger/store-doubt';
import { BrokerOperator, VaultKeyModule } from '../../lib/index';
import { run } from '../packaging/command';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import { PostgresServer } from '../support/postgres-server';
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

describe('on PostgreSQL', () => {
  const AUDIT_KEY = 'an audit key of more than forty characters';
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server.remove());

  it('the statements and lines make the roles, the schema and a broker', async () => {
    const [, sql = ''] = /^```sql\n(.*?)\n```/ms.exec(TEXT) ?? [];
    for (const statement of sql.split('\n')) await server.query('postgres', statement);
    const [, text = ''] = /^```sh\n(VAULT_KEY_STORE=.*?)\n```/ms.exec(TEXT) ?? [];
    const lines = text
      .replaceAll('@localhost/', `@127.0.0.1:${server.port}/`)
      .split('\n')
      .map((line) => /^VAULT_KEY_STORE=(\S+) vault-key-broker ?(.*)$/.exec(line) ?? []);
    const [[, owners = '', args = ''] = [], [, apps = '', none] = []] = lines;
    const made = await BrokerProcess.run({ args: args.split(' '), store: owners });
    expect([made.code, made.stdout]).toEqual([0, expect.stringContaining('open to ledger_app')]);
    expect(none).toBe('');
    const broker = await BrokerProcess.start({
      store: apps,
      env: { VAULT_KEY_AUDIT_KEY: AUDIT_KEY },
    });
    await broker.issue();
    expect((await broker.kill('SIGTERM')).code).toBe(0);
  });

  it('the module has its store on the pool', async () => {
    const before = { ...process.env };
    process.env['DATABASE_URL'] = await server.database();
    process.env['VAULT_KEY_AUDIT_KEY'] = AUDIT_KEY;
    process.env['STRIPE_SECRET_KEY'] = 'sk_test_page';
    const names = ['AppModule', 'pool'];
    const { AppModule, pool } = blockWith(PAGE, 'new Pool(').run(names) as {
      AppModule: new () => object;
      pool: Pool;
    };
    const app = await (await Test.createTestingModule({ imports: [AppModule] }).compile()).init();
    expect((await app.get(BrokerOperator).keys()).keys).toEqual([]);
    expect(pool.totalCount).toBeGreaterThan(pool.idleCount);
    await app.close();
    expect(pool.idleCount).toBe(pool.totalCount);
    await pool.end();
    process.env = before;
  });
});

it.each(STORE_DOUBTS)('the doubt %s has a row', (doubt) => {
  expect(TEXT).toContain(`| \`${doubt}\``);
});
