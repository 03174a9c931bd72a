import { once } from 'node:events';
import * as http from 'node:http';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect, types } from 'node:util';
import { gzipSync } from 'node:zlib';
import { AgentBrakedException } from '../exceptions/agent-braked.exception';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { VendorOutcomeUnknownException } from '../exceptions/vendor-outcome-unknown.exception';
import type {
  BrokerDialect,
  IssueKeyRequest,
  IssueResult,
  VendorCall,
  BrokerClient,
} from './broker-client';
import { httpBrokerClient } from './http-broker.client';

const MANAGEMENT_TOKEN = 'management-token-0123456789abcdefghij';
const KEY_TOKEN = 'vault_key_0123456789abcdefghijABCDEFGH';
const SECRETS = [MANAGEMENT_TOKEN, KEY_TOKEN];

const REQUEST: IssueKeyRequest = {
  label: 'nest-u1-r1',
  vendor: 'stripe',
  dailyUsdCap: 500,
  allowedEndpoints: ['/v1/payment_intents', '/v1/payment_intents/*'],
  expiresIn: '5m',
  subject: { userId: 'u1', runId: 'r1', tool: 'Tools.charge' },
};

const CALL: VendorCall = {
  vendor: 'stripe',
  token: KEY_TOKEN,
  method: 'POST',
  target: '/v1/payment_intents',
  headers: {
    'Content-Type': 'application/x-www-form-urlencoded',
    'Idempotency-Key': 'order-1',
  },
  body: 'amount=500&currency=usd',
};

const ISSUED = {
  id: 'vk_1',
  token: KEY_TOKEN,
  label: 'nest-u1-r1',
  vendor: 'stripe',
  subject: { user_id: 'u1', run_id: 'r1', tool: 'Tools.charge' },
  expires_at: '2026-11-23T10:05:00.000Z',
};

interface Seen {
  method: string;
  url: string;
  headers: http.IncomingHttpHeaders;
  rawHeaders: string[];
  body: string;
}

type Handler = (seen: Seen, response: http.ServerResponse) => void;

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(
  handler: Handler,
): Promise<{ url: string; seen: Seen[]; sockets: () => number }> {
  const seen: Seen[] = [];
  let sockets = 0;
  const server = http.createServer((request, response) => {
    void text(request).then((body) => {
      const { method = '', url = '', headers, rawHeaders } = request;
      const one = { method, url, headers, rawHeaders, body };
      seen.push(one);
      handler(one, response);
    });
  });
  server.on('connection', () => sockets++);
  return {
    url: await listen(server, () => server.closeAllConnections()),
    seen,
    sockets: () => sockets,
  };
}

/** A server that speaks bytes, for answers no HTTP server would give. */
async function serveRaw(onConnection: (socket: net.Socket) => void): Promise<string> {
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  return listen(server, () => {
    for (const socket of open) socket.destroy();
  });
}

async function listen(server: net.Server, hangUp: () => void): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    hangUp();
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function unusedUrl(): Promise<string> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

function clientOf(
  url: string,
  options: {
    dialect?: BrokerDialect;
    callTimeoutMs?: number;
    connectTimeoutMs?: number;
    answerTimeoutMs?: number;
  } = {},
): BrokerClient {
  const client = httpBrokerClient({
    url,
    proxyUrl: url,
    token: MANAGEMENT_TOKEN,
    dialect: 'vault-key',
    ...options,
  });
  closers.push(() => client.close());
  return client;
}

function json(status: number, body: unknown, headers: http.OutgoingHttpHeaders = {}): Handler {
  return (_seen, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

function expectNoSecret(value: unknown): void {
  const shown = [
    inspect(value, { depth: 10, showHidden: true }),
    JSON.stringify(value) ?? '',
    String(value),
  ].join('\n');
  for (const secret of SECRETS) expect(shown).not.toContain(secret);
}

async function notIssued(promise: Promise<IssueResult>): Promise<{
  error: VaultKeyUnavailableException;
  keyId?: string;
}> {
  const result = await promise;
  expectNoSecret(result);
  if (result.issued) throw new Error('a key was issued');
  expect(result.error).toBeInstanceOf(VaultKeyUnavailableException);
  expect(result.error.getStatus()).toBe(503);
  return { ...result, error: result.error as VaultKeyUnavailableException };
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(types.isNativeError(error)).toBe(true);
  expectNoSecret(error);
  return error;
}

describe('issuing a key', () => {
  it('gives the key of a 201 with id and token', async () => {
    const broker = await serve(json(201, ISSUED));

    await expect(clientOf(broker.url).issue(REQUEST)).resolves.toEqual({
      issued: true,
      key: { id: 'vk_1', token: KEY_TOKEN, expiresAt: new Date('2026-11-23T10:05:00.000Z') },
    });

    const [seen] = broker.seen;
    expect(seen).toMatchObject({ method: 'POST', url: '/v1/keys' });
    expect(seen?.headers.authorization).toBe(`Bearer ${MANAGEMENT_TOKEN}`);
    expect(seen?.headers['content-type']).toBe('application/json');
  });

  it('takes vault_key in place of token', async () => {
    const { token, ...rest } = ISSUED;
    const broker = await serve(json(201, { ...rest, vault_key: token }));

    const result = await clientOf(broker.url).issue(REQUEST);

    expect(result).toMatchObject({ issued: true, key: { token: KEY_TOKEN } });
  });

  it('reckons the life of a key by its own clock, however wrong that of the broker is', async () => {
    const broker = await serve(json(201, { ...ISSUED, created_at: '2026-11-23T10:04:20.000Z' }));
    const before = Date.now();

    const result = await clientOf(broker.url).issue(REQUEST);

    if (!result.issued) throw result.error;
    expect(result.key.expiresAt.getTime()).toBeGreaterThanOrEqual(before + 40_000);
    expect(result.key.expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 40_000);
  });

  it('reckons the expiry from the moment of asking where the answer has none', async () => {
    const { expires_at: _expiry, ...rest } = ISSUED;
    const broker = await serve(json(201, rest));
    const before = Date.now();

    const result = await clientOf(broker.url).issue({ ...REQUEST, expiresIn: '30s' });

    if (!result.issued) throw result.error;
    expect(result.key.expiresAt.getTime()).toBeGreaterThanOrEqual(before + 30_000);
    expect(result.key.expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 30_000);
  });

  it('tells a broker of this package on whose behalf', async () => {
    const broker = await serve(json(201, ISSUED));

    await clientOf(broker.url).issue({
      ...REQUEST,
      parentId: 'vk_0',
      budgets: { user: 500, run: 50 },
      leaseId: 'lease_1',
    });

    expect(JSON.parse(broker.seen[0]?.body ?? '')).toEqual({
      label: 'nest-u1-r1',
      vendor: 'stripe',
      daily_usd_cap: 500,
      allowed_endpoints: ['/v1/payment_intents', '/v1/payment_intents/*'],
      expires_in: '5m',
      subject: { user_id: 'u1', run_id: 'r1', tool: 'Tools.charge' },
      parent_id: 'vk_0',
      budgets: { user: 500, run: 50 },
      lease_id: 'lease_1',
    });
  });

  it.each([
    ['budgets', { budgets: undefined }, 'budgets.user, budgets.run'],
    ['one of the budgets', { budgets: { user: 500 } }, 'budgets.run'],
    ['another budget', { budgets: { user: 501, run: 50 } }, 'budgets.user'],
    ['the subject', { subject: undefined }, 'subject.user_id, subject.run_id, subject.tool'],
    ['another user', { subject: { ...ISSUED.subject, user_id: 'u2' } }, 'subject.user_id'],
    ['the parent', { parent_id: undefined }, 'parent_id'],
    ['the lease', { lease_id: 'lease_2' }, 'lease_id'],
    ['limits', { limits: undefined }, 'limits.per_call_usd, limits.customers'],
    ['one of the limits', { limits: { customers: ['cus_1'] } }, 'limits.per_call_usd'],
    [
      'other customers',
      { limits: { per_call_usd: 100, customers: ['cus_1', 'cus_2'] } },
      'limits.customers',
    ],
  ])(
    'takes no key whose answer does not echo %s, and names it to be revoked',
    async (_, lost, named) => {
      const sent = {
        parentId: 'vk_0',
        budgets: { user: 500, run: 50 },
        limits: { perCallUsd: 100, customers: ['cus_1'] },
        leaseId: 'lease_1',
      };
      const limits = { per_call_usd: 100, customers: ['cus_1'] };
      const echo = { parent_id: 'vk_0', budgets: sent.budgets, limits, lease_id: 'lease_1' };
      const whole = await serve(json(201, { ...ISSUED, ...echo }));
      const request = { ...REQUEST, ...sent };
      expect(await clientOf(whole.url).issue(request)).toMatchObject({ issued: true });

      const broker = await serve(json(201, { ...ISSUED, ...echo, ...lost }));
      const result = await clientOf(broker.url).issue(request);
      expect(result).toMatchObject({ issued: false, keyId: 'vk_1' });
      if (result.issued) return;
      expect(result.error).toBeInstanceOf(VaultKeyUnavailableException);
      expect(result.error.message).toContain(`that the broker enforces ${named} (`);
    },
  );

  it('sends a Keybrake server nothing but its own fields', async () => {
    const broker = await serve(json(201, ISSUED));

    await clientOf(broker.url, { dialect: 'keybrake' }).issue({
      ...REQUEST,
      parentId: 'vk_0',
      budgets: { user: 500 },
      limits: { perCallUsd: 100 },
      leaseId: 'lease_1',
    });

    expect(Object.keys(JSON.parse(broker.seen[0]?.body ?? '') as object)).toEqual([
      'label',
      'vendor',
      'daily_usd_cap',
      'allowed_endpoints',
      'expires_in',
    ]);
  });

  it('adds its paths below the path of the url', async () => {
    const broker = await serve(json(201, ISSUED));

    await clientOf(`${broker.url}/keybrake/`).issue(REQUEST);

    expect(broker.seen[0]?.url).toBe('/keybrake/v1/keys');
  });

  it.each<[string, Handler]>([
    ['a 200', json(200, { ...ISSUED })],
    ['a 500', json(500, { id: 'vk_1', error: { message: 'late trouble' } })],
    ['both token and vault_key', json(201, { ...ISSUED, vault_key: KEY_TOKEN })],
    ['neither token nor vault_key', json(201, { ...ISSUED, token: undefined })],
    ['a token with a line break', json(201, { ...ISSUED, token: `${KEY_TOKEN}\nx: y` })],
    ['a token with a space', json(201, { ...ISSUED, token: `${KEY_TOKEN} ` })],
    ['a token beyond ASCII', json(201, { ...ISSUED, token: 'vault_key_é' })],
    ['an empty token', json(201, { ...ISSUED, token: '' })],
    ['a token that is a number', json(201, { ...ISSUED, token: 12 })],
    ['an expiry that is no point in time', json(201, { ...ISSUED, expires_at: 'soon' })],
  ])('refuses %s, and names the key so that it is revoked', async (_title, handler) => {
    const broker = await serve(handler);

    const { error, keyId } = await notIssued(clientOf(broker.url).issue(REQUEST));

    expect(keyId).toBe('vk_1');
    expect(error.keyMayExist).toBe(false);
  });

  it.each<[string, Handler]>([
    ['no id', json(201, { token: KEY_TOKEN })],
    ['an id that is a number', json(201, { ...ISSUED, id: 12 })],
    ['an id that is a path', json(201, { ...ISSUED, id: '../keys' })],
    ['a body that is a list', json(201, [ISSUED])],
    ['a body that is null', json(201, null)],
    [
      'HTML',
      (_seen, response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('<!doctype html><title>Welcome</title>');
      },
    ],
    ['no body', (_seen, response) => response.writeHead(201).end()],
  ])('refuses an answer with %s, and says that a key may exist', async (_title, handler) => {
    const broker = await serve(handler);

    const { error, keyId } = await notIssued(clientOf(broker.url).issue(REQUEST));

    expect(keyId).toBeUndefined();
    expect(error.keyMayExist).toBe(true);
  });

  it('names the key of an answer that breaks off after its id', async () => {
    const body = JSON.stringify(ISSUED);
    const url = await serveRaw((socket) => {
      socket.once('data', () => {
        socket.end(
          `HTTP/1.1 201 Created\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 40)}`,
        );
      });
    });

    const { keyId } = await notIssued(clientOf(url).issue(REQUEST));

    expect(keyId).toBe('vk_1');
  });

  it('takes no id out of something nested in half an answer', async () => {
    const url = await serveRaw((socket) => {
      socket.once('data', () => {
        socket.end('HTTP/1.1 201 Created\r\ncontent-length: 500\r\n\r\n{"subject":{"id":"vk_9"},');
      });
    });

    const { error, keyId } = await notIssued(clientOf(url).issue(REQUEST));

    expect(keyId).toBeUndefined();
    expect(error.keyMayExist).toBe(true);
  });

  it('reads no more than 1 MiB of an answer', async () => {
    const broker = await serve((_seen, response) => {
      response.writeHead(201);
      const chunk = Buffer.alloc(64 * 1024, ' ');
      const pump = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', pump);
      };
      pump();
    });

    const { error } = await notIssued(clientOf(broker.url).issue(REQUEST));

    expect(error.keyMayExist).toBe(true);
  });

  it('follows no redirect, which would hand the token to another host', async () => {
    const other = await serve(json(201, ISSUED));
    const broker = await serve((_seen, response) => {
      response.writeHead(307, { location: `${other.url}/v1/keys` }).end();
    });

    await notIssued(clientOf(broker.url).issue(REQUEST));

    expect(other.seen).toEqual([]);
  });

  it('uses no proxy that the environment names', async () => {
    const proxy = await serve(json(201, { ...ISSUED, id: 'vk_proxy' }));
    const broker = await serve(json(201, ISSUED));
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'];
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) process.env[name] = proxy.url;
    try {
      const client = clientOf(broker.url);
      await expect(client.issue(REQUEST)).resolves.toMatchObject({ key: { id: 'vk_1' } });
      const answer = await client.forward(CALL);
      await text(answer.body);
      await client.revoke(['vk_1']);
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
    expect(proxy.seen).toEqual([]);
    expect(broker.seen).toHaveLength(3);
  });

  it('says that a broker that is not there was not reached', async () => {
    const { error, keyId } = await notIssued(clientOf(await unusedUrl()).issue(REQUEST));

    expect(error.message).toContain('could not be reached (ECONNREFUSED)');
    expect(error.keyMayExist).toBe(false);
    expect(keyId).toBeUndefined();
  });

  it('says that a key may exist when the answer does not come in time', async () => {
    const url = await serveRaw(() => undefined);

    const { error } = await notIssued(clientOf(url, { answerTimeoutMs: 500 }).issue(REQUEST));

    expect(error.message).toContain('no answer in time');
    expect(error.keyMayExist).toBe(true);
  });

  it('does not wait for an answer that comes byte by byte', async () => {
    const url = await serveRaw((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 201 Created\r\ncontent-length: 1000000\r\n\r\n');
        const drip = setInterval(() => socket.write(' '), 10);
        socket.once('close', () => clearInterval(drip));
      });
    });

    const { error } = await notIssued(clientOf(url, { answerTimeoutMs: 500 }).issue(REQUEST));

    expect(error.keyMayExist).toBe(true);
  });

  it('says that a key may exist when the connection breaks before the answer', async () => {
    const url = await serveRaw((socket) => socket.once('data', () => socket.resetAndDestroy()));

    const { error } = await notIssued(clientOf(url).issue(REQUEST));

    expect(error.keyMayExist).toBe(true);
  });

  it('names the token option when the broker does not accept the token', async () => {
    const broker = await serve(json(401, { error: { code: 'unauthorized', message: 'no' } }));

    const { error } = await notIssued(clientOf(broker.url).issue(REQUEST));

    expect(error.message).toContain('KEYBRAKE_TOKEN');
    expect(error.keyMayExist).toBe(false);
  });

  it('names every field the broker refuses, and hides a token it echoes', async () => {
    const broker = await serve(
      json(422, {
        error: { code: 'invalid_request', message: 'bad' },
        fields: [
          { field: 'daily_usd_cap', message: 'must be at most 1,000,000' },
          { field: 'label', message: `must not be ${MANAGEMENT_TOKEN}` },
        ],
      }),
    );

    const { error } = await notIssued(clientOf(broker.url).issue(REQUEST));

    expect(error.message).toContain('daily_usd_cap must be at most 1,000,000; label must not be');
  });

  it('says how long to wait where the broker does', async () => {
    const broker = await serve(json(503, {}, { 'retry-after': '7' }));

    const { error } = await notIssued(clientOf(broker.url).issue(REQUEST));

    expect(error.retryAfter).toBe(7);
  });

  it('says that the agent is braked', async () => {
    const fields = { scope: 'user', reason: 'too many refunds' };
    const broker = await serve(
      json(403, { error: { code: 'braked', message: 'no', ...fields }, code: 'braked', ...fields }),
    );

    const result = await clientOf(broker.url).issue(REQUEST);

    expect(result).toMatchObject({ issued: false });
    if (result.issued) return;
    expect(result.error).toBeInstanceOf(AgentBrakedException);
    expect(result.error.getResponse()).toMatchObject({ error: 'agent_braked', ...fields });
  });
});

describe('revoking keys', () => {
  const revoked = json(200, { id: 'vk_1', status: 'revoked' });

  it.each([200, 204, 404, 410])('has ended a key when the broker answers %i', async (status) => {
    const broker = await serve((_seen, response) => response.writeHead(status).end());

    await expect(clientOf(broker.url).revoke(['vk_1'])).resolves.toEqual({
      ended: ['vk_1'],
      failed: [],
    });
    expect(broker.seen[0]).toMatchObject({ method: 'DELETE', url: '/v1/keys/vk_1' });
  });

  it.each([302, 401, 429, 500, 503])('has not when it answers %i', async (status) => {
    const broker = await serve((_seen, response) => response.writeHead(status).end());

    const result = await clientOf(broker.url).revoke(['vk_1']);

    expect(result).toEqual({
      ended: [],
      failed: [{ id: 'vk_1', reason: `the broker answered ${status}` }],
    });
  });

  it('has not when no answer comes', async () => {
    const silent = clientOf(await serveRaw(() => undefined), { answerTimeoutMs: 500 });
    const absent = clientOf(await unusedUrl());

    const results = [await silent.revoke(['vk_1']), await absent.revoke(['vk_1', 'vk_2'])];

    expectNoSecret(results);
    expect(results[0]?.failed).toEqual([{ id: 'vk_1', reason: 'no answer in time' }]);
    expect(results[1]?.failed.map(({ id }) => id)).toEqual(['vk_1', 'vk_2']);
    expect(results[1]?.failed[0]?.reason).toContain('ECONNREFUSED');
  });

  it('revokes many in one request, 1,000 at most', async () => {
    const broker = await serve((seen, response) => {
      const { ids } = JSON.parse(seen.body) as { ids: string[] };
      json(200, { revoked: ids.length - 1, unknown: ids.slice(0, 1) })(seen, response);
    });
    const ids = Array.from({ length: 1_500 }, (_, i) => `vk_${i}`);

    const result = await clientOf(broker.url).revoke(ids);

    expect(result).toEqual({ ended: ids, failed: [] });
    expect(broker.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/keys/revoke',
      'POST /v1/keys/revoke',
    ]);
  });

  it('does not take a page of HTML for a revocation of many', async () => {
    const broker = await serve((_seen, response) => response.end('<html></html>'));

    const result = await clientOf(broker.url).revoke(['vk_1', 'vk_2']);

    expect(result.ended).toEqual([]);
    expect(result.failed).toHaveLength(2);
  });

  it('revokes one by one where the server cannot revoke many', async () => {
    const broker = await serve((seen, response) =>
      seen.method === 'DELETE' ? revoked(seen, response) : json(404, {})(seen, response),
    );

    const result = await clientOf(broker.url).revoke(['vk_1', 'vk_2']);

    expect(result.ended.toSorted()).toEqual(['vk_1', 'vk_2']);
    expect(broker.seen).toHaveLength(3);
  });

  it('revokes one by one at a Keybrake server, eight at a time at most', async () => {
    let open = 0;
    let most = 0;
    const broker = await serve((seen, response) => {
      most = Math.max(most, ++open);
      setImmediate(() => {
        open--;
        revoked(seen, response);
      });
    });
    const ids = Array.from({ length: 30 }, (_, i) => `vk_${i}`);

    const result = await clientOf(broker.url, { dialect: 'keybrake' }).revoke(ids);

    expect(result.ended.toSorted()).toEqual(ids.toSorted());
    expect(broker.seen.every(({ method }) => method === 'DELETE')).toBe(true);
    expect(most).toBeLessThanOrEqual(8);
  });

  it('asks nothing for no keys', async () => {
    const broker = await serve(revoked);

    await expect(clientOf(broker.url).revoke([])).resolves.toEqual({ ended: [], failed: [] });
    expect(broker.seen).toEqual([]);
  });
});

describe.each(['forward', 'relay'] as const)('a call sent with %s', (forward) => {
  it('sends the call as it is, and nothing of its own but the key', async () => {
    const broker = await serve(json(200, { id: 'pi_1' }));

    const answer = await clientOf(broker.url)[forward](CALL);

    expect(await text(answer.body)).toBe('{"id":"pi_1"}');
    const [seen] = broker.seen;
    expect(seen).toMatchObject({
      method: 'POST',
      url: '/stripe/v1/payment_intents',
      body: 'amount=500&currency=usd',
    });
    expect(seen?.headers).toEqual({
      'content-type': 'application/x-www-form-urlencoded',
      'idempotency-key': 'order-1',
      authorization: `Bearer ${KEY_TOKEN}`,
      'accept-encoding': 'identity',
      'content-length': '23',
      host: new URL(broker.url).host,
      connection: 'keep-alive',
    });
  });

  it('sends a query byte for byte', async () => {
    const broker = await serve(json(200, {}));
    const target = `/v1/charges?a[b]='x'&q="<%7e>"|{}&limit=3`;

    const answer = await clientOf(broker.url)[forward]({
      ...CALL,
      method: 'GET',
      target,
      body: undefined,
    });
    await text(answer.body);

    expect(broker.seen[0]?.url).toBe(`/stripe${target}`);
  });

  it.each([
    '/v1/payment_intents/../refunds',
    '/v1/payment_intents/%2e%2e/refunds',
    '/v1\\refunds',
    '/v1/refunds#',
    '//evil.test/v1',
    'v1/refunds',
    '/v1/refunds\r\nx: y',
    '/v1/r\u00e9funds',
    '',
  ])('sends nothing for the target %j', async (target) => {
    const broker = await serve(json(200, {}));

    const error = await rejection(clientOf(broker.url)[forward]({ ...CALL, target }));

    expect(error).toBeInstanceOf(CallRefusedException);
    expect(error).toMatchObject({ code: 'invalid_path' });
    expect(broker.seen).toEqual([]);
  });

  it.each(['', 'stripe/v1', '..', 'STRIPE', 'stripe?'])(
    'sends nothing for the vendor %j',
    async (vendor) => {
      const broker = await serve(json(200, {}));

      const error = await rejection(clientOf(broker.url)[forward]({ ...CALL, vendor }));

      expect(error).toMatchObject({ code: 'invalid_request', param: 'vendor' });
      expect(broker.seen).toEqual([]);
    },
  );

  it('lets no header of the call replace its own', async () => {
    const broker = await serve(json(200, {}));

    const answer = await clientOf(broker.url)[forward]({
      ...CALL,
      headers: { AUTHORIZATION: 'Bearer other', Host: 'evil.test', 'Content-Length': '1' },
    });
    await text(answer.body);

    const seen = broker.seen[0];
    expect(seen?.headers.authorization).toBe(`Bearer ${KEY_TOKEN}`);
    expect(seen?.headers.host).toBe(new URL(broker.url).host);
    expect(seen?.body).toBe(CALL.body);
  });

  it('refuses a header that cannot go over HTTP', async () => {
    const broker = await serve(json(200, {}));

    const error = await rejection(
      clientOf(broker.url)[forward]({ ...CALL, headers: { 'Idempotency-Key': 'a\r\nb: c' } }),
    );

    expect(error).toBeInstanceOf(CallRefusedException);
    expect(broker.seen).toEqual([]);
  });

  it('gives any status, its headers in lower case and one string each', async () => {
    const broker = await serve(
      json(
        429,
        { code: 'cap_exhausted' },
        { 'X-Vault-Key-Verdict': 'cap_exhausted', Via: ['a', 'b'] },
      ),
    );

    const answer = await clientOf(broker.url)[forward](CALL);

    expect(answer.status).toBe(429);
    expect(answer.headers).toMatchObject({ 'x-vault-key-verdict': 'cap_exhausted', via: 'a, b' });
    expect(await text(answer.body)).toBe('{"code":"cap_exhausted"}');
  });

  it('follows no redirect', async () => {
    const other = await serve(json(200, {}));
    const broker = await serve((_seen, response) => {
      response.writeHead(307, { location: other.url }).end();
    });

    const answer = await clientOf(broker.url)[forward](CALL);
    await text(answer.body);

    expect(answer.status).toBe(307);
    expect(other.seen).toEqual([]);
  });

  it('reads an answer that was compressed unasked', async () => {
    const broker = await serve((_seen, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(gzipSync('{"id":"pi_1"}'));
    });

    const answer = await clientOf(broker.url)[forward](CALL);

    expect(await text(answer.body)).toBe('{"id":"pi_1"}');
  });

  it('gives the first bytes before the last have been sent', async () => {
    let finish = (): void => undefined;
    const broker = await serve((_seen, response) => {
      response.write('first ');
      finish = () => response.end('last');
    });

    const answer = await clientOf(broker.url)[forward](CALL);
    const chunks: string[] = [];
    for await (const chunk of answer.body) {
      chunks.push(String(chunk));
      finish();
    }

    expect(chunks).toEqual(['first ', 'last']);
  });

  it('shows no secret to a reader who prints the answer', async () => {
    const broker = await serve(json(200, {}));

    const answer = await clientOf(broker.url)[forward](CALL);

    expectNoSecret({ ...answer, body: inspect(answer.body, { depth: 10, showHidden: true }) });
    await text(answer.body);
  });

  it('breaks off an answer that was cut short, and never ends it cleanly', async () => {
    const url = await serveRaw((socket) => {
      socket.once('data', () => {
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"id":');
      });
    });

    const answer = await clientOf(url)[forward](CALL);

    await rejection(text(answer.body));
  });

  it('survives an answer that breaks off with nobody reading it', async () => {
    const url = await serveRaw((socket) => {
      socket.once('data', () => {
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"id":');
      });
    });

    const answer = await clientOf(url)[forward](CALL);

    await new Promise((resolve) => answer.body.once('close', resolve));
  });

  it('breaks off an answer that brings nothing for as long as a call may take', async () => {
    const url = await serveRaw((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"id":'));
    });

    const answer = await clientOf(url, { callTimeoutMs: 500 })[forward](CALL);

    await rejection(text(answer.body));
  });

  it('waits for a slow reader for as long as it takes', async () => {
    const size = 4 * 1024 * 1024;
    const broker = await serve((_seen, response) => response.end(Buffer.alloc(size, 'a')));

    const answer = await clientOf(broker.url, { callTimeoutMs: 500 })[forward](CALL);
    await delay(1_000);

    expect((await text(answer.body)).length).toBe(size);
  });

  it('says that nothing was sent when the broker is not there', async () => {
    const error = await rejection(clientOf(await unusedUrl())[forward](CALL));

    expect(error).toBeInstanceOf(VaultKeyUnavailableException);
    expect(error).toMatchObject({ retryable: true });
    expect((error as Error).message).toContain('nothing was sent to stripe');
  });

  it('says that nothing was sent when no connection opens', async () => {
    // A TLS handshake that nobody answers: the connection is open, but nothing can be sent on it.
    const url = await serveRaw(() => undefined);
    const client = clientOf(url.replace('http:', 'https:'), { connectTimeoutMs: 50 });

    const error = await rejection(client[forward](CALL));

    expect(error).toBeInstanceOf(VaultKeyUnavailableException);
    expect((error as Error).message).toContain('no connection within 0.05 s');
  });

  it('says that nothing was sent when the TLS handshake fails', async () => {
    const url = await serveRaw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));

    const error = await rejection(clientOf(url.replace('http:', 'https:'))[forward](CALL));

    expect(error).toBeInstanceOf(VaultKeyUnavailableException);
  });

  it('says that the outcome is unknown when the answer does not come in time', async () => {
    const url = await serveRaw(() => undefined);

    const error = await rejection(clientOf(url, { callTimeoutMs: 500 })[forward](CALL));

    expect(error).toBeInstanceOf(VendorOutcomeUnknownException);
    expect((error as VendorOutcomeUnknownException).getStatus()).toBe(504);
    expect(error).toMatchObject({ idempotencyKey: 'order-1', retryable: true });
  });

  it.each<[string, (socket: net.Socket) => void]>([
    ['resets the connection', (socket) => socket.resetAndDestroy()],
    ['closes the connection', (socket) => socket.end()],
    ['does not speak HTTP', (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')],
  ])('says that the outcome is unknown when the broker %s', async (_title, act) => {
    const url = await serveRaw((socket) => socket.once('data', () => act(socket)));

    const error = await rejection(clientOf(url)[forward](CALL));

    expect(error).toBeInstanceOf(VendorOutcomeUnknownException);
    expect((error as VendorOutcomeUnknownException).getStatus()).toBe(502);
  });

  it('counts a kept connection that dies under a call as sent', async () => {
    let calls = 0;
    const url = await serveRaw((socket) => {
      socket.on('data', () => {
        if (++calls === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
        else socket.resetAndDestroy();
      });
    });
    const client = clientOf(url);
    const first = await client[forward](CALL);
    await text(first.body);

    const error = await rejection(client[forward](CALL));

    expect(error).toBeInstanceOf(VendorOutcomeUnknownException);
    expect(calls).toBe(2);
  });

  it('offers to repeat a read whose answer was lost', async () => {
    const url = await serveRaw((socket) => socket.once('data', () => socket.end()));

    const error = await rejection(
      clientOf(url)[forward]({ ...CALL, method: 'GET', headers: {}, body: undefined }),
    );

    expect(error).toMatchObject({ code: 'vendor_outcome_unknown', retryable: true });
  });

  it('keeps connections, and hangs up on close', async () => {
    const broker = await serve(json(200, {}));
    const client = clientOf(broker.url);
    for (let i = 0; i < 20; i++) await text((await client[forward](CALL)).body);

    await client.close();

    // A call right behind another may find undici's first connection not quite free yet.
    expect(broker.sockets()).toBeLessThanOrEqual(forward === 'relay' ? 2 : 1);
  });
});

describe('a lease', () => {
  const LEASE = { id: 'lease_1', ttl_seconds: 30, expires_at: '2026-11-23T10:00:30.000Z' };

  it('is begun, renewed and ended at its own paths', async () => {
    const broker = await serve((seen, response) =>
      json(seen.url === '/v1/leases' ? 201 : 200, LEASE)(seen, response),
    );
    const client = clientOf(broker.url);

    expect(await client.beginLease(30)).toBe('lease_1');
    expect(await client.renewLease('lease_1')).toBe(true);
    await client.endLease('lease_1');

    expect(broker.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/leases',
      'POST /v1/leases/lease_1/renew',
      'DELETE /v1/leases/lease_1',
    ]);
    expect(broker.seen[0]?.body).toBe('{"ttl_seconds":30}');
  });

  it.each([404, 422])(
    'has lapsed where a renewal is answered %d, and has ended',
    async (status) => {
      const broker = await serve(json(status, { code: 'not_found' }));
      expect(await clientOf(broker.url).renewLease('lease_1')).toBe(false);
    },
  );

  it('that is gone has ended', async () => {
    const broker = await serve(json(404, { code: 'not_found' }));
    await expect(clientOf(broker.url).endLease('lease_1')).resolves.toBeUndefined();
  });

  it.each<[string, Handler]>([
    ['a 503', json(503, { code: 'store_unavailable' })],
    ['a 500', json(500, { error: MANAGEMENT_TOKEN })],
    ['a 401', json(401, { code: 'unauthorized' })],
    ['no lease in a 201', json(201, {})],
    ['an id that is a path', json(201, { ...LEASE, id: '../keys' })],
    ['a broken connection', (_seen, response) => response.destroy()],
  ])('is not had with %s', async (_title, handler) => {
    const broker = await serve(handler);
    const error = await rejection(clientOf(broker.url).beginLease(30));
    expect(error).toBeInstanceOf(VaultKeyUnavailableException);
  });

  it('that a key was refused for is told apart from a bad policy', async () => {
    const fields = [{ field: 'lease_id', message: 'must be the id of a live lease' }];
    const lapsed = await serve(json(422, { code: 'invalid_request', fields }));
    expect(await clientOf(lapsed.url).issue(REQUEST)).toMatchObject({ leaseRefused: true });

    const bad = [{ field: 'label', message: 'must not be blank' }];
    const policy = await serve(json(422, { code: 'invalid_request', fields: bad }));
    expect(await clientOf(policy.url).issue(REQUEST)).not.toHaveProperty('leaseRefused');
  });
});

describe('what remains under a cap', () => {
  const KEY = { token: KEY_TOKEN, vendor: 'stripe' };
  const VIEW = {
    id: 'vk_1',
    daily_usd_cap: 100,
    spent_usd: 30,
    held_usd: 0,
    remaining_usd: 70,
    status: 'active',
    budgets: [
      {
        scope: 'user',
        cap_usd: 40,
        spent_usd: 30,
        held_usd: 5,
        undone_usd: 2,
        remaining_usd: 5,
        resets_at: '2026-11-24T00:00:00.000Z',
      },
    ],
  };

  it('is asked with the vault key itself', async () => {
    const broker = await serve(json(200, VIEW));

    expect(await clientOf(broker.url).keyState(KEY)).toEqual({
      braked: false,
      caps: [
        { scope: 'key', cap: 100, spent: 30, held: 0, remaining: 70 },
        {
          scope: 'user',
          cap: 40,
          spent: 30,
          held: 5,
          undone: 2,
          remaining: 5,
          resetsAt: '2026-11-24T00:00:00.000Z',
        },
      ],
    });
    expect(broker.seen[0]).toMatchObject({ method: 'GET', url: '/v1/keys/current' });
    expect(broker.seen[0]?.headers.authorization).toBe(`Bearer ${KEY_TOKEN}`);
  });

  it('is not known where the answer leaves out a cap, or part of one', async () => {
    const [user] = VIEW.budgets;
    for (const body of [
      { ...VIEW, budgets: undefined },
      { ...VIEW, budgets: [{ ...user, remaining_usd: '5' }] },
      { ...VIEW, remaining_usd: null },
      [VIEW],
    ]) {
      const broker = await serve(json(200, body));
      const error = await rejection(clientOf(broker.url).keyState(KEY));
      expect(error).toBeInstanceOf(VaultKeyUnavailableException);
    }
  });

  it('is nothing where the key is not live any more', async () => {
    const broker = await serve(json(401, { code: 'invalid_key', echo: KEY_TOKEN }));
    expect(await rejection(clientOf(broker.url).keyState(KEY))).toMatchObject({
      name: 'VaultKeyInvalidException',
    });
  });
});

describe('a brake', () => {
  const VIEW = {
    id: 'brk_1',
    scope: 'user',
    target: 'u1',
    tenant_id: 't1',
    reason: 'account review',
    created_at: '2026-11-23T10:00:00.000Z',
  };
  const REQUEST_OF_ONE = { scope: 'user', target: 'u1', tenantId: 't1', reason: 'account review' };

  it('is put, listed and lifted', async () => {
    const broker = await serve((seen, response) => {
      if (seen.method === 'POST') return json(201, { ...VIEW, hit: 3 })(seen, response);
      json(200, seen.method === 'GET' ? { brakes: [VIEW] } : {})(seen, response);
    });
    const client = clientOf(broker.url);
    const brake = {
      id: 'brk_1',
      ...REQUEST_OF_ONE,
      createdAt: new Date('2026-11-23T10:00:00.000Z'),
    };

    const put = { ...REQUEST_OF_ONE, scope: 'user' as const, expiresIn: '1h' };
    expect(await client.brake(put)).toEqual({ ...brake, hit: 3 });
    expect(await client.brakes()).toEqual([brake]);
    await client.lift('brk_1');

    expect(JSON.parse(broker.seen[0]?.body ?? '')).toEqual({
      scope: 'user',
      id: 'u1',
      tenant_id: 't1',
      reason: 'account review',
      expires_in: '1h',
    });
    expect(broker.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/brakes',
      'GET /v1/brakes',
      'DELETE /v1/brakes/brk_1',
    ]);
  });

  it.each<[string, Handler, string]>([
    ['a 422', json(422, { fields: [{ field: 'id', message: 'is bad' }] }), 'CallRefusedException'],
    ['a 404', json(404, {}), 'VaultKeyUnavailableException'],
    ['a 200', json(200, { ...VIEW, hit: 3 }), 'VaultKeyUnavailableException'],
    ['a 201 without a brake', json(201, { hit: 3 }), 'VaultKeyUnavailableException'],
    ['a lost answer', (_s, response) => response.destroy(), 'VaultKeyUnavailableException'],
  ])('does not seem to be set after %s', async (_title, handler, name) => {
    const broker = await serve(handler);
    const put = { scope: 'all' as const, reason: 'why' };
    expect(await rejection(clientOf(broker.url).brake(put))).toMatchObject({ name });
  });

  it('a Keybrake server is not asked for any of this', async () => {
    const broker = await serve(json(200, {}));
    const client = clientOf(broker.url, { dialect: 'keybrake' });
    for (const asked of [
      () => client.keyState({ token: KEY_TOKEN, vendor: 'stripe' }),
      () => client.brake({ scope: 'all', reason: 'why' }),
      () => client.lift('brk_1'),
      () => client.brakes(),
      () => client.beginLease(30),
      () => client.renewLease('lease_1'),
      () => client.endLease('lease_1'),
    ]) {
      expect(await rejection(asked())).toMatchObject({ code: 'dialect_not_supported' });
    }
    expect(broker.seen).toEqual([]);
  });
});
