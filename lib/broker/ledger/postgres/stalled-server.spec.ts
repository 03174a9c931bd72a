import { keyRecord } from '../../../../test/support/key-record';
import { until } from '../../../../test/support/until';
import { PostgresServer } from '../../../../test/support/postgres-server';
import { BrokerRefusal } from '../../refusal';
import { StoreLedger } from '../store-ledger';
import { loadPgDriver } from './pg-driver';
import type { PgDriver } from './pg-driver';
import { PostgresStore } from './postgres-store';
import type { PostgresStoreSettings } from './postgres-store';

const CENT = 10_000;
const KEY = keyRecord('k', { capMicros: 1_000 * CENT });

let server: PostgresServer;
let url: string;
let lines: string[];
let calls = 0;
const open: StoreLedger[] = [];
beforeAll(async () => {
  server = await PostgresServer.start();
}, 60_000);
afterAll(() => server.remove());
beforeEach(async () => {
  url = await server.store();
  lines = [];
});
afterEach(async () => {
  server.resume();
  for (const ledger of open.splice(0)) await ledger.close();
}, 60_000);

async function start(settings: Partial<PostgresStoreSettings> = {}) {
  const store = await PostgresStore.open(url, {
    auditKey: 'a key',
    ttlMs: 60_000,
    log: (line) => lines.push(line),
    ...settings,
  });
  const ledger = new StoreLedger(store, (line) => lines.push(line));
  open.push(ledger);
  return { store, ledger };
}

function admit(ledger: StoreLedger) {
  const callId = `call_${++calls}`;
  return ledger.admit({
    callId,
    key: KEY,
    account: '',
    price: { kind: 'amount', micros: CENT, amount: 1, currency: 'usd' },
    audit: { at: '2026-01-01T00:00:00.000Z', event: 'refusal', call_id: callId, key_id: 'k' },
  });
}

/** How a question was answered, and after how long. */
async function answerOf(asked: Promise<unknown>): Promise<[answer: unknown, ms: number]> {
  const since = performance.now();
  const answer = await asked.then(
    () => 'well',
    (error: unknown) => (error instanceof BrokerRefusal ? [error.status, error.code] : error),
  );
  return [answer, performance.now() - since];
}

/** A driver that gives no answer any more, once it is armed and `first` is asked for. */
function deafFrom(first: RegExp) {
  const own = loadPgDriver();
  const deafness = { isArmed: false, isOn: false, end: () => {} };
  const ended = new Promise<void>((resolve) => {
    deafness.end = () => {
      deafness.isOn = deafness.isArmed = false;
      resolve();
    };
  });
  const driver: PgDriver = {
    async connect(at, withinMs) {
      if (deafness.isOn) {
        // As the driver does: its error has no code.
        await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, withinMs))]);
        if (deafness.isOn) throw new Error('timeout expired');
      }
      const session = await own.connect(at, withinMs);
      let fail: (reason: Error) => void = () => {};
      const destroyed = new Promise<never>((_, reject) => (fail = reject));
      destroyed.catch(() => {});
      return {
        ...session,
        async query(text, values) {
          deafness.isOn ||= deafness.isArmed && first.test(text);
          if (!deafness.isOn) return session.query(text, values);
          await Promise.race([ended, destroyed]);
          throw new Error('Connection terminated unexpectedly');
        },
        destroy() {
          fail(new Error('Connection terminated unexpectedly'));
          session.destroy();
        },
      };
    },
  };
  return { driver, deafness };
}

const REFUSED = [503, 'store_unavailable'];

describe('a server that does not answer', () => {
  it('is told to each who asks within 5 s, and is asked again when it is back', async () => {
    const { store, ledger } = await start();
    await ledger.issue(KEY);
    for (let i = 0; i < 5; i++) await admit(ledger);
    server.pause();
    const ask = () =>
      [
        admit(ledger),
        ledger.state(),
        ledger.keys({}, { limit: 10 }),
        ledger.holds({ state: 'held' }, { limit: 10 }),
        ledger.audit({}, { limit: 10 }),
        ledger.verifyAudit(),
        ledger.figures(),
        ledger.key('k'),
        store.keyByTokenHash('hash of k'),
        store.maySweep(0).catch(() => Promise.reject(new BrokerRefusal('store_unavailable', ''))),
      ].map(answerOf);
    const asked = ask();
    // Those that come behind wait no longer.
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1_300));
      asked.push(...ask());
    }
    for (const [answer, ms] of await Promise.all(asked)) {
      expect([answer, ms < 5_000]).toEqual([REFUSED, true]);
    }
    server.resume();
    await until(
      () =>
        admit(ledger).then(
          ({ admitted }) => admitted,
          () => false,
        ),
      () => 'no call is admitted',
    );
    const held = ((await ledger.key('k'))?.balance.held ?? 0) / CENT;
    expect(held).toBeGreaterThanOrEqual(6);
    expect(await ledger.verifyAudit()).toMatchObject({ ok: true });
    expect(lines.filter((line) => line.includes('cannot be written'))).toHaveLength(1);
  }, 60_000);

  it('counts what it had taken before it stalled', async () => {
    const { ledger } = await start();
    await ledger.issue(KEY);
    const asked = Array.from({ length: 50 }, () =>
      admit(ledger).then(
        () => 1,
        () => 0,
      ),
    );
    setTimeout(() => server.pause(), 4);
    const told = (await Promise.all(asked)).reduce<number>((sum, each) => sum + each, 0);
    server.resume();
    await until(
      () =>
        ledger.state().then(
          () => true,
          () => false,
        ),
      () => 'the store is not ready',
    );
    const held = ((await ledger.key('k'))?.balance.held ?? 0) / CENT;
    expect(held).toBeGreaterThanOrEqual(told);
    expect(await ledger.verifyAudit()).toMatchObject({ ok: true });
  }, 60_000);
});

describe('answers that do not come back', () => {
  const issue = (ledger: StoreLedger, id: string) =>
    answerOf(ledger.issue({ ...KEY, id, tokenHash: `hash of ${id}` }));

  it('hold up nobody behind a batch that had nothing to write for longer than 5 s', async () => {
    const { driver, deafness } = deafFrom(/^COMMIT$/);
    const { ledger, store } = await start({ driver });
    await ledger.issue(KEY);
    deafness.isArmed = true;
    const none = answerOf(store.run(() => undefined));
    await until(
      () => deafness.isOn,
      () => 'nothing was committed',
    );
    const [answer, ms] = await issue(ledger, 'behind');
    expect([answer, ms < 5_000]).toEqual([REFUSED, true]);
    // What was read may have changed since: a broker that cannot tell refuses.
    expect(await none).toEqual([REFUSED, expect.any(Number)]);
    deafness.end();
  }, 60_000);

  it('hold up nobody for longer than 5 s where another question has given their connection up', async () => {
    const { driver, deafness } = deafFrom(/store_1/);
    const { ledger, store } = await start({ driver });
    await ledger.issue(KEY);
    deafness.isArmed = true;
    const first = issue(ledger, 'in doubt');
    await new Promise((resolve) => setTimeout(resolve, 4_200));
    // Over the connection that is asked what became of the batch.
    const asked = answerOf(Promise.resolve(store.keyByTokenHash('hash of k')));
    expect((await first)[0]).toEqual(REFUSED);
    const second = issue(ledger, 'second');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const behind = issue(ledger, 'behind');
    for (const [answer, ms] of await Promise.all([asked, second, behind])) {
      expect([answer, ms < 5_000]).toEqual([REFUSED, true]);
    }
    deafness.end();
  }, 60_000);
});

describe('a store that has lost what it had acknowledged', () => {
  /** Has the server go back to before a call that was admitted. */
  async function loseOneCall(ledger: StoreLedger): Promise<void> {
    await server.end();
    server.keepCopy();
    await server.begin();
    await until(
      () =>
        admit(ledger).then(
          ({ admitted }) => admitted,
          () => false,
        ),
      () => 'no call is admitted',
    );
    await server.end();
    server.putBack();
    await server.begin();
  }

  it('is written by no instance that sees it, until that is started again', async () => {
    const { ledger } = await start();
    await ledger.issue(KEY);
    await admit(ledger);
    await loseOneCall(ledger);
    await until(
      () => lines.some((line) => line.includes('has lost 1 transaction that it had acknowledged')),
      () => admit(ledger).then(() => lines.join('\n'), String),
    );
    expect(await answerOf(admit(ledger))).toEqual([REFUSED, expect.any(Number)]);
    expect(await answerOf(ledger.state())).toEqual([REFUSED, expect.any(Number)]);
    const { ledger: again } = await start();
    expect(await admit(again)).toMatchObject({ admitted: true });
    expect(await again.verifyAudit()).toMatchObject({ ok: true });
    expect(await answerOf(ledger.state())).toEqual([REFUSED, expect.any(Number)]);
  }, 60_000);

  it('is seen by an instance that has nothing to write', async () => {
    const { ledger, store } = await start();
    await ledger.issue(KEY);
    await loseOneCall(ledger);
    await until(
      () =>
        store.beat().then(
          () => true,
          () => lines.some((line) => line.includes('has lost 1 transaction')),
        ),
      () => lines.join('\n'),
    );
    expect(await answerOf(ledger.state())).toEqual([REFUSED, expect.any(Number)]);
    expect(lines.join('\n')).toMatch(
      /has lost 1 transaction that it had acknowledged here, .*restart/,
    );
  }, 60_000);
});

it('a standby is refused after a failover as at the start', async () => {
  const { ledger } = await start();
  await ledger.issue(KEY);
  await server.end();
  await server.beginAsStandby();
  expect(await answerOf(admit(ledger))).toEqual([REFUSED, expect.any(Number)]);
  expect(await answerOf(ledger.keys({}, { limit: 10 }))).toEqual([REFUSED, expect.any(Number)]);
  expect(lines.join('\n')).toMatch(/\(25006: the server is a standby, which takes no writes\)/);
  await expect(start()).rejects.toThrow(
    /cannot be written \(the server is a standby, which takes no writes\): name the primary in its URL\.$/,
  );
  await server.query('postgres', 'SELECT pg_promote()');
  await until(
    () =>
      admit(ledger).then(
        ({ admitted }) => admitted,
        () => false,
      ),
    () => lines.join('\n'),
  );
}, 60_000);
