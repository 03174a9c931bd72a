import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { exchangeRaw, rawRequest, readRaw } from '../../../test/broker/raw-socket';
import { certificateFor } from '../../../test/support/certificates';
import { createStripeVendor } from '../../testing/stripe-vendor';
import type { StripeVendor } from '../../testing/stripe-vendor';
import { Broker } from '../broker';
import { createBrokerServer } from './broker-server';

const TOKEN = 'kb_management_token_of_a_good_length_';
const PAYMENT =
  'amount=1000&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true';

let vendor: StripeVendor;
let broker: Broker;
let server: Server;
let url: string;
let key: { id: string; token: string };
const log: string[] = [];
beforeAll(async () => {
  vendor = await createStripeVendor();
  const { url: baseUrl, secretKey } = vendor;
  broker = await Broker.open({
    vendors: { stripe: { secretKey, baseUrl } },
    store: 'sqlite::memory:',
  });
  server = createBrokerServer(broker, {
    token: TOKEN,
    log: (line) => log.push(line),
    limits: { headersMs: 300, requestMs: 600, idleMs: 200 },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await broker.close();
  await vendor.close();
});
beforeEach(async () => {
  vendor.reset();
  key = await broker.issue({
    label: 'edge',
    vendor: 'stripe',
    daily_usd_cap: 100,
    allowed_endpoints: ['/v1/payment_intents', '/v1/payment_intents/*'],
    expires_in: '1h',
  });
});

const payment = (...headers: string[]) =>
  [
    'POST /stripe/v1/payment_intents HTTP/1.1',
    'Host: a',
    `Authorization: Bearer ${key.token}`,
    'Content-Type: application/x-www-form-urlencoded',
    ...headers,
  ].join('\r\n');
const whole = () => `${payment(`Content-Length: ${PAYMENT.length}`)}\r\n\r\n${PAYMENT}`;
/** All that comes until the server ends the connection. */
const readAll = async (socket: Socket) => {
  let text = '';
  for await (const chunk of socket) text += (chunk as Buffer).toString('latin1');
  return text;
};

describe('a request that is invalid', () => {
  const refused: [what: string, request: () => string, status: number, code: string][] = [
    ['no Host', () => rawRequest(['GET /v1/keys HTTP/1.1']), 400, 'invalid_request'],
    [
      'two Hosts',
      () => rawRequest(['GET /v1/keys HTTP/1.1', 'Host: a', 'Host: b']),
      400,
      'invalid_request',
    ],
    [
      'an expectation nobody meets',
      () => `${payment('Expect: 200-ok', 'Content-Length: 0', 'Connection: close')}\r\n\r\n`,
      400,
      'invalid_request',
    ],
    [
      'an invalid chunk',
      () => `${payment('Transfer-Encoding: chunked')}\r\n\r\nxyz\r\n${PAYMENT}\r\n0\r\n\r\n`,
      400,
      'invalid_request',
    ],
    [
      'an invalid chunk behind a valid one',
      () => `${payment('Transfer-Encoding: chunked')}\r\n\r\n5\r\namoun\r\nxyz\r\n`,
      400,
      'invalid_request',
    ],
    [
      'both lengths',
      () => `${payment('Content-Length: 5', 'Transfer-Encoding: chunked')}\r\n\r\n0\r\n\r\n`,
      400,
      'invalid_request',
    ],
    [
      'two lengths',
      () => `${payment('Content-Length: 5', 'Content-Length: 6')}\r\n\r\nabcdef`,
      400,
      'invalid_request',
    ],
    ['a bad length', () => `${payment('Content-Length: +5')}\r\n\r\nabcde`, 400, 'invalid_request'],
    ['a header without colon', () => `${payment('nonsense')}\r\n\r\n`, 400, 'invalid_request'],
    ['a folded header', () => `${payment('X-A: 1', ' 2')}\r\n\r\n`, 400, 'invalid_request'],
    ['no HTTP version', () => 'GET /v1/keys\r\n\r\n', 400, 'invalid_request'],
    [
      'headers without end',
      () => `${payment(`X-Large: ${'x'.repeat(20_000)}`)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    [
      'an absolute target',
      () => rawRequest([`GET ${url}/stripe/v1/payment_intents HTTP/1.1`, 'Host: a']),
      404,
      'not_found',
    ],
    ['an asterisk', () => rawRequest(['OPTIONS * HTTP/1.1', 'Host: a']), 404, 'not_found'],
    [
      'a tunnel',
      () => rawRequest(['CONNECT api.stripe.com:443 HTTP/1.1', 'Host: a']),
      404,
      'not_found',
    ],
  ];
  it.each(refused)('%s: refused in the one shape', async (_what, request, status, code) => {
    const text = await exchangeRaw(url, request());
    const answer = readRaw(text);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.body).toMatchObject({ error: { type: 'vault_key_error', code, param: null } });
    expect(answer.head).toContain(`x-vault-key-verdict: ${code}`);
    expect(answer.head).toContain('stripe-should-retry: false');
    expect(answer.head).toContain('cache-control: no-store');
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(vendor.calls()).toEqual([]);
  });
});

describe('a client that is slow', () => {
  it.each([
    ['headers', () => 'POST /stripe/v1/payment_intents HTTP/1.1\r\nHost: a\r\n'],
    ['a body', () => `${payment('Content-Length: 10')}\r\n\r\namo`],
  ])('gets 408 where %s do not arrive in time, and nothing is forwarded', async (_, bytes) => {
    const { status, body } = readRaw(await exchangeRaw(url, bytes()));
    expect([status, body.code]).toEqual([408, 'request_timeout']);
    expect(vendor.calls()).toEqual([]);
  });

  it('loses a connection on which it asks nothing', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await readAll(socket)).toContain('{"status":"alive"}');
  });

  it('waits for no body where it is refused without one', async () => {
    const request = payment('Content-Length: 50').replace(key.token, 'nope');
    const text = await exchangeRaw(url, `${request}\r\n\r\namo`, /invalid_key"}$/);
    expect(readRaw(text).status).toBe(401);
  });
});

describe('requests one behind the other', () => {
  it('are answered in their order', async () => {
    const held = vendor.hold('POST /v1/payment_intents');
    const answers = exchangeRaw(
      url,
      `${whole()}${rawRequest(['GET /healthz HTTP/1.1', 'Host: a'])}`,
    );
    await held.arrived;
    held.release();
    expect((await answers).match(/"status": ?"(?:succeeded|alive)"/g)).toEqual([
      expect.stringContaining('succeeded'),
      expect.stringContaining('alive'),
    ]);
  });

  it('a refusal of the second is not read as the answer to the first, which has left', async () => {
    const held = vendor.hold('POST /v1/payment_intents');
    const answers = exchangeRaw(url, `${whole()}NONSENSE\r\n\r\n`);
    await held.arrived;
    held.release();
    const text = await answers;
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(text.indexOf('"succeeded"')).toBeLessThan(text.indexOf('invalid_request'));
    expect((await broker.key(key.id)).spent_usd).toBe(10);
  });
});

describe('an upgrade', () => {
  it('is not taken, and the request is answered as it is', async () => {
    const request = [
      'GET /healthz HTTP/1.1',
      'Host: a',
      'Upgrade: h2c',
      'Connection: Upgrade, close',
    ];
    const text = await exchangeRaw(url, `${request.join('\r\n')}\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('HTTP/1.0', () => {
  const old = (target: string) =>
    `GET ${target} HTTP/1.0\r\nAuthorization: Bearer ${key.token}\r\n\r\n`;

  it('is served, without a Host too', async () => {
    const text = await exchangeRaw(url, old('/stripe/v1/payment_intents'));
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text).toContain('x-vault-key-verdict: forwarded');
  });

  it('reads no clean end where the vendor cut its answer short', async () => {
    vendor.next('GET /v1/payment_intents', { truncate: true });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(old('/stripe/v1/payment_intents'));
    await expect(readAll(socket)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('reads no answer of the broker’s own there over TLS either', async () => {
    vendor.next('GET /v1/payment_intents', { truncate: true });
    const tls = certificateFor('IP:127.0.0.1');
    const secured = createBrokerServer(broker, { token: TOKEN, tls });
    secured.listen(0, '127.0.0.1');
    await once(secured, 'listening');
    const { port } = secured.address() as AddressInfo;
    const socket = connectTls({ port, host: '127.0.0.1', ca: tls.cert });
    socket.write(old('/stripe/v1/payment_intents'));
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString())).on('error', () => {});
    await once(socket, 'close');
    expect(text).not.toContain('HTTP/1.1 503');
    secured.close();
  });
});

describe('what is asked without a token', () => {
  it('is logged, without what they sent', async () => {
    const strange = rawRequest([
      'GET /stripe/v1/x HTTP/1.1',
      'Host: a',
      'Authorization: Bearer secret-guess',
    ]);
    await exchangeRaw(url, strange);
    expect(log[0]).toMatch(/^refused a request from 127\.0\.0\.1: \d{3} \w+/);
    expect(log.join('\n')).not.toContain('secret-guess');
  });
});
