import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { BrokerProcess, send, temporaryFile } from '../support/broker-process';
import type { BrokerProcessOptions } from '../support/broker-process';
import { refusedSettings } from '../support/refused-settings';

const TOKEN = 'kb_management_token_of_a_good_length_';
const SECRET = 'sk_test_command_suite_secret_12345';

describe('vault-key-broker', () => {
  it('prints one line when it listens, on a free port where 0 is asked for', async () => {
    const broker = await BrokerProcess.start();
    expect(broker.output).toMatch(
      /^vault-key-broker listening on http:\/\/127\.0\.0\.1:[1-9]\d*\n$/,
    );
    expect((await send(broker.url, 'GET', '/healthz')).status).toBe(200);
  });

  it('takes its settings from the command line before the environment', async () => {
    const file = temporaryFile();
    const broker = await BrokerProcess.start({
      args: ['--port', '0', '--host', '127.0.0.1', '--store', `sqlite:${file}`],
      env: {
        VAULT_KEY_PORT: '1',
        VAULT_KEY_HOST: '203.0.113.1',
        VAULT_KEY_STORE: 'redis://nowhere',
      },
    });
    expect((await send(broker.url, 'GET', '/readyz')).status).toBe(200);
  });

  it('listens on loopback unless --host says otherwise', async () => {
    const broker = await BrokerProcess.start();
    const outside = Object.values((await import('node:os')).networkInterfaces())
      .flat()
      .find((address) => address?.internal === false && address.family === 'IPv4');
    if (outside === undefined) return;
    const refused = await new Promise<boolean>((resolve) => {
      const socket = connect(Number(new URL(broker.url).port), outside.address);
      socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
      socket.once('connect', () => socket.destroy());
    });
    expect(refused).toBe(true);
  });

  it('says with --help what it takes, and needs no setting for that', async () => {
    const { code, stdout, stderr } = await BrokerProcess.run({
      args: ['--help'],
      env: { KEYBRAKE_TOKEN: '' },
    });
    expect([code, stderr]).toEqual([0, '']);
    for (const name of [
      '--host',
      '--port',
      '--store',
      'KEYBRAKE_TOKEN',
      'STRIPE_SECRET_KEY',
      'STRIPE_BASE_URL',
      'VAULT_KEY_VENDOR_TIMEOUT',
      'VAULT_KEY_RETENTION',
      'VAULT_KEY_DRAIN',
      'VAULT_KEY_HOST',
      'VAULT_KEY_PORT',
      'VAULT_KEY_STORE',
      'VAULT_KEY_AUDIT_KEY',
      '--tls-cert',
      'VAULT_KEY_TLS_CERT',
      '--tls-key',
      'VAULT_KEY_TLS_KEY',
      '--admin-port',
      'VAULT_KEY_ADMIN_PORT',
      '--public-url',
      'VAULT_KEY_PUBLIC_URL',
      '--behind-tls',
      'VAULT_KEY_BEHIND_TLS',
      'HTTPS_PROXY',
      'keys, budgets, approvals, brake, lift, holds, audit',
    ]) {
      expect(stdout).toContain(name);
    }
    expect(stdout.split('\n').length).toBeLessThanOrEqual(28);
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
  });

  const unread: [setting: string, options: BrokerProcessOptions][] = [
    ['KEYBRAKE_TOKEN', { env: { KEYBRAKE_TOKEN: '' } }],
    ['KEYBRAKE_TOKEN', { env: { KEYBRAKE_TOKEN: 'x'.repeat(31) } }],
    ['KEYBRAKE_TOKEN', { env: { KEYBRAKE_TOKEN: `${TOKEN} with a space` } }],
    ['STRIPE_SECRET_KEY', { env: { STRIPE_SECRET_KEY: '' } }],
    ['STRIPE_SECRET_KEY', { env: { STRIPE_SECRET_KEY: `${SECRET}\n` } }],
    ['STRIPE_BASE_URL', { env: { STRIPE_BASE_URL: 'nonsense' } }],
    ['STRIPE_BASE_URL', { env: { STRIPE_BASE_URL: 'http://api.stripe.com' } }],
    ['STRIPE_BASE_URL', { env: { STRIPE_BASE_URL: 'http://127.0.0.1.evil.test' } }],
    ['STRIPE_BASE_URL', { env: { STRIPE_BASE_URL: 'ftp://api.stripe.com' } }],
    ['STRIPE_BASE_URL', { env: { STRIPE_BASE_URL: 'https://api.stripe.com/v1' } }],
    ['STRIPE_BASE_URL', { env: { STRIPE_BASE_URL: `https://${SECRET}@api.stripe.com` } }],
    ['VAULT_KEY_VENDOR_TIMEOUT', { env: { VAULT_KEY_VENDOR_TIMEOUT: '80' } }],
    ['VAULT_KEY_VENDOR_TIMEOUT', { env: { VAULT_KEY_VENDOR_TIMEOUT: '0s' } }],
    ['VAULT_KEY_VENDOR_TIMEOUT', { env: { VAULT_KEY_VENDOR_TIMEOUT: '11m' } }],
    ['VAULT_KEY_RETENTION', { env: { VAULT_KEY_RETENTION: '1d' } }],
    ['--port', { env: { VAULT_KEY_PORT: '65536' } }],
    ['--port', { args: ['--port', 'http'] }],
    ['--port', { args: ['--port='] }],
    ['--host', { args: ['--host='] }],
    ['--store', { store: 'redis://127.0.0.1:6379' }],
    ['--store', { store: 'rediss://127.0.0.1:6379' }],
    ['--store', { store: 'vault-key.db' }],
    ['--store', { store: 'sqlite:' }],
    ['--accept-store', { args: ['--accept-store', 'everything'] }],
    ['VAULT_KEY_ACCEPT_STORE', { env: { VAULT_KEY_ACCEPT_STORE: 'clock,' } }],
    ['VAULT_KEY_AUDIT_KEY', { env: { VAULT_KEY_AUDIT_KEY: `${'k'.repeat(32)}\n` } }],
    ['NODE_TLS_REJECT_UNAUTHORIZED', { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } }],
    ['--verbose', { args: ['--verbose'] }],
    ['extra', { args: ['extra'] }],
  ];
  it.each(unread)(
    'refuses by name, in one line, what it cannot read: %s: %j',
    (setting, options) => {
      const line = refusedSettings(options);
      expect(line).toMatch(/^.+$/);
      expect(line).toContain(setting);
      expect(line).not.toContain(SECRET);
      expect(line).not.toContain(TOKEN);
    },
  );

  const bad: typeof unread = [
    ['KEYBRAKE_TOKEN', { env: { KEYBRAKE_TOKEN: `${TOKEN} with a space` } }],
    ['--verbose', { args: ['--verbose'] }],
    ['--host', { args: ['--host', '203.0.113.1'] }],
    ['--store', { store: 'sqlite:/nowhere/at/all/vault-key.db' }],
    ['HTTPS_PROXY', { env: { HTTPS_PROXY: `${SECRET}:3128`, STRIPE_BASE_URL: 'https://a.test' } }],
    ['https_proxy', { env: { https_proxy: 'socks5://a', STRIPE_BASE_URL: 'https://a.test' } }],
  ];
  it.each(bad)('exits 2 with one line that names %s: %j', async (setting, options) => {
    const exit = await BrokerProcess.run(options);
    expect([exit.code, exit.stdout]).toEqual([2, '']);
    expect(exit.stderr).toMatch(/^vault-key-broker: .+\n$/);
    expect(exit.stderr).toContain(setting);
    expect(exit.stderr).not.toContain(SECRET);
    expect(exit.stderr).not.toContain(TOKEN);
  });

  it('exits 2 where the port is taken, and names it', async () => {
    const broker = await BrokerProcess.start();
    const { port } = new URL(broker.url);
    const exit = await BrokerProcess.run({ args: ['--port', port] });
    expect(exit.code).toBe(2);
    expect(exit.stderr).toContain(`--port ${port}: cannot listen (EADDRINUSE): another process`);
  });

  it('exits 2 where the store is no database, or a folder', async () => {
    const file = temporaryFile();
    writeFileSync(
      file,
      'this is a text and no database, and it is long enough to have a header\n'.repeat(20),
    );
    const folder = `${dirname(file)}/folder.db`;
    mkdirSync(folder);
    for (const store of [file, folder]) {
      const exit = await BrokerProcess.run({ store: `sqlite:${store}` });
      expect([store, exit.code]).toEqual([store, 2]);
      expect(exit.stderr).toContain(store);
      expect(exit.stderr).toMatch(/^vault-key-broker: .+\n$/);
    }
  });

  it.each<[words: string, options: BrokerProcessOptions]>([
    ["there is no command 'extra' (see --help)", { args: ['extra'] }],
    ['there is no folder /nowhere/at/all: make it', { store: 'sqlite:/nowhere/at/all/a.db' }],
  ])('says what to do: %s', async (words, options) => {
    expect((await BrokerProcess.run(options)).stderr).toContain(words);
  });
});
