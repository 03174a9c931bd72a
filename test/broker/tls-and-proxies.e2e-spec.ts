import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer, request } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { BrokerProcess, MANAGEMENT_TOKEN, temporaryFile } from '../support/broker-process';
import type { BrokerProcessOptions } from '../support/broker-process';
import { certificateFor } from '../support/certificates';
import type { Certificate } from '../support/certificates';
import { refusedSettings } from '../support/refused-settings';
import { exchangeRaw } from './raw-socket';

const SECRET = 'sk_test_network_suite_secret_12345';
const PROXY_PASSWORD = 'proxy-password-0815';
/** A name that no machine has: only the proxy of these tests knows where it leads. */
const VENDOR = 'vendor.test';

const servers: Server[] = [];
let certificate: Certificate;
/** What has reached the vendor: the paths. */
let received: string[];
/** What the proxy was asked for: where to, and with which credentials. */
let tunnels: [target: string, credentials: string | undefined][];
let proxyStatus: number;
let vendorPort: number;
let proxyUrl: string;

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
beforeAll(async () => {
  certificate = certificateFor(`DNS:${VENDOR},DNS:localhost`);
  vendorPort = await listen(
    createHttpsServer(certificate, (req, res) => {
      received.push(req.url ?? '');
      res.end('{}');
    }),
  );
  const proxy = createHttpServer((_req, res) => res.writeHead(405).end());
  proxy.on('connect', (req, socket) => {
    tunnels.push([req.url ?? '', req.headers['proxy-authorization']]);
    if (proxyStatus !== 200) {
      socket.end(`HTTP/1.1 ${proxyStatus} No\r\n\r\n`);
      return;
    }
    const upstream = connect(vendorPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    socket.on('error', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
  });
  proxyUrl = `127.0.0.1:${await listen(proxy)}`;
});
afterAll(() => servers.forEach((server) => server.close()));
beforeEach(() => {
  received = [];
  tunnels = [];
  proxyStatus = 200;
});

const start = (url: string, env: Record<string, string>, options: BrokerProcessOptions = {}) =>
  BrokerProcess.start({
    vendor: { url, secretKey: SECRET },
    env: { NODE_EXTRA_CA_CERTS: certificate.certFile, ...env },
    ...options,
  });
async function call(broker: BrokerProcess) {
  const { token } = await broker.issue();
  const { status, body } = await broker.call(token, 'GET', '/v1/payment_intents');
  return [status, body.code];
}
const unreachable = [502, 'vendor_unreachable'];

describe('HTTPS_PROXY', () => {
  const withPassword = () => `http://agent:${PROXY_PASSWORD}@${proxyUrl}`;

  it('is the way to an https vendor, and is named at the start without its credentials', async () => {
    const broker = await start(`https://${VENDOR}`, { HTTPS_PROXY: withPassword() });
    expect(await call(broker)).toEqual([200, undefined]);
    expect(await call(broker)).toEqual([200, undefined]);
    expect(received).toEqual(['/v1/payment_intents', '/v1/payment_intents']);
    const credentials = Buffer.from(`agent:${PROXY_PASSWORD}`).toString('base64');
    // One connection through it serves both.
    expect(tunnels).toEqual([[`${VENDOR}:443`, `Basic ${credentials}`]]);
    expect(broker.output).toContain(
      `vault-key-broker: calls to stripe go through the proxy ${proxyUrl} (HTTPS_PROXY)\n`,
    );
    expect(broker.output).not.toContain(PROXY_PASSWORD);
    expect((await broker.kill('SIGTERM')).code).toBe(0);
  });

  it('is not for a vendor on loopback, nor for one that NO_PROXY names', async () => {
    const near = await start(`https://localhost:${vendorPort}`, { HTTPS_PROXY: withPassword() });
    expect(await call(near)).toEqual([200, undefined]);
    const excepted = await start(`https://${VENDOR}`, {
      HTTPS_PROXY: withPassword(),
      NO_PROXY: `localhost,${VENDOR}`,
    });
    expect(await call(excepted)).toEqual(unreachable);
    expect(tunnels).toEqual([]);
    for (const { output } of [near, excepted]) expect(output).not.toContain('proxy');
  });

  it('that refuses is a vendor that cannot be reached, and the log says why', async () => {
    proxyStatus = 403;
    const broker = await start(`https://${VENDOR}`, { HTTPS_PROXY: withPassword() });
    expect(await call(broker)).toEqual(unreachable);
    expect(broker.output).toContain(
      'vault-key-broker: vendor_unreachable: nothing could be sent to stripe (the proxy answered 403)\n',
    );
    expect(broker.output).not.toContain(PROXY_PASSWORD);
  });
});

describe('a vendor that cannot be reached', () => {
  it('is a line of the log with the cause, at most one a second', async () => {
    const broker = await start('http://127.0.0.1:9', {});
    const { token } = await broker.issue();
    const began = performance.now();
    for (let i = 0; i < 30; i++) {
      const { status, body } = await broker.call(token, 'GET', '/v1/payment_intents');
      expect([status, body.code]).toEqual(unreachable);
    }
    const seconds = Math.floor((performance.now() - began) / 1_000);
    const lines = broker.output.match(/vendor_unreachable: .* stripe \(ECONNREFUSED\)/g);
    expect(lines?.length).toBeGreaterThan(0);
    expect(lines?.length).toBeLessThanOrEqual(seconds + 1);
    expect(broker.output).not.toContain(SECRET);
    expect(broker.output).not.toContain(token);
  });

  it('names the fault of its certificate, and gets no secret', async () => {
    const broker = await start(`https://localhost:${vendorPort}`, { NODE_EXTRA_CA_CERTS: '' });
    expect(await call(broker)).toEqual(unreachable);
    expect(broker.output).toContain('stripe (DEPTH_ZERO_SELF_SIGNED_CERT)');
    expect(received).toEqual([]);
  });
});

describe('--tls-cert and --tls-key', () => {
  const get = (url: string, ca?: Buffer) =>
    new Promise<number | string>((resolve) => {
      const headers = { authorization: `Bearer ${MANAGEMENT_TOKEN}` };
      const { hostname, port } = new URL(url);
      request({ hostname, port, path: '/v1/keys', headers, ca, agent: false }, (res) => {
        res.resume();
        resolve(res.statusCode ?? 0);
      })
        .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
        .end();
    });

  it('make the command serve https alone, and the start line says so', async () => {
    const { certFile, keyFile, cert } = certificateFor('IP:127.0.0.1');
    const settings: [BrokerProcessOptions, string][] = [
      [{ args: ['--tls-cert', certFile, '--tls-key', keyFile] }, 'the command line'],
      [{ env: { VAULT_KEY_TLS_CERT: certFile, VAULT_KEY_TLS_KEY: keyFile } }, 'the environment'],
    ];
    for (const [options, where] of settings) {
      const broker = await BrokerProcess.start(options);
      expect([where, broker.output]).toEqual([
        where,
        expect.stringMatching(/^vault-key-broker listening on https:\/\/127\.0\.0\.1:\d+\n$/),
      ]);
      expect(await get(broker.url, cert)).toBe(200);
      expect(await get(broker.url)).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
      const plain = await exchangeRaw(broker.url, 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
      expect(plain).not.toContain('HTTP/1.1 2');
      expect((await broker.kill('SIGTERM')).code).toBe(0);
    }
  });

  it('are asked by the command’s own words, which take no other certificate', async () => {
    const { certFile, keyFile } = certificateFor('IP:127.0.0.1');
    const broker = await BrokerProcess.start({
      args: ['--tls-cert', certFile, '--tls-key', keyFile],
    });
    const keys = (env: Record<string, string>) =>
      BrokerProcess.run({ args: ['keys', '--json', '--url', broker.url], env });
    expect(await keys({ NODE_EXTRA_CA_CERTS: certFile })).toMatchObject({ code: 0 });
    const refused = await keys({ NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'),
    ]);
  });

  it('are refused with one line where they do not hold a certificate and its key', async () => {
    const { certFile, keyFile } = certificate;
    const other = certificateFor('IP:127.0.0.1').keyFile;
    const text = temporaryFile('no.pem');
    writeFileSync(text, 'no certificate');
    const bad: [args: string[], named: string[]][] = [
      [
        ['--tls-cert', certFile],
        ['--tls-key', 'VAULT_KEY_TLS_KEY', 'set both'],
      ],
      [
        ['--tls-key', keyFile],
        ['--tls-cert', 'VAULT_KEY_TLS_CERT', 'set both'],
      ],
      [
        ['--tls-cert', '/no/such', '--tls-key', keyFile],
        ['--tls-cert', '/no/such', 'ENOENT'],
      ],
      [
        ['--tls-cert', certFile, '--tls-key', '/no/such'],
        ['--tls-key', '/no/such', 'ENOENT'],
      ],
      [
        ['--tls-cert', text, '--tls-key', keyFile],
        ['--tls-cert', text, 'a certificate'],
      ],
      [
        ['--tls-cert', certFile, '--tls-key', text],
        ['--tls-key', text, 'a private key'],
      ],
      [
        ['--tls-cert', certFile, '--tls-key', other],
        ['--tls-key', other, certFile],
      ],
    ];
    for (const [args, named] of bad) {
      const line = refusedSettings({ args });
      expect(line).toMatch(/^.+$/);
      for (const part of named) expect(line).toContain(part);
    }
  });
});
