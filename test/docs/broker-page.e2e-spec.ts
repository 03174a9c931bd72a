import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { REFUSALS } from '../../lib/contract/refusal-codes';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess } from '../support/broker-process';

const CLI = resolve(process.env['BROKER_CLI'] ?? join(__dirname, '../../dist/broker/cli/main.js'));
const PAGE = readFileSync(join(__dirname, '../../docs/broker.md'), 'utf8');
const sectionOf = (title: string) =>
  PAGE.split(/^## /m).find((section) => section.startsWith(`${title}\n`)) ?? '';
const blocksOf = (section: string, language: string) =>
  [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, block = '']) => block,
  );

let vendor: StripeVendor;
let broker: BrokerProcess;
beforeAll(async () => {
  vendor = await createStripeVendor();
  broker = await BrokerProcess.start({ vendor });
});
afterAll(() => vendor.close());

/** Types a line of the page into a shell, with the broker of the test in place of the default one. */
async function type(line: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(
    'sh',
    ['-c', line.replace('vault-key-broker', '"$NODE" "$CLI"').concat(' --url "$URL"')],
    {
      env: {
        PATH: process.env['PATH'] ?? '',
        NODE: process.execPath,
        CLI,
        URL: broker.url,
        KEYBRAKE_TOKEN: broker.token,
      },
    },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  return { code: child.exitCode, output };
}

/** What stands for an id in the page, made ready for the line that uses it. */
async function idFor(line: string): Promise<string> {
  if (line.includes('BRAKE_ID')) {
    return (await broker.api('GET', '/v1/brakes')).body.brakes[0].id as string;
  }
  if (line.includes('HEAD')) {
    return (await broker.api('GET', '/v1/audit/verify')).body.head as string;
  }
  const { body } = await broker.api('GET', '/v1/brakes');
  for (const { id } of body.brakes as { id: string }[]) {
    await broker.api('DELETE', `/v1/brakes/${id}`);
  }
  const key = await broker.issue();
  if (line.includes('KEY_ID')) return key.id;
  vendor.next('POST /v1/payment_intents', { reset: 'after' });
  await broker.call(key.token, 'POST', '/v1/payment_intents', {
    body: 'amount=1250&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true',
  });
  return (await broker.api('GET', '/v1/holds?state=unknown')).body.holds[0].id as string;
}

const LINES = blocksOf(PAGE, 'sh').flatMap((block) => block.trim().split('\n'));

it('shows lines of the shell in every section on what an operator does', () => {
  expect(LINES).toHaveLength(25);
});

it.each(LINES)('%s', async (line) => {
  const placeholder = /\b(?:BRAKE|HOLD|KEY)_ID\b|\bHEAD\b/.exec(line)?.[0];
  const typed = placeholder === undefined ? line : line.replace(placeholder, await idFor(line));
  expect(await type(typed)).toMatchObject({ code: 0 });
});

it.each([
  ['Budgets', 'PUT', '/v1/budgets/user/u1', 200],
  ['Brakes', 'POST', '/v1/brakes', 201],
  ['Leases', 'POST', '/v1/leases', 201],
])('the JSON of the section "%s" is taken by %s %s', async (title, method, path, status) => {
  const [block = ''] = blocksOf(sectionOf(title), 'json');
  expect((await broker.api(method, path, JSON.parse(block))).status).toBe(status);
});

it('lists every refusal code with its status', () => {
  const rows = [...sectionOf('Refusal codes').matchAll(/^\| `(\w+)` +\| (\d+) +\| (.+?) +\|$/gm)];
  // A caller that went away reads no answer.
  const { caller_gone: _, ...shown } = REFUSALS;
  expect(rows.map(([, code, status, when]) => [code, Number(status), when])).toEqual(
    Object.entries(shown).map(([code, [status, when]]) => [code, status, when]),
  );
});
