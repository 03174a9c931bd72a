import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import type { IssuedKey, RunningBroker } from '../support/broker-process';
import { BrokerServer } from '../support/broker-server';
import { TestClock } from '../support/test-clock';
import { RecordingVendor } from './recording-vendor';

const CLOCK = join(__dirname, '../support/shifted-clock.js');
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const PAYMENT = 'amount=1000&currency=usd';
const SHOWN = { id: 'pi_1', amount: 1000, currency: 'usd', amount_received: 0 };

let vendor: RecordingVendor;
let broker: RunningBroker;
/** Sets the broker's clock so much later than where it began. */
let clock: (later: number) => void;
/** Where the broker's clock began: a minute before a midnight, UTC. */
let start: number;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterAll(() => vendor.close());
beforeEach(async () => {
  vendor.reset();
  vendorSays(200, SHOWN);
  start = (Math.floor(Date.now() / DAY_MS) + 2) * DAY_MS - 60_000;
  const own = new TestClock(start);
  clock = (later) => void (own.instant = start + later);
  broker = await BrokerServer.start(vendor, { host: { clock: own } });
});

function vendorSays(status: number, body: unknown = { error: {} }): void {
  vendor.respond = (_req, res) => {
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
}
const issue = (fields = {}) =>
  broker.issue({
    expires_in: '24h',
    subject: { user_id: 'u1' },
    allowed_endpoints: ['/v1/payment_intents', '/v1/payment_intents/*/*'],
    ...fields,
  });
const post = ({ token }: IssuedKey, path = 'payment_intents', body = PAYMENT, headers = {}) =>
  broker.call(token, 'POST', `/v1/${path}`, { body, headers });
const budget = async () => {
  const { body } = await broker.api('GET', '/v1/budgets/user/u1');
  return [body.spent_usd, body.held_usd, body.remaining_usd, body.resets_at];
};
const statusOf = ({ status }: { status: number }) => status;
const midnight = (days: number) => new Date(start + 60_000 + days * DAY_MS).toISOString();

describe('midnight, UTC', () => {
  it('refills no key: its cap covers its whole life', async () => {
    const key = await issue({ daily_usd_cap: 15 });
    expect((await post(key)).status).toBe(200);
    clock(120_000);
    const refused = await post(key);
    expect([refused.status, refused.body.scope, refused.body.spent_usd]).toEqual([429, 'key', 10]);
    expect(refused.body).not.toHaveProperty('resets_at');
    clock(DAY_MS + 10_000);
    expect((await post(key)).status).toBe(401);
  });

  it('begins a budget’s next day', async () => {
    await broker.api('PUT', '/v1/budgets/user/u1', { daily_usd_cap: 15 });
    const key = await issue();
    expect((await post(key)).status).toBe(200);
    const refused = await post(key);
    expect(refused.body).toMatchObject({ scope: 'user', resets_at: midnight(0) });
    clock(30_000);
    expect((await budget())[0]).toBe(10);
    clock(61_000);
    expect(await budget()).toEqual([0, 0, 15, midnight(1)]);
    expect((await post(key)).status).toBe(200);
  });

  it('what is given back after it belongs to the day of the hold, and enlarges no later day', async () => {
    await broker.api('PUT', '/v1/budgets/user/u1', { daily_usd_cap: 15 });
    const key = await issue();
    expect((await post(key)).status).toBe(200);
    clock(120_000);
    vendorSays(200, { ...SHOWN, id: 'pi_2' });
    expect((await post(key)).status).toBe(200);
    vendorSays(200, { ...SHOWN, status: 'canceled' });
    expect((await post(key, 'payment_intents/pi_1/cancel', '')).status).toBe(200);
    expect((await broker.money(key)).spent).toBe(10);
    expect(await budget()).toEqual([10, 0, 5, midnight(1)]);
    expect((await post(key)).body.scope).toBe('user');
  });

  it('a hold settled after it is settled on its own day', async () => {
    await broker.api('PUT', '/v1/budgets/user/u1', { daily_usd_cap: 15 });
    const key = await issue();
    let answer = (): void => {};
    const arrived = new Promise<void>((resolve) => {
      vendor.respond = (_req, res) => {
        answer = () => res.end(JSON.stringify(SHOWN));
        resolve();
      };
    });
    const paid = post(key);
    await arrived;
    clock(120_000);
    answer();
    await paid;
    expect((await broker.money(key)).spent).toBe(10);
    expect(await budget()).toEqual([0, 0, 15, midnight(1)]);
  });

  it('leaves an unknown hold on its own day, and on its key for the life of it', async () => {
    await broker.api('PUT', '/v1/budgets/user/u1', { daily_usd_cap: 15 });
    const key = await issue();
    vendorSays(500);
    await post(key);
    expect((await budget()).slice(0, 3)).toEqual([0, 10, 5]);
    clock(120_000);
    expect((await budget()).slice(0, 3)).toEqual([0, 0, 15]);
    expect(await broker.money(key)).toEqual({ spent: 0, held: 10, remaining: 90 });
  });
});

describe('an Idempotency-Key, hours later', () => {
  const once = { 'idempotency-key': 'order-1' };

  it('is a retry for 23 h after the first sending, and then held again', async () => {
    const first = await issue();
    expect((await post(first, undefined, PAYMENT, once)).status).toBe(200);
    clock(23 * HOUR_MS - 60_000);
    const retry = await issue();
    expect((await post(retry, undefined, PAYMENT, once)).status).toBe(200);
    expect((await broker.money(retry)).spent).toBe(0);
    clock(23 * HOUR_MS + 60_000);
    expect((await post(retry, undefined, PAYMENT, once)).status).toBe(200);
    expect([(await broker.money(first)).spent, (await broker.money(retry)).spent]).toEqual([
      10, 10,
    ]);
  });

  it('is refused for anything else until 24 h after its hold has ended', async () => {
    const other = 'amount=500&currency=usd';
    vendorSays(500);
    await post(await issue(), undefined, PAYMENT, once);
    clock(30 * HOUR_MS);
    const late = await issue();
    expect((await post(late, undefined, other, once)).body.code).toBe('idempotency_key_reused');
    const { body } = await broker.api('GET', '/v1/holds?state=unknown');
    await broker.api('POST', `/v1/holds/${body.holds[0].id}/settle`, { usd: 10 });
    vendorSays(200, { ...SHOWN, amount: 500 });
    clock(54 * HOUR_MS - 60_000);
    const key = await issue();
    expect((await post(key, undefined, other, once)).body.code).toBe('idempotency_key_reused');
    clock(54 * HOUR_MS + 60_000);
    expect((await post(key, undefined, other, once)).status).toBe(200);
    expect((await broker.money(key)).spent).toBe(5);
  });
});

describe('a lease', () => {
  it('that is renewed keeps its keys, and when it lapses every key issued under it stops working', async () => {
    const { body } = await broker.api('POST', '/v1/leases', { ttl_seconds: 60 });
    const keys = [await issue({ lease_id: body.id }), await issue({ lease_id: body.id })];
    const statuses = async () => (await Promise.all(keys.map((key) => post(key)))).map(statusOf);
    clock(40_000);
    expect((await broker.api('POST', `/v1/leases/${body.id}/renew`)).status).toBe(200);
    clock(90_000);
    expect(await statuses()).toEqual([200, 200]);
    clock(110_000);
    expect(await statuses()).toEqual([401, 401]);
  });

  it('that has lapsed, or a parent that has expired, is a bad field of a new key', async () => {
    const { body } = await broker.api('POST', '/v1/leases', { ttl_seconds: 60 });
    const parent = await issue({ expires_in: '1m' });
    clock(70_000);
    const answer = await broker.api('POST', '/v1/keys', {
      label: 'late',
      vendor: 'stripe',
      daily_usd_cap: 1,
      allowed_endpoints: ['/v1/charges'],
      lease_id: body.id,
      parent_id: parent.id,
    });
    expect([answer.status, answer.body.code]).toEqual([422, 'invalid_request']);
    const fields = (answer.body.fields as { field: string }[]).map(({ field }) => field);
    expect(fields.sort()).toEqual(['lease_id', 'parent_id']);
  });
});

describe('a machine’s clock that is set', () => {
  let command: BrokerProcess;
  /** Sets the machine's clock so much wrong, while no time passes. */
  let setMachineClock: (wrong: number) => void;
  beforeEach(async () => {
    const file = temporaryFile('clock');
    const wallFile = temporaryFile('wall');
    clock = (later) => writeFileSync(file, String(start + later - Date.now()));
    setMachineClock = (wrong) => writeFileSync(wallFile, String(wrong));
    clock(0);
    setMachineClock(0);
    command = await BrokerProcess.start({
      vendor,
      env: {
        NODE_OPTIONS: `--require ${CLOCK}`,
        SHIFTED_CLOCK_FILE: file,
        SHIFTED_WALL_FILE: wallFile,
      },
    });
    broker = command;
  });

  it('back by an hour brings no expired key and no lapsed lease back, and is told once', async () => {
    const { body } = await broker.api('POST', '/v1/leases', { ttl_seconds: 60 });
    const leased = await issue({ lease_id: body.id });
    const short = await issue({ expires_in: '1m' });
    const long = await issue();
    clock(70_000);
    setMachineClock(-HOUR_MS);
    expect(
      (await Promise.all([leased, short, long].map((key) => post(key)))).map(statusOf),
    ).toEqual([401, 401, 200]);
    const shown = await broker.api('GET', `/v1/keys/${short.id}`);
    expect(shown.body.status).toBe('expired');
    expect((await broker.api('POST', `/v1/leases/${body.id}/renew`)).status).toBe(404);
    const told = command.output.split('\n').filter((line) => line.includes("machine's clock"));
    expect(told).toEqual([expect.stringContaining('was set back by 3600 s')]);
  });

  it('forward by a day ends no key and begins no day', async () => {
    await broker.api('PUT', '/v1/budgets/user/u1', { daily_usd_cap: 15 });
    const key = await issue({ expires_in: '5m' });
    expect((await post(key)).status).toBe(200);
    setMachineClock(DAY_MS);
    expect((await broker.api('GET', `/v1/keys/${key.id}`)).body.status).toBe('active');
    expect(await budget()).toEqual([10, 0, 5, midnight(0)]);
  });
});
