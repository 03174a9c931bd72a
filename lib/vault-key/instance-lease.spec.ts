import { Logger } from '@nestjs/common';
import { BrokerClient } from '../broker-client/broker-client';
import type { IssueResult, RevokeResult, VendorAnswer } from '../broker-client/broker-client';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { InstanceLease } from './instance-lease';

const away = (): Promise<never> =>
  Promise.reject(new VaultKeyUnavailableException({ message: 'The broker is away.' }));

/** A broker that gives leases as it is told to, and notes when it was asked. */
class LeasingBroker extends BrokerClient {
  readonly dialect = 'vault-key';
  readonly asked: string[] = [];
  begin = (): Promise<string> => Promise.resolve(`lease_${++this.#begun}`);
  renew = (): Promise<boolean> => Promise.resolve(true);
  end = (): Promise<void> => Promise.resolve();
  #begun = 0;
  readonly #start = Date.now();

  override beginLease(ttlSeconds: number): Promise<string> {
    this.#note(`begin ${ttlSeconds}`);
    return this.begin();
  }

  override renewLease(id: string): Promise<boolean> {
    this.#note(`renew ${id}`);
    return this.renew();
  }

  override endLease(id: string): Promise<void> {
    this.#note(`end ${id}`);
    return this.end();
  }

  issue(): Promise<IssueResult> {
    return Promise.reject(new Error('not asked for here'));
  }

  revoke(): Promise<RevokeResult> {
    return Promise.reject(new Error('not asked for here'));
  }

  forward(): Promise<VendorAnswer> {
    return Promise.reject(new Error('not asked for here'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #note(what: string): void {
    this.asked.push(`${(Date.now() - this.#start) / 1_000} s: ${what}`);
  }
}

describe('InstanceLease', () => {
  let broker: LeasingBroker;
  let lease: InstanceLease;
  let warnings: string[];

  beforeEach(() => {
    jest.useFakeTimers();
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    broker = new LeasingBroker();
    lease = new InstanceLease(broker, 30);
    warnings = [];
    jest
      .spyOn(Logger.prototype, 'warn')
      .mockImplementation((message: unknown) => void warnings.push(String(message)));
  });

  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('is begun for the first key, once for all that ask at the same time', async () => {
    expect(broker.asked).toEqual([]);
    const ids = await Promise.all([lease.hold(), lease.hold(), lease.hold()]);
    expect(ids).toEqual(['lease_1', 'lease_1', 'lease_1']);
    expect(broker.asked).toEqual(['0 s: begin 30']);
  });

  it('is renewed at a third of its life, for as long as the process lives', async () => {
    await lease.hold();
    await jest.advanceTimersByTimeAsync(30_000);
    expect(broker.asked.slice(1)).toEqual([
      '10 s: renew lease_1',
      '20 s: renew lease_1',
      '30 s: renew lease_1',
    ]);
    expect(await lease.hold()).toBe('lease_1');
  });

  it('keeps away from the exact third by up to a tenth of it', async () => {
    jest.mocked(Math.random).mockReturnValue(0);
    await lease.hold();
    await jest.advanceTimersByTimeAsync(9_000);
    expect(broker.asked[1]).toBe('9 s: renew lease_1');
    jest.mocked(Math.random).mockReturnValue(1);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(broker.asked.slice(2)).toEqual(['18 s: renew lease_1', '29 s: renew lease_1']);
  });

  it('does not keep the process alive', async () => {
    const setTimer = jest.spyOn(global, 'setTimeout');
    await lease.hold();
    const timer = setTimer.mock.results.at(-1)?.value as NodeJS.Timeout;
    expect(timer.hasRef()).toBe(false);
  });

  it('a renewal that fails is tried again soon, and said once', async () => {
    broker.renew = away;
    await lease.hold();
    await jest.advanceTimersByTimeAsync(16_000);
    expect(broker.asked.slice(1)).toEqual([
      '10 s: renew lease_1',
      '13 s: renew lease_1',
      '16 s: renew lease_1',
    ]);
    expect(warnings).toEqual([expect.stringContaining('The broker is away')]);

    broker.renew = () => Promise.resolve(true);
    await jest.advanceTimersByTimeAsync(13_000);
    expect(broker.asked.slice(4)).toEqual(['19 s: renew lease_1', '29 s: renew lease_1']);
  });

  it('one that has lapsed is renewed no more; the next key is under a new one', async () => {
    broker.renew = () => Promise.resolve(false);
    await lease.hold();
    await jest.advanceTimersByTimeAsync(25_000);
    expect(broker.asked).toEqual(['0 s: begin 30', '10 s: renew lease_1']);
    expect(warnings).toEqual([expect.stringContaining('has lapsed')]);
    expect(await lease.hold()).toBe('lease_2');
  });

  it('many keys that are refused for the same lapsed lease begin one new one', async () => {
    await lease.hold();
    for (let i = 0; i < 3; i++) lease.lapsed('lease_1');
    expect(await Promise.all([lease.hold(), lease.hold()])).toEqual(['lease_2', 'lease_2']);
    lease.lapsed('lease_1');
    expect(await lease.hold()).toBe('lease_2');
    await jest.advanceTimersByTimeAsync(10_000);
    expect(broker.asked.slice(2)).toEqual(['10 s: renew lease_2']);
  });

  it('where none can be obtained its asker is told, and the next one asks again', async () => {
    const begin = broker.begin;
    broker.begin = away;
    await expect(lease.hold()).rejects.toThrow('The broker is away.');
    broker.begin = begin;
    expect(await lease.hold()).toBe('lease_1');
  });

  it('ends once, is renewed no more, and is not begun again', async () => {
    await lease.hold();
    await Promise.all([lease.end(), lease.end()]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(broker.asked).toEqual(['0 s: begin 30', '0 s: end lease_1']);
    await expect(lease.hold()).rejects.toThrow('shutting down');
  });

  it('one that nobody asked for needs no ending', async () => {
    await lease.end();
    expect(broker.asked).toEqual([]);
  });

  it('one that is just being begun is ended once it is there', async () => {
    let begun!: (id: string) => void;
    broker.begin = () => new Promise((resolve) => (begun = resolve));
    const held = lease.hold();
    const ended = lease.end();
    begun('lease_1');
    await Promise.all([held, ended]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(broker.asked).toEqual(['0 s: begin 30', '0 s: end lease_1']);
  });

  it('a renewal under way when it ends starts no other', async () => {
    let renewed!: (lives: boolean) => void;
    broker.renew = () => new Promise((resolve) => (renewed = resolve));
    await lease.hold();
    await jest.advanceTimersByTimeAsync(10_000);
    await lease.end();
    renewed(true);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(broker.asked.at(-1)).toBe('10 s: end lease_1');
  });

  it('one that cannot be ended says when it lapses, and holds nobody up', async () => {
    broker.end = away;
    await lease.hold();
    await lease.end();
    expect(warnings).toEqual([expect.stringContaining('it lapses within 30 s')]);
  });
});
