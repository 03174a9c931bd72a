import { Logger } from '@nestjs/common';
import { BrokerClient } from '../broker-client/broker-client';
import type { IssueResult, RevokeResult, VendorAnswer } from '../broker-client/broker-client';
import { RevocationQueue } from './revocation-queue';

/** A broker that takes revocations as it is told to. */
class RevokingBroker extends BrokerClient {
  readonly dialect = 'vault-key';
  readonly batches: string[][] = [];
  closed = false;
  answer = (ids: readonly string[]): Promise<RevokeResult> =>
    Promise.resolve({ ended: ids, failed: [] });

  issue(): Promise<IssueResult> {
    return Promise.reject(new Error('not asked for here'));
  }

  revoke(ids: readonly string[]): Promise<RevokeResult> {
    this.batches.push([...ids]);
    return this.answer(ids);
  }

  forward(): Promise<VendorAnswer> {
    return Promise.reject(new Error('not asked for here'));
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

const away = (ids: readonly string[]): Promise<RevokeResult> =>
  Promise.resolve({ ended: [], failed: ids.map((id) => ({ id, reason: 'the broker is away' })) });
const inMs = (ms: number): Date => new Date(Date.now() + ms);

describe('RevocationQueue', () => {
  let broker: RevokingBroker;
  let queue: RevocationQueue;
  let warnings: string[];

  beforeEach(() => {
    jest.useFakeTimers();
    broker = new RevokingBroker();
    queue = new RevocationQueue(broker);
    warnings = [];
    jest
      .spyOn(Logger.prototype, 'warn')
      .mockImplementation((message: unknown) => void warnings.push(String(message)));
  });

  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('ids wait at most 50 ms, and go together', async () => {
    queue.add('a', inMs(1_000));
    await jest.advanceTimersByTimeAsync(30);
    queue.add('b', inMs(1_000));
    expect(queue.backlog).toBe(2);
    await jest.advanceTimersByTimeAsync(19);
    expect(broker.batches).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(broker.batches).toEqual([['a', 'b']]);
    expect(queue.backlog).toBe(0);
  });

  it('a hundred ids do not wait at all', () => {
    for (let i = 0; i < 100; i++) queue.add(`k${i}`, inMs(1_000));
    expect(broker.batches).toEqual([Array.from({ length: 100 }, (_, i) => `k${i}`)]);
  });

  it('an id given twice is revoked once', async () => {
    queue.add('a', inMs(1_000));
    queue.add('a', inMs(1_000));
    await jest.advanceTimersByTimeAsync(50);
    expect(broker.batches).toEqual([['a']]);
  });

  it('what fails is tried again, less and less often, until the broker has heard', async () => {
    broker.answer = away;
    queue.add('a', inMs(300_000));
    await jest.advanceTimersByTimeAsync(60_000);
    const attempts = broker.batches.length;
    expect(attempts).toBeGreaterThan(5);
    expect(attempts).toBeLessThan(60);
    expect(queue.backlog).toBe(1);
    expect(warnings).toEqual([
      'Could not revoke 1 key(s) (the broker is away); trying again until they expire: a',
    ]);

    broker.answer = (ids) => Promise.resolve({ ended: ids, failed: [] });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(queue.backlog).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('only what failed is tried again', async () => {
    broker.answer = ([first, ...rest]) =>
      broker.batches.length === 1
        ? Promise.resolve({
            ended: [first ?? ''],
            failed: rest.map((id) => ({ id, reason: 'the broker answered 500' })),
          })
        : Promise.resolve({ ended: [first ?? '', ...rest], failed: [] });
    for (const id of ['a', 'b', 'c']) queue.add(id, inMs(60_000));
    await jest.advanceTimersByTimeAsync(10_050);
    expect(broker.batches).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c'],
    ]);
  });

  it('an id that the answer passes over is tried again', async () => {
    broker.answer = () => Promise.resolve({ ended: [], failed: [] });
    queue.add('a', inMs(60_000));
    await jest.advanceTimersByTimeAsync(10_050);
    expect(broker.batches.length).toBeGreaterThan(1);
    expect(queue.backlog).toBe(1);
  });

  it('a key that has expired by itself is let go', async () => {
    broker.answer = away;
    queue.add('a', inMs(5_000));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(queue.backlog).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('a broker client that breaks its promise and rejects loses no key', async () => {
    broker.answer = () => Promise.reject(new Error('vault_key_secret'));
    queue.add('a', inMs(60_000));
    await jest.advanceTimersByTimeAsync(50);
    expect(queue.backlog).toBe(1);
    expect(warnings.join()).not.toContain('secret');
  });

  it('draining waits for the invocations at work first, then for their keys', async () => {
    let drained = false;
    queue.invocationStarted();
    const draining = queue.drain().then(() => (drained = true));
    await jest.advanceTimersByTimeAsync(1_000);
    expect(drained).toBe(false);
    queue.add('a', inMs(60_000));
    queue.invocationEnded();
    await jest.advanceTimersByTimeAsync(50);
    await draining;
    expect(broker.batches).toEqual([['a']]);
    expect(queue.backlog).toBe(0);
    expect(warnings).toEqual([]);
  });

  it('draining does not wait for a back-off', async () => {
    broker.answer = away;
    queue.add('a', inMs(60_000));
    await jest.advanceTimersByTimeAsync(50);
    broker.answer = (ids) => Promise.resolve({ ended: ids, failed: [] });
    await queue.drain();
    expect(queue.backlog).toBe(0);
  });

  it('what a drain could not wait for is tried again afterwards', async () => {
    broker.answer = away;
    queue.add('a', inMs(600_000));
    const drained = queue.drain(500);
    await jest.advanceTimersByTimeAsync(500);
    await drained;
    expect(queue.backlog).toBe(1);
    broker.answer = (ids) => Promise.resolve({ ended: ids, failed: [] });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(queue.backlog).toBe(0);
    expect(warnings).toHaveLength(1);
  });

  it('all who drain at once are told when it is done', async () => {
    queue.add('a', inMs(60_000));
    await Promise.all([queue.drain(), queue.drain()]);
    expect(queue.backlog).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('shutting down takes 10 s at most, says what is left, and releases the broker', async () => {
    broker.answer = away;
    queue.invocationStarted();
    queue.add('a', inMs(600_000));
    const down = queue.onApplicationShutdown();
    await jest.advanceTimersByTimeAsync(9_999);
    expect(broker.closed).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    await down;
    expect(broker.closed).toBe(true);
    expect(warnings.slice(1)).toEqual([
      'Shutting down with 1 invocation(s) still at work; their keys end with their expiry.',
      'Shutting down with 1 key(s) not revoked; they end with their expiry: a',
    ]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('shutting down twice, as by a module imported twice, is shutting down once', async () => {
    const close = jest.spyOn(broker, 'close');
    await Promise.all([queue.onApplicationShutdown(), queue.onApplicationShutdown()]);
    expect(close).toHaveBeenCalledTimes(1);
  });
});
