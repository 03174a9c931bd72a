import { RecordingVendor } from '../../../test/broker/recording-vendor';
import type { KeyRecord } from '../keys/key';
import { hashToken, newToken } from '../keys/token';
import type { Ledger } from '../ledger/ledger';
import { SqliteLedger } from '../ledger/sqlite/sqlite-ledger';
import { stripe } from '../vendors/stripe/stripe';
import { storeUnavailable } from '../refusal';
import { Proxy } from './proxy';
import { VendorConnection } from './vendor-connection';

let vendor: RecordingVendor;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterAll(() => vendor.close());
beforeEach(() => vendor.reset());

const token = newToken();
const key: KeyRecord = {
  id: 'vk_1',
  tokenHash: hashToken(token),
  label: 'a label',
  vendor: 'stripe',
  capMicros: 10_000_000,
  allowedEndpoints: ['/v1/payment_intents'],
  subject: {},
  budgets: {},
  createdAt: Date.now(),
  expiresAt: Date.now() + 60_000,
};

/** A proxy on a real ledger, some methods of which the test replaces. */
async function proxyOn(methods: (ledger: Ledger) => Partial<Ledger>, callsPerKey?: number) {
  const lines: string[] = [];
  const ledger = new SqliteLedger(':memory:');
  await ledger.issue(key);
  const stands = methods(ledger);
  const watched = new globalThis.Proxy(ledger, {
    get(target, name: keyof Ledger) {
      return stands[name] ?? (target[name] as () => unknown).bind(target);
    },
  });
  const connection = new VendorConnection(vendor.url, { timeoutMs: 2_000 });
  const proxy = new Proxy(
    watched,
    new Map([['stripe', { vendor: stripe, secrets: [vendor.secretKey], connection }]]),
    callsPerKey,
    (line) => lines.push(line),
  );
  const forward = (method = 'POST') =>
    proxy.forward({
      vendor: 'stripe',
      method,
      target: '/v1/payment_intents',
      rawHeaders: [
        'Authorization',
        `Bearer ${token}`,
        'Content-Type',
        'application/x-www-form-urlencoded',
      ],
      ...(method === 'POST' ? { body: Buffer.from('amount=1000&currency=usd') } : {}),
    });
  return { ledger, proxy, forward, lines };
}

describe('the proxy', () => {
  it('forwards nothing before the hold is durable', async () => {
    let commit: () => void = () => {};
    let asked: () => void = () => {};
    const waiting = new Promise<void>((resolve) => (asked = resolve));
    const durable = new Promise<void>((resolve) => (commit = resolve));
    const { forward, proxy } = await proxyOn((ledger) => ({
      admit: async (admission) => {
        const decision = await ledger.admit(admission);
        asked();
        await durable;
        return decision;
      },
    }));
    const answer = forward();
    await waiting;
    await new Promise((resolve) => setImmediate(resolve));
    expect(vendor.received).toEqual([]);
    commit();
    expect((await answer).status).toBe(200);
    expect(vendor.received).toHaveLength(1);
    (await answer).body.resume();
    await proxy.close();
  });

  it('forwards nothing where the hold cannot be written: 503 store_unavailable', async () => {
    const { forward, proxy } = await proxyOn(() => ({
      admit: () => Promise.reject(storeUnavailable(new Error('disk full'))),
    }));
    const answer = await forward();
    expect([answer.status, answer.headers['x-vault-key-verdict']]).toEqual([
      503,
      'store_unavailable',
    ]);
    answer.body.resume();
    await proxy.close();
    expect(vendor.received).toEqual([]);
  });

  it('answers 503 and forwards nothing where the ledger fails in a way nobody foresaw', async () => {
    const { forward, proxy, lines } = await proxyOn(() => ({
      keyByTokenHash: () => Promise.reject(new TypeError('closed\n    at sk_test_quoted')),
    }));
    const answer = await forward();
    const text = Buffer.concat(await answer.body.toArray()).toString();
    expect(JSON.parse(text)).toMatchObject({ code: 'store_unavailable' });
    expect(text).not.toContain('closed');
    await proxy.close();
    expect(vendor.received).toEqual([]);
    expect(lines).toEqual([
      expect.stringMatching(/^an unexpected TypeError at .*: this is a fault of nestjs-vault-key/),
    ]);
    expect(lines.join()).not.toMatch(/closed|sk_test_quoted/);
  });

  it('says that the call was sent where it fails afterwards in a way nobody foresaw', async () => {
    const { forward, proxy, lines } = await proxyOn(() => ({}));
    // So deep that no stack can write it again; the secret is what has it looked through.
    const deep = `{"client_secret":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    vendor.respond = (_req, res) => {
      res.writeHead(402, { 'content-type': 'application/json' }).end(deep);
    };
    const answer = await forward();
    const text = Buffer.concat(await answer.body.toArray()).toString();
    expect([answer.status, JSON.parse(text)]).toEqual([
      502,
      expect.objectContaining({
        code: 'vendor_outcome_unknown',
        error: expect.objectContaining({ message: expect.stringContaining('was sent') }),
      }),
    ]);
    expect(lines).toEqual([expect.stringMatching(/^an unexpected RangeError at /)]);
    await proxy.close();
  });

  it('leaves the hold as it is where the settlement cannot be written, and answers all the same', async () => {
    const { forward, ledger, proxy } = await proxyOn(() => ({
      end: () => Promise.reject(storeUnavailable()),
    }));
    const answer = await forward();
    expect(answer.status).toBe(200);
    answer.body.resume();
    await proxy.close();
    expect((await ledger.key('vk_1'))?.balance).toEqual({ spent: 0, held: 10_000_000, undone: 0 });
  });

  it('writes one audit row a call, with no body, token or secret in it', async () => {
    const { forward, ledger, proxy } = await proxyOn(() => ({}));
    (await forward()).body.resume();
    await proxy.close();
    const { entries } = await ledger.audit({}, { limit: 10 });
    const [call, issue, ...others] = entries;
    expect([issue?.event, call?.event, others]).toEqual(['issue', 'call', []]);
    expect(call).toMatchObject({
      verdict: 'settled',
      requested_micros: 10_000_000,
      settled_micros: 10_000_000,
      spent_after_micros: 10_000_000,
      held_after_micros: 0,
      remaining_after_micros: 0,
      amount: 1_000,
      currency: 'usd',
      method: 'POST',
      path: '/v1/payment_intents',
      vendor_status: 200,
    });
    expect(JSON.stringify([call, issue])).not.toMatch(
      new RegExp(`${token}|${vendor.secretKey}|amount=`),
    );
  });

  it('counts a call that only reads as under way until it has ended, and waits at its close until its row is written', async () => {
    const written: (() => void)[] = [];
    const ends = () => new Promise<void>((resolve) => written.push(resolve));
    const { forward, proxy } = await proxyOn(() => ({ end: ends }), 2);
    for (let i = 0; i < 5; i++) {
      const answer = await forward('GET');
      expect(answer.status).toBe(200);
      await answer.body.toArray();
    }
    let isClosed = false;
    const closed = proxy.close().then(() => (isClosed = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect([written.length, isClosed]).toEqual([5, false]);
    for (const land of written) land();
    await closed;
  });

  it('admits nothing once it closes', async () => {
    const { forward, proxy } = await proxyOn(() => ({}));
    await proxy.close();
    expect((await forward()).status).toBe(503);
    expect(vendor.received).toEqual([]);
  });
});
