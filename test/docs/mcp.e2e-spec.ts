import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Logger } from '@nestjs/common';
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SpendCapExceededException, VaultKeyModule } from '../../lib/index';
import { createStripeVendor, vaultKeyTestingOptions } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { MCP_HEADERS, MCP_INITIALIZE, rawRequest } from '../support/raw-http';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, FILES, HTTP, PAGE, STDIO, VIEW } from './given/mcp';
import { brokerOf } from '../support/broker-of';

const ROOT = join(__dirname, '../..');
const TEXT = readFileSync(join(ROOT, PAGE), 'utf8');
checkBlocks(PAGE, BLOCKS);

let vendor: StripeVendor;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  Logger.overrideLogger(false);
  vendor = await createStripeVendor();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => vendor.close());

async function connect(transport: Parameters<Client['connect']>[0]): Promise<Client> {
  const client = new Client({ name: 'agent', version: '1' });
  await client.connect(transport);
  closing.push(() => client.close());
  return client;
}

async function charge(client: Client, amount: number) {
  const result = await client.callTool({
    name: 'charge_card',
    arguments: { amount, paymentMethod: 'pm_card_visa' },
  });
  const [block] = result.content;
  return { ...result, text: block?.type === 'text' ? block.text : '' };
}

async function expectCharges(client: Client): Promise<void> {
  const before = vendor.calls('POST /v1/payment_intents').length;
  expect(JSON.parse((await charge(client, 1250)).text)).toMatchObject({ amount: 1250 });
  expect(vendor.calls('POST /v1/payment_intents')).toHaveLength(before + 1);
  expect(vendor.book.executed.at(-1)).toMatchObject({ kind: 'charge', amount: 1250 });
  const refused = await charge(client, 50_001);
  expect(refused).toMatchObject({
    isError: true,
    _meta: shownRefusal()._meta,
  });
  expect(refused.text).toMatch(/^The spend cap of \$500 .*\nRetry: no\.$/s);
  expect((await charge(client, 1)).text).toContain('Invalid parameters');
}

it('an agent charges over streamable HTTP, and asks what is left', async () => {
  const { bootstrap } = serverShown();
  const app = await bootstrap(0);
  closing.push(() => app.close());
  const url = await app.getUrl();
  const headers = { 'x-token': 'ada', 'x-agent-run-id': 'run-1' };
  const client = await connect(
    new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } }),
  );

  await expectCharges(client);
  const { keys } = await brokerOf(app).keys({ run_id: 'run-1' });
  expect(keys).toContainEqual(
    expect.objectContaining({
      subject: { user_id: 'ada', run_id: 'run-1', tool: 'charge_card' },
      spent_usd: 12.5,
    }),
  );
  const [runKey = ''] = /nestjs-vault-key\/agent-run-id/.exec(TEXT) ?? [];
  const unnamed = await connect(
    new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
      requestInit: { headers: { 'x-token': 'ada' } },
    }),
  );
  const ofMeta = await unnamed.callTool({
    name: 'remaining_spend',
    _meta: { [runKey]: 'run-of-meta' },
  });
  expect(ofMeta.structuredContent).toMatchObject({ run: 'run-of-meta' });
  const { structuredContent } = await client.callTool({ name: 'remaining_spend' });
  expect(structuredContent).toMatchObject({ user: 'ada', run: 'run-1', remaining: 487.5 });
  const answer = await fetch(`${url}/remaining-spend`);
  expect(await answer.json()).toMatchObject({ user: 'anon', remaining: 500 });
});

it("no page of another name is answered, and this machine's clients are", async () => {
  const { bootstrap } = serverShown();
  const app = await bootstrap(0);
  closing.push(() => app.close());
  const { port } = app.getHttpServer().address() as AddressInfo;
  const initialize = async (headers: object) =>
    (await rawRequest(port, 'POST', '/mcp', { ...MCP_HEADERS, ...headers }, MCP_INITIALIZE)).status;
  const sound = { host: `127.0.0.1:${port}` };
  expect(await initialize(sound)).toBe(200);
  expect(await initialize({ ...sound, origin: `http://localhost:${port}` })).toBe(200);
  expect(await initialize({ host: `evil.example:${port}` })).toBe(403);
  expect(await initialize({ ...sound, origin: 'http://evil.example' })).toBe(403);
});

it('an agent charges over STDIO', async () => {
  const script = blockWith(PAGE, STDIO).script({ files: FILES }, 'void bootstrap();');
  const client = await connect(
    new StdioClientTransport({
      command: process.execPath,
      args: ['--require', join(ROOT, 'bench/typescript.cjs'), '-e', script],
      cwd: ROOT,
      env: {
        PATH: process.env['PATH'] ?? '',
        MODULE_OPTIONS: JSON.stringify(vaultKeyTestingOptions(vendor)),
      },
    }),
  );

  await expectCharges(client);
});

it('the route that tells what is left is mounted under a path of its own', async () => {
  const { AgentSpendController } = blockWith(PAGE, VIEW).run(['AgentSpendController'], {
    files: FILES,
  });
  const module = await Test.createTestingModule({
    imports: [VaultKeyModule.forRoot(vaultKeyTestingOptions(vendor, { budgets: { user: 40 } }))],
    controllers: [AgentSpendController as Type],
  }).compile();
  const app = module.createNestApplication();
  closing.push(() => app.close());
  await app.listen(0, '127.0.0.1');
  const headers = { 'x-token': 'ada' };
  const answer = await fetch(`${await app.getUrl()}/agents/spend`, { headers });
  expect(await answer.json()).toMatchObject({ user: 'ada', remaining: 40 });
});

it('the refusal that is shown is one', () => {
  const { message } = new SpendCapExceededException({
    scope: 'user',
    cap: 10,
    spent: 8,
    remaining: 2,
    requested: 3,
    resetsAt: '2026-11-24T00:00:00.000Z',
  });
  expect(shownRefusal().content[0]?.text).toBe(`${message}\nRetry: no.`);
});

/** The server of the page, with the vendor of this test behind it. */
function serverShown(): { bootstrap(port: number): Promise<INestApplication> } {
  const forRoot = VaultKeyModule.forRoot.bind(VaultKeyModule);
  const spy = jest
    .spyOn(VaultKeyModule, 'forRoot')
    .mockImplementation(({ budgets } = {}) => forRoot(vaultKeyTestingOptions(vendor, { budgets })));
  const shown = blockWith(PAGE, HTTP).run(['bootstrap'], { files: FILES });
  spy.mockRestore();
  return shown as ReturnType<typeof serverShown>;
}

function shownRefusal() {
  const [, json = ''] = /^```json\n([\s\S]*?)^```/m.exec(TEXT) ?? [];
  return JSON.parse(json) as { content: { text: string }[]; _meta: object };
}
