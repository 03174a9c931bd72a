import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  BrakeService,
  ProxiedStripeService,
  VaultKeyModule,
  VaultKeyService,
} from '../../lib/index';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess } from '../support/broker-process';
import type { IssuedKey, RunningBroker } from '../support/broker-process';
import { BrokerServer } from '../support/broker-server';
import type { PostgresServer } from '../support/postgres-server';
import { until } from '../support/until';
import { withVendorAndPostgres } from '../support/vendor-and-postgres';

const AUDIT_KEY = 'an audit key of more than forty characters';
const PAYMENT =
  'amount=1000&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true';

let vendor: StripeVendor;
let server: PostgresServer;
let store: string;
withVendorAndPostgres((made) => ({ vendor, server } = made));
beforeEach(async () => {
  vendor.reset();
  store = await server.database();
});

const start = () => BrokerProcess.start({ vendor, store, env: { VAULT_KEY_AUDIT_KEY: AUDIT_KEY } });
const pay = (broker: RunningBroker, { token }: IssuedKey) =>
  broker.call(token, 'POST', '/v1/payment_intents', { body: PAYMENT });

describe('two brokers on one PostgreSQL', () => {
  let brokers: readonly [BrokerServer, BrokerServer];
  const serve = () => BrokerServer.start(vendor, { store, auditKey: AUDIT_KEY });
  beforeEach(async () => {
    brokers = [await serve(), await serve()];
  });
  afterEach(() => Promise.all(brokers.map((broker) => broker.close())));

  it('have the same keys, and pass no cap together', async () => {
    const [one, other] = brokers;
    const key = await one.issue({ daily_usd_cap: 75 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => pay(i % 2 === 0 ? one : other, key)),
    );
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
      ...Array<number>(7).fill(200),
      ...Array<number>(13).fill(429),
    ]);
    expect(vendor.book.total('usd')).toBe(7_000);
    await until(
      async () => (await other.money(key)).held === 0,
      async () => JSON.stringify(await other.money(key)),
    );
    expect(await other.money(key)).toEqual({ spent: 70, held: 0, remaining: 5 });
    expect((await other.api('DELETE', `/v1/keys/${key.id}`)).status).toBe(200);
    expect((await pay(one, key)).status).toBe(401);
  });

  it('stop at once where the other one is told to', async () => {
    const [one, other] = brokers;
    const key = await one.issue();
    const brake = { scope: 'all', reason: 'a test' };
    expect((await other.api('POST', '/v1/brakes', brake)).status).toBe(201);
    const refused = await pay(one, key);
    expect([refused.status, refused.body.code]).toEqual([403, 'braked']);
    expect(vendor.book.total('usd')).toBe(0);
  });

  it('have one audit log, which verifies, and is exported by either', async () => {
    const [one, other] = brokers;
    const key = await one.issue();
    for (const broker of [one, other, one]) expect((await pay(broker, key)).status).toBe(200);
    const calls = async () => (await other.api('GET', '/v1/audit?event=call')).body.entries;
    await until(
      async () => (await calls()).length === 3,
      async () => JSON.stringify(await calls()),
    );
    const verdict = await one.api('GET', '/v1/audit/verify');
    expect(verdict.body).toMatchObject({ ok: true, entries: 4 });
    const cut = await other.api('POST', '/v1/audit/segments');
    expect(cut.body).toMatchObject({ first: 1, last: 4, head: verdict.body.head });
  });

  it('say what they are on, and that there is no file to copy', async () => {
    const [one] = brokers;
    const ready = await one.api('GET', '/readyz');
    expect(ready.body).toMatchObject({ store: { kind: 'postgres' } });
    const backup = await one.api('GET', '/v1/backup');
    expect([backup.status, backup.text]).toEqual([
      404,
      expect.stringContaining('PostgreSQL, which has backups of its own'),
    ]);
  });
});

it('two brokers on one PostgreSQL go on where one of them is killed, and count what it held', async () => {
  const [one, other] = [await start(), await start()];
  const key = await one.issue({ daily_usd_cap: 25 });
  const held = vendor.hold('POST /v1/payment_intents');
  const cut = pay(one, key).catch((error: NodeJS.ErrnoException) => error.code);
  await held.arrived;
  await one.kill('SIGKILL');
  held.release();
  expect(await cut).toBe('ECONNRESET');
  expect(await other.money(key)).toEqual({ spent: 0, held: 10, remaining: 15 });
  expect((await pay(other, key)).status).toBe(200);
  expect((await pay(other, key)).status).toBe(429);
});

describe('two instances of an application on one PostgreSQL', () => {
  const instances: INestApplication[] = [];
  afterEach(() => Promise.all(instances.splice(0).map((app) => app.close())));

  async function instance() {
    const module = await Test.createTestingModule({
      imports: [
        VaultKeyModule.forRoot({
          embedded: {
            vendors: { stripe: { secretKey: vendor.secretKey, baseUrl: vendor.url } },
            store,
            auditKey: AUDIT_KEY,
          },
          budgets: { user: 100 },
        }),
      ],
    }).compile();
    const app = module.createNestApplication();
    instances.push(await app.init());
    const [keys, stripe] = [app.get(VaultKeyService), app.get(ProxiedStripeService)];
    return {
      brakes: app.get(BrakeService),
      pay: () =>
        keys.run(
          { dailyUsdCap: 50, allowedEndpoints: ['/v1/payment_intents'] },
          () =>
            stripe.createPaymentIntent({
              amount: 3_000,
              paymentMethod: 'pm_card_visa',
              confirm: true,
            }),
          { userId: 'u1' },
        ),
    };
  }

  it('share the budget of a user, and a brake', async () => {
    const [one, other] = [await instance(), await instance()];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? one : other).pay()),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(vendor.book.total('usd')).toBe(9_000);
    await one.brakes.stop({ user: 'u1' }, 'a test');
    await expect(other.pay()).rejects.toMatchObject({ code: 'agent_braked' });
  });
});

describe('vault-key-broker migrate', () => {
  const migrate = (args: readonly string[], at = store) =>
    BrokerProcess.run({ args: ['migrate', ...args], store: at });
  beforeAll(() => server.query('postgres', 'CREATE ROLE app LOGIN'));
  afterAll(() => server.query('postgres', 'DROP OWNED BY app; DROP ROLE app').catch(() => {}));
  const apps = () => store.replace('postgres@', 'app@');
  const serve = () =>
    BrokerProcess.start({ vendor, store: apps(), env: { VAULT_KEY_AUDIT_KEY: AUDIT_KEY } });

  it('makes the schema as its owner, for brokers whose role only uses it', async () => {
    await expect(serve()).rejects.toThrow(
      /exited with 2 .*has no schema yet, which the role app may not make or change: run vault-key-broker migrate --grant-to app --store postgres:\/\/owner@/,
    );
    const made = await migrate(['--grant-to', 'app', '--json']);
    expect([made.code, made.stderr, JSON.parse(made.stdout)]).toEqual([
      0,
      '',
      { version: 1, was: 0, roles: ['app'] },
    ]);
    const again = await migrate([]);
    expect(again.stdout).toBe(`${store} has schema version 1 (unchanged), open to app\n`);
    const broker = await serve();
    expect((await pay(broker, await broker.issue())).status).toBe(200);
    await broker.kill('SIGTERM');
  });

  it('says in one line what it cannot do', async () => {
    const failed = async (args: readonly string[], at?: string) => {
      const { code, stderr } = await migrate(args, at);
      return [code, stderr.trimEnd()];
    };
    expect(await failed([], 'sqlite:./vault-key.db')).toEqual([
      2,
      'vault-key-broker migrate: --store (VAULT_KEY_STORE) must be postgres://<owner>@<host>/<database>: a SQLite store needs no migration, and moves to PostgreSQL with --from and --to (see migrate --help)',
    ]);
    expect(await failed(['--grant-to', 'nobody'])).toEqual([
      1,
      'vault-key-broker migrate: There is no role nobody at the server: make it with CREATE ROLE.',
    ]);
    expect(await failed([], 'postgres://app:a_password@127.0.0.1:1/ledger')).toEqual([
      1,
      'vault-key-broker migrate: The store postgres://app@127.0.0.1:1/ledger cannot be reached (ECONNREFUSED): start the server, or correct its URL.',
    ]);
    expect(await failed([], apps())).toEqual([
      1,
      expect.stringMatching(/does not give the role the rights .*permission denied for database/),
    ]);
  });
});

describe('a broker on PostgreSQL does not start', () => {
  const failed = (env: Record<string, string>, url = store) =>
    BrokerProcess.start({ vendor, store: url, env }).then(
      () => 'it started',
      (error: Error) => error.message,
    );

  it('without the key of the audit log that all instances share', async () => {
    expect(await failed({})).toMatch(
      /VAULT_KEY_AUDIT_KEY must be set where the store is in PostgreSQL/,
    );
  });

  it('where no server answers, and shows no password', async () => {
    const message = await failed(
      { VAULT_KEY_AUDIT_KEY: AUDIT_KEY },
      'postgres://app:a_password@127.0.0.1:1/ledger',
    );
    expect(message).toMatch(/postgres:\/\/app@127\.0\.0\.1:1\/ledger cannot be reached/);
    expect(message).not.toMatch(/a_password/);
  });
});
