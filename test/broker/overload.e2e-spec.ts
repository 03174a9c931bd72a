import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BrokerClient } from '../../lib/broker-client/broker-client';
import { httpBrokerClient } from '../../lib/broker-client/http-broker.client';
import type { HttpBrokerClientOptions } from '../../lib/broker-client/http-broker.options';
import { VaultKeyUnavailableException } from '../../lib/index';
import { BrokerProcess } from '../support/broker-process';
import { until } from '../support/until';

const PATIENCE_MS = 60_000;

/** A broker that has more to do than it can: it takes requests and answers when the test says so. */
let server: Server;
let url: string;
/** Requests that wait for their answers, by method and path. */
let waiting: Map<string, ServerResponse[]>;
let clients: BrokerClient[];
beforeEach(async () => {
  waiting = new Map();
  clients = [];
  server = createServer({ keepAliveTimeout: 75_000 }, (req, res) => {
    req.resume();
    const name = `${req.method} ${req.url}`;
    if (req.url === '/v1/brakes') res.end('{"brakes":[]}');
    else waiting.set(name, [...(waiting.get(name) ?? []), res]);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  server.close();
  server.closeAllConnections();
});

function clientOf(to: string, token: string, limits: Partial<HttpBrokerClientOptions> = {}) {
  const options = { url: to, proxyUrl: to, token, dialect: 'vault-key' as const, ...limits };
  const client = httpBrokerClient(options);
  clients.push(client);
  return client;
}
const KEY = {
  label: 'a label',
  vendor: 'stripe',
  dailyUsdCap: 1,
  allowedEndpoints: ['/v1/payment_intents'],
  expiresIn: '5m',
  subject: {},
};
const CALL = {
  vendor: 'stripe',
  token: 't',
  method: 'GET',
  target: '/v1/payment_intents',
  headers: {},
};
const arrived = (name: string, count: number) =>
  until(
    () => waiting.get(name)?.length === count,
    () => `${waiting.get(name)?.length} have arrived`,
    PATIENCE_MS,
  );

describe('more than a broker does in time', () => {
  it('waits in the application for two seconds, and is then given up without having been sent', async () => {
    const client = clientOf(url, 't'.repeat(40), { answerTimeoutMs: PATIENCE_MS });
    const issues = Array.from({ length: 64 }, () => client.issue(KEY));
    await arrived('POST /v1/keys', 64);
    const refused = await client.issue(KEY);
    const error = refused.issued ? undefined : refused.error;
    expect(error).toBeInstanceOf(VaultKeyUnavailableException);
    expect(error).toMatchObject({ retryAfter: 1, keyMayExist: false });
    expect(error?.message).toMatch(/^No vault key was issued \(overloaded\): 64 requests/);
    // Brakes, leases and revocations do not wait behind new keys.
    expect(await client.brakes()).toEqual([]);
    expect(waiting.get('POST /v1/keys')).toHaveLength(64);
    waiting.get('POST /v1/keys')?.forEach((res) => res.writeHead(503).end());
    await Promise.all(issues);
  });

  it.each(['relay', 'forward'] as const)('holds for calls too: %s', async (way) => {
    const client = clientOf(url, 't'.repeat(40));
    const calls = Array.from({ length: 256 }, () => client[way](CALL));
    await arrived('GET /stripe/v1/payment_intents', 256);
    const error = await client[way](CALL).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(VaultKeyUnavailableException);
    expect(error).toMatchObject({
      retryAfter: 1,
      message: expect.stringMatching(/^The call to stripe was not sent \(overloaded\): 256 calls/),
    });
    expect(waiting.get('GET /stripe/v1/payment_intents')).toHaveLength(256);
    waiting.get('GET /stripe/v1/payment_intents')?.forEach((res) => res.end('{}'));
    for (const answer of await Promise.all(calls)) answer.body.resume();
  });
});

describe('an application whose process was busy for longer than a time-out', () => {
  /** Nothing else runs in this process meanwhile; the broker has its own. */
  const beBusy = (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end;);
  };

  it('takes the connection and the answer that have come meanwhile', async () => {
    const broker = await BrokerProcess.start();
    const client = clientOf(broker.url, broker.token, { connectTimeoutMs: 100 });
    const issued = client.issue(KEY);
    await nextTurn();
    beBusy(1_000);
    const result = await issued;
    if (!result.issued) throw result.error;
    const { token } = result.key;
    const call = client.relay({ ...CALL, token });
    await nextTurn();
    beBusy(1_000);
    const answer = await call;
    answer.body.resume();
    // The vendor is not there; but the broker was reached, and its answer read.
    expect(answer.status).toBe(502);
  });
});
