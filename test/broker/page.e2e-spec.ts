import { gunzipSync } from 'node:zlib';
import { Browser } from '../support/browser';
import { MANAGEMENT_TOKEN } from '../support/broker-process';
import { BrokerServer } from '../support/broker-server';
import { servePlaceholderPage } from '../support/placeholder-page';
import { rawRequest } from '../support/raw-http';
import { SecretWatch } from '../support/secret-watch';
import { TestClock } from '../support/test-clock';
import { testOperator } from '../support/test-operators';

const VENDOR = { url: 'http://127.0.0.1:9', secretKey: 'sk_test_none' };
const MINUTE = 60_000;
const PUBLIC = { host: 'ops.example.com', origin: 'https://ops.example.com' };

servePlaceholderPage();

const ann = testOperator('ann', 'admin');
const vic = testOperator('vic', 'viewer');
const operators = [ann.options, vic.options];
const clock = new TestClock(Date.UTC(2026, 10, 23, 12));
const watch = new SecretWatch();
const lines: string[] = [];

let broker: BrokerServer;
beforeAll(async () => {
  broker = await BrokerServer.start(VENDOR, {
    store: 'sqlite::memory:',
    operators,
    host: { clock },
    server: {
      site: { publicUrl: new URL('https://ops.example.com/keys/') },
      log: (line) => lines.push(line),
    },
  });
});
const browser = (host?: typeof PUBLIC & { prefix?: string }) => new Browser(broker.url, host);

/** A browser in which an operator is logged in. */
async function loggedIn({ token } = ann): Promise<Browser> {
  const own = browser();
  expect((await own.logIn(token)).status).toBe(200);
  return own;
}
const brake = (own: Browser, headers: Record<string, string | undefined> = {}) =>
  own.ask('POST', '/v1/brakes', {
    body: { scope: 'user', id: 'u1', reason: 'a test' },
    headers,
  });

describe('the page', () => {
  it('is served without a token, and lets nothing in but what is its own', async () => {
    const { status, headers, text } = await browser().ask('GET', '/');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain('console/page-BBBB3333.js');
    const policy = Object.fromEntries(
      String(headers['content-security-policy'])
        .split('; ')
        .map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1).join(' ')]),
    );
    expect(policy).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self'",
      'font-src': "'self'",
      'connect-src': "'self'",
      'manifest-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    });
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cache-control': 'no-cache',
    });
    expect(headers['set-cookie']).toBeUndefined();
  });

  it('is kept by browsers for ever where its name has a hash, and asked for again where not', async () => {
    const script = await browser().ask('GET', '/console/page-BBBB3333.js');
    expect(script.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    });
    const icon = await browser().ask('GET', '/console/icon.svg');
    expect(icon.headers['cache-control']).toBe('no-cache');
    const { etag } = icon.headers;
    const again = await browser().ask('GET', '/console/icon.svg', {
      headers: { 'if-none-match': etag },
    });
    expect([again.status, again.text, again.headers.etag]).toEqual([304, '', etag]);
  });

  it('comes in gzip where the browser takes that, and answers HEAD without a body', async () => {
    const port = Number(new URL(broker.url).port);
    const answer = await fetch(`${broker.url}/console/page-AAAA2222.css`, {
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(await answer.text()).toBe('body { margin: 0 }');
    for (const refusing of ['identity', 'gzip;q=0', 'br, gzip; q=0.0']) {
      const plain = await rawRequest(port, 'GET', '/console/page-AAAA2222.css', {
        host: '127.0.0.1',
        'accept-encoding': refusing,
      });
      expect([refusing, plain.body]).toEqual([refusing, 'body { margin: 0 }']);
    }
    const head = await rawRequest(port, 'HEAD', '/', { host: '127.0.0.1' });
    expect([head.status, head.body]).toEqual([200, '']);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(0);
    expect(() => gunzipSync(Buffer.from(head.body))).toThrow();
  });

  it.each([
    '/console',
    '/console/',
    '/console/../index.html',
    '/console/%2e%2e/x',
    '/console/nope.js',
  ])('has nothing at %s', async (path) => {
    const { status, body } = await browser().ask('GET', path);
    expect([status, body.code]).toEqual([404, 'not_found']);
  });

  it('takes no other method', async () => {
    const { status, headers } = await browser().ask('POST', '/', { body: {} });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  it.each(['GET /', 'GET /console/icon.svg', 'POST /v1/session'])(
    'is not served under a name that is neither loopback nor its own: %s',
    async (call) => {
      const [method = '', path = ''] = call.split(' ');
      for (const host of [
        'evil.example',
        'ops.example.com.evil.example',
        'localhost.evil',
        '0.0.0.0',
        'a b@localhost',
      ]) {
        const foreign = browser({ host, origin: `http://${host}` });
        const { status, body } = await foreign.ask(method, path, { body: { token: ann.token } });
        expect([host, status, body.code]).toEqual([host, 421, 'misdirected_request']);
      }
      for (const host of [
        'localhost',
        'localhost:99',
        '127.0.0.1',
        '[::1]:4100',
        'OPS.example.com:443',
      ]) {
        const { status } = await browser({ host, origin: 'null' }).ask('GET', '/');
        expect([host, status]).toEqual([host, 200]);
      }
    },
  );
});

describe('a log-in', () => {
  it('gives a session that says whose it is and when it ends, as a cookie that no script reads', async () => {
    const own = browser();
    const { status, body, headers } = await own.logIn(ann.token);
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(body).toEqual({
      operator: 'ann',
      role: 'admin',
      expires_at: '2026-11-23T20:00:00.000Z',
      idle_expires_at: '2026-11-23T12:30:00.000Z',
    });
    expect(own.setCookie).toEqual([
      `vault_key_session=${own.sessionId}; Path=/; HttpOnly; SameSite=Strict`,
    ]);
    expect(own.sessionId).toMatch(/^[\w-]{43}$/);
    expect((await own.ask('GET', '/v1/session')).body).toEqual(body);
    expect((await own.ask('GET', '/v1/keys')).status).toBe(200);
  });

  it('gives a browser behind the public URL a cookie for its path that goes over TLS alone', async () => {
    const own = browser({ ...PUBLIC, prefix: '/keys' });
    expect((await own.logIn(ann.token)).status).toBe(200);
    expect(own.setCookie[0]).toMatch(/; Path=\/keys; HttpOnly; SameSite=Strict; Secure$/);
    expect((await own.ask('GET', '/v1/session')).status).toBe(200);
    expect((await brake(own)).status).toBe(201);
    // A proxy that hands on its own name for this server: the browser still says where its page is from.
    const proxied = browser({ host: '127.0.0.1:4100', origin: PUBLIC.origin, prefix: '/keys' });
    expect((await proxied.logIn(ann.token)).status).toBe(200);
    expect(proxied.setCookie[0]).toMatch(/; Path=\/keys; HttpOnly; SameSite=Strict; Secure$/);
    expect((await brake(proxied)).status).toBe(201);
  });

  it("takes an operator's token alone, where there are operators", async () => {
    for (const token of [MANAGEMENT_TOKEN, `${ann.token}x`, 'vault_operator_x', 'a b']) {
      const { status, body, headers } = await browser().logIn(token);
      expect([status, body.code, headers['set-cookie']]).toEqual([401, 'unauthorized', undefined]);
    }
  });

  it("takes the application's token while there are no operators", async () => {
    const alone = await BrokerServer.start(VENDOR, { store: 'sqlite::memory:' });
    const own = new Browser(alone.url);
    expect((await own.logIn(MANAGEMENT_TOKEN)).body).toMatchObject({
      operator: 'app',
      role: 'admin',
    });
    expect((await own.ask('GET', '/v1/keys')).status).toBe(200);
    alone.broker.operators.replace(operators);
    expect((await own.ask('GET', '/v1/keys')).status).toBe(401);
    expect((await own.logIn(MANAGEMENT_TOKEN)).status).toBe(401);
  });

  it.each([
    [{}, ['token']],
    [{ token: 1 }, ['token']],
    [{ token: '' }, ['token']],
    [{ token: 'x', name: 'ann' }, ['name']],
    [[], ['token']],
  ])('names each field that is wrong: %j', async (sent, fields) => {
    const { status, body } = await browser().ask('POST', '/v1/session', { body: sent });
    expect(status).toBe(422);
    expect(body.fields.map(({ field }: { field: string }) => field)).toEqual(fields);
  });

  it('is answered with a wait after too many that failed; a valid token gets in all the same', async () => {
    const fresh = await BrokerServer.start(VENDOR, { store: 'sqlite::memory:', operators });
    const statuses: number[] = [];
    for (let i = 0; i < 32; i++)
      statuses.push((await new Browser(fresh.url).logIn('nonsense')).status);
    expect(statuses).toEqual([...Array<number>(30).fill(401), 429, 429]);
    const { headers } = await new Browser(fresh.url).logIn('nonsense');
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect((await fresh.api('GET', '/v1/keys')).status).toBe(200);
    expect((await new Browser(fresh.url).logIn(ann.token)).status).toBe(200);
  });

  it('is no attempt that failed where the page asks whether somebody is logged in', async () => {
    const before = lines.length;
    for (let i = 0; i < 40; i++) {
      expect((await browser().ask('GET', '/v1/session')).status).toBe(401);
    }
    expect(lines.slice(before)).toEqual([]);
  });
});

describe('a session', () => {
  it('has the role of its operator', async () => {
    const own = await loggedIn(vic);
    expect((await own.ask('GET', '/v1/brakes')).status).toBe(200);
    const { status, body } = await brake(own);
    expect([status, body.code, body.role]).toEqual([403, 'forbidden', 'operator']);
  });

  it('is the actor of what is changed with it', async () => {
    const own = await loggedIn();
    const { body } = await brake(own);
    expect(body.set_by).toBe('ann');
  });

  it('ends with a log-out, whose cookie the browser drops', async () => {
    const own = await loggedIn();
    const id = own.sessionId;
    const { status, body } = await own.ask('DELETE', '/v1/session');
    expect([status, body, own.cookies.size]).toEqual([200, { status: 'ended' }, 0]);
    expect(own.setCookie[0]).toMatch(/^vault_key_session=; .*; Max-Age=0$/);
    const headers = { cookie: `vault_key_session=${id}` };
    expect((await own.ask('GET', '/v1/keys', { headers })).status).toBe(401);
  });

  it('ends where its browser logs in again', async () => {
    const own = await loggedIn();
    const cookie = `vault_key_session=${own.sessionId}`;
    expect((await own.logIn(vic.token)).body.operator).toBe('vic');
    expect((await own.ask('GET', '/v1/keys', { headers: { cookie } })).status).toBe(401);
  });

  it('ends with the token that it began with, and not with another one of its operator', async () => {
    const own = await loggedIn();
    const next = testOperator('ann', 'viewer');
    const hashes = [...ann.options.tokenHashes, ...next.options.tokenHashes];
    broker.broker.operators.replace([{ ...next.options, tokenHashes: hashes }]);
    expect((await own.ask('GET', '/v1/session')).body).toMatchObject({
      operator: 'ann',
      role: 'viewer',
    });
    broker.broker.operators.replace([next.options]);
    expect((await own.ask('GET', '/v1/session')).status).toBe(401);
    broker.broker.operators.replace(operators);
  });

  it('ends after 30 minutes in which only the page itself has asked', async () => {
    const own = await loggedIn();
    clock.instant += 29 * MINUTE;
    expect((await own.ask('GET', '/v1/keys')).status).toBe(200);
    for (let i = 0; i < 29; i++) {
      clock.instant += MINUTE;
      expect((await own.ask('GET', '/v1/session')).status).toBe(200);
      const headers = { 'vault-key-unattended': 'true' };
      expect((await own.ask('GET', '/v1/keys', { headers })).status).toBe(200);
      // A stream would stay open; one that is refused has been asked for all the same.
      expect((await own.ask('GET', '/v1/events?kind=nonsense')).status).toBe(422);
    }
    clock.instant += MINUTE;
    expect((await own.ask('GET', '/v1/session')).status).toBe(401);
  });

  it('is passed over where a token is sent with it, which is asked for no host and no origin', async () => {
    const own = await loggedIn(vic);
    const headers = {
      authorization: `Bearer ${ann.token}`,
      host: 'evil.example',
      origin: undefined,
    };
    expect((await brake(own, headers)).body.set_by).toBe('ann');
    const wrong = { authorization: 'Bearer nonsense' };
    expect((await own.ask('GET', '/v1/keys', { headers: wrong })).status).toBe(401);
  });

  it('is not taken under another name', async () => {
    const own = await loggedIn();
    const { status, body } = await own.ask('GET', '/v1/keys', {
      headers: { host: 'evil.example' },
    });
    expect([status, body.code]).toEqual([421, 'misdirected_request']);
  });

  it.each<[string, Record<string, string | undefined>]>([
    ['no origin', { origin: undefined }],
    ['an opaque origin', { origin: 'null' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['another port', { origin: 'http://127.0.0.1:1' }],
    ['another scheme', { origin: 'HTTPS' }],
    ['no content type', { 'content-type': undefined }],
    ['the content type of a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['plain text', { 'content-type': 'text/plain; application/json' }],
    ['nearly JSON', { 'content-type': 'application/json-seq' }],
  ])('changes nothing with %s', async (_what, headers) => {
    const own = await loggedIn();
    const brakes = await broker.api('GET', '/v1/brakes');
    const origin =
      headers['origin'] === 'HTTPS' ? own.origin.replace('http:', 'https:') : undefined;
    const sent = origin === undefined ? headers : { origin };
    for (const answer of [
      await brake(own, sent),
      await own.ask('DELETE', '/v1/session', { headers: sent }),
      await browser().logIn(ann.token, sent),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([403, 'csrf']);
    }
    expect((await broker.api('GET', '/v1/brakes')).body).toEqual(brakes.body);
    expect((await own.ask('GET', '/v1/session')).status).toBe(200);
  });

  it('is known to a browser that sends the cookies of several mounts', async () => {
    const own = await loggedIn();
    const other = '-'.repeat(43);
    const cookie = `vault_key_session=${other}; a=b; vault_key_session=${own.sessionId}`;
    expect((await own.ask('GET', '/v1/keys', { headers: { cookie } })).status).toBe(200);
  });
});

describe('over a network', () => {
  const start = (site: object) =>
    BrokerServer.start(VENDOR, { store: 'sqlite::memory:', operators, server: { site } });

  it('there is no page and no log-in without TLS, and no session is taken', async () => {
    const open = await start({ isOnNetwork: true });
    const own = new Browser(open.url);
    for (const answer of [await own.ask('GET', '/'), await own.logIn(ann.token)]) {
      expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
      expect(answer.body.error.message).toContain('--behind-tls');
    }
    const session = await open.broker.pageSessions.begin(ann.options.tokenHashes[0] ?? '');
    const headers = { cookie: `vault_key_session=${session.id}` };
    expect((await own.ask('GET', '/v1/keys', { headers })).status).toBe(401);
    expect((await open.api('GET', '/v1/keys')).status).toBe(200);
  });

  it('there are both behind a proxy that speaks TLS, under the public URL', async () => {
    const publicUrl = new URL(PUBLIC.origin);
    const behind = await start({ isOnNetwork: true, behindTls: true, publicUrl });
    const own = new Browser(behind.url, PUBLIC);
    expect((await own.ask('GET', '/')).status).toBe(200);
    expect((await own.logIn(ann.token)).status).toBe(200);
    expect(own.setCookie[0]).toMatch(/; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
    expect((await brake(own)).status).toBe(201);
  });

  it('a browser is told what is missing where nobody has set the public URL', async () => {
    const behind = await start({ isOnNetwork: true, behindTls: true });
    const { status, body } = await new Browser(behind.url, PUBLIC).ask('GET', '/');
    expect(status).toBe(421);
    expect(body.error.message).toContain('VAULT_KEY_PUBLIC_URL');
  });
});

it('no answer and no line of the log shows a token, its hash or the id of a session', async () => {
  const own = await loggedIn();
  for (const secret of [ann.token, own.sessionId, ann.options.tokenHashes[0] ?? '']) {
    watch.addSecret(secret);
  }
  const answers = [
    await own.ask('GET', '/v1/session'),
    await own.ask('GET', '/v1/audit'),
    await own.ask('GET', '/v1/keys'),
    await brake(own),
    await own.ask('POST', '/v1/session', { body: { token: ann.token, x: 1 } }),
    await browser().logIn(`${ann.token}x`),
    await own.ask('GET', '/metrics'),
    await own.ask('DELETE', '/v1/session'),
  ];
  for (const answer of answers) watch.show([answer.headers, answer.text]);
  watch.show(lines);
  expect(watch.size).toBeGreaterThan(1_000);
  expect(watch.leaks()).toEqual([]);
});
