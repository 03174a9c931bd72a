import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SqliteLedger } from '../../lib/broker/ledger/sqlite/sqlite-ledger';
import { StoreInUseError } from '../../lib/broker/ledger/store-doubt';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess, send, temporaryFile } from '../support/broker-process';
import type { IssuedKey, RunningBroker } from '../support/broker-process';
import { BrokerServer } from '../support/broker-server';

const PAYMENT =
  'amount=1000&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true';

let vendor: StripeVendor;
beforeAll(async () => {
  vendor = await createStripeVendor();
});
afterAll(() => vendor.close());
beforeEach(() => vendor.reset());

const pay = (broker: RunningBroker, { token }: IssuedKey, body = PAYMENT) =>
  broker.call(token, 'POST', '/v1/payment_intents', { body });

describe('a broker that is killed', () => {
  it('still counts the hold of a call that was in flight', async () => {
    const broker = await BrokerProcess.start({ vendor });
    const key = await broker.issue({ daily_usd_cap: 15 });
    const held = vendor.hold('POST /v1/payment_intents');
    const cut = pay(broker, key).catch((error: NodeJS.ErrnoException) => error.code);
    await held.arrived;
    await broker.kill('SIGKILL');
    held.release();
    expect(await cut).toBe('ECONNRESET');

    const again = await broker.restart();
    expect(await again.money(key)).toEqual({ spent: 0, held: 10, remaining: 5 });
    const refused = await pay(again, key);
    expect([refused.status, refused.body.code, refused.body.held_usd]).toEqual([
      429,
      'cap_exhausted',
      10,
    ]);
    expect(vendor.book.total('usd')).toBe(1000);
  });

  it('forgets no revocation, no key and no settlement that it acknowledged', async () => {
    const broker = await BrokerProcess.start({ vendor });
    const [revoked, kept] = [await broker.issue(), await broker.issue({ daily_usd_cap: 25 })];
    expect((await pay(broker, kept)).status).toBe(200);
    await broker.money(kept);
    expect((await broker.api('DELETE', `/v1/keys/${revoked.id}`)).status).toBe(200);
    await broker.kill('SIGKILL');

    const again = await broker.restart();
    expect((await pay(again, revoked)).status).toBe(401);
    expect(await again.money(kept)).toEqual({ spent: 10, held: 0, remaining: 15 });
    expect((await pay(again, kept)).status).toBe(200);
    expect((await pay(again, kept)).status).toBe(429);
  });

  it('forgets no acknowledged call among many at once', async () => {
    const broker = await BrokerProcess.start({ vendor });
    const key = await broker.issue({ daily_usd_cap: 1_000 });
    let acknowledged = 0;
    const calls = Array.from({ length: 60 }, () =>
      pay(broker, key).then(
        ({ status }) => {
          if (status === 200 && ++acknowledged === 20) void broker.kill('SIGKILL');
        },
        () => {},
      ),
    );
    await Promise.all(calls);
    const again = await broker.restart();
    const { spent, held } = await again.money(key);
    const moved = vendor.book.total('usd') / 100;
    expect(acknowledged).toBeGreaterThanOrEqual(20);
    expect(spent + held).toBeGreaterThanOrEqual(moved);
    expect(spent + held).toBeGreaterThanOrEqual(acknowledged * 10);
    // A key's exposure survives as well: what was created before is known after.
    expect(spent + held).toBeLessThanOrEqual(600);
  });

  it('knows after a restart what an object may still cost', async () => {
    const broker = await BrokerProcess.start({ vendor });
    const key = await broker.issue({
      daily_usd_cap: 10,
      allowed_endpoints: [
        '/v1/payment_intents',
        '/v1/payment_intents/*/cancel',
        '/v1/payment_intents/*/confirm',
      ],
    });
    const unconfirmed = PAYMENT.replace('&confirm=true', '');
    const { body } = await pay(broker, key, unconfirmed);
    expect((await broker.money(key)).spent).toBe(10);
    await broker.kill('SIGKILL');
    const again = await broker.restart();
    const confirm = await again.call(key.token, 'POST', `/v1/payment_intents/${body.id}/confirm`);
    expect(confirm.status).toBe(200);
    expect(await again.money(key)).toEqual({ spent: 10, held: 0, remaining: 0 });
  });
});

describe('the store', () => {
  it('is nobody else’s to read', async () => {
    const file = temporaryFile();
    const broker = await BrokerProcess.start({ vendor, store: `sqlite:${file}` });
    await broker.issue();
    for (const name of [file, `${file}-wal`]) expect(statSync(name).mode & 0o777).toBe(0o600);
  });

  it('has one process: a second one waits, exits 2, and names the file, the process and what to do', async () => {
    const broker = await BrokerProcess.start({ vendor });
    const second = await BrokerProcess.run({ vendor, store: broker.store });
    expect([second.code, second.stdout]).toEqual([2, '']);
    const file = broker.store.slice('sqlite:'.length);
    const inUse = `The store ${file} is in use by process ${broker.pid} on ${hostname()}`;
    expect(second.stderr.trimEnd().split('\n')).toEqual([
      `vault-key-broker: ${inUse}; waiting up to 10 s for its end`,
      `vault-key-broker: --store ${broker.store}: ${inUse}: a SQLite store has one process. To share it, run vault-key-broker beside the applications and give each of them broker: { url, token }, or use a postgres:// store.`,
    ]);
    // And the first one goes on.
    expect((await send(broker.url, 'GET', '/readyz')).body.store).toEqual({
      kind: 'sqlite',
      durability: 'full',
    });
    await broker.issue();
  });

  it('is had by a second process as soon as the first one has stopped', async () => {
    const broker = await BrokerProcess.start({ vendor });
    const key = await broker.issue();
    const second = BrokerProcess.spawn({ vendor, store: broker.store });
    await second.says('waiting up to 10 s');
    const stopped = await broker.kill('SIGTERM');
    await second.says('listening');
    expect(stopped.code).toBe(0);
    expect(await second.money(key)).toEqual({ spent: 0, held: 0, remaining: 100 });
  });

  it('is had at once by a process that has asked for it in vain', async () => {
    const broker = await BrokerProcess.start({ vendor });
    const file = broker.store.slice('sqlite:'.length);
    for (let i = 0; i < 3; i++) expect(() => new SqliteLedger(file)).toThrow(StoreInUseError);
    expect((await broker.kill('SIGTERM')).code).toBe(0);
    await new SqliteLedger(file).close();
  });

  it('that is not the one that was left is refused in one line, and taken where that is meant', async () => {
    const broker = await BrokerProcess.start({ vendor });
    const key = await broker.issue();
    await broker.kill('SIGKILL');
    const file = broker.store.slice('sqlite:'.length);
    rmSync(`${file}-wal`);
    const refused = await BrokerProcess.run({ vendor, store: broker.store });
    expect(refused.code).toBe(2);
    expect(refused.stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^vault-key-broker: --store .*-wal.*--accept-store lost-wal/),
    ]);
    const taken = await BrokerProcess.start({
      vendor,
      store: broker.store,
      args: ['--accept-store', 'lost-wal'],
    });
    // The key was in the file that is gone.
    expect((await pay(taken, key)).status).toBe(401);
  });

  it.each(['', 'process.exit(3)', "throw new Error('not caught')"])(
    'is left whole by a process that ends without closing it: %s',
    async (end) => {
      const file = temporaryFile();
      const script = `
        const { Broker } = require(${JSON.stringify(join(__dirname, '../../dist/broker'))});
        const vendors = { stripe: { secretKey: 'sk_test_end' } };
        const issue = { label: 'l', vendor: 'stripe', daily_usd_cap: 1, allowed_endpoints: ['/v1/charges'] };
        Broker.open({ store: 'sqlite:' + process.argv[1], vendors }).then((broker) => broker.issue(issue)).then(({ id }) => {
          console.log(id);
          ${end}
        });`;
      const { stdout } = spawnSync(process.execPath, ['-e', script, file], { encoding: 'utf8' });
      expect(existsSync(`${file}-wal`)).toBe(false);
      const broker = await BrokerServer.start(vendor, { store: `sqlite:${file}` });
      expect((await broker.api('GET', `/v1/keys/${stdout.trim()}`)).status).toBe(200);
    },
  );

  it('in memory is gone with its process, and never a file', async () => {
    const broker = await BrokerProcess.start({ vendor, store: 'sqlite::memory:' });
    const key = await broker.issue();
    expect((await pay(broker, key)).status).toBe(200);
    await broker.kill('SIGTERM');
    const again = await broker.restart();
    expect((await pay(again, key)).status).toBe(401);
  });
});

describe('SIGTERM', () => {
  it('waits for what is in flight, answers it, settles it, and exits 0', async () => {
    const broker = await BrokerProcess.start({ vendor });
    const key = await broker.issue();
    const held = vendor.hold('POST /v1/payment_intents');
    const answer = pay(broker, key);
    await held.arrived;
    const exit = broker.kill('SIGTERM');
    // It takes no new connection from now on.
    await expect(refusesConnections(broker.url)).resolves.toBe(true);
    held.release();
    expect((await answer).status).toBe(200);
    expect(await exit).toMatchObject({ code: 0, signal: null, stderr: '' });
    const again = await broker.restart();
    expect(await again.money(key)).toEqual({ spent: 10, held: 0, remaining: 90 });
  });

  it('cuts no answer short that a slow reader has not finished', async () => {
    const broker = await BrokerProcess.start({ vendor });
    const { token } = await broker.issue({ allowed_endpoints: ['/v1/customers'] });
    vendor.next('GET /v1/customers', { stream: { bytes: 8 * 1024 * 1024 } });
    const answer = await broker.open(token, 'GET', '/v1/customers');
    const exit = broker.kill('SIGTERM');
    let bytes = 0;
    for await (const chunk of answer) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(8 * 1024 * 1024);
    expect((await exit).code).toBe(0);
  });

  it('ends at once where nothing is in flight, connections kept alive or not', async () => {
    const broker = await BrokerProcess.start({ vendor });
    await broker.issue();
    expect(await broker.kill('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
    const other = await BrokerProcess.start({ vendor });
    expect(await other.kill('SIGINT')).toMatchObject({ code: 0, stderr: '' });
  });
});

async function refusesConnections(url: string): Promise<boolean> {
  const { connect } = await import('node:net');
  const { hostname, port } = new URL(url);
  for (;;) {
    const refused = await new Promise<boolean>((resolve) => {
      const socket = connect(Number(port), hostname);
      socket.once('connect', () => resolve(false));
      socket.once('error', () => resolve(true));
      socket.once('close', () => socket.destroy());
      socket.once('connect', () => socket.destroy());
    });
    if (refused) return true;
  }
}
