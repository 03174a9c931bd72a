import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { OperatorOptions } from '../../lib/broker/operators/operator.options';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess, MANAGEMENT_TOKEN, temporaryFile } from '../support/broker-process';
import { newOperator } from '../support/operators';
import { SecretWatch } from '../support/secret-watch';

const CLI = resolve(process.env['BROKER_CLI'] ?? join(__dirname, '../../dist/broker/cli/main.js'));

const ann = newOperator('admin', 'ann');
const newAnn = newOperator('admin', 'ann');
const eve = newOperator('viewer', 'eve');
const watch = new SecretWatch();
for (const { token, options } of [ann, newAnn, eve]) {
  watch.addSecret(token);
  for (const hash of options.tokenHashes) watch.addSecret(hash);
}

let vendor: StripeVendor;
let file: string;
let broker: BrokerProcess;
beforeAll(async () => {
  vendor = await createStripeVendor();
  file = temporaryFile('broker.json');
  write([ann.options, eve.options]);
  broker = await BrokerProcess.start({ vendor, args: ['--config', file] });
});
afterAll(() => vendor.close());

const write = (operators: readonly object[] | undefined) =>
  writeFileSync(file, JSON.stringify({ operators }));

/** Has the broker read its config again, and waits until it says what came of it. */
async function reload(operators: readonly object[] | undefined): Promise<string> {
  write(operators);
  const before = broker.output.length;
  process.kill(broker.pid, 'SIGHUP');
  await broker.says('SIGHUP: ', before);
  await broker.says('\n', broker.output.indexOf('SIGHUP: ', before));
  return broker.output.slice(before);
}

async function statusOf(token: string, path = '/v1/keys'): Promise<number> {
  const { status, text } = await broker.api('GET', path, undefined, token);
  watch.show(text);
  return status;
}

/** Runs the command as an operator would. */
async function type(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout, stderr };
}

describe("an operator's token", () => {
  it('is let in, and no other, until its hash or its operator leaves the config', async () => {
    expect([await statusOf(ann.token), await statusOf(eve.token)]).toEqual([200, 200]);
    expect(await statusOf(newAnn.token)).toBe(401);
    const both: OperatorOptions = {
      ...ann.options,
      tokenHashes: [...ann.options.tokenHashes, ...newAnn.options.tokenHashes],
    };
    await reload([both, eve.options]);
    expect([await statusOf(ann.token), await statusOf(newAnn.token)]).toEqual([200, 200]);
    await reload([newAnn.options]);
    expect([await statusOf(ann.token), await statusOf(newAnn.token)]).toEqual([401, 200]);
    expect(await statusOf(eve.token)).toBe(401);
  });

  it('stays where the config has a fault, of which nothing secret is told', async () => {
    const said = await reload([
      { ...ann.options, tokenHashes: [ann.token] },
      { ...newAnn.options, role: 'root' },
    ]);
    watch.show(said);
    expect(said).toContain('operators[0].tokenHashes[0] holds a token');
    expect(said).toContain('operators[1].name is the name of operators[0] too');
    expect(said).toContain('operators[1].role must be one of viewer, operator, admin');
    expect([await statusOf(newAnn.token), await statusOf(ann.token)]).toEqual([200, 401]);
  });

  it("leaves the application's an admin's once there are no operators any more", async () => {
    await reload([newAnn.options]);
    const put = () => broker.api('PUT', '/v1/budgets/user/u1', { daily_usd_cap: 1 });
    expect((await put()).body).toMatchObject({ code: 'forbidden', role: 'admin' });
    await reload(undefined);
    expect((await put()).status).toBe(200);
    expect(await statusOf(newAnn.token)).toBe(401);
  });

  it('is no vault key, and a vault key is no operator', async () => {
    await reload([newAnn.options]);
    const key = await broker.issue();
    expect((await broker.call(newAnn.token, 'GET', '/v1/payment_intents')).status).toBe(401);
    expect(await statusOf(key.token)).toBe(401);
    expect(await statusOf(newAnn.token.toLowerCase())).toBe(401);
  });

  it('is that of the commands: what changes something takes a reason and is audited', async () => {
    await reload([newAnn.options, eve.options]);
    const say = (token: string, ...args: string[]) =>
      type([...args, '--url', broker.url], {
        VAULT_KEY_OPERATOR_TOKEN: token,
        KEYBRAKE_TOKEN: MANAGEMENT_TOKEN,
      });
    const set = ['budgets', 'set', 'user', 'typed', '5'];
    expect(await say(newAnn.token, ...set)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('reason must say why'),
    });
    const reason = ['--reason', 'as typed'];
    expect(await say(eve.token, ...set, ...reason)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('needs the role admin, and eve has the role viewer'),
    });
    expect(await say(newAnn.token, ...set, ...reason)).toMatchObject({ code: 0 });
    expect(await say(newAnn.token, 'budgets', 'remove', 'user', 'typed', ...reason)).toMatchObject({
      code: 0,
    });
    const { stdout } = await say(eve.token, 'audit', '--actor', 'ann', '--event', 'budget');
    expect(stdout).toContain('user typed: nothing -> $5.00');
    const log = await broker.api('GET', '/v1/audit?actor=ann&event=budget', undefined, eve.token);
    watch.show(log.text);
    expect(log.body.entries).toMatchObject([
      { actor: 'ann', reason: 'as typed', old_value: '$5.00', new_value: null },
      { actor: 'ann', reason: 'as typed', old_value: null, new_value: '$5.00' },
    ]);
  });

  it('is made by the command, with its hash, and needs no broker', async () => {
    const { code, stdout } = await type(['operators', 'token', '--json'], {});
    const { token, hash } = JSON.parse(stdout) as { token: string; hash: string };
    expect([code, token]).toEqual([0, expect.stringMatching(/^vault_operator_[0-9A-Za-z]{34}$/)]);
    await reload([{ name: 'made', role: 'viewer', tokenHashes: [hash] }]);
    expect(await statusOf(token)).toBe(200);
    const other = await type(['operators', 'token'], {});
    expect(other.stdout).not.toContain(token);
    expect(other.stdout).toMatch(/vault_operator_\w{34}\n.* [0-9a-f]{64}\n$/);
    expect(await type(['operators'], {})).toMatchObject({ code: 2 });
  });

  it('stands in nothing that the broker has written, nor does its hash', async () => {
    watch.show(broker.output);
    watch.show((await broker.api('GET', '/metrics')).text);
    watch.show((await broker.api('GET', '/v1/audit')).text);
    expect(watch.leaks()).toEqual([]);
    expect(watch.size).toBeGreaterThan(1_000);
  });
});

it("the application's token is no operator's: the start says so", async () => {
  const own = newOperator('admin');
  write([own.options]);
  const { code, stderr } = await BrokerProcess.run({
    vendor,
    args: ['--config', file],
    env: { KEYBRAKE_TOKEN: own.token },
  });
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining("KEYBRAKE_TOKEN must not be an operator's token"),
  ]);
  expect(stderr).not.toContain(own.token);
});
