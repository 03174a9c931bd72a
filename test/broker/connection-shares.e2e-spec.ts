import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import type { Answer, IssuedKey } from '../support/broker-process';
import { until } from '../support/until';
import { RecordingVendor } from './recording-vendor';

const PAYMENT = 'amount=100&currency=usd';
const SLOW = '/v1/payment_intents/pi_slow';
/** Shows no payment, so that its answer is relayed while it comes. */
const STREAM = '/v1/customers/cus_slow';
const PATIENCE_MS = 60_000;

let vendor: RecordingVendor;
/** Slow calls that have reached the vendor, and wait there for the ends of their answers. */
let held: ServerResponse[];
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterAll(() => vendor.close());
beforeEach(() => {
  vendor.reset();
  held = [];
  vendor.respond = (req, res) => {
    if (req.url !== SLOW && req.url !== STREAM) return void res.end('{}');
    res.writeHead(200).write('{');
    held.push(res);
  };
});

/** A broker with so many connections to the vendor; 256 where it is not said. */
async function start(connections?: number, limits = {}): Promise<BrokerProcess> {
  const config = temporaryFile('config.json');
  const stripe = connections === undefined ? {} : { connections };
  writeFileSync(config, JSON.stringify({ vendors: { stripe }, limits }));
  return BrokerProcess.start({ vendor, args: ['--config', config] });
}
const slowly = (broker: BrokerProcess, { token }: IssuedKey, times: number) =>
  Promise.all(Array.from({ length: times }, () => broker.call(token, 'GET', SLOW)));
const pay = (broker: BrokerProcess, { token }: IssuedKey, body = PAYMENT) =>
  broker.call(token, 'POST', '/v1/payment_intents', { body });
const arrived = (count: number) =>
  until(
    () => held.length === count,
    () => `${held.length} slow calls are at the vendor`,
    PATIENCE_MS,
  );
const release = (count = held.length) => held.splice(0, count).forEach((res) => res.end('}'));
/** Waits until so many calls have been refused. */
const refusals = async (broker: BrokerProcess, count: number) => {
  let text = '';
  await until(
    async () => {
      ({ text } = await broker.api('GET', '/metrics'));
      return text.includes(`verdict="overloaded"} ${count}\n`);
    },
    () => text,
    PATIENCE_MS,
  );
};
const outcomes = (answers: readonly Answer[]) => ({
  answered: answers.filter(({ status }) => status === 200).length,
  overloaded: answers.filter(({ body }) => body.code === 'overloaded').length,
});

describe('the connections to the vendor', () => {
  it('are a quarter one key’s, so that another user’s charge passes 256 slow calls', async () => {
    const broker = await start();
    const greedy = await broker.issue({ daily_usd_cap: 0, subject: { user_id: 'u1' } });
    const other = await broker.issue({ subject: { user_id: 'u2' } });
    const slow = slowly(broker, greedy, 256);
    await arrived(64);
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      const began = performance.now();
      expect((await pay(broker, other)).status).toBe(200);
      times.push(performance.now() - began);
    }
    expect(held).toHaveLength(64);
    // The machine may be busy with other things during some of them, but hardly during all.
    expect(Math.min(...times)).toBeLessThan(100);
    await refusals(broker, 192);
    release();
    const answers = await slow;
    expect(outcomes(answers)).toEqual({ answered: 64, overloaded: 192 });
    expect(answers.find(({ status }) => status === 503)).toMatchObject({
      headers: { 'retry-after': '1', 'x-vault-key-verdict': 'overloaded' },
      body: { error: { message: expect.stringContaining('64 of the 256 connections') } },
    });
    expect(await broker.money(other)).toEqual({ spent: 20, held: 0, remaining: 80 });
  });

  it.each([
    ['one user’s within its tenant', { user_id: 'u1', tenant_id: 't1' }],
    ['those of all keys without a user', { run_id: 'r1' }],
  ])('are a half %s', async (_whose, subject) => {
    const broker = await start(16);
    const issue = (fields = {}) => broker.issue({ subject: { ...subject, ...fields } });
    const keys = await Promise.all([issue(), issue(), issue()]);
    const slow = Promise.all(keys.map((key) => slowly(broker, key, 4)));
    await refusals(broker, 4);
    expect(held).toHaveLength(8);
    const other = slowly(broker, await issue({ tenant_id: 't2', user_id: 'u1' }), 4);
    await arrived(12);
    release();
    expect(outcomes((await slow).flat())).toEqual({ answered: 8, overloaded: 4 });
    expect(outcomes(await other)).toEqual({ answered: 4, overloaded: 0 });
  });

  it('are reserved before anything is held, and given back where the ledger refuses', async () => {
    const broker = await start(4);
    const key = await broker.issue({ daily_usd_cap: 1 });
    // One connection is all that this key may have: a refusal that kept it would be the last answer.
    for (let i = 0; i < 3; i++) {
      expect((await pay(broker, key, 'amount=101&currency=usd')).status).toBe(429);
    }
    const slow = slowly(broker, key, 1);
    await arrived(1);
    expect((await pay(broker, key)).body.code).toBe('overloaded');
    expect(await broker.money(key)).toEqual({ spent: 0, held: 0, remaining: 1 });
    const { body } = await broker.api('GET', `/v1/audit?key_id=${key.id}&verdict=overloaded`);
    expect(body.entries).toHaveLength(1);
    release();
    await slow;
    expect((await pay(broker, key)).status).toBe(200);
  });

  it('are held by a stream until it ends, whether or not its caller still reads', async () => {
    const broker = await start(4);
    const key = await broker.issue({ allowed_endpoints: ['/v1/payment_intents', STREAM] });
    const read = await broker.open(key.token, 'GET', STREAM);
    expect((await pay(broker, key)).body.code).toBe('overloaded');
    release();
    read.resume();
    expect((await pay(broker, key)).status).toBe(200);
    const left = await broker.open(key.token, 'GET', STREAM);
    left.destroy();
    expect((await pay(broker, key)).body.code).toBe('overloaded');
    release();
    expect((await pay(broker, key)).status).toBe(200);
  });

  it('are a key’s by limits.callsPerKey where that is less, which counts those that wait too', async () => {
    const broker = await start(256, { callsPerKey: 3 });
    const key = await broker.issue();
    const slow = slowly(broker, key, 4);
    await arrived(3);
    await refusals(broker, 1);
    release();
    expect(outcomes(await slow)).toEqual({ answered: 3, overloaded: 1 });
  });
});
