import { RecordingVendor } from '../../../test/broker/recording-vendor';
import { until } from '../../../test/support/until';
import type { KeyRecord } from '../keys/key';
import { hashToken, newToken } from '../keys/token';
import { SqliteLedger } from '../ledger/sqlite/sqlite-ledger';
import { stripe } from '../vendors/stripe/stripe';
import type { Vendor } from '../vendors/vendor';
import { NO_VENDOR_SETTINGS } from '../vendor.options';
import { Proxy } from './proxy';
import { VendorConnection } from './vendor-connection';
import { MAX_LOOKUPS } from './vendor-lookup';

let vendor: RecordingVendor;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterAll(() => vendor.close());
beforeEach(() => vendor.reset());

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const token = newToken();
const key: KeyRecord = {
  id: 'vk_1',
  tokenHash: hashToken(token),
  label: 'a label',
  vendor: 'stripe',
  capMicros: 10_000_000,
  allowedEndpoints: ['/v1/invoices/*/pay'],
  subject: { user_id: 'u1' },
  budgets: {},
  createdAt: Date.now(),
  expiresAt: Date.now() + 600_000,
};

type PriceByObjects = NonNullable<Vendor['priceByObjects']>;

/** A proxy before a vendor whose invoices are priced by what the test says. */
async function proxyWith(
  priceByObjects: PriceByObjects,
  { timeoutMs = 20_000, connections = 64 } = {},
) {
  const ledger = new SqliteLedger(':memory:');
  await ledger.issue(key);
  const connection = new VendorConnection(vendor.url, { timeoutMs, connections });
  const priced: Vendor = { ...stripe, priceByObjects };
  const settings = { ...NO_VENDOR_SETTINGS, accounts: new Set(['acct_1']) };
  const proxy = new Proxy(
    ledger,
    new Map([['stripe', { vendor: priced, secrets: [vendor.secretKey], connection, settings }]]),
  );
  closing.push(async () => {
    await proxy.close();
    await ledger.close();
  });
  const pay = async (headers: readonly string[] = [], caller?: { destroyed: boolean }) => {
    const answer = await proxy.forward({
      vendor: 'stripe',
      method: 'POST',
      target: '/v1/invoices/in_1/pay',
      rawHeaders: ['Authorization', `Bearer ${token}`, ...headers],
      ...(caller === undefined ? {} : { caller }),
    });
    const text = Buffer.concat(await answer.body.toArray()).toString();
    return { status: answer.status, text, verdict: answer.headers['x-vault-key-verdict'] };
  };
  const rows = async () => (await ledger.audit({}, { limit: 100 })).entries;
  return { ledger, pay, rows };
}

const json = (object: unknown) => JSON.stringify(object);
const ofInvoice: PriceByObjects = async (_call, _prices, lookup) => {
  const invoice = await lookup.get('invoices/in_1?expand[]=lines');
  return { kind: 'fee', micros: Number(invoice['amount_due']) * 10_000 };
};

describe('a price that stands in objects', () => {
  it('is read with the secret of the broker, in the version and the account of the call, before the call', async () => {
    vendor.respond = (_req, res) => res.end(json({ id: 'in_1', amount_due: 250 }));
    const { pay, ledger } = await proxyWith(ofInvoice);
    const headers = ['Stripe-Version', '2026-10-28.endive', 'Stripe-Account', 'acct_1'];
    expect(await pay(headers)).toMatchObject({ status: 200, verdict: 'forwarded' });
    expect(vendor.received.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'GET /v1/invoices/in_1?expand[]=lines',
      'POST /v1/invoices/in_1/pay',
    ]);
    for (const { rawHeaders } of vendor.received) {
      const names = Object.fromEntries(
        rawHeaders.flatMap((name, i) =>
          i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1]]] : [],
        ),
      ) as Record<string, string>;
      expect(names).toMatchObject({
        authorization: `Bearer ${vendor.secretKey}`,
        'stripe-version': '2026-10-28.endive',
        'stripe-account': 'acct_1',
        'accept-encoding': 'identity',
      });
    }
    expect((await ledger.key('vk_1'))?.balance.spent).toBe(2_500_000);
  });

  it('has a row in the audit log for each object that was read, which adds nothing to what is spent', async () => {
    vendor.respond = (req, res) => {
      res.setHeader('request-id', `req_${req.method}`);
      res.end(json({ amount_due: 250 }));
    };
    const { pay, rows } = await proxyWith(ofInvoice);
    await pay(['Idempotency-Key', 'k1']);
    const isWritten = async () => (await rows()).some(({ event }) => event === 'call');
    await until(isWritten, () => 'no row of the call');
    const [call] = (await rows()).filter(({ event }) => event === 'call');
    expect((await rows()).filter(({ event }) => event === 'lookup')).toEqual([
      expect.objectContaining({
        call_id: call?.call_id,
        key_id: 'vk_1',
        user_id: 'u1',
        method: 'GET',
        path: '/v1/invoices/in_1',
        verdict: 'found',
        settled_micros: null,
        requested_micros: null,
        vendor_status: 200,
        vendor_request_id: 'req_GET',
        latency_ms: expect.any(Number),
      }),
    ]);
  });

  it.each([
    [
      '401',
      (res) =>
        res.writeHead(401).end('{"error":{"message":"Invalid API Key provided: sk_test_***0815"}}'),
      /did not accept the broker's secret/,
    ],
    [
      '403 with a permission',
      (res) =>
        res.writeHead(403).end(
          json({
            error: {
              message:
                "The provided key 'rk_test_***0815' does not have the required permissions for this endpoint on account 'acct_x'. Having the 'rak_invoice_read' permission would allow this request to continue.",
            },
          }),
        ),
      /Give the secret the permission rak_invoice_read\./,
    ],
    [
      '403 without one',
      (res) => res.writeHead(403).end('no'),
      /Give the secret the permission to read invoices\./,
    ],
    [
      '404',
      (res) => res.writeHead(404).end('{"error":{"code":"resource_missing"}}'),
      /the vendor has no such object/,
    ],
    ['429', (res) => res.writeHead(429).end('{}'), /the vendor answered 429/],
    ['500', (res) => res.writeHead(500).end('{}'), /the vendor answered 500/],
    [
      'a redirect',
      (res) => res.writeHead(302, { location: 'https://elsewhere.example' }).end(),
      /the vendor answered 302/,
    ],
    ['201', (res) => res.writeHead(201).end('{}'), /the vendor answered 201/],
    ['a list', (res) => res.end('[]'), /no JSON object/],
    ['no JSON', (res) => res.end('{"id":'), /no JSON object/],
    ['nothing', (res) => res.end(), /no JSON object/],
    [
      'an encoded body',
      (res) => res.writeHead(200, { 'content-encoding': 'gzip' }).end('{}'),
      /encoded/,
    ],
    [
      'half a body',
      (res) => {
        res.writeHead(200, { 'content-length': 50 });
        res.write('{"a":1', () => res.destroy());
      },
      /cut short/,
    ],
    [
      'more than 1 MiB',
      (res) => res.end(json({ filler: 'x'.repeat(1_048_576) })),
      /more than 1048576 bytes/,
    ],
    [
      'a broken connection',
      (res) => res.destroy(),
      /could not be reached, or the connection broke/,
    ],
  ] as [string, (res: import('node:http').ServerResponse) => void, RegExp][])(
    'is not known where the vendor answers %s: amount_unknown, and nothing is forwarded',
    async (_what, respond, why) => {
      vendor.respond = (_req, res) => respond(res);
      const { pay, rows } = await proxyWith(ofInvoice);
      const { status, verdict, text } = await pay();
      expect([status, verdict]).toEqual([403, 'amount_unknown']);
      expect(text).toMatch(why);
      expect(text).toContain('invoices/in_1 ');
      expect(text).not.toContain('0815');
      expect(vendor.received.map(({ method }) => method)).toEqual(['GET']);
      const kinds = (await rows()).map(({ event, verdict: of }) => `${event} ${of}`);
      expect(kinds).toEqual(
        expect.arrayContaining(['refusal amount_unknown', 'lookup amount_unknown']),
      );
      expect(JSON.stringify(await rows())).not.toContain('0815');
    },
  );

  it('is not waited for longer than the vendor may take, neither for the head nor for the body', async () => {
    const { pay } = await proxyWith(ofInvoice, { timeoutMs: 200 });
    vendor.respond = () => {};
    expect((await pay()).text).toMatch(/did not answer in time/);
    vendor.respond = (_req, res) => {
      // It never pauses for as long as the time-out, and never ends.
      const timer = setInterval(() => res.write(' '), 20);
      res.once('close', () => clearInterval(timer));
    };
    expect((await pay()).text).toMatch(/is late/);
  });

  it(`stands in at most ${MAX_LOOKUPS} objects`, async () => {
    const all =
      (n: number): PriceByObjects =>
      async (_call, _prices, lookup) => {
        await Promise.all(Array.from({ length: n }, (_, i) => lookup.get(`prices/price_${i}`)));
        return { kind: 'fee', micros: 1 };
      };
    const enough = await proxyWith(all(MAX_LOOKUPS));
    expect((await enough.pay()).status).toBe(200);
    expect(vendor.received).toHaveLength(MAX_LOOKUPS + 1);
    const tooMany = await proxyWith(all(MAX_LOOKUPS + 1));
    expect((await tooMany.pay()).text).toMatch(/more than 25 objects/);
  });

  it('takes no more connections than the key may have, and not one where one is all it may have', async () => {
    let open = 0;
    let most = 0;
    vendor.respond = (_req, res) => {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
        res.end('{}');
      }, 20);
    };
    const six: PriceByObjects = async (_call, _prices, lookup) => {
      await Promise.all(Array.from({ length: 6 }, (_, i) => lookup.get(`prices/price_${i}`)));
      return { kind: 'fee', micros: 1 };
    };
    expect((await (await proxyWith(six, { connections: 4 })).pay()).status).toBe(200);
    expect(most).toBe(1);
    expect((await (await proxyWith(six, { connections: 64 })).pay()).status).toBe(200);
    expect(most).toBe(4);
  });

  it('leaves no connection taken, whatever becomes of the call', async () => {
    vendor.respond = (_req, res) => res.writeHead(500).end();
    const failing: PriceByObjects = async (_call, _prices, lookup) => {
      await Promise.all(['a', 'b', 'c'].map((id) => lookup.get(`prices/${id}`)));
      return { kind: 'free' };
    };
    const { pay } = await proxyWith(failing, { connections: 4 });
    for (let i = 0; i < 6; i++) expect((await pay()).status).toBe(403);
  });

  it.each(['prices/..', 'prices/a b', 'prices/%2e', 'prices/', 'prices/a;b', 'prices/../x'])(
    'asks the vendor nothing by a path such as %s',
    async (path) => {
      const { pay } = await proxyWith(async (_call, _prices, lookup) => {
        await lookup.get(path);
        return { kind: 'free' };
      });
      expect((await pay()).verdict).toBe('amount_unknown');
      expect(vendor.received).toEqual([]);
    },
  );

  it('forwards nothing for a caller that has gone meanwhile, and writes down what was read', async () => {
    const caller = { destroyed: false };
    vendor.respond = (_req, res) => {
      caller.destroyed = true;
      res.end(json({ amount_due: 250 }));
    };
    const { pay, rows } = await proxyWith(ofInvoice);
    expect((await pay([], caller)).verdict).toBe('caller_gone');
    expect(vendor.received.map(({ method }) => method)).toEqual(['GET']);
    const events = (await rows()).map(({ event }) => event);
    expect([events.includes('lookup'), events.includes('refusal')]).toEqual([true, false]);
  });

  it('is asked for after the checks of the target: a call that is not allowed reads nothing', async () => {
    const { pay } = await proxyWith(ofInvoice);
    expect((await pay(['Stripe-Account', 'acct_2'])).verdict).toBe('account_not_allowed');
    expect((await pay(['Stripe-Version', '2020-01-01'])).verdict).toBe('version_not_supported');
    expect(vendor.received).toEqual([]);
  });
});

it('reads nothing after the call was refused', async () => {
  let later: Promise<unknown> = Promise.resolve();
  const { pay } = await proxyWith(
    async (_call, _prices, lookup) => {
      const all = ['a', 'b', 'c', 'd'].map((id) => lookup.get(`prices/${id}`));
      later = Promise.allSettled(all);
      vendor.respond = (_req, res) => res.writeHead(500).end();
      await Promise.race(all);
      return { kind: 'free' };
    },
    { connections: 4 },
  );
  expect((await pay()).status).toBe(403);
  await later;
  // The second had begun when the first one failed.
  expect(vendor.received).toHaveLength(2);
  expect((await pay()).status).toBe(403);
});
