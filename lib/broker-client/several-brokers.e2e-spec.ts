import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { freePort } from '../../test/support/free-port';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { VendorOutcomeUnknownException } from '../exceptions/vendor-outcome-unknown.exception';
import type { BrokerClient, IssueKeyRequest, VendorCall } from './broker-client';
import { httpBrokerClient } from './http-broker.client';

const TOKEN = 'management-token-0123456789abcdefghij';
const REQUEST: IssueKeyRequest = {
  label: 'nest-u1-r1',
  vendor: 'stripe',
  dailyUsdCap: 500,
  allowedEndpoints: ['/v1/payment_intents'],
  expiresIn: '5m',
  subject: {},
};
const CALL: VendorCall = {
  vendor: 'stripe',
  token: 'vault_key_0123456789',
  method: 'POST',
  target: '/v1/payment_intents',
  headers: { 'idempotency-key': 'order-1' },
  body: 'amount=500&currency=usd',
};

interface Seen {
  method: string;
  path: string;
  body: string;
}

type Answer = (seen: Seen, res: ServerResponse, req: IncomingMessage) => void;

/** A broker that answers as a test says. */
interface FakeBroker {
  url: string;
  seen: Seen[];
  answer: Answer;
  /** From now on nothing listens there. */
  end(): Promise<void>;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const working: Answer = ({ method, path, body }, res) => {
  const { request_id } = (path === '/v1/keys' ? JSON.parse(body) : {}) as { request_id?: string };
  if (path === '/v1/keys') json(res, 201, { id: 'vk_1', token: 'vault_key_1', request_id });
  else if (path === '/v1/leases') json(res, 201, { id: 'lease_1' });
  else if (path === '/v1/brakes' && method === 'GET') json(res, 200, { brakes: [] });
  else if (path === '/v1/keys/revoke') json(res, 200, { revoked: 2, unknown: [] });
  else json(res, 200, {});
};
const resets: Answer = (_seen, _res, req) => req.socket.resetAndDestroy();
const hangs: Answer = () => {};
const answers =
  (status: number): Answer =>
  (_seen, res) =>
    json(res, status, {});
const breaksOff: Answer = (_seen, res) => {
  res.writeHead(201, { 'content-length': '1000' });
  res.write('{"id":');
  res.socket?.end();
};

function json(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
}

async function broker(answer: Answer = working): Promise<FakeBroker> {
  const server = createServer((req, res) => {
    void text(req).then((body) => {
      const one = { method: req.method ?? '', path: req.url ?? '', body };
      fake.seen.push(one);
      fake.answer(one, res, req);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const fake: FakeBroker = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    answer,
    async end() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  closers.push(() => fake.end());
  return fake;
}

const nobody = async () => `http://127.0.0.1:${await freePort()}`;

function clientOf(url: readonly string[], limits = {}): BrokerClient {
  const client = httpBrokerClient({ url, token: TOKEN, dialect: 'vault-key', ...limits });
  closers.push(() => client.close());
  return client;
}

const failures: [string, Answer][] = [
  ['resets the connection', resets],
  ['does not answer in time', hangs],
  ['breaks off', breaksOff],
  ['answers 502', answers(502)],
  ['answers 503', answers(503)],
  ['answers 504', answers(504)],
];
/** Short, so that a broker that hangs is given up soon. */
const SHORT = { answerTimeoutMs: 150 };

describe('a key', () => {
  it('is issued by the next broker where nobody listens at the first', async () => {
    const second = await broker();
    const client = clientOf([await nobody(), second.url]);
    expect(await client.issue(REQUEST)).toMatchObject({ issued: true, key: { id: 'vk_1' } });
  });

  it.each(failures)(
    'is issued by the next broker where the first one %s, by the same request',
    async (_title, answer) => {
      const [first, second] = [await broker(answer), await broker()];
      const client = clientOf([first.url, second.url], SHORT);
      const result = await client.issue(REQUEST);
      expect(result).toMatchObject({ issued: true });
      // The next broker revokes what the first one may have issued.
      expect(result).not.toHaveProperty('earlierKeyMayExist');
      expect(first.seen).toHaveLength(1);
      expect(second.seen.map(({ body }) => body)).toEqual(first.seen.map(({ body }) => body));
      expect(JSON.parse(first.seen[0]?.body ?? '')).toMatchObject({
        request_id: expect.stringMatching(/^[A-Za-z0-9_-]{16,64}$/),
      });
    },
  );

  it.each([400, 401, 403, 422, 429, 500])(
    'is not asked for elsewhere where the first broker answers %d',
    async (status) => {
      const [first, second] = [await broker(answers(status)), await broker()];
      expect(await clientOf([first.url, second.url]).issue(REQUEST)).toMatchObject({
        issued: false,
      });
      expect(second.seen).toEqual([]);
    },
  );

  it('of each request has an id of its own, and none where there is one broker', async () => {
    const only = await broker();
    const client = clientOf([only.url, await nobody()]);
    for (let i = 0; i < 2; i++) await client.issue(REQUEST);
    const ids = only.seen.map(
      ({ body }) => (JSON.parse(body) as { request_id: string }).request_id,
    );
    expect(new Set(ids).size).toBe(2);
    await clientOf([only.url]).issue(REQUEST);
    expect(JSON.parse(only.seen[2]?.body ?? '')).not.toHaveProperty('request_id');
  });

  it('is not taken from a broker that does not say that it knows repeated requests', async () => {
    const old = await broker((_seen, res) => json(res, 201, { id: 'vk_1', token: 'vault_key_1' }));
    const result = await clientOf([old.url, await nobody()]).issue(REQUEST);
    expect(result).toMatchObject({ issued: false, keyId: 'vk_1' });
    if (!result.issued) expect(result.error.message).toContain('request_id');
  });

  it('is asked for once more where a kept connection breaks under the request', async () => {
    const only = await broker();
    const client = clientOf([only.url]);
    await client.issue(REQUEST);
    only.answer = (seen, res, req) => {
      only.answer = working;
      resets(seen, res, req);
    };
    // Without a request_id an earlier key may be left, which the caller is told.
    expect(await client.issue(REQUEST)).toMatchObject({ issued: true, earlierKeyMayExist: true });
    expect(only.seen).toHaveLength(3);
    only.answer = resets;
    const refused = await client.issue(REQUEST);
    expect(refused).toMatchObject({ issued: false, error: { keyMayExist: true } });
    // The second attempt has a connection of its own.
    expect(only.seen).toHaveLength(5);
  });

  it('may exist where the answer of one broker is lost and the next one refuses', async () => {
    const [first, second] = [await broker(resets), await broker(answers(422))];
    const result = await clientOf([first.url, second.url]).issue(REQUEST);
    expect(result).toMatchObject({ issued: false, error: { keyMayExist: true } });
  });

  it('is refused by one exception, which says that it may exist, where every answer is lost', async () => {
    const [first, second] = [await broker(resets), await broker(answers(503))];
    for (const urls of [
      [first.url, second.url],
      [second.url, first.url],
      [first.url, await nobody()],
    ]) {
      const result = await clientOf(urls).issue(REQUEST);
      expect(result).toMatchObject({ issued: false, error: { keyMayExist: true } });
    }
  });

  it('is refused by one exception that counts the brokers where none is there', async () => {
    const result = await clientOf([await nobody(), await nobody()]).issue(REQUEST);
    if (result.issued) throw new Error('a key was issued');
    expect(result.error).toBeInstanceOf(VaultKeyUnavailableException);
    expect(result.error.message).toContain('None of the 2 brokers could be reached (ECONNREFUSED)');
  });

  it('is given up within ten seconds, however many brokers hang', async () => {
    const hanging = await Promise.all(Array.from({ length: 5 }, () => broker(hangs)));
    const began = performance.now();
    const result = await clientOf(hanging.map(({ url }) => url)).issue(REQUEST);
    expect(result).toMatchObject({ issued: false });
    expect(performance.now() - began).toBeGreaterThan(9_000);
    expect(performance.now() - began).toBeLessThan(12_000);
    expect(hanging.map(({ seen }) => seen.length)).toEqual([1, 1, 1, 1, 1]);
  });
});

describe('keys', () => {
  it.each(failures)(
    'are revoked by the next broker where the first one %s',
    async (_title, answer) => {
      const [first, second] = [await broker(answer), await broker()];
      const client = clientOf([first.url, second.url], SHORT);
      expect(await client.revoke(['vk_1', 'vk_2'])).toEqual({
        ended: ['vk_1', 'vk_2'],
        failed: [],
      });
      expect(second.seen).toEqual(first.seen);
    },
  );

  it('are to be revoked later where no broker does', async () => {
    const [first, second] = [await broker(answers(503)), await broker(resets)];
    const { ended, failed } = await clientOf([first.url, second.url]).revoke(['vk_1']);
    expect([ended, failed.map(({ id }) => id)]).toEqual([[], ['vk_1']]);
  });
});

describe('a broker that has failed', () => {
  it('is not asked again while another one works', async () => {
    const [first, second] = [await broker(resets), await broker()];
    const client = clientOf([first.url, second.url]);
    for (let i = 0; i < 20; i++) await client.issue(REQUEST);
    await client.revoke(['vk_1', 'vk_2']);
    await client.beginLease(30);
    await client.forward(CALL);
    expect(first.seen).toHaveLength(1);
    expect(second.seen).toHaveLength(23);
  });

  it('is asked again where the other one fails too', async () => {
    const [first, second] = [await broker(resets), await broker()];
    const client = clientOf([first.url, second.url]);
    await client.issue(REQUEST);
    first.answer = working;
    await second.end();
    expect(await client.issue(REQUEST)).toMatchObject({ issued: true });
    expect(first.seen).toHaveLength(2);
  });

  it('is known from vendor calls too', async () => {
    const [first, second] = [await broker(resets), await broker()];
    const client = clientOf([first.url, second.url]);
    await expect(client.forward(CALL)).rejects.toBeInstanceOf(VendorOutcomeUnknownException);
    await client.forward(CALL);
    expect([first.seen.length, second.seen.length]).toEqual([1, 1]);
  });
});

describe.each(['forward', 'relay'] as const)('a vendor call (%s)', (way) => {
  it('goes to the next broker where nobody listens at the first', async () => {
    const second = await broker();
    const answer = await clientOf([await nobody(), second.url])[way](CALL);
    expect(answer.status).toBe(200);
    answer.body.resume();
    expect(second.seen).toEqual([
      { method: 'POST', path: '/stripe/v1/payment_intents', body: CALL.body },
    ]);
  });

  it('goes to the next broker where the first has no name, or speaks no TLS', async () => {
    const [plain, second] = [await broker(), await broker()];
    const tls = plain.url.replace('http:', 'https:');
    for (const first of ['http://no-such-broker.invalid', tls]) {
      const answer = await clientOf([first, second.url])[way](CALL);
      expect(answer.status).toBe(200);
      answer.body.resume();
    }
    expect(plain.seen).toEqual([]);
  });

  it.each<[string, Answer]>([
    ['resets the connection', resets],
    ['does not answer in time', hangs],
  ])('that has reached a broker goes to no other where it %s', async (_title, answer) => {
    const [first, second] = [await broker(answer), await broker()];
    const client = clientOf([first.url, second.url], { callTimeoutMs: 150 });
    await expect(client[way](CALL)).rejects.toMatchObject({
      code: 'vendor_outcome_unknown',
      idempotencyKey: 'order-1',
    });
    expect([first.seen.length, second.seen.length]).toEqual([1, 0]);
  });

  it.each([502, 503, 504])(
    'that a broker has answered %d goes to no other, and the next one does',
    async (status) => {
      const [first, second] = [await broker(answers(status)), await broker()];
      const client = clientOf([first.url, second.url]);
      const answer = await client[way](CALL);
      expect(answer.status).toBe(status);
      answer.body.resume();
      expect(second.seen).toEqual([]);
      const next = await client[way](CALL);
      expect(next.status).toBe(200);
      next.body.resume();
    },
  );

  it('that cannot go over HTTP is sent to none', async () => {
    const both = [await broker(), await broker()];
    const client = clientOf(both.map(({ url }) => url));
    const call = { ...CALL, headers: { 'x-broken': 'a\nb' } };
    await expect(client[way](call)).rejects.toBeInstanceOf(CallRefusedException);
    expect(both.flatMap(({ seen }) => seen)).toEqual([]);
  });

  it('fails as one that was not sent where no broker is there', async () => {
    const client = clientOf([await nobody(), await nobody()]);
    await expect(client[way](CALL)).rejects.toMatchObject({
      code: 'vault_key_unavailable',
      message: expect.stringContaining('None of the 2 brokers could be reached'),
    });
  });
});

describe('a brake', () => {
  const brake = { scope: 'all', reason: 'a test' } as const;

  it('is put by the next broker where the first has certainly not put it', async () => {
    const put: Answer = (_seen, res) =>
      json(res, 201, { id: 'brake_1', ...brake, created_at: '2026-11-28T10:00:00.000Z' });
    const second = await broker(put);
    const stopping = await broker((_seen, res) => json(res, 503, { code: 'overloaded' }));
    for (const first of [await nobody(), stopping.url]) {
      expect(await clientOf([first, second.url]).brake(brake)).toMatchObject({ id: 'brake_1' });
    }
  });

  it.each([
    ['an answer was lost', resets],
    // Its store may have written it without saying so in time.
    [
      'the store did not answer',
      ((_seen, res) => json(res, 503, { code: 'store_unavailable' })) as Answer,
    ],
  ])('is not put twice where %s', async (_why, answer) => {
    const [first, second] = [await broker(answer), await broker()];
    const client = clientOf([first.url, second.url]);
    await expect(client.brake(brake)).rejects.toBeInstanceOf(VaultKeyUnavailableException);
    expect(second.seen).toEqual([]);
  });

  it('is lifted where the answer to the first request was lost and the second finds none', async () => {
    const [first, second] = [await broker(resets), await broker(answers(404))];
    await clientOf([first.url, second.url]).lift('brake_1');
    await expect(clientOf([second.url]).lift('brake_1')).rejects.toBeInstanceOf(
      CallRefusedException,
    );
  });
});
