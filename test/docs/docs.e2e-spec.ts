import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { BrokerClient, VaultKeyModule } from '../../lib/index';
import { StripeVendor } from '../../lib/testing/index';
import { blockWith, blocksOf, checkBlocks } from './code-blocks';
import * as budgets from './given/budgets';
import * as readme from './given/readme';
import { brokerOf } from '../support/broker-of';

checkBlocks(readme.PAGE, readme.BLOCKS);
checkBlocks(budgets.PAGE, budgets.BLOCKS);

const ROOT = join(__dirname, '../..');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

it('every page with a block of TypeScript has its tests, here or in a file of its name', () => {
  const tested = (page: string): boolean =>
    ['README.md', 'docs/budgets.md'].includes(page) ||
    existsSync(join(ROOT, `test/${page.replace('.md', '.e2e-spec.ts')}`));
  expect(PAGES.filter((page) => blocksOf(page).length > 0 && !tested(page))).toEqual([]);
});

it.each(PAGES)('what %s links to is there', (page) => {
  const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
  const slugs = (text: string): string[] =>
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
  const broken = [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)].filter(
    ([, name = '', anchor]) => {
      const target = name === '' ? page : join(dirname(page), name);
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !slugs(read(target)).includes(anchor);
    },
  );
  expect(broken.map(([link]) => link)).toEqual([]);
});

it.each(PAGES)(
  'each row of a table of %s has as many cells as its head, or it is shown as text',
  (page) => {
    const tables = readFileSync(join(ROOT, page), 'utf8').matchAll(/(?:^ *\|.*\n)+/gm);
    const cells = (row: string): number => row.replaceAll('\\|', '').split('|').length;
    const broken = [...tables].flatMap(([table]) => {
      const [head = '', ...rows] = table.trimEnd().split('\n');
      return rows.filter((row) => cells(row) !== cells(head));
    });
    expect(broken).toEqual([]);
  },
);

describe('README.md', () => {
  it("the first example charges, in an application's spec as docs/testing.md arranges it", async () => {
    const arranged = blockWith('docs/testing.md', 'overrideProvider');
    const files = { './app.module': blockWith('README.md', 'class ChargeDto').code };
    const { module } = (await arranged.runAsync(['module'], {}, { files })) as {
      module: TestingModule;
    };
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    try {
      const answer = await fetch(`${await app.getUrl()}/agent-tools/charge`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ amount: 1250, paymentMethod: 'pm_card_visa' }),
      });
      expect(answer.status).toBe(201);
      expect(app.get(StripeVendor).book.total('usd')).toBe(1250);
      const { keys } = await brokerOf(app).keys();
      expect(keys).toMatchObject([{ daily_usd_cap: 500, spent_usd: 12.5 }]);
    } finally {
      await app.close();
    }
  });

  it('the ConfigService example configures a client for the server that the environment names', async () => {
    const block = blockWith('README.md', 'forRootAsync');
    process.env['KEYBRAKE_URL'] = 'https://broker.example.com';
    process.env['KEYBRAKE_TOKEN'] = 'k'.repeat(32);
    try {
      const { AppModule } = block.run(['AppModule']) as { AppModule: Type };
      const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
      expect(module.get(BrokerClient, { strict: false }).dialect).toBe('vault-key');
      await module.close();
    } finally {
      delete process.env['KEYBRAKE_URL'];
      delete process.env['KEYBRAKE_TOKEN'];
    }
  });

  it('the identify example names the user and the tenant', () => {
    let options: { identify?: (context: unknown) => unknown } = {};
    const forRoot = jest.spyOn(VaultKeyModule, 'forRoot').mockImplementation((given) => {
      options = given as typeof options;
      return { module: VaultKeyModule };
    });
    blockWith('README.md', 'identify: (context)').run([]);
    forRoot.mockRestore();
    const request = { account: { id: 'u1', org: 't1' } };
    const context = { switchToHttp: () => ({ getRequest: () => request }) };
    expect(options.identify?.(context)).toEqual({ userId: 'u1', tenantId: 't1' });
  });

  it('an application starts with the options that are shown for budgets and a lease', async () => {
    const given: object[] = [];
    const forRoot = jest.spyOn(VaultKeyModule, 'forRoot').mockImplementation((options) => {
      given.push(options ?? {});
      return { module: VaultKeyModule };
    });
    blockWith('README.md', 'budgets: { user: 500, run: 50 }').run([]);
    blockWith('docs/budgets.md', 'budgets: { tenant: 5000').run([]);
    blockWith('docs/budgets.md', 'const plans').run([]);
    blockWith('docs/budgets.md', "budgetsMode: 'shadow'").run([]);
    blockWith('docs/budgets.md', 'lease: {').run([]);
    forRoot.mockRestore();
    const [embedded, ...servers] = given;
    const stripe = { secretKey: 'sk_test_1' };
    const all = [
      { ...embedded, embedded: { vendors: { stripe }, store: 'sqlite::memory:' } },
      ...servers.map((options) => ({
        ...options,
        broker: { url: 'http://127.0.0.1:9', token: 't' },
      })),
    ];
    expect(all).toHaveLength(5);
    for (const options of all) {
      const imports = [VaultKeyModule.forRoot(options)];
      await (await Test.createTestingModule({ imports }).compile()).close();
    }
  });

  it('its JSON is JSON', () => {
    const text = readFileSync(join(__dirname, '../../README.md'), 'utf8');
    const blocks = [...text.matchAll(/^```json\n([\s\S]*?)^```/gm)];
    expect(blocks).toHaveLength(1);
    for (const [, json] of blocks) expect(() => JSON.parse(json ?? '') as unknown).not.toThrow();
  });
});
