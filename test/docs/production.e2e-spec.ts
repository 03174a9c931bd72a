import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ProxiedStripeService, VaultKeyModule, VaultKeyService } from '../../lib/index';
import type { EmbeddedModuleOptions } from '../../lib/index';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess, MANAGEMENT_TOKEN } from '../support/broker-process';
import { certificateFor } from '../support/certificates';
import type { Certificate } from '../support/certificates';
import { PostgresServer } from '../support/postgres-server';
import { until } from '../support/until';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, PAGE } from './given/production';

const CLI = resolve(__dirname, '../../dist/broker/cli/main.js');
const TEXT = readFileSync(join(__dirname, '../../', PAGE), 'utf8');
const blocksIn = (language: string) =>
  [...TEXT.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, block = '']) => block,
  );
const [MAKE_SCHEMA = '', MAKE_KEY = '', MOVE = '', START = '', EXPORT = '', ...others] =
  blocksIn('sh');

checkBlocks(PAGE, BLOCKS);

it('has no lines of the shell but those that are run here', () => {
  expect(others).toEqual([]);
});

/** The page from its top to its end, on one server. */
describe('a team that does what the page says', () => {
  let vendor: StripeVendor;
  let server: PostgresServer;
  let certificate: Certificate;
  let folder: string;
  let auditKey: string;
  let before: { head: string };
  const running = new Set<ChildProcess>();

  beforeAll(async () => {
    vendor = await createStripeVendor();
    server = await PostgresServer.start();
    certificate = certificateFor('IP:127.0.0.1');
    folder = mkdtempSync(join(tmpdir(), 'vault-key-production-'));
    const programs = join(folder, 'bin');
    mkdirSync(programs);
    const program = (name: string, text: string) =>
      writeFileSync(join(programs, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    program('npx', '[ "$1" = vault-key-broker ] && shift && exec "$NODE" "$CLI" "$@"');
    program('npm', '[ "$*" = "install nestjs-vault-key pg" ]');
    // The team's one instance, with some spend in its ledger.
    const store = `sqlite:${join(folder, 'vault-key.db')}`;
    const first = await BrokerProcess.start({ vendor, store });
    const key = await first.issue({ subject: { user_id: 'u1' }, budgets: { user: 500 } });
    const paid = await first.call(key.token, 'POST', '/v1/payment_intents', {
      body: 'amount=10000&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true',
    });
    expect(paid.status).toBe(200);
    before = (await first.api('GET', '/v1/audit/verify')).body as { head: string };
    await first.kill('SIGTERM');
  });
  afterAll(async () => {
    for (const child of running) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    await vendor.close();
    await server.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const url = (role: string) => `postgres://${role}@127.0.0.1:${server.port}/vault_key`;

  /** Types a block into a shell, in the folder of the team. */
  function type(block: string, env: Readonly<Record<string, string>> = {}) {
    const typed = block.replaceAll('db.example.com', `127.0.0.1:${server.port}`);
    const child = spawn('sh', ['-e', '-c', typed], {
      cwd: folder,
      env: {
        PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
        NODE: process.execPath,
        CLI,
        ...env,
      },
    });
    const output = { text: '' };
    running.add(child);
    child.stdout.on('data', (chunk: Buffer) => (output.text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.text += chunk.toString()));
    const ended = once(child, 'close').then(() => {
      running.delete(child);
      return { code: child.exitCode, text: output.text };
    });
    return { child, ended, output };
  }

  it('has a database with a schema that the application can use', async () => {
    const [statements = ''] = blocksIn('sql');
    for (const statement of statements.trim().split('\n'))
      await server.query('postgres', statement);
    const { code, text } = await type(MAKE_SCHEMA).ended;
    expect([code, text]).toEqual([0, expect.stringContaining('open to vault_key_app')]);
  });

  it('has an audit key', async () => {
    const { code, text } = await type(MAKE_KEY).ended;
    expect([code, text]).toEqual([0, expect.stringMatching(/^[0-9a-f]{64}\n$/)]);
  });

  it('moves its store', async () => {
    const { code, text } = await type(MOVE).ended;
    expect([code, text]).toEqual([
      0,
      expect.stringContaining('vault-key.db has moved to postgres'),
    ]);
    expect(text).toContain(before.head);
    auditKey = readFileSync(join(folder, 'vault-key.db.audit-key'), 'utf8').trim();
  });

  it('has four instances, which share the budget of a user with what was spent before', async () => {
    process.env['VAULT_KEY_STORE'] = url('vault_key_app');
    process.env['VAULT_KEY_AUDIT_KEY'] = auditKey;
    const forRoot = VaultKeyModule.forRoot.bind(VaultKeyModule);
    const spy = jest.spyOn(VaultKeyModule, 'forRoot').mockImplementation((given) => {
      const options = given as EmbeddedModuleOptions;
      const stripe = { secretKey: vendor.secretKey, baseUrl: vendor.url };
      return forRoot({
        ...options,
        embedded: Object.assign({}, options.embedded, { vendors: { stripe } }),
      });
    });
    const instances: INestApplication[] = [];
    try {
      for (let i = 0; i < 4; i++) {
        const { AppModule } = blockWith(PAGE, 'export class AppModule').run(['AppModule']) as {
          AppModule: Type;
        };
        const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
        instances.push(await module.createNestApplication().init());
      }
      const pay = (app: INestApplication) =>
        app.get(VaultKeyService).run(
          { dailyUsdCap: 100, allowedEndpoints: ['/v1/payment_intents'] },
          () =>
            app.get(ProxiedStripeService).createPaymentIntent({
              amount: 10_000,
              paymentMethod: 'pm_card_visa',
              confirm: true,
            }),
          { userId: 'u1' },
        );
      const outcomes = await Promise.allSettled([...instances, ...instances].map(pay));
      // Of $500, $100 were spent before the move.
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
      expect(vendor.book.total('usd')).toBe(50_000);
    } finally {
      spy.mockRestore();
      delete process.env['VAULT_KEY_STORE'];
      delete process.env['VAULT_KEY_AUDIT_KEY'];
      await Promise.all(instances.map((app) => app.close()));
    }
  });

  describe('with two brokers behind a balancer', () => {
    const brokers: { child: ChildProcess; url: string; ended: Promise<{ code: number | null }> }[] =
      [];

    beforeAll(async () => {
      writeFileSync(join(folder, 'cert.pem'), certificate.cert);
      writeFileSync(join(folder, 'key.pem'), certificate.key);
      const block = START.replace('KEYBRAKE_TOKEN=…', `KEYBRAKE_TOKEN=${MANAGEMENT_TOKEN}`)
        .replace('rk_live_…', vendor.secretKey)
        .replace('VAULT_KEY_AUDIT_KEY=…', `VAULT_KEY_AUDIT_KEY=${auditKey}`)
        .replace('\nnpx', '\nexec npx');
      for (let i = 0; i < 2; i++) {
        const { child, ended, output } = type(block, {
          VAULT_KEY_PORT: '0',
          STRIPE_BASE_URL: vendor.url,
        });
        await until(
          () => output.text.includes('listening on') || child.exitCode !== null,
          () => output.text,
        );
        const [, port] = /listening on https:\/\/0\.0\.0\.0:(\d+)\n/.exec(output.text) ?? [];
        expect([port, output.text]).toEqual([expect.any(String), expect.any(String)]);
        brokers.push({ child, ended, url: `https://127.0.0.1:${port}` });
      }
    });

    function ask(broker: string, path: string): Promise<{ status: number; text: string }> {
      return new Promise((answered, failed) => {
        const headers = { authorization: `Bearer ${MANAGEMENT_TOKEN}` };
        request(`${broker}${path}`, { ca: certificate.cert, headers, agent: false }, (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          answer.on('end', () => answered({ status: answer.statusCode ?? 0, text }));
        })
          .on('error', failed)
          .end();
      });
    }

    it.each([...TEXT.matchAll(/httpGet: \{ path: (\S+),/g)].map(([, path = '']) => path))(
      'a probe of %s finds each of them well',
      async (path) => {
        for (const broker of brokers) expect((await ask(broker.url, path)).status).toBe(200);
      },
    );

    it('each of them has the spend of all', async () => {
      for (const broker of brokers) {
        const { text } = await ask(broker.url, '/v1/budgets/effective?user_id=u1');
        expect(JSON.parse(text)).toMatchObject({
          caps: expect.arrayContaining([expect.objectContaining({ spent_usd: 500 })]) as unknown,
        });
      }
    });

    it('has what is to be watched', async () => {
      const names = [...TEXT.matchAll(/`(vault_key_[a-z_]+)[`{]/g)].map(([, name = '']) => name);
      const metrics = names.filter((name) => !['vault_key_owner', 'vault_key_app'].includes(name));
      expect(metrics.length).toBeGreaterThan(2);
      const { text } = await ask(brokers[0]?.url ?? '', '/metrics');
      for (const name of metrics) expect(text).toContain(`# TYPE ${name} `);
    });

    it('exports its audit log, which verifies', async () => {
      const logs = join(folder, 'logs');
      mkdirSync(logs);
      await cutLog(brokers[0]?.url ?? '');
      const { code, text } = await type(
        EXPORT.replaceAll('https://broker.example.com', brokers[1]?.url ?? '').replace(
          '/var/log/vault-key',
          logs,
        ),
        { KEYBRAKE_TOKEN: MANAGEMENT_TOKEN, NODE_EXTRA_CA_CERTS: certificate.certFile },
      ).ended;
      expect([code, text]).toEqual([0, expect.any(String)]);
    });

    it('deploys: one leaves, the other goes on', async () => {
      const updated = await type(MAKE_SCHEMA).ended;
      expect([updated.code, updated.text]).toEqual([0, expect.stringContaining('(unchanged)')]);
      const [one, other] = brokers;
      one?.child.kill('SIGTERM');
      expect((await one?.ended)?.code).toBe(0);
      expect((await ask(other?.url ?? '', '/readyz')).status).toBe(200);
      other?.child.kill('SIGTERM');
      expect((await other?.ended)?.code).toBe(0);
    });

    /** A day is over: its rows are a segment. */
    async function cutLog(broker: string): Promise<void> {
      await type(`npx vault-key-broker audit cut --url ${broker}`, {
        KEYBRAKE_TOKEN: MANAGEMENT_TOKEN,
        NODE_EXTRA_CA_CERTS: certificate.certFile,
      }).ended;
    }
  });

  it('starts nothing on the old file by mistake', async () => {
    const store = `sqlite:${join(folder, 'vault-key.db')}`;
    const { code, stderr } = await BrokerProcess.run({ vendor, store });
    expect(code).toBe(2);
    expect(stderr).toContain('has moved to postgres://vault_key_owner@');
  });
});
