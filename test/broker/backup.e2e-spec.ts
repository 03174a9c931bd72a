import { copyFileSync, existsSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { request } from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { Broker } from '../../lib/broker/index';
import { run } from '../packaging/command';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess, send, temporaryFile } from '../support/broker-process';
import type { IssuedKey, RunningBroker } from '../support/broker-process';
import { BrokerServer } from '../support/broker-server';

const CLI = resolve(__dirname, '../../dist/broker/cli/main.js');
const PAYMENT =
  'amount=1000&currency=usd&payment_method=pm_card_visa&confirm=true&return_url=https://x.test';

/** A copy that nobody reads is given up after this time, and keeps others waiting until then. */
const STANDSTILL_MS = 60_000;

let vendor: StripeVendor;
beforeAll(async () => {
  vendor = await createStripeVendor();
});
afterAll(() => vendor.close());

const pay = (broker: RunningBroker, { token }: IssuedKey) =>
  broker.call(token, 'POST', '/v1/payment_intents', { body: PAYMENT });

/** Says `vault-key-broker backup` to a running broker. */
const backup = ({ url, token }: RunningBroker, file: string) =>
  run(process.execPath, [CLI, 'backup', file, '--url', url], {
    cwd: dirname(file),
    env: { KEYBRAKE_TOKEN: token },
  });

describe('a backup of a store that is in use', () => {
  it('has all that was acknowledged before it, opens by itself, and needs the audit key', async () => {
    const broker = await BrokerProcess.start({ vendor });
    const key = await broker.issue();
    expect((await pay(broker, key)).status).toBe(200);
    const file = temporaryFile('copy.db');
    // Calls go on meanwhile.
    const [{ code, stdout, stderr }] = await Promise.all([
      backup(broker, file),
      ...Array.from({ length: 4 }, () => pay(broker, key)),
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`${file} has the store: ${statSync(file).size} bytes\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await pay(broker, key)).status).toBe(200);

    const store = `sqlite:${file}`;
    const alone = await BrokerProcess.run({ vendor, store });
    expect(alone.stderr).toContain(`The audit key ${file}.audit-key is missing`);
    const original = broker.store.slice('sqlite:'.length);
    copyFileSync(`${original}.audit-key`, `${file}.audit-key`);
    const restored = await BrokerServer.start(vendor, { store });
    const { spent, held } = await restored.money(key);
    expect(spent + held).toBeGreaterThanOrEqual(10);
    expect((await restored.api('GET', '/v1/audit/verify')).body.ok).toBe(true);

    // The lock of the broker that was copied holds.
    const second = await BrokerProcess.run({ vendor, store: broker.store });
    expect(second.stderr).toContain(`in use by process ${broker.pid}`);
  });

  it('overwrites nothing, and needs the management token', async () => {
    const broker = await BrokerServer.start(vendor);
    const file = temporaryFile('copy.db');
    expect((await backup(broker, file)).code).toBe(0);
    const size = statSync(file).size;
    const again = await backup(broker, file);
    expect([again.code, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toMatch(/^vault-key-broker backup: .* was not written: EEXIST/);
    expect(statSync(file).size).toBe(size);
    expect((await send(broker.url, 'GET', '/v1/backup')).status).toBe(401);
  });

  it('that is broken off keeps no later one waiting, and leaves no file', async () => {
    const broker = await BrokerServer.start(vendor);
    await broker.issue();
    const missing = join(dirname(temporaryFile()), 'no', 'folder', 'copy.db');
    expect(
      (
        await run(process.execPath, [CLI, 'backup', missing, '--url', broker.url], {
          cwd: dirname(temporaryFile()),
          env: { KEYBRAKE_TOKEN: broker.token },
        })
      ).code,
    ).toBe(1);
    expect(existsSync(missing)).toBe(false);
    // As does one whose client had gone before its turn came.
    const gone = request(`${broker.url}/v1/backup`, {
      headers: { authorization: `Bearer ${broker.token}` },
    });
    gone.on('error', () => {}).end();
    await once(gone, 'socket');
    gone.destroy();
    const begun = performance.now();
    expect((await backup(broker, temporaryFile('copy.db'))).code).toBe(0);
    expect(performance.now() - begun).toBeLessThan(STANDSTILL_MS);
  });

  it('of a store in memory is refused', async () => {
    const broker = await BrokerServer.start(vendor, { store: 'sqlite::memory:' });
    const answer = await backup(broker, temporaryFile('copy.db'));
    expect(answer.code).toBe(1);
    expect(answer.stderr).toContain('The store is in memory: there is no file to copy.');
  });
});

it('a broker in the process copies its store from code', async () => {
  const vendors = { stripe: { secretKey: 'sk_test_backup', baseUrl: vendor.url } };
  const original = temporaryFile();
  const broker = await Broker.open({ vendors, store: `sqlite:${original}` });
  const { id } = await broker.issue({
    label: 'a label',
    vendor: 'stripe',
    daily_usd_cap: 1,
    allowed_endpoints: ['/v1/charges'],
  });
  const file = temporaryFile('copy.db');
  expect(await broker.backup(file)).toEqual({ bytes: statSync(file).size });
  await expect(broker.backup(file)).rejects.toThrow('EEXIST');
  // What could not be written keeps no later copy waiting.
  const next = temporaryFile('next.db');
  const begun = performance.now();
  expect(await broker.backup(next)).toEqual({ bytes: statSync(next).size });
  expect(performance.now() - begun).toBeLessThan(STANDSTILL_MS);
  copyFileSync(`${original}.audit-key`, `${file}.audit-key`);
  const copy = await Broker.open({ vendors, store: `sqlite:${file}` });
  expect(await copy.key(id)).toMatchObject({ status: 'active' });
  await copy.close();
  await broker.close();
});
