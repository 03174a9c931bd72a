import type { IssuedKey, RunningBroker } from '../support/broker-process';
import { BrokerServer } from '../support/broker-server';
import { until } from '../support/until';
import { RecordingVendor } from './recording-vendor';

const PATIENCE_MS = 120_000;

interface Entry {
  event: string;
  verdict: string;
  count: number;
  requested_usd: number | null;
  path: string;
  reason: string;
}

let vendor: RecordingVendor;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
});
afterAll(() => vendor.close());

const entriesOf = async (broker: RunningBroker, key: IssuedKey) => {
  const { body } = await broker.api('GET', `/v1/audit?key_id=${key.id}&event=refusal&limit=1000`);
  return body.entries as Entry[];
};
const total = (entries: readonly Entry[]) => entries.reduce((sum, { count }) => sum + count, 0);
const sums = (entries: readonly Entry[]) => {
  const byVerdict: Record<string, { count: number; usd: number | null }> = {};
  for (const { verdict, count, requested_usd: usd } of entries) {
    const sum = (byVerdict[verdict] ??= { count: 0, usd: null });
    sum.count += count;
    if (usd !== null) sum.usd = (sum.usd ?? 0) + usd;
  }
  return byVerdict;
};

const TIMES = 1_500;

describe(`an agent that is refused ${2 * TIMES} times`, () => {
  it('leaves a row a second for each kind, and the rows add up to what it did', async () => {
    const broker = await BrokerServer.start(vendor);
    const key = await broker.issue({ daily_usd_cap: 1 });
    const began = performance.now();
    const attempts = [
      ['/v1/payment_intents', 'amount=200&currency=usd'],
      [`/v1/${'p'.repeat(2_000)}`, 'amount=1&currency=usd'],
    ].flatMap((attempt) => Array.from({ length: TIMES }, () => attempt));
    const left = attempts.values();
    const caller = async () => {
      for (const [path = '', body] of left) {
        const { status } = await broker.call(key.token, 'POST', path, { body });
        expect([403, 429]).toContain(status);
      }
    };
    await Promise.all(Array.from({ length: 64 }, caller));
    const seconds = Math.ceil((performance.now() - began) / 1_000) + 1;
    const due = {
      cap_exhausted: { count: TIMES, usd: 2 * TIMES },
      endpoint_not_allowed: { count: TIMES, usd: null },
    };
    let entries: Entry[] = [];
    await until(
      async () => {
        entries = await entriesOf(broker, key);
        return total(entries) >= 2 * TIMES;
      },
      () => JSON.stringify(sums(entries)),
      PATIENCE_MS,
    );
    expect(sums(entries)).toEqual(due);
    expect(entries.length).toBeLessThanOrEqual(2 * seconds);
    for (const entry of entries) {
      expect(JSON.stringify(entry).length).toBeLessThan(1_500);
      expect(entry.reason).not.toContain('pppp');
    }
    expect((await broker.api('GET', '/v1/audit/verify')).body.ok).toBe(true);
    expect(vendor.received).toEqual([]);
  });

  it('has all of them in the log after an orderly stop in the same second', async () => {
    const broker = await BrokerServer.start(vendor);
    const key = await broker.issue({ daily_usd_cap: 1 });
    const refuse = () =>
      broker.call(key.token, 'POST', '/v1/payment_intents', { body: 'amount=200&currency=usd' });
    for (let i = 0; i < 20; i++) expect((await refuse()).status).toBe(429);
    await broker.close();
    const again = await broker.restart();
    expect(sums(await entriesOf(again, key))).toEqual({ cap_exhausted: { count: 20, usd: 40 } });
  });
});
