import { execFileSync } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { openConnection } from '../../lib/broker/ledger/sqlite/sqlite-driver';
import { closeStore } from '../../lib/broker/ledger/sqlite/open-store';
import { BrokerProcess } from '../support/broker-process';
import type { Answer, IssuedKey, RunningBroker } from '../support/broker-process';
import { BrokerServer } from '../support/broker-server';
import { ENDS_A_CALL } from '../support/picky-store';
import { until } from '../support/until';
import { RecordingVendor } from './recording-vendor';

const onLinux = process.platform === 'linux' ? it : it.skip;
const INTENT = { id: 'pi_1', object: 'payment_intent', amount: 50_000, currency: 'usd' };
const DECLINED = { error: { type: 'card_error', code: 'card_declined', payment_intent: INTENT } };

let vendor: RecordingVendor;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterAll(() => vendor.close());
beforeEach(() => vendor.reset());

const pay = (broker: RunningBroker, { token }: IssuedKey, idempotencyKey?: string) =>
  broker.call(token, 'POST', '/v1/payment_intents', {
    body: 'amount=50000&currency=usd',
    headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
  });
const issue = (broker: RunningBroker, cap = 500) =>
  broker.issue({ daily_usd_cap: cap, subject: { user_id: 'u1' }, budgets: { user: 500 } });
const answer = (res: ServerResponse, status: number, body: unknown): void => {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
};
/** Says how large a file a broker may write, as a full disk does. */
const limitFiles = ({ pid }: BrokerProcess, size: '0' | 'unlimited') =>
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${size}:unlimited`]);
const holdsOf = async (broker: RunningBroker, state: string) =>
  (await broker.api('GET', `/v1/holds?state=${state}`)).body.holds as {
    id: string;
    state: string;
    held_usd: number;
  }[];
const gaugeOf = async (broker: RunningBroker) =>
  /^vault_key_kept_settlements (\d+)$/m.exec((await broker.api('GET', '/metrics')).text)?.[1];
const keptLines = ({ output }: BrokerProcess) =>
  output.split('\n').filter((line) => /settlement/.test(line));

/** A call that the vendor answers once the store of its broker cannot be written any more. */
async function payWhileFull(
  broker: BrokerProcess,
  key: IssuedKey,
  status: number,
  body: unknown,
  idempotencyKey?: string,
): Promise<Answer> {
  vendor.respond = (_req, res) => {
    limitFiles(broker, '0');
    vendor.respond = (_next, other) => answer(other, 200, INTENT);
    answer(res, status, body);
  };
  return pay(broker, key, idempotencyKey);
}

describe('a settlement that meets a store which cannot be written', () => {
  onLinux(
    'is written with the next transaction that passes: a declined call gives its money back',
    async () => {
      const broker = await BrokerProcess.start({ vendor });
      const key = await issue(broker);
      expect((await payWhileFull(broker, key, 402, DECLINED)).status).toBe(402);
      // The store is asked and fails; whoever calls meanwhile is refused.
      expect((await pay(broker, key)).body.code).toBe('store_unavailable');
      limitFiles(broker, 'unlimited');
      // The very next call finds the user's day free.
      expect((await pay(broker, key)).status).toBe(200);
      expect(await broker.money(key)).toEqual({ spent: 500, held: 0, remaining: 0 });
      expect((await pay(broker, await issue(broker))).body).toMatchObject({
        code: 'cap_exhausted',
        scope: 'user',
        spent_usd: 500,
        held_usd: 0,
      });
      const { body } = await broker.api('GET', `/v1/audit?key_id=${key.id}&event=call`);
      expect(body.entries.map((entry: { verdict: string }) => entry.verdict)).toEqual([
        'settled',
        'released',
      ]);
      expect((await broker.api('GET', '/v1/audit/verify')).body.ok).toBe(true);
    },
  );

  onLinux('is written by itself where nobody calls, and said once in the log', async () => {
    const broker = await BrokerProcess.start({ vendor });
    const key = await issue(broker);
    expect((await payWhileFull(broker, key, 200, INTENT)).status).toBe(200);
    await until(
      () => keptLines(broker).length === 1,
      () => broker.output,
    );
    expect(keptLines(broker)[0]).toMatch(
      /the settlement of call_\w+ could not be written to the store \(.+\); it is kept/,
    );
    limitFiles(broker, 'unlimited');
    await until(
      () => keptLines(broker).length === 2,
      () => broker.output,
    );
    expect(keptLines(broker)[1]).toMatch(/all settlements that were kept are written: 1$/);
    expect(await broker.money(key)).toEqual({ spent: 500, held: 0, remaining: 0 });
    expect(await gaugeOf(broker)).toBe('0');
  });

  onLinux(
    'leaves a retry with the same Idempotency-Key a sound state: it is counted once',
    async () => {
      const broker = await BrokerProcess.start({ vendor });
      const key = await issue(broker);
      expect((await payWhileFull(broker, key, 200, INTENT, 'once')).status).toBe(200);
      limitFiles(broker, 'unlimited');
      expect((await pay(broker, await issue(broker), 'once')).status).toBe(200);
      expect(await broker.money(key)).toEqual({ spent: 500, held: 0, remaining: 0 });
      expect(await holdsOf(broker, 'held')).toEqual([]);
    },
  );

  onLinux('is written when the broker stops', async () => {
    const broker = await BrokerProcess.start({ vendor });
    const key = await issue(broker);
    expect((await payWhileFull(broker, key, 402, DECLINED)).status).toBe(402);
    limitFiles(broker, 'unlimited');
    expect((await broker.kill('SIGTERM')).code).toBe(0);
    const again = await broker.restart();
    expect(await again.money(key)).toEqual({ spent: 0, held: 0, remaining: 500 });
  });
});

describe('a settlement that alone cannot be written', () => {
  /** A store that takes no end of a call until a budget over the user `open` is set. */
  async function pickyStore(): Promise<string> {
    const first = await BrokerServer.start(vendor);
    await first.close();
    const connection = openConnection(first.store.slice('sqlite:'.length));
    connection.exec(`CREATE TRIGGER no_outcomes BEFORE INSERT ON redo
      WHEN ${ENDS_A_CALL} AND NOT EXISTS (SELECT 1 FROM budgets WHERE target = 'open')
      BEGIN SELECT RAISE(FAIL, 'no outcomes today'); END`);
    closeStore(connection);
    return first.store;
  }
  async function startPicky(): Promise<{ broker: BrokerServer; key: IssuedKey }> {
    const broker = await BrokerServer.start(vendor, { store: await pickyStore() });
    return { broker, key: await issue(broker, 1_000) };
  }
  const openLog = (broker: RunningBroker) =>
    broker.api('PUT', '/v1/budgets/user/open', { daily_usd_cap: 1 });
  const allWritten = (broker: RunningBroker) =>
    until(
      async () => (await gaugeOf(broker)) === '0',
      async () => `${await gaugeOf(broker)} settlements are kept`,
    );

  it('is shown with the unknown ones, and counted until it is written', async () => {
    const { broker, key } = await startPicky();
    vendor.respond = (_req, res) => answer(res, 402, DECLINED);
    expect((await pay(broker, key)).status).toBe(402);
    expect(await broker.money(key)).toMatchObject({ spent: 0, held: 500 });
    const [hold, ...more] = await holdsOf(broker, 'unknown');
    expect([hold?.state, hold?.held_usd, more]).toEqual(['held', 500, []]);
    expect(await holdsOf(broker, 'held')).toEqual([hold]);
    expect(await gaugeOf(broker)).toBe('1');
    // Others are not in its way.
    await broker.issue();
    await openLog(broker);
    await allWritten(broker);
    expect(await broker.money(key)).toMatchObject({ spent: 0, held: 0 });
    expect(await holdsOf(broker, 'unknown')).toEqual([]);
  });

  it('is ended by an operator, whose word it does not overwrite', async () => {
    const { broker, key } = await startPicky();
    vendor.respond = (_req, res) => answer(res, 200, INTENT);
    await pay(broker, key, 'a-key');
    const [hold] = await holdsOf(broker, 'unknown');
    const ended = await broker.api('POST', `/v1/holds/${hold?.id}/settle`, { usd: 499.5 });
    expect([ended.status, ended.body.state, ended.body.settled_usd]).toEqual([
      200,
      'settled',
      499.5,
    ]);
    expect(await holdsOf(broker, 'unknown')).toEqual([]);
    expect((await broker.api('POST', `/v1/holds/${hold?.id}/release`)).status).toBe(422);
    await openLog(broker);
    await allWritten(broker);
    expect(await broker.money(key)).toMatchObject({ spent: 499.5, held: 0 });
    const { entries } = (await broker.api('GET', `/v1/audit?key_id=${key.id}`)).body as {
      entries: { event: string; settled_usd: number | null }[];
    };
    expect(entries.map(({ event, settled_usd }) => [event, settled_usd])).toEqual([
      ['call', 0],
      ['settlement', 499.5],
      ['issue', null],
    ]);
    // The answer to a retry comes later, and says what the operator did not know.
    expect((await pay(broker, key, 'a-key')).status).toBe(200);
    expect(await broker.money(key)).toMatchObject({ spent: 500, held: 0 });
  });

  it('cannot be ended while a call is under way on its hold', async () => {
    const { broker, key } = await startPicky();
    vendor.respond = (_req, res) => answer(res, 200, INTENT);
    await pay(broker, key, 'a-key');
    const waiting = new Promise<ServerResponse>((resolve) => {
      vendor.respond = (_req, res) => resolve(res);
    });
    const retry = pay(broker, key, 'a-key');
    const res = await waiting;
    expect(await holdsOf(broker, 'unknown')).toEqual([]);
    const [hold] = await holdsOf(broker, 'held');
    const refused = await broker.api('POST', `/v1/holds/${hold?.id}/release`);
    expect([refused.status, refused.body.fields[0].field]).toEqual([422, 'id']);
    answer(res, 200, INTENT);
    expect((await retry).status).toBe(200);
    await until(
      async () => (await holdsOf(broker, 'unknown')).length === 1,
      () => 'it is not shown with the unknown ones',
    );
    await openLog(broker);
    await allWritten(broker);
  });

  it('is unknown after a crash, and still counted', async () => {
    const broker = await BrokerProcess.start({ vendor, store: await pickyStore() });
    const key = await issue(broker, 1_000);
    vendor.respond = (_req, res) => answer(res, 402, DECLINED);
    await pay(broker, key);
    await broker.money(key);
    await broker.kill('SIGKILL');
    const again = await broker.restart();
    expect((await holdsOf(again, 'unknown')).map(({ state }) => state)).toEqual(['unknown']);
    expect(await again.money(key)).toMatchObject({ spent: 0, held: 500 });
  });
});

describe('an unknown hold', () => {
  /** A payment under `a-key` that the vendor never answered. */
  async function payUnknown() {
    const broker = await BrokerServer.start(vendor);
    const key = await issue(broker);
    vendor.respond = (_req, res) => res.destroy();
    expect((await pay(broker, key, 'a-key')).status).toBe(502);
    const [hold] = await holdsOf(broker, 'unknown');
    return { broker, key, hold: hold! };
  }

  it('cannot be ended while a retry is in flight, though it was unknown before', async () => {
    const { broker, key, hold } = await payUnknown();
    const waiting = new Promise<ServerResponse>((resolve) => {
      vendor.respond = (_req, res) => resolve(res);
    });
    const retry = pay(broker, key, 'a-key');
    const res = await waiting;
    for (const [act, body] of [
      ['release', undefined],
      ['settle', { usd: 1 }],
    ] as const) {
      const refused = await broker.api('POST', `/v1/holds/${hold.id}/${act}`, body);
      expect([refused.status, refused.body.fields]).toEqual([
        422,
        [
          {
            field: 'id',
            message:
              'names a hold that has a call in flight, whose answer will tell. Try again once the call has ended',
          },
        ],
      ]);
    }
    answer(res, 200, INTENT);
    expect((await retry).status).toBe(200);
    await until(
      async () => (await broker.money(key)).spent === 500,
      async () => JSON.stringify(await broker.money(key)),
    );
    expect(await holdsOf(broker, 'unknown')).toEqual([]);
  });

  it('is retried only within its caps, once an operator has settled it at less', async () => {
    const { broker, key, hold } = await payUnknown();
    await broker.api('POST', `/v1/holds/${hold.id}/settle`, { usd: 0 });
    vendor.respond = (_req, res) => answer(res, 200, INTENT);
    expect((await pay(broker, key, 'another-key')).status).toBe(200);
    const before = vendor.received.length;
    const retry = await pay(broker, key, 'a-key');
    expect([retry.status, retry.body.code]).toEqual([429, 'cap_exhausted']);
    expect(vendor.received).toHaveLength(before);
    expect(await broker.money(key)).toEqual({ spent: 500, held: 0, remaining: 0 });
  });

  it('counts what a retry cost, though an operator had settled the hold at less', async () => {
    const { broker, key, hold } = await payUnknown();
    await broker.api('POST', `/v1/holds/${hold.id}/settle`, { usd: 0 });
    expect(await broker.money(key)).toMatchObject({ spent: 0, held: 0 });
    vendor.respond = (_req, res) => answer(res, 200, INTENT);
    expect((await pay(broker, key, 'a-key')).status).toBe(200);
    await until(
      async () => (await broker.money(key)).spent === 500,
      async () => JSON.stringify(await broker.money(key)),
    );
  });
});
