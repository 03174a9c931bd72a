import { readFileSync, writeFileSync } from 'node:fs';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import type { BrokerOptions } from '../../lib/broker/broker.options';
import { BrokerProcess, MANAGEMENT_TOKEN, send, temporaryFile } from '../support/broker-process';
import { BrokerServer } from '../support/broker-server';
import { SecretWatch } from '../support/secret-watch';
import { testOperator } from '../support/test-operators';
import { until } from '../support/until';

const ann = testOperator('ann', 'admin');
const bob = testOperator('bob', 'viewer');

let vendor: StripeVendor;
beforeAll(async () => {
  vendor = await createStripeVendor();
});
afterAll(() => vendor.close());

/** The rows of an event, the newest first: who did it, and what. */
async function rows(broker: { url: string }, event: string, token = ann.token) {
  const headers = { authorization: `Bearer ${token}` };
  const { body } = await send(broker.url, 'GET', `/v1/audit?event=${event}`, { headers });
  return (body.entries as Record<string, unknown>[]).map(
    ({ actor, verdict, new_value: value, remote_address: from }) => [actor, verdict, value, from],
  );
}

describe('the audit log', () => {
  let broker: BrokerServer;
  beforeAll(async () => {
    broker = await BrokerServer.start(vendor, { operators: [ann.options, bob.options] });
    await broker.issue();
  });

  it('names who has cut it, and who has exported it', async () => {
    const { body } = await broker.api('POST', '/v1/audit/segments', undefined, ann.token);
    const confirm = `/v1/audit/segments/${body.last}/confirm`;
    for (let i = 0; i < 2; i++) {
      await broker.api('POST', confirm, { head: body.head }, ann.token);
    }
    expect(await rows(broker, 'segment')).toEqual([
      ['ann', 'exported', 'rows 1 to 1', '127.0.0.1'],
      ['ann', 'cut', 'rows 1 to 1', '127.0.0.1'],
    ]);
    expect((await broker.api('POST', confirm, { head: body.head }, bob.token)).status).toBe(403);
    expect(await broker.broker.verifyAudit()).toMatchObject({ ok: true, entries: 3 });
  });

  it('names who has copied the store', async () => {
    expect((await broker.api('GET', '/v1/backup', undefined, ann.token)).status).toBe(200);
    expect((await broker.api('GET', '/v1/backup', undefined, bob.token)).status).toBe(403);
    await broker.broker.backup(temporaryFile('copy.db'));
    expect(await rows(broker, 'backup')).toEqual([
      ['app', null, null, null],
      ['ann', null, null, '127.0.0.1'],
    ]);
  });
});

describe('a reload', () => {
  const NEXT = 'sk_test_the_next_secret_of_the_account';
  const SIGNED = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const OTHER = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;

  it('names what it has changed, and shows no secret', async () => {
    const stripe = { secretKey: vendor.secretKey, baseUrl: vendor.url };
    const hook = { url: 'http://127.0.0.1:9/', secret: SIGNED };
    const webhooks = { ops: hook };
    const before = { operators: [ann.options, bob.options], webhooks };
    const broker = await BrokerServer.start(vendor, before);
    const reload = (options: Partial<BrokerOptions>) =>
      broker.broker.reload({ ...before, vendors: { stripe }, ...options });

    // As it was.
    reload({});
    const nowAdmin = { ...bob.options, role: 'admin' } as const;
    reload({ operators: [nowAdmin, testOperator('eve', 'viewer').options, ann.options] });
    reload({ vendors: { stripe: { ...stripe, nextSecretKey: NEXT } } });
    reload({ vendors: { stripe, 'stripe-acme': { ...stripe, kind: 'stripe' } } });
    reload({ vendors: { stripe: { ...stripe, accounts: ['acct_1'] } } });
    reload({ webhooks: { ops: { ...hook, secret: OTHER } }, thresholds: [90] });
    await until(
      async () => (await rows(broker, 'reload')).length >= 5,
      async () => JSON.stringify(await rows(broker, 'reload')),
    );
    expect((await rows(broker, 'reload')).reverse()).toEqual(
      [
        'operator bob (viewer) removed; operator bob (admin) added; operator eve (viewer) added',
        'operator bob (admin) removed; operator eve (viewer) removed; operator bob (viewer) added; secret of vendor stripe changed',
        'secret of vendor stripe changed; vendor stripe-acme added',
        'vendor stripe-acme removed; vendor stripe changed',
        'vendor stripe changed; secret of webhook ops changed; thresholds changed',
      ].map((value) => ['app', null, value, null]),
    );
    const watch = new SecretWatch();
    for (const secret of [vendor.secretKey, NEXT, SIGNED, OTHER]) watch.addSecret(secret);
    for (const { options } of [ann, bob])
      options.tokenHashes.forEach((each) => watch.addSecret(each));
    watch.show(broker.broker);
    watch.show((await broker.api('GET', '/v1/audit', undefined, ann.token)).text);
    await broker.close();
    watch.show(readFileSync(broker.store.replace(/^sqlite:/, ''), 'latin1'));
    expect(watch.leaks()).toEqual([]);
  });

  it('by a signal is the broker’s, and names the token of the application too', async () => {
    const config = temporaryFile('config.json');
    const token = temporaryFile('token');
    writeFileSync(config, JSON.stringify({ operators: [ann.options] }));
    writeFileSync(token, MANAGEMENT_TOKEN);
    const env = { KEYBRAKE_TOKEN: '', KEYBRAKE_TOKEN_FILE: token };
    const broker = await BrokerProcess.start({ vendor, args: ['--config', config], env });
    writeFileSync(config, JSON.stringify({ operators: [ann.options, bob.options] }));
    writeFileSync(token, `${MANAGEMENT_TOKEN}_another`);
    process.kill(broker.pid, 'SIGHUP');
    await broker.says('read again');
    await until(
      async () => (await rows(broker, 'reload')).length > 0,
      () => 'it has no row',
    );
    expect(await rows(broker, 'reload')).toEqual([
      ['broker', null, 'operator bob (viewer) added; KEYBRAKE_TOKEN changed', null],
    ]);
    await broker.kill('SIGTERM');
  });
});
