import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { openConnection } from '../../lib/broker/ledger/sqlite/sqlite-driver';
import { closeStore } from '../../lib/broker/ledger/sqlite/open-store';
import { BrokerProcess, send } from '../support/broker-process';
import { exchangeRaw, readRaw } from './raw-socket';
import { BrokerServer } from '../support/broker-server';
import { RecordingVendor } from './recording-vendor';

const PAYMENT = 'amount=1000&currency=usd';

let vendor: RecordingVendor;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterAll(() => vendor.close());
beforeEach(() => vendor.reset());

const onLinux = process.platform === 'linux' ? it : it.skip;

describe('a store that cannot be written', () => {
  onLinux('is a 503 store_unavailable: nothing is forwarded, and nothing is issued', async () => {
    const broker = await BrokerProcess.start({ vendor });
    const [key, other] = [await broker.issue(), await broker.issue()];
    const pay = () => broker.call(key.token, 'POST', '/v1/payment_intents', { body: PAYMENT });
    /** Says how large a file the broker may write, as a full disk does. */
    const limitFiles = (size: string) =>
      execFileSync('prlimit', ['--pid', String(broker.pid), `--fsize=${size}:unlimited`]);
    limitFiles('0');
    const refused = await pay();
    expect([refused.status, refused.body.code]).toEqual([503, 'store_unavailable']);
    expect(refused.headers).toMatchObject({
      'x-vault-key-verdict': 'store_unavailable',
      'stripe-should-retry': 'false',
    });
    const free = await broker.call(key.token, 'GET', '/v1/payment_intents');
    expect([free.status, free.body.code]).toEqual([503, 'store_unavailable']);
    const revoked = await broker.api('DELETE', `/v1/keys/${other.id}`);
    expect([revoked.status, revoked.body.code]).toEqual([503, 'store_unavailable']);
    await expect(broker.issue()).rejects.toThrow('store_unavailable');
    expect(vendor.received).toEqual([]);
    limitFiles('unlimited');
    expect((await pay()).status).toBe(200);
    expect(await broker.money(key)).toEqual({ spent: 10, held: 0, remaining: 90 });
    expect((await broker.api('GET', '/v1/audit/verify')).body.ok).toBe(true);
  });
});

describe('an audit log that cannot be written', () => {
  it('is a 503 audit_unavailable once a row could not be written: nothing is held, and nothing is forwarded', async () => {
    const first = await BrokerServer.start(vendor);
    const key = await first.issue();
    await first.close();
    const connection = openConnection(first.store.slice('sqlite:'.length));
    connection.exec(`CREATE TRIGGER no_rows BEFORE INSERT ON audit
      WHEN NOT EXISTS (SELECT 1 FROM budgets WHERE target = 'open') AND NEW.entry NOT LIKE '%"budget"%'
      BEGIN SELECT RAISE(FAIL, 'the log is full'); END`);
    closeStore(connection);

    const broker = await first.restart();
    await expect(broker.issue()).rejects.toThrow('audit_unavailable');
    const pay = () => broker.call(key.token, 'POST', '/v1/payment_intents', { body: PAYMENT });
    // What is known of a call before it leaves is in the store: its row is written when it can be.
    expect((await pay()).status).toBe(200);
    expect(await broker.money(key)).toEqual({ spent: 0, held: 10, remaining: 90 });
    expect(vendor.received).toHaveLength(1);
    const read = await broker.call(key.token, 'GET', '/v1/payment_intents/pi_1');
    for (const refused of [await pay(), read]) {
      expect([refused.status, refused.body.code]).toEqual([503, 'audit_unavailable']);
      expect(refused.headers).toMatchObject({ 'x-vault-key-verdict': 'audit_unavailable' });
    }
    expect(vendor.received).toHaveLength(1);
    expect(await broker.money(key)).toEqual({ spent: 0, held: 10, remaining: 90 });
    await broker.api('PUT', '/v1/budgets/user/open', { daily_usd_cap: 1 });
    expect((await pay()).status).toBe(200);
    expect(await broker.money(key)).toEqual({ spent: 20, held: 0, remaining: 80 });
    expect((await broker.api('GET', '/v1/audit/verify')).body.ok).toBe(true);
  });
});

describe('a request that does not arrive in time', () => {
  it('is a 408 request_timeout', async () => {
    const broker = await BrokerServer.start(vendor);
    const { status, head, body } = readRaw(
      await exchangeRaw(broker.url, 'POST /stripe/v1/payment_intents HTTP/1.1\r\nHost: a\r\n'),
    );
    expect([status, body.code]).toEqual([408, 'request_timeout']);
    expect(head).toContain('x-vault-key-verdict: request_timeout');
    expect(vendor.received).toEqual([]);
  });
});

describe('the headers that are the broker’s own', () => {
  it('are Host, Authorization, Content-Length and Accept-Encoding: identity', async () => {
    const broker = await BrokerServer.start(vendor);
    const { token } = await broker.issue();
    await broker.call(token, 'POST', '/v1/payment_intents', {
      body: '{ "amount": 1000, "currency": "usd" }',
      headers: {
        'content-type': 'application/json',
        'accept-encoding': 'gzip, br',
        host: 'evil.test',
      },
    });
    const { rawHeaders = [] } = vendor.received[0] ?? {};
    const valuesOf = (name: string) =>
      rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name);
    expect(valuesOf('host')).toEqual([new URL(vendor.url).host]);
    expect(valuesOf('authorization')).toEqual([`Bearer ${vendor.secretKey}`]);
    expect(valuesOf('content-length')).toEqual([String(PAYMENT.length)]);
    expect(valuesOf('accept-encoding')).toEqual(['identity']);
    expect(JSON.stringify(vendor.received)).not.toContain(token);
  });
});

describe('a proxied answer', () => {
  it('carries no CORS header and no framework banner, nor any hop-by-hop header of the vendor', async () => {
    const broker = await BrokerServer.start(vendor);
    const { token } = await broker.issue();
    vendor.respond = (_req, res) => {
      res.writeHead(200, {
        'Access-Control-Allow-Credentials': 'true',
        'Access-Control-Expose-Headers': '*',
        'X-Powered-By': 'Express',
        'Keep-Alive': 'timeout=999',
        'Proxy-Authenticate': 'Basic',
        'Proxy-Connection': 'keep-alive',
        Upgrade: 'h2c',
        'Request-Id': 'req_1',
      });
      res.end('{}');
    };
    const call = (method: string) =>
      broker.call(token, method, '/v1/payment_intents', {
        headers: { origin: 'http://evil.test', 'access-control-request-method': 'POST' },
      });
    const forwarded = await call('GET');
    expect(forwarded.headers['request-id']).toBe('req_1');
    expect(forwarded.headers['keep-alive']).not.toBe('timeout=999');
    for (const { headers } of [forwarded, await call('OPTIONS')]) {
      const shown = Object.keys(headers).filter((name) =>
        /^(?:access-control-.*|server|proxy-.*|upgrade)$/.test(name),
      );
      expect(shown).toEqual([]);
    }
    // Our own answers have no banner either; a vendor's is the vendor's.
    expect((await call('OPTIONS')).headers['x-powered-by']).toBeUndefined();
  });
});

describe('the standalone broker', () => {
  it('keeps every file of its store, the key of the audit log among them, at mode 0600', async () => {
    const broker = await BrokerProcess.start({ vendor });
    await broker.issue();
    const folder = dirname(broker.store.slice('sqlite:'.length));
    const files = readdirSync(folder);
    expect(files.filter((file) => file.includes('audit'))).toHaveLength(1);
    for (const file of files) {
      expect([file, statSync(join(folder, file)).mode & 0o777]).toEqual([file, 0o600]);
    }
  });

  it('listens beyond loopback where --host says so', async () => {
    const broker = await BrokerProcess.start({ vendor, args: ['--host', '0.0.0.0'] });
    expect(broker.output).toMatch(/^vault-key-broker listening on http:\/\/0\.0\.0\.0:\d+\n$/);
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.internal === false && address.family === 'IPv4');
    if (outside === undefined) return;
    const { port } = new URL(broker.url);
    const answer = await send(`http://${outside.address}:${port}`, 'GET', '/healthz');
    expect(answer.status).toBe(200);
  });
});

describe('GET /v1/keys', () => {
  it('filters by the status expired', async () => {
    const broker = await BrokerServer.start(vendor);
    const [brief] = [await broker.issue({ expires_in: '1s' }), await broker.issue()];
    const { body } = await broker.api('GET', `/v1/keys/${brief.id}`);
    const left = Date.parse(body.expires_at) - Date.now() + 50;
    await new Promise((resolve) => setTimeout(resolve, left));
    const listed = await broker.api('GET', '/v1/keys?status=expired');
    expect((listed.body.keys as { id: string }[]).map(({ id }) => id)).toEqual([brief.id]);
  });
});

describe('refusals before a key is known', () => {
  it('are counted, logged at most once a second an address, and not chained', async () => {
    const broker = await BrokerProcess.start({ vendor });
    const began = Date.now();
    for (let i = 0; i < 100; i++) {
      expect((await broker.call(`junk-${i}`, 'GET', '/v1/payment_intents')).status).toBe(401);
    }
    const seconds = Math.floor((Date.now() - began) / 1_000);
    const lines = broker.output.match(/refused a request from 127\.0\.0\.1: 401 invalid_key/g);
    expect(lines?.length).toBeGreaterThan(0);
    expect(lines?.length).toBeLessThanOrEqual(seconds + 1);
    expect(broker.output).not.toContain('junk-');
    const { text } = await broker.api('GET', '/metrics');
    expect(text).toContain('vault_key_unknown_caller_refusals_total{code="invalid_key"} 100\n');
    expect((await broker.api('GET', '/v1/audit')).body.entries).toEqual([]);
  });
});
