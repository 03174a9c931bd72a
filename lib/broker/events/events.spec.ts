import { keyRecord } from '../../../test/support/key-record';
import { TestClock } from '../../../test/support/test-clock';
import { until } from '../../../test/support/until';
import { MemoryStore } from '../ledger/memory/memory-store';
import { StoreLedger } from '../ledger/store-ledger';
import type { BrokerEvent } from './event';
import { SlowReaderError } from './event-reader';
import type { EventReader } from './event-reader';
import type { LogSlice } from './log-tail';
import { Events } from './events';

const DAY_MS = 86_400_000;

let clock: TestClock;
let isBroken: boolean;
let store: MemoryStore;
let ledger: StoreLedger;
let events: Events;
let keys: number;
beforeEach(() => {
  clock = new TestClock(Date.UTC(2026, 0, 1));
  isBroken = false;
  keys = 0;
  store = new MemoryStore({
    clock,
    write: () => {
      if (isBroken) throw new Error('the disk is full');
    },
  });
  ledger = new StoreLedger(store);
  events = new Events(ledger.logRows);
});
afterEach(async () => {
  await events.close();
  await ledger.close();
});

const issue = () => ledger.issue(keyRecord(`k${++keys}`, { createdAt: clock.now() }));
/** What a reader has, as it comes. */
function collect(reader: EventReader): { all: BrokerEvent[]; end: Promise<unknown> } {
  const all: BrokerEvent[] = [];
  const end = (async () => {
    for await (const event of reader) all.push(event);
  })().catch((error: unknown) => error);
  return { all, end };
}
const came = (all: readonly BrokerEvent[], count: number) =>
  until(
    () => all.length >= count,
    () => `${all.length} of ${count} came`,
  );

describe('a store that fails', () => {
  /** A log without a row, and how often it was looked at. */
  const tail = {
    looks: 0,
    isFailing: false,
    onWritten: undefined as (() => void) | undefined,
    now: () => 0,
    lastRow: async () => 0,
    async after(row: number): Promise<LogSlice> {
      this.looks += 1;
      return { rows: [], last: row, isEnd: true };
    },
  };

  it('now and then is told once, and that it works once it has for a while', async () => {
    const ofTail = new Events(tail);
    const { all } = collect(await ofTail.open({ kinds: ['failed_store'] }));
    const look = async (isFailing: boolean): Promise<void> => {
      const { looks } = tail;
      tail.isFailing = isFailing;
      tail.onWritten?.();
      await until(
        () => tail.looks > looks,
        () => 'nobody looks',
      );
    };
    await look(false);
    for (let i = 0; i < 4; i++) {
      await look(true);
      await look(false);
    }
    expect(all).toMatchObject([{ kind: 'failed_store', outcome: 'failed' }]);
    await came(all, 2);
    expect(all.map((event) => 'outcome' in event && event.outcome)).toEqual([
      'failed',
      'recovered',
    ]);
    // A reader of a log that does not grow looks once a second.
    const { looks } = tail;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(tail.looks - looks).toBeLessThanOrEqual(2);
    await ofTail.close();
  });
});

describe('a reader of events', () => {
  it('that takes nothing has 1,000 kept for it, is told so, and misses none where it goes on', async () => {
    const slow = await events.open();
    for (let i = 0; i < 1_100; i++) await issue();
    await slow.done;
    const { all, end } = collect(slow);
    expect(await end).toBeInstanceOf(SlowReaderError);
    expect(all).toHaveLength(1_000);
    const rest = collect(await events.open({ after: all.at(-1)?.id ?? '' }));
    await came(rest.all, 100);
    expect(rest.all.map(({ id }) => Number(id))).toEqual(
      Array.from({ length: 100 }, (_, i) => 1_001 + i),
    );
  });

  it('that comes for what has been may take its time', async () => {
    for (let i = 0; i < 2_500; i++) await issue();
    const { all } = collect(await events.open({ after: '0' }));
    await came(all, 2_500);
    expect(new Set(all.map(({ id }) => id)).size).toBe(2_500);
  });

  it('comes no further back than 7 days', async () => {
    for (let i = 0; i < 20; i++) {
      await issue();
      clock.instant += DAY_MS;
    }
    // The last one is of a day ago.
    const { all } = collect(await events.open({ after: '1' }));
    await came(all, 7);
    expect(all.map(({ id }) => id)).toEqual(['14', '15', '16', '17', '18', '19', '20']);
  });

  it('with an id of another log begins with what is told from now on', async () => {
    await issue();
    const { all } = collect(await events.open({ after: '900' }));
    await issue();
    await came(all, 1);
    expect(all.map(({ id }) => id)).toEqual(['2']);
  });

  it('is told that the store has failed, and that it works again', async () => {
    const { all } = collect(await events.open({ kinds: ['failed_store'] }));
    isBroken = true;
    await expect(issue()).rejects.toThrow();
    await came(all, 1);
    isBroken = false;
    await issue();
    await came(all, 2);
    expect(all).toEqual([
      expect.objectContaining({ id: null, kind: 'failed_store', outcome: 'failed' }),
      expect.objectContaining({ id: null, kind: 'failed_store', outcome: 'recovered' }),
    ]);
  });

  it('has what there is by the close, and its end', async () => {
    const { all, end } = collect(await events.open());
    await issue();
    await issue();
    await events.close();
    expect(await end).toBeUndefined();
    expect(all).toHaveLength(2);
  });

  it('costs nothing once it is gone', async () => {
    const reader = await events.open();
    reader.close();
    await reader.done;
    const read = jest.spyOn(store, 'auditLog');
    for (let i = 0; i < 50; i++) await issue();
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(read).not.toHaveBeenCalled();
  });
});
