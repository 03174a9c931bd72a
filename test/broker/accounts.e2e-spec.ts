import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { BrokerProcess, send, temporaryFile } from '../support/broker-process';
import type { Answer, BrokerProcessOptions } from '../support/broker-process';
import { certificateFor } from '../support/certificates';
import { refusedSettings } from '../support/refused-settings';
import { RecordingVendor } from './recording-vendor';
import type { ReceivedRequest } from './recording-vendor';

const ACME = 'sk_test_of_acme_0815';
const GLOBEX = 'sk_test_of_globex_4711';
const CHARGE = 'amount=1000&currency=usd&confirm=true';

/** One Stripe for all accounts: nothing but the secret tells them apart. */
let vendor: RecordingVendor;
/** The account of each secret that it accepts. */
const accepted = new Map<string, string>();

beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterAll(() => vendor.close());
beforeEach(() => {
  vendor.received.length = 0;
  accepted.clear();
  accepted.set(ACME, 'acme').set(GLOBEX, 'globex').set(vendor.secretKey, 'own');
  vendor.respond = (_req, res, received) => {
    const account = accepted.get(secretOf(received));
    if (account === undefined) {
      const message = `Invalid API Key provided: ${secretOf(received)}`;
      res.writeHead(401, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ error: { type: 'invalid_request_error', message } }));
      return;
    }
    res.writeHead(200, { 'content-type': 'application/json', 'x-account': account });
    const amount = Number(new URLSearchParams(received.body).get('amount') ?? 0);
    const id = `pi_${vendor.received.indexOf(received)}`;
    res.end(JSON.stringify({ id, object: 'payment_intent', amount, currency: 'usd' }));
  };
});

function secretOf({ rawHeaders }: ReceivedRequest): string {
  const at = rawHeaders.findIndex((name) => name.toLowerCase() === 'authorization');
  return (rawHeaders[at + 1] ?? '').replace('Bearer ', '');
}

/** The secrets that have reached the vendor, in their order. */
function sent(): string[] {
  return vendor.received.map(secretOf);
}

function config(vendors: object): string[] {
  const file = temporaryFile('config.json');
  writeFileSync(file, JSON.stringify({ vendors }));
  return ['--config', file];
}

const accounts = () => ({
  'stripe-acme': { kind: 'stripe', secretKey: ACME, baseUrl: vendor.url },
  'stripe-globex': { kind: 'stripe', secretKey: GLOBEX, baseUrl: vendor.url },
});

function start(options: BrokerProcessOptions = {}): Promise<BrokerProcess> {
  return BrokerProcess.start({ vendor, args: config(accounts()), ...options });
}

/** A call at an account; a charge by default. */
function call(
  broker: BrokerProcess,
  token: string,
  account: string,
  headers: Record<string, string> = {},
  body = CHARGE,
): Promise<Answer> {
  return send(broker.url, 'POST', `/${account}/v1/payment_intents`, {
    body,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    },
  });
}

describe('accounts of one kind at one broker', () => {
  let broker: BrokerProcess;
  let keys: Record<string, string>;

  beforeAll(async () => {
    broker = await start();
    keys = {};
    for (const name of ['stripe', 'stripe-acme', 'stripe-globex']) {
      keys[name] = (await broker.issue({ vendor: name })).token;
    }
  });

  it('each call carries the secret of the account that its key is for', async () => {
    for (const name of ['stripe-globex', 'stripe', 'stripe-acme']) {
      expect((await call(broker, keys[name]!, name)).status).toBe(200);
    }
    expect(sent()).toEqual([GLOBEX, vendor.secretKey, ACME]);
  });

  it('no key reaches another account: 401 in the words for any unknown key, and nothing is sent', async () => {
    const unknown = await call(broker, `${keys['stripe']!.slice(0, -1)}?`, 'stripe');
    for (const [name, key] of Object.entries(keys)) {
      for (const other of Object.keys(keys)) {
        if (other === name) continue;
        const answer = await call(broker, key, other);
        expect([answer.status, answer.text]).toEqual([401, unknown.text]);
      }
    }
    expect((await call(broker, keys['stripe']!, 'stripe-initech')).status).toBe(404);
    expect(vendor.received).toEqual([]);
  });

  it('a key says what its account is at, where the name does not', async () => {
    const terms = { label: 'l', daily_usd_cap: 1, allowed_endpoints: ['/v1/charges'] };
    const acme = await broker.api('POST', '/v1/keys', { ...terms, vendor: 'stripe-acme' });
    expect(acme.body).toMatchObject({ vendor: 'stripe-acme', kind: 'stripe' });
    const own = await broker.api('POST', '/v1/keys', { ...terms, vendor: 'stripe' });
    expect(own.body).not.toHaveProperty('kind');
  });

  it('a key for an account that is not there is refused by name, without the names of the others', async () => {
    const { status, body, text } = await broker.api('POST', '/v1/keys', {
      label: 'l',
      vendor: 'stripe-initech',
      daily_usd_cap: 1,
      allowed_endpoints: ['/v1/charges'],
    });
    expect([status, body.fields]).toEqual([
      422,
      [
        {
          field: 'vendor',
          message: expect.stringContaining('no account is called "stripe-initech"'),
        },
      ],
    ]);
    expect(text).not.toContain('acme');
  });

  it('one Idempotency-Key at two accounts is two operations, each with its own hold and fingerprint', async () => {
    const headers = { 'idempotency-key': 'order-1' };
    const [acme, globex] = [
      await broker.issue({ vendor: 'stripe-acme' }),
      await broker.issue({ vendor: 'stripe-globex' }),
    ];
    expect((await call(broker, acme.token, 'stripe-acme', headers)).status).toBe(200);
    expect((await call(broker, globex.token, 'stripe-globex', headers)).status).toBe(200);
    const other = 'amount=2000&currency=usd';
    expect((await call(broker, globex.token, 'stripe-globex', headers, other)).status).toBe(422);
    expect((await call(broker, acme.token, 'stripe-acme', headers)).status).toBe(200);
    expect(sent()).toEqual([ACME, GLOBEX, ACME]);
    expect(await broker.money(acme)).toMatchObject({ spent: 10, held: 0 });
    expect(await broker.money(globex)).toMatchObject({ spent: 10, held: 0 });
  });

  it('a payment of one account is no payment of another one', async () => {
    const endpoints = ['/v1/payment_intents', '/v1/payment_intents/*/capture'];
    const acme = await broker.issue({ vendor: 'stripe-acme', allowed_endpoints: endpoints });
    const globex = await broker.issue({ vendor: 'stripe-globex', allowed_endpoints: endpoints });
    vendor.respond = (_req, res) => {
      const body = { id: 'pi_of_acme', object: 'payment_intent', amount: 1000, currency: 'usd' };
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    expect((await call(broker, acme.token, 'stripe-acme')).status).toBe(200);
    const capture = (token: string, account: string) =>
      send(broker.url, 'POST', `/${account}/v1/payment_intents/pi_of_acme/capture`, {
        headers: { authorization: `Bearer ${token}` },
      });
    expect((await capture(acme.token, 'stripe-acme')).status).toBe(200);
    // What the ledger knows of acme's payment prices no call of globex.
    const { body } = await capture(globex.token, 'stripe-globex');
    expect(body.code).toBe('amount_unknown');
  });

  it('budgets, brakes, lists, the audit log and the metrics know each account by its name', async () => {
    const [acme, globex] = [
      await broker.issue({ vendor: 'stripe-acme', subject: { tenant_id: 'a' } }),
      await broker.issue({ vendor: 'stripe-globex', subject: { tenant_id: 'g' } }),
    ];
    const { body: budget } = await broker.api('GET', '/v1/budgets/effective?vendor=stripe-acme');
    expect(budget.caps).toEqual([]);
    const spent =
      5 +
      Number(
        (await broker.api('GET', '/v1/keys?vendor=stripe-acme')).body.keys.reduce(
          (sum: number, key: { spent_usd: number }) => sum + key.spent_usd,
          0,
        ),
      );
    expect(
      (await broker.api('PUT', '/v1/budgets/vendor/stripe-acme', { daily_usd_cap: spent })).status,
    ).toBe(200);
    expect((await call(broker, acme.token, 'stripe-acme')).body).toMatchObject({
      code: 'cap_exhausted',
      scope: 'vendor',
    });
    expect((await call(broker, globex.token, 'stripe-globex')).status).toBe(200);
    expect(
      (await broker.api('PUT', '/v1/budgets/vendor/stripe-initech', { daily_usd_cap: 1 })).status,
    ).toBe(422);

    const brake = { scope: 'vendor', id: 'stripe-globex', reason: 'fraud' };
    const { body: put } = await broker.api('POST', '/v1/brakes', brake);
    expect((await call(broker, globex.token, 'stripe-globex')).body.code).toBe('braked');
    expect((await call(broker, keys['stripe']!, 'stripe')).status).toBe(200);
    await broker.api('DELETE', `/v1/brakes/${put.id}`);

    const { body: log } = await broker.api('GET', '/v1/audit?vendor=stripe-globex&tenant_id=g');
    expect(log.entries.length).toBeGreaterThan(0);
    for (const entry of log.entries) expect(entry.vendor).toBe('stripe-globex');
    const { text } = await send(broker.url, 'GET', '/metrics', {
      headers: { authorization: `Bearer ${broker.token}` },
    });
    expect(text).toMatch(/vault_key_calls_total\{[^}]*vendor="stripe-acme"/);
  });
});

describe('a secret that is being changed', () => {
  const NEXT = 'sk_test_of_acme_next_1234';
  const changing = () => {
    const next = { ...accounts()['stripe-acme'], nextSecretKey: NEXT };
    return { args: config({ ...accounts(), 'stripe-acme': next }) };
  };

  it('the next one sends, and where the vendor does not accept it, the other one once', async () => {
    const broker = await start(changing());
    const key = await broker.issue({ vendor: 'stripe-acme' });
    const audit = () => broker.api('GET', `/v1/audit?event=call&key_id=${key.id}`);

    expect((await call(broker, key.token, 'stripe-acme')).status).toBe(200);
    expect(sent()).toEqual([NEXT, ACME]);
    expect(await broker.money(key)).toMatchObject({ spent: 10, held: 0 });
    expect((await audit()).body.entries).toHaveLength(1);
    expect(vendor.received[0]?.body).toBe(vendor.received[1]?.body);

    accepted.set(NEXT, 'acme');
    accepted.delete(ACME);
    vendor.received.length = 0;
    expect((await call(broker, key.token, 'stripe-acme')).status).toBe(200);
    expect(sent()).toEqual([NEXT]);
    expect((await audit()).body.entries).toHaveLength(2);
    expect(broker.output).toMatch(/stripe-acme did not accept the next secret key/);
    expect(broker.output).not.toMatch(/sk_test/);
  });

  it('where neither is accepted nothing was charged, and two calls have left', async () => {
    const broker = await start(changing());
    const key = await broker.issue({ vendor: 'stripe-acme' });
    accepted.clear();
    const answer = await call(broker, key.token, 'stripe-acme');
    expect([answer.status, answer.body.code]).toEqual([502, 'vendor_rejected_credentials']);
    expect(answer.text).not.toContain('sk_test');
    expect(sent()).toEqual([NEXT, ACME]);
    expect(await broker.money(key)).toMatchObject({ spent: 0, held: 0 });
    expect(broker.output).toMatch(/the vendor of stripe-acme did not accept its secret key/);
  });

  it('an answer that shows either is withheld, and so is a header', async () => {
    const broker = await start(changing());
    const key = await broker.issue({ vendor: 'stripe-acme' });
    for (const secret of [ACME, NEXT]) {
      vendor.respond = (_req, res) => {
        const error = { type: 'invalid_request_error', message: `no such key ${secret}` };
        res.writeHead(400, { 'content-type': 'application/json', 'x-shown': `it is ${secret}` });
        res.end(JSON.stringify({ error }));
      };
      const answer = await call(broker, key.token, 'stripe-acme');
      expect([answer.status, answer.body.code]).toEqual([400, 'vendor_answer_withheld']);
      expect(`${answer.text}${JSON.stringify(answer.headers)}`).not.toContain(secret);
    }
  });
});

describe('secrets and SIGHUP at the command', () => {
  const TOKEN_NEXT = 'kb_the_next_management_token_of_good_length';

  function file(name: string, text: string): string {
    const path = temporaryFile(name);
    writeFileSync(path, text);
    return path;
  }

  /** Has the settings read again, and waits until they were. */
  async function hangUp(broker: BrokerProcess, says: RegExp): Promise<void> {
    const before = broker.output.length;
    process.kill(broker.pid, 'SIGHUP');
    await broker.says('SIGHUP', before);
    expect(broker.output.slice(before)).toMatch(says);
  }

  const READ = /^vault-key-broker: SIGHUP: files, config and certificate were read again\n$/;
  const KEPT = /^vault-key-broker: SIGHUP: the settings stay as they were: .+\n$/;

  it('each secret may come from a file, and the environment names those of each account', async () => {
    const acme = file('acme', `${ACME}\n`);
    const broker = await BrokerProcess.start({
      args: config({ 'stripe-acme': { kind: 'stripe', baseUrl: vendor.url } }),
      env: {
        KEYBRAKE_TOKEN: '',
        KEYBRAKE_TOKEN_FILE: file('token', `${TOKEN_NEXT}\n`),
        STRIPE_SECRET_KEY: '',
        VAULT_KEY_AUDIT_KEY_FILE: file('audit', 'an audit key of more than 32 characters\n'),
        STRIPE_ACME_SECRET_KEY_FILE: acme,
      },
    });
    const headers = { authorization: `Bearer ${TOKEN_NEXT}`, 'content-type': 'application/json' };
    const terms = { label: 'l', daily_usd_cap: 50, allowed_endpoints: ['/v1/payment_intents'] };
    const issue = (name: string) =>
      send(broker.url, 'POST', '/v1/keys', {
        headers,
        body: JSON.stringify({ ...terms, vendor: name }),
      });
    expect((await issue('stripe')).status).toBe(422);
    const { body } = await issue('stripe-acme');
    expect((await call(broker, body.token, 'stripe-acme')).status).toBe(200);
    expect(sent()).toEqual([ACME]);
  });

  it('two management tokens are accepted while one is changed', async () => {
    const broker = await start({ env: { KEYBRAKE_TOKEN_NEXT: TOKEN_NEXT } });
    for (const [token, status] of [
      [broker.token, 200],
      [TOKEN_NEXT, 200],
      [`${TOKEN_NEXT}x`, 401],
    ] as const) {
      const headers = { authorization: `Bearer ${token}` };
      expect((await send(broker.url, 'GET', '/v1/keys', { headers })).status).toBe(status);
    }
  });

  it.each<[string, () => BrokerProcessOptions]>([
    ['STRIPE_SECRET_KEY_FILE', () => ({ env: { STRIPE_SECRET_KEY_FILE: file('a', ACME) } })],
    [
      'KEYBRAKE_TOKEN_FILE',
      () => ({ env: { KEYBRAKE_TOKEN: '', KEYBRAKE_TOKEN_FILE: '/no/file' } }),
    ],
    ['KEYBRAKE_TOKEN_NEXT', () => ({ env: { KEYBRAKE_TOKEN_NEXT: 'short' } })],
    ['STRIPE_SECRET_KEY_NEXT', () => ({ env: { STRIPE_SECRET_KEY_NEXT: 'sk test' } })],
    [
      'STRIPE_ACME_SECRET_KEY',
      () => ({ args: config({ 'stripe-acme': { kind: 'stripe', baseUrl: vendor.url } }) }),
    ],
    ['STRIPE_ACME_SECRET_KEY', () => ({ env: { STRIPE_ACME_SECRET_KEY: ACME } })],
    ['vendors.a.kind', () => ({ args: config({ a: { kind: 'paypal', secretKey: ACME } }) })],
  ])('a start without what it needs names %s', (setting, options) => {
    const line = refusedSettings({ args: config(accounts()), ...options() });
    expect(line).toMatch(/^.+$/);
    expect(line).toContain(setting);
    expect(line).not.toMatch(/sk_test|sk test/);
  });

  it('a start without a file that its accounts name says which, in one line', async () => {
    const next = { ...accounts()['stripe-acme'], nextSecretKeyFile: '/no/file' };
    const args = config({ 'stripe-acme': next });
    const { code, stdout, stderr } = await BrokerProcess.run({ vendor, args });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^vault-key-broker: .*vendors\.stripe-acme\.nextSecretKeyFile.*\n$/);
    expect(stderr).not.toMatch(/sk_test/);
  });

  it('SIGHUP reads secrets, accounts and tokens again; a bad one keeps the old, with one line', async () => {
    const acme = file('acme', ACME);
    const token = file('token', TOKEN_NEXT);
    const settings = file('config.json', '');
    const written = (vendors: object): void => writeFileSync(settings, JSON.stringify({ vendors }));
    const one = { 'stripe-acme': { kind: 'stripe', secretKeyFile: acme, baseUrl: vendor.url } };
    written(one);
    const broker = await start({
      args: ['--config', settings],
      env: { KEYBRAKE_TOKEN_NEXT_FILE: token },
    });
    const key = await broker.issue({ vendor: 'stripe-acme' });
    const asks = async (bearer: string) => {
      const headers = { authorization: `Bearer ${bearer}` };
      return (await send(broker.url, 'GET', '/v1/keys', { headers })).status;
    };

    // A call in flight goes on, with what it has begun with.
    let arrived: () => void = () => {};
    let answer: () => void = () => {};
    const atVendor = new Promise<void>((resolve) => (arrived = resolve));
    const respond = vendor.respond;
    vendor.respond = (req, res, received) => {
      arrived();
      answer = () => respond(req, res, received);
    };
    const inFlight = call(broker, key.token, 'stripe-acme');
    await atVendor;
    vendor.respond = respond;

    const fresh = 'sk_test_of_acme_after_the_change';
    accepted.set(fresh, 'acme');
    writeFileSync(acme, `${fresh}\n`);
    const both = { ...one, 'stripe-globex': accounts()['stripe-globex'] };
    written(both);
    writeFileSync(token, 'kb_another_management_token_of_good_length');
    await hangUp(broker, READ);
    answer();
    expect((await inFlight).status).toBe(200);
    expect((await call(broker, key.token, 'stripe-acme')).status).toBe(200);
    const globex = await broker.issue({ vendor: 'stripe-globex' });
    expect((await call(broker, globex.token, 'stripe-globex')).status).toBe(200);
    expect(sent()).toEqual([ACME, fresh, GLOBEX]);
    expect(await broker.money(key)).toMatchObject({ spent: 20, held: 0 });
    expect([await asks(TOKEN_NEXT), await asks(broker.token)]).toEqual([401, 200]);

    for (const spoil of [
      () => writeFileSync(acme, 'sk_test with a blank'),
      () => writeFileSync(acme, ''),
      () => writeFileSync(settings, '{ "vendors": '),
      () => written({ 'stripe-acme': { kind: 'strype' } }),
    ]) {
      writeFileSync(acme, fresh);
      written(both);
      spoil();
      await hangUp(broker, KEPT);
      expect(broker.output).not.toMatch(/sk_test/);
      expect((await call(broker, globex.token, 'stripe-globex')).status).toBe(200);
      expect((await call(broker, key.token, 'stripe-acme')).status).toBe(200);
    }

    // An account that is left out is not there any more, and neither is anything for its keys.
    writeFileSync(acme, fresh);
    written(one);
    await hangUp(broker, READ);
    expect((await call(broker, globex.token, 'stripe-globex')).status).toBe(404);
    expect((await broker.kill('SIGTERM')).code).toBe(0);
  });

  it('SIGHUP takes other limits, too', async () => {
    const settings = file('config.json', '');
    const written = (callsPerKey: number): void =>
      writeFileSync(settings, JSON.stringify({ vendors: accounts(), limits: { callsPerKey } }));
    written(1);
    const broker = await start({ args: ['--config', settings] });
    const { token } = await broker.issue({ vendor: 'stripe-acme' });
    const answers: (() => void)[] = [];
    const respond = vendor.respond;
    let arrived = (): void => {};
    vendor.respond = (req, res, received) => {
      answers.push(() => respond(req, res, received));
      arrived();
    };
    const atVendor = (): Promise<void> => new Promise((resolve) => (arrived = resolve));
    let arrival = atVendor();
    const first = call(broker, token, 'stripe-acme');
    await arrival;
    expect((await call(broker, token, 'stripe-acme')).body.code).toBe('overloaded');
    written(2);
    await hangUp(broker, READ);
    arrival = atVendor();
    const second = call(broker, token, 'stripe-acme');
    await arrival;
    for (const answer of answers) answer();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
  });

  it('SIGHUP reads the certificate again, for the connections that come after it', async () => {
    const [first, second] = [certificateFor('IP:127.0.0.1'), certificateFor('IP:127.0.0.1')];
    const broker = await start({
      args: [...config(accounts()), '--tls-cert', first.certFile, '--tls-key', first.keyFile],
    });
    const shown = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const port = Number(new URL(broker.url).port);
        const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
          resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
          socket.destroy();
        });
        socket.on('error', reject);
      });
    const fingerprint = ({ cert }: { cert: Buffer }) => new X509Certificate(cert).fingerprint256;
    expect(await shown()).toBe(fingerprint(first));
    writeFileSync(first.certFile, second.cert);
    await hangUp(broker, KEPT);
    expect(await shown()).toBe(fingerprint(first));
    writeFileSync(first.keyFile, second.key);
    await hangUp(broker, READ);
    expect(await shown()).toBe(fingerprint(second));
  });

  it('a secret is changed under load, and no call fails', async () => {
    const acme = file('acme', ACME);
    const next = file('next', '');
    const settings = {
      'stripe-acme': {
        kind: 'stripe',
        secretKeyFile: acme,
        nextSecretKeyFile: next,
        baseUrl: vendor.url,
      },
    };
    const broker = await start({ args: config(settings) });
    const fresh = 'sk_test_of_acme_after_the_change';
    let isOver = false;
    let calls = 0;
    const statuses = new Set<number>();
    const work = async (): Promise<void> => {
      const key = await broker.issue({ vendor: 'stripe-acme', daily_usd_cap: 100_000 });
      while (!isOver) {
        const { status } = await call(broker, key.token, 'stripe-acme');
        statuses.add(status);
        calls += 1;
      }
    };
    const workers = Array.from({ length: 8 }, work);
    const some = async (): Promise<void> => {
      const until = calls + 50;
      while (calls < until) await new Promise((resolve) => setImmediate(resolve));
    };
    await some();
    writeFileSync(next, fresh); // known here before the vendor has it
    await hangUp(broker, /were read again\n/);
    await some();
    accepted.set(fresh, 'acme');
    await some();
    accepted.delete(ACME);
    await some();
    writeFileSync(acme, fresh);
    writeFileSync(next, '');
    await hangUp(broker, /were read again\n/);
    await some();
    isOver = true;
    await Promise.all(workers);
    expect([...statuses]).toEqual([200]);
    expect(sent().filter((secret) => secret === fresh).length).toBeGreaterThan(100);
    for (const state of ['held', 'unknown', 'released']) {
      const { body } = await broker.api('GET', `/v1/holds?state=${state}`);
      expect([state, body.holds]).toEqual([state, []]);
    }
  });
});
