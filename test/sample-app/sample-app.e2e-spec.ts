import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TELL_TALE } from './tell-tale';
import { MCP_HEADERS, MCP_INITIALIZE, rawRequest } from '../support/raw-http';
import { Broker } from '../../lib/broker/broker';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';

/** Built before the tests run, by `npm test` itself. */
const MAIN = join(__dirname, '../../dist-sample/main.js');
const TEST_MODE_KEY = 'sk_test_51SampleAppTestMode';
const OFFLINE_KEY = 'sk_test_offline';
const VAULT_KEY_TOKEN = /vault_key_[0-9A-Za-z]{20,}/;
/** In cents: 12.50, 20, 30, 55, three times 30, and over MCP 25 and three times 30 dollars. */
const CHARGED = 32_250;

/** The sample app in a process of its own, with an environment of its own. */
class SampleApp {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [MAIN, ...args], {
      env: {
        PATH: process.env['PATH'] ?? '',
        SAMPLE_STORE: `sqlite:${temporaryFile()}`,
        // Whatever Redis this machine may have is none of these tests' business.
        REDIS_URL: 'redis://127.0.0.1:1',
        ...env,
      },
    });
    this.#closed = once(this.#child, 'close');
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    running.add(this);
  }

  get shown(): string {
    return this.stdout + this.stderr;
  }

  /** The exit code, or the signal that ended it. */
  async exit(): Promise<number | NodeJS.Signals | null> {
    await this.#closed;
    running.delete(this);
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Where it serves, once it says that it does. */
  async serving(): Promise<string> {
    for (;;) {
      const url = /^Serving on (\S+) until Ctrl-C/m.exec(this.stdout)?.[1];
      if (url !== undefined && this.stdout.endsWith('\n\n')) return url;
      const data = once(this.#child.stdout!, 'data').then(() => 'data');
      if ((await Promise.race([data, this.#closed])) !== 'data') {
        throw new Error(`It ended: ${this.shown}`);
      }
    }
  }
}

// Each of these starts processes of its own, on a machine that may be busy.
const running = new Set<SampleApp>();
const vendors: StripeVendor[] = [];
const folders: string[] = [];

afterEach(async () => {
  await Promise.all(
    [...running].map((app) => {
      app.signal('SIGKILL');
      return app.exit();
    }),
  );
  for (const vendor of vendors.splice(0)) await vendor.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vault-key-sample-'));
  folders.push(folder);
  return join(folder, 'sample.db');
}

/** A Stripe that the sample takes for Stripe's test mode, and how to tell it so. */
async function testMode(): Promise<{ vendor: StripeVendor; env: Record<string, string> }> {
  const vendor = await createStripeVendor({ secretKey: TEST_MODE_KEY });
  vendors.push(vendor);
  return {
    vendor,
    env: { SAMPLE_STRIPE_SECRET_KEY: TEST_MODE_KEY, SAMPLE_STRIPE_BASE_URL: vendor.url },
  };
}

/** The keys alive in a store that its process has let go of. */
async function keysAliveIn(file: string): Promise<readonly unknown[]> {
  const broker = await Broker.open({
    vendors: { stripe: { secretKey: OFFLINE_KEY } },
    store: `sqlite:${file}`,
  });
  try {
    const all = await broker.keys();
    expect(all.keys.length).toBeGreaterThan(0);
    return (await broker.keys({ status: 'active' })).keys;
  } finally {
    await broker.close();
  }
}

function expectNothingSecretIn(shown: string): void {
  expect(shown).not.toMatch(VAULT_KEY_TOKEN);
  expect(shown).not.toContain(OFFLINE_KEY);
  expect(shown).not.toContain(TEST_MODE_KEY);
}

describe('the sample app, told to run once', () => {
  let app: SampleApp;
  let callsElsewhere = 0;
  let folder: string;
  let before: { endedBy: NodeJS.Signals | null; keysAlive: readonly unknown[] };

  /** Serves on a store, and is ended as npm does on a system whose shell does not hand a signal on. */
  async function serveUnderNpm(file: string): Promise<typeof before> {
    const shell = spawn('sh', ['-c', '"$0" "$1"; exit', process.execPath, MAIN], {
      env: { SAMPLE_STORE: `sqlite:${file}`, npm_lifecycle_event: 'start' },
    });
    const closed = once(shell, 'close');
    let stdout = '';
    await new Promise<void>((resolve) => {
      shell.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
        if (stdout.includes('Serving on')) resolve();
      });
    });
    shell.kill('SIGTERM');
    // The output closes only once nobody has it any more.
    await closed;
    return { endedBy: shell.signalCode, keysAlive: await keysAliveIn(file) };
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vault-key-sample-'));
    const file = join(folder, 'sample.db');
    before = await serveUnderNpm(file);
    writeFileSync(join(folder, 'tell-tale.cjs'), TELL_TALE);
    const tripwire = createServer((_request, response) => {
      callsElsewhere += 1;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(tripwire, 'listening');
    const url = `http://127.0.0.1:${(tripwire.address() as AddressInfo).port}`;
    app = new SampleApp(['--once'], {
      SAMPLE_STORE: `sqlite:${file}`,
      REDIS_URL: 'redis://demo:sEcReT@127.0.0.1:1',
      NODE_OPTIONS: `--require ${join(folder, 'tell-tale.cjs')}`,
      STRIPE_SECRET_KEY: 'sk_live_51NobodyMayChargeThis',
      STRIPE_BASE_URL: url,
      KEYBRAKE_TOKEN: 'kb_live_nobody_may_use_this_token_here',
      KEYBRAKE_URL: url,
      KEYBRAKE_PROXY_URL: url,
    });
    await app.exit();
    tripwire.close();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('on a store of one that has ended with the npm that started it', () => {
    expect(before).toEqual({ endedBy: 'SIGTERM', keysAlive: [] });
  });

  it('shows the whole run, and exits 0 because both books agree', async () => {
    expect(await app.exit()).toBe(0);

    const { stdout } = app;
    expect(app.stderr).toBe('');
    expect(stdout).toMatch(/^Stripe: +offline/m);
    expect(stdout).toContain('ok: Stripe charged the card');
    expect(stdout).toContain("ok: each has a key in its own user's name");
    expect(stdout).toContain('ok: the key that reserved it now counts $55.00');
    expect(stdout).toMatch(/^ +403 \{[^}]*"error": "endpoint_not_allowed"/m);
    expect(stdout).toMatch(/^ +402 \{[^}]*"error": "spend_cap_exceeded"/m);
    expect(stdout).toContain('ok: Stripe executed exactly three of them');
    expect(stdout).toContain('tools charge, capture, list_charges, payout, remaining_spend.');
    expect(stdout).toMatch(/^ +isError \{\n[^}]*Retry: no\./m);
    expect(stdout).toContain('ok: of the $300.00 its run may spend in all, $185.00 are left');
    expect(stdout).toContain('ok: of 11 keys issued 11 are revoked, and none is alive');
    expect(stdout.match(/^(ada|bob|cleo) .* revoked$/gm)).toHaveLength(11);
    expect(stdout).toMatch(/^total +\$322\.50 +\$322\.50$/m);
    expect(stdout).toMatch(/^bob +POST \/v1\/payment_intents +\$30\.00 +\$0\.00 +cap_exhausted$/m);
    expect(stdout).toMatch(/^bob +POST \/v1\/payouts .* endpoint_not_allowed$/m);
    expect(stdout).toMatch(/Everything went as told, and both books agree\.\n$/);
    expect(stdout).not.toContain('NOT SO');
    expect(stdout).not.toContain('Serving on');
  });

  it('uses no STRIPE_SECRET_KEY and no KEYBRAKE_* that is in the environment', () => {
    expect(app.stdout).toMatch(/^Stripe: +offline/m);
    expect(callsElsewhere).toBe(0);
  });

  it('leaves the jobs out in one line where no Redis answers, and loads no package of theirs', () => {
    expect(app.stdout.replace(/\s+/g, ' ')).toContain(
      'Jobs: left out, since no Redis answers at redis://127.0.0.1:1; REDIS_URL names another',
    );
    expect(app.stdout).not.toContain('BullMQ');
    expect(app.shown).not.toContain('sEcReT');
    // Nor did it tell that one was loaded.
    expect(app.stderr).toBe('');
  });
});

describe('the sample app, serving', () => {
  let folder: string;
  let store: string;
  let app: SampleApp;
  let port: number;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vault-key-sample-'));
    store = `sqlite:${join(folder, 'sample.db')}`;
    app = new SampleApp([], { SAMPLE_STORE: store });
    // It serves all these tests, and is ended after them.
    running.delete(app);
    port = Number(new URL(await app.serving()).port);
  });

  // Ctrl-C ends it as well as SIGTERM does.
  afterAll(async () => {
    app.signal('SIGINT');
    expect([await app.exit(), app.stderr]).toEqual([0, '']);
    expectNothingSecretIn(app.shown);
    rmSync(folder, { recursive: true, force: true });
  });

  it('prints plain text a terminal is wide enough for, and no secret', () => {
    expect(Math.max(...app.stdout.split('\n').map((line) => line.length))).toBeLessThan(100);
    // oxlint-disable-next-line no-control-regex -- these are what is looked for
    expect(app.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
    expectNothingSecretIn(app.shown);
  });

  it('prints curl lines that work', async () => {
    const commands = app.stdout.replaceAll('\\\n', '').match(/^curl .*$/gm) ?? [];
    const answers: { status: string | undefined; body: unknown }[] = [];
    for (const command of commands) {
      const { stdout } = await promisify(execFile)('sh', ['-c', command]);
      const [head = '', body = ''] = stdout.split('\r\n\r\n');
      answers.push({ status: head.split(' ')[1], body: JSON.parse(body) });
      expectNothingSecretIn(stdout);
    }
    expect(answers).toEqual([
      { status: '201', body: expect.objectContaining({ payments: [expect.anything()] }) },
      { status: '402', body: expect.objectContaining({ error: 'spend_cap_exceeded', spent: 90 }) },
      { status: '200', body: expect.objectContaining({ charges: expect.any(Array) }) },
      { status: '403', body: expect.objectContaining({ error: 'endpoint_not_allowed' }) },
    ]);
  });

  it('keeps its store: a second one says in one line who has it', async () => {
    const second = new SampleApp(['--once'], { SAMPLE_STORE: store });
    expect(await second.exit()).toBe(1);
    expect(second.stderr).toMatch(/^sample-app: [^\n]*The store \S+ is in use [^\n]*\n$/);
    expect(second.stdout).toBe('');
  });

  it('a web page of another name calls no tool, over HTTP or MCP', async () => {
    const post = async (path: string, headers: object, body: string) =>
      (
        await rawRequest(
          port,
          'POST',
          path,
          { ...MCP_HEADERS, 'x-user-id': 'ada', ...headers },
          body,
        )
      ).status;
    const charge = JSON.stringify({ amount: 100 });
    const sound = { host: `127.0.0.1:${port}` };
    const foreign = [{ host: `evil.example:${port}` }, { ...sound, origin: 'http://evil.example' }];
    for (const headers of foreign) {
      expect(await post('/agent-tools/charge', headers, charge)).toBe(403);
      expect(await post('/mcp', headers, MCP_INITIALIZE)).toBe(403);
    }
    expect(await post('/agent-tools/charge', sound, charge)).toBe(201);
    expect(await post('/mcp', sound, MCP_INITIALIZE)).toBe(200);
  });
});

describe('the sample app', () => {
  it('answers the call that is under way at SIGTERM, and revokes its key', async () => {
    const file = temporaryFile();
    const { vendor, env } = await testMode();
    const app = new SampleApp([], { ...env, SAMPLE_STORE: `sqlite:${file}` });
    const url = await app.serving();

    const held = vendor.hold('POST /v1/payment_intents');
    const answer = fetch(`${url}/agent-tools/charge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-user-id': 'ada' },
      body: JSON.stringify({ amount: 1_250 }),
    });
    await held.arrived;
    app.signal('SIGTERM');
    held.release();

    expect((await answer).status).toBe(201);
    expect(await app.exit()).toBe(0);
    expect(await keysAliveIn(file)).toEqual([]);
  });

  it('refuses a live key with exit code 2 and one line, and starts nothing', async () => {
    const liveKey = 'sk_live_51NobodyMayChargeThis';
    const app = new SampleApp(['--once'], { SAMPLE_STRIPE_SECRET_KEY: liveKey });
    expect(await app.exit()).toBe(2);
    expect(app.stdout).toBe('');
    expect(app.stderr).toMatch(/^sample-app: SAMPLE_STRIPE_SECRET_KEY must be [^\n]*\n$/);
    expect(app.stderr).not.toContain(liveKey);
  });

  describe("on Stripe's test mode", () => {
    it("holds the broker's book against what Stripe says, whatever others do on the account", async () => {
      const { vendor, env } = await testMode();
      for (let count = 0; count < 120; count++) await chargeDirectly(vendor, 500, {});
      const app = new SampleApp(['--once'], env);
      expect(await app.exit()).toBe(0);

      expect(app.stdout).toContain(`test mode, at ${vendor.url}`);
      expect(vendor.book.total('usd')).toBe(CHARGED + 120 * 500);
      expect(vendor.calls('POST /v1/payouts')).toEqual([]);
      expectNothingSecretIn(app.shown);
    });

    it('exits 1 and says what differs where Stripe executed what the broker knows nothing of', async () => {
      const { vendor, env } = await testMode();
      const held = vendor.hold('POST /v1/payment_intents');
      const app = new SampleApp(['--once'], env);
      await held.arrived;
      const first = vendor.book.executed[0]!;
      // Somebody with the account's own secret, past the broker.
      await chargeDirectly(vendor, 700, first.metadata);
      await chargeDirectly(vendor, 900, { run_id: first.metadata['run_id'] ?? '' });
      held.release();

      expect(await app.exit()).toBe(1);
      const key = first.metadata['vault_key'];
      expect(sentences(app.stdout)).toContain(
        `- For ${key} the broker counts $12.50, and Stripe executed $19.50.`,
      );
      expect(sentences(app.stdout)).toMatch(/- Stripe moved \$9\.00 \(pi_\w+\) that no vault key/);
      expect(app.stdout).not.toContain('both books agree');
    });

    it('exits 1 where a charge was executed and its answer lost', async () => {
      const { vendor, env } = await testMode();
      vendor.next('POST /v1/payment_intents', { status: 502, at: 'after' });
      const app = new SampleApp(['--once'], env);
      expect(await app.exit()).toBe(1);
      expect(sentences(app.stdout)).toContain('NOT SO: Stripe charged the card');
      expect(sentences(app.stdout)).toMatch(/the broker still holds \$12\.50, of unknown outcome/);
    });

    it('exits 1 where Stripe does not show its book', async () => {
      const { vendor, env } = await testMode();
      vendor.next('GET /v1/payment_intents', { status: 403 }, { times: Infinity });
      const app = new SampleApp(['--once'], env);
      expect(await app.exit()).toBe(1);
      expect(sentences(app.stdout)).toContain('The run broke off: Stripe does not show its book');
    });

    it('is no success where it is interrupted', async () => {
      const file = temporaryFile();
      const { vendor, env } = await testMode();
      const held = vendor.hold('POST /v1/payment_intents');
      const app = new SampleApp(['--once'], { ...env, SAMPLE_STORE: `sqlite:${file}` });
      await held.arrived;
      app.signal('SIGTERM');
      held.release();
      expect(await app.exit()).toBe('SIGTERM');
      expect(app.stdout).not.toContain('both books agree');
      expect(await keysAliveIn(file)).toEqual([]);
    });
  });
});

/** The output with its line breaks undone. */
function sentences(text: string): string {
  return text.replace(/\s+/g, ' ');
}

async function chargeDirectly(
  { url, secretKey }: StripeVendor,
  amount: number,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const body = new URLSearchParams({
    amount: String(amount),
    currency: 'usd',
    confirm: 'true',
    payment_method: 'pm_card_visa',
    'allowed_payment_method_types[]': 'card',
  });
  for (const [name, value] of Object.entries(metadata)) body.set(`metadata[${name}]`, value);
  const answer = await fetch(`${url}/v1/payment_intents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secretKey}` },
    body,
  });
  expect(answer.status).toBe(200);
}
