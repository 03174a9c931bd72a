import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openConnection } from '../../lib/broker/ledger/sqlite/sqlite-driver';
import { closeStore } from '../../lib/broker/ledger/sqlite/open-store';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import type { IssuedKey, RunningBroker } from '../support/broker-process';
import { insertKeys } from '../support/bulk-keys';
import { PostgresServer } from '../support/postgres-server';
import { until } from '../support/until';

const CLI = resolve(__dirname, '../../dist/broker/cli/main.js');
const AUDIT_KEY = 'an audit key of more than forty characters';
const ENV = { VAULT_KEY_AUDIT_KEY: AUDIT_KEY };
const payment = (cents: number) =>
  `amount=${cents}&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true`;

let vendor: StripeVendor;
let server: PostgresServer;
beforeAll(async () => {
  vendor = await createStripeVendor();
  server = await PostgresServer.start();
});
afterAll(async () => {
  await vendor.close();
  await server.remove();
});
let to: string;
beforeEach(async () => {
  vendor.reset();
  to = await server.database();
});

const running = new Set<ChildProcess>();
afterAll(() => running.forEach((child) => child.kill('SIGKILL')));

/** `vault-key-broker migrate`, begun. */
function begin(args: readonly string[], env: Readonly<Record<string, string>> = ENV) {
  const child = spawn(process.execPath, [CLI, 'migrate', ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  running.add(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(() => {
    running.delete(child);
    return { code: child.exitCode, signal: child.signalCode, stdout, stderr };
  });
  return { child, ended };
}

const move = (
  from: string,
  target = to,
  env?: Readonly<Record<string, string>>,
  more: string[] = [],
) => begin(['--from', from, '--to', target, ...more], env).ended;
const onPostgres = (store = to) => BrokerProcess.start({ vendor, store, env: ENV });
const fileOf = (store: string) => store.slice('sqlite:'.length);
const pay = (broker: RunningBroker, { token }: IssuedKey, cents: number, key?: string) =>
  broker.call(token, 'POST', '/v1/payment_intents', {
    body: payment(cents),
    ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
  });

/** All that the management API says of a store. */
async function booksOf(broker: RunningBroker): Promise<Record<string, unknown>> {
  const paths = [
    '/v1/keys?limit=1000',
    '/v1/budgets',
    '/v1/brakes',
    '/v1/holds?limit=1000',
    '/v1/audit?limit=1000',
    '/v1/audit/segments',
    '/v1/audit/verify',
  ];
  const found = await Promise.all(
    paths.map(async (path) => [path, (await broker.api('GET', path)).body] as const),
  );
  return Object.fromEntries(found);
}

describe('a store of every kind of row', () => {
  let from: string;
  let before: Record<string, unknown>;
  let keys: { top: IssuedKey; child: IssuedKey; braked: IssuedKey };
  let moved: Awaited<ReturnType<typeof move>>;

  beforeAll(async () => {
    vendor.reset();
    const target = await server.database();
    to = target;
    const broker = await BrokerProcess.start({ vendor, env: ENV });
    from = broker.store;
    const lease = await broker.api('POST', '/v1/leases', { ttl_seconds: 3_600 });
    const top = await broker.issue({
      subject: { tenant_id: 't1', user_id: 'u1', run_id: 'r1', tool: 'T.pay' },
      budgets: { user: 500 },
      lease_id: lease.body.id,
      allowed_endpoints: ['/v1/payment_intents', '/v1/payment_intents/*/capture', '/v1/refunds'],
    });
    const child = await broker.issue({
      parent_id: top.id,
      subject: { tenant_id: 't1', user_id: 'u1', run_id: 'r1', tool: 'T.pay' },
    });
    const braked = await broker.issue({ subject: { user_id: 'u2' } });
    keys = { top, child, braked };
    const revoked = await broker.issue();
    await broker.api('DELETE', `/v1/keys/${revoked.id}`);
    await broker.api('PUT', '/v1/budgets/user/u1', { daily_usd_cap: 90, tenant_id: 't1' });
    await broker.api('POST', '/v1/brakes', { scope: 'user', id: 'u2', reason: 'a test' });

    // Settled, given back in part, refunded, declined, refused, unknown.
    await pay(broker, child, 1_000, 'op-1');
    const reserved = await broker.call(top.token, 'POST', '/v1/payment_intents', {
      body: `${payment(2_000)}&capture_method=manual`,
    });
    await broker.call(top.token, 'POST', `/v1/payment_intents/${reserved.body.id}/capture`, {
      body: 'amount_to_capture=1500',
    });
    vendor.next('POST /v1/payment_intents', { decline: 'card_declined' });
    await pay(broker, top, 700);
    await pay(broker, braked, 100);
    vendor.next('POST /v1/payment_intents', { reset: 'after' });
    await pay(broker, top, 300, 'op-2');

    await broker.api('POST', '/v1/audit/segments');
    const [cut] = (await broker.api('GET', '/v1/audit/segments')).body.segments;
    await broker.api('POST', `/v1/audit/segments/${cut.last}/confirm`, { head: cut.head });
    await pay(broker, top, 400);
    // One is in flight when the broker is killed.
    const held = vendor.hold('POST /v1/payment_intents');
    const cutOff = pay(broker, top, 600, 'op-3').catch(() => undefined);
    await held.arrived;
    await broker.kill('SIGKILL');
    held.release();
    await cutOff;

    const again = await broker.restart();
    before = await booksOf(again);
    await again.kill('SIGTERM');
    moved = await move(from, target);
  });
  // Each test has a database of its own, but here.
  let there: string;
  beforeAll(() => (there = to));

  it('moves, and the command says how much of each', () => {
    expect([moved.code, moved.signal]).toEqual([0, null]);
    const { stdout } = moved;
    expect(stdout).toContain(`${fileOf(from)} has moved to postgres://postgres@127.0.0.1`);
    expect(stdout).toMatch(/^ +4 {2}keys$/m);
    expect(stdout).toMatch(/^ +1 {2}leases$/m);
    expect(stdout).toMatch(/^ +3 {2}operations$/m);
    expect(stdout).toMatch(/^ +1 {2}brakes$/m);
    expect(stdout).toMatch(/settled, \d+ released and 2 unknown/);
    expect(stdout).toMatch(/verifies on both sides, head [0-9a-f]{64}\./);
    expect(stdout + moved.stderr).not.toContain(AUDIT_KEY);
  });

  it('is the same store there, to a broker and to its audit log', async () => {
    const broker = await onPostgres(there);
    expect(await booksOf(broker)).toEqual(before);
    await broker.kill('SIGTERM');
  });

  it('goes on there: caps, brakes, operations and the log count what came before', async () => {
    const broker = await onPostgres(there);
    const { top, child, braked } = keys;
    expect((await pay(broker, braked, 100)).body.code).toBe('braked');
    // The operator's budget: of 90, 10 + 15 + 3 + 4 + 6 are spent or held.
    expect((await pay(broker, child, 5_300)).body.code).toBe('cap_exhausted');
    // A retry has the hold of its first call, and shows how that has ended.
    expect((await pay(broker, top, 300, 'op-2')).status).toBe(200);
    const { holds } = (await broker.api('GET', '/v1/holds?state=unknown')).body;
    expect(holds).toHaveLength(1);
    expect((await pay(broker, child, 5_200)).status).toBe(200);
    const verdict = (await broker.api('GET', '/v1/audit/verify')).body;
    expect(verdict).toMatchObject({ ok: true });
    const { head } = before['/v1/audit/verify'] as { head: string };
    expect((await broker.api('GET', `/v1/audit/verify?head=${head}`)).body.ok).toBe(true);
    expect((await broker.api('POST', '/v1/audit/segments')).status).toBe(201);
    await broker.kill('SIGTERM');
  });

  it('starts no broker in its file any more, unless it is told to', async () => {
    const { code, stderr } = await BrokerProcess.run({ vendor, store: from, env: ENV });
    expect(code).toBe(2);
    expect(stderr).toMatch(/has moved to postgres:\/\/postgres@127\.0\.0\.1:\d+\/db_\d+, at 20/);
    expect(stderr).toContain('--accept-store moved');
    const copy = temporaryFile();
    copyFileSync(fileOf(from), copy);
    const told = { vendor, store: `sqlite:${copy}`, env: ENV };
    const broker = await BrokerProcess.start({ ...told, args: ['--accept-store', 'moved'] });
    await broker.kill('SIGTERM');
    await (await BrokerProcess.start(told)).kill('SIGTERM');
  });

  it('moves once: the command says that nothing is left to do, and refuses another target', async () => {
    const again = await move(from, there);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('before: nothing was left to do');
    const other = await move(from, await server.database());
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(
      /has moved to postgres:.*in two stores every cap would count twice/,
    );
  });
});

describe('nothing moves', () => {
  let broker: BrokerProcess;
  beforeAll(async () => {
    broker = await BrokerProcess.start({ vendor, env: ENV });
    await broker.issue();
  });

  it('while a broker has the store, which is named', async () => {
    const { code, stderr } = await move(broker.store);
    expect(code).toBe(1);
    expect(stderr).toContain(`is in use by process ${broker.pid} on `);
    expect(stderr).toContain('stop that broker');
    expect((await broker.issue()).id).toMatch(/^vk_/);
  });

  describe('from a store that is stopped', () => {
    let from: string;
    beforeAll(async () => {
      from = broker.store;
      await broker.kill('SIGTERM');
    });
    afterEach(async () => {
      // Whatever went wrong, the store is as usable as before.
      await (await BrokerProcess.start({ vendor, store: from, env: ENV })).kill('SIGTERM');
    });

    it('to a store that has rows', async () => {
      const other = await onPostgres();
      await other.issue();
      await other.kill('SIGTERM');
      const { code, stderr } = await move(from);
      expect(code).toBe(1);
      expect(stderr).toMatch(/is not empty: its tables keys, balances, .* have rows/);
    });

    it('to a store that a broker is running on', async () => {
      const other = await onPostgres();
      const { code, stderr } = await move(from);
      expect(code).toBe(1);
      expect(stderr).toMatch(/A broker is running on the store postgres:.*: stop it/);
      await other.kill('SIGTERM');
      // It has left nothing.
      const copy = temporaryFile();
      copyFileSync(fileOf(from), copy);
      expect((await move(`sqlite:${copy}`)).code).toBe(0);
    });

    it('to a store of another audit key, nor with another one than its own', async () => {
      const others = { VAULT_KEY_AUDIT_KEY: `${AUDIT_KEY} of others` };
      const other = await BrokerProcess.start({ vendor, store: to, env: others });
      await other.kill('SIGTERM');
      expect((await move(from)).stderr).toContain('begun under another key');
      const { code, stderr } = await move(from, await server.database(), others);
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining('--accept-store other-audit-key'),
      ]);
    });

    it('to a server that does not answer, without its password in the message', async () => {
      const { code, stderr } = await move(from, 'postgres://app:a_password@127.0.0.1:1/ledger');
      expect(code).toBe(1);
      expect(stderr).toMatch(/postgres:\/\/app@127\.0\.0\.1:1\/ledger cannot be reached/);
      expect(stderr).not.toContain('a_password');
    });
  });

  it.each([
    ['sqlite::memory:', '--from must be'],
    ['postgres://a@b/c', '--from must be'],
  ])('from %s', async (from, message) => {
    const { code, stderr } = await move(from);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('from a file that has no store, and makes none', async () => {
    const file = temporaryFile();
    const { code, stderr } = await move(`sqlite:${file}`);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`There is no store in ${file}`)]);
    const foreign = openConnection(file);
    foreign.exec('CREATE TABLE notes (text TEXT)');
    foreign.close();
    expect((await move(`sqlite:${file}`)).stderr).toContain(`There is no store in ${file}`);
  });

  it('from a store whose balances are not the sum of its holds', async () => {
    const made = await BrokerProcess.start({ vendor, env: ENV });
    expect((await pay(made, await made.issue(), 1_000)).status).toBe(200);
    await made.kill('SIGTERM');
    const file = openConnection(fileOf(made.store));
    file.exec('UPDATE balances SET spent = spent + 1');
    closeStore(file);
    const { code, stderr } = await move(made.store);
    expect([code, stderr]).toEqual([1, expect.stringContaining('contradicts itself')]);
  });
});

it('a store with the audit key beside it says where the key is', async () => {
  const broker = await BrokerProcess.start({ vendor });
  await broker.kill('SIGTERM');
  const { code, stdout } = await move(broker.store, to, {});
  expect(code).toBe(0);
  expect(stdout).toContain(`what ${fileOf(broker.store)}.audit-key holds as VAULT_KEY_AUDIT_KEY`);
});

describe('a move that is killed', () => {
  const KEYS = 6_000;
  let pristine: string;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vault-key-move-'));
    const broker = await BrokerProcess.start({ vendor, env: ENV });
    const key = await broker.issue();
    for (let i = 0; i < 20; i++) expect((await pay(broker, key, 100)).status).toBe(200);
    await broker.kill('SIGTERM');
    insertKeys(broker.store, { count: KEYS });
    pristine = fileOf(broker.store);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  let copies = 0;
  function copy(): string {
    const file = join(folder, `store-${++copies}.db`);
    copyFileSync(pristine, file);
    return `sqlite:${file}`;
  }

  /** How many keys and holds there are; 0 too where there is no schema yet. */
  async function rowsIn(store: string): Promise<number> {
    const name = new URL(store).pathname.slice(1);
    const [found] = await server.query(name, `SELECT to_regclass('vault_key.keys') AS there`);
    if (found?.['there'] === null) return 0;
    const [row] = await server.query(
      name,
      'SELECT (SELECT count(*) FROM vault_key.keys) + (SELECT count(*) FROM vault_key.holds) AS n',
    );
    return Number(row?.['n']);
  }

  /** Whatever has come of it, the same command ends it, and no broker starts on the file. */
  async function endsWell(from: string, target: string): Promise<void> {
    const again = await move(from, target);
    expect([again.code, again.stderr]).toEqual([0, expect.any(String)]);
    expect(await rowsIn(target)).toBe(KEYS + 21);
    const started = await BrokerProcess.run({ vendor, store: from, env: ENV });
    expect(started.stderr).toContain('has moved to');
  }

  it('at any moment leaves an empty store there, or a whole one', async () => {
    const begun = performance.now();
    expect((await move(copy(), await server.database())).code).toBe(0);
    const takes = performance.now() - begun;
    const found = new Set<number>();
    for (let round = 0; round < 12; round++) {
      const [from, target] = [copy(), await server.database()];
      const { child, ended } = begin(['--from', from, '--to', target]);
      // Spread over the whole of it, with some chance between.
      const after = takes * ((round + Math.random()) / 12);
      const timer = setTimeout(() => child.kill('SIGKILL'), after);
      await ended;
      clearTimeout(timer);
      const rows = await rowsIn(target);
      found.add(rows);
      expect([0, KEYS + 21]).toContain(rows);
      if (round % 3 === 0) await endsWell(from, target);
    }
    expect(found).toContain(0);
  });

  describe('or loses its connection at the last step', () => {
    let proxies: Server[] = [];
    afterEach(() => {
      proxies.forEach((proxy) => proxy.close());
      proxies = [];
    });

    /** The way to the server, which does something with the first COMMIT of a move, and gives no answer to it. */
    async function through(
      target: string,
      onCommit: (pass: () => void, cut: () => void) => void,
    ): Promise<string> {
      let isOver = false;
      const proxy = createServer((near) => {
        const far = connect(server.port, '127.0.0.1');
        const cut = () => {
          near.destroy();
          far.destroy();
        };
        let [isMove, isMute] = [false, false];
        near.on('data', (chunk) => {
          isMove ||= chunk.includes('setval');
          if (isOver || !isMove || !chunk.includes('COMMIT\0')) {
            far.write(chunk);
            return;
          }
          isOver = isMute = true;
          onCommit(() => far.write(chunk), cut);
        });
        far.on('data', (chunk) => {
          if (!isMute) near.write(chunk);
        });
        for (const each of [near, far]) each.on('error', cut).on('close', cut);
      });
      proxies.push(proxy);
      await once(proxy.listen(0, '127.0.0.1'), 'listening');
      const url = new URL(target);
      url.port = String((proxy.address() as AddressInfo).port);
      return url.href;
    }

    it.each([
      ['is killed before COMMIT is sent', 0],
      ['is killed before COMMIT is answered', KEYS + 21],
    ])('where it %s', async (_, rows) => {
      const from = copy();
      let kill = (): void => {};
      const way = await through(to, (pass) => {
        if (rows > 0) pass();
        setTimeout(kill, 200);
      });
      const { child, ended } = begin(['--from', from, '--to', way]);
      kill = () => child.kill('SIGKILL');
      expect((await ended).signal).toBe('SIGKILL');
      await until(
        async () => (await rowsIn(to)) === rows,
        async () => `${await rowsIn(to)} rows`,
      );
      // It may have moved: no broker starts there before that is known.
      const started = await BrokerProcess.run({ vendor, store: from, env: ENV });
      expect(started.stderr).toContain('was not seen to arrive');
      await endsWell(from, way);
    });

    it('no broker gets in before the end', async () => {
      const from = copy();
      let arrives = (): void => {};
      const arrived = new Promise<void>((resolve) => (arrives = resolve));
      let goOn = (): void => {};
      const way = await through(to, (pass, cut) => {
        goOn = () => {
          pass();
          setTimeout(cut, 200);
        };
        arrives();
      });
      const { ended } = begin(['--from', from, '--to', way]);
      await arrived;
      const early = await BrokerProcess.run({ vendor, store: to, env: ENV });
      expect([early.code, early.stdout]).toEqual([2, '']);
      goOn();
      expect((await ended).code).toBe(0);
      expect(await rowsIn(to)).toBe(KEYS + 21);
      await (await onPostgres()).kill('SIGTERM');
    });

    it('where the answer to COMMIT is lost, it finds out that all has moved', async () => {
      const from = copy();
      const way = await through(to, (pass, cut) => {
        pass();
        setTimeout(cut, 200);
      });
      expect((await move(from, way)).code).toBe(0);
      expect(await rowsIn(to)).toBe(KEYS + 21);
    });

    it('where COMMIT is lost, it finds out that nothing has moved, and the store is as before', async () => {
      const from = copy();
      const way = await through(to, (_, cut) => cut());
      const { code, stderr } = await move(from, way);
      expect([code, stderr]).toEqual([1, expect.stringContaining('cannot be reached')]);
      expect(await rowsIn(to)).toBe(0);
      await (await BrokerProcess.start({ vendor, store: from, env: ENV })).kill('SIGTERM');
      await endsWell(from, to);
    });
  });
});
