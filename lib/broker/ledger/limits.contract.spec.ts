import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyRecord } from '../../../test/support/key-record';
import { POSTGRES_WAYS } from '../../../test/support/postgres-stores';
import type { PostgresStores, PostgresWay } from '../../../test/support/postgres-stores';
import { propertyRuns } from '../../../test/support/property-runs';
import { sweepNow } from '../../../test/support/sweep-now';
import { TestClock } from '../../../test/support/test-clock';
import type { Budget } from '../budgets/budget';
import type { KeyRecord } from '../keys/key';
import type { Limits } from '../limits/limits';
import type { Price } from '../pricing/price';
import { MemoryStore } from './memory/memory-store';
import { PostgresStore } from './postgres/postgres-store';
import type { Admission, AdmittedCall, Decision } from './records';
import { SqliteStore } from './sqlite/sqlite-store';
import type { Store } from './store';
import { StoreLedger } from './store-ledger';
import { DAILY } from '../../../test/support/daily';

const CENT = 10_000;
const DOLLAR = 100 * CENT;
const START = Date.UTC(2026, 0, 1, 12);

const folder = mkdtempSync(join(tmpdir(), 'vault-key-limits-'));
const started = new Map<string, PostgresStores>();
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const stores of started.values()) await stores.close();
});
let files = 0;

/** Opens a new store, and every further time the same one again. */
type Opened = (clock: TestClock) => Promise<Store>;

async function onPostgres([name, start]: PostgresWay): Promise<Opened> {
  const stores = started.get(name) ?? (await start());
  started.set(name, stores);
  const url = await stores.url();
  return (clock) => PostgresStore.open(url, { auditKey: 'a key', clock });
}

const STORES: [name: string, place: () => Promise<Opened>, runs: number][] = [
  ['in memory', async () => async (clock) => new MemoryStore({ clock }), propertyRuns(300)],
  [
    'SQLite in a file',
    async () => {
      const file = join(folder, `${++files}.db`);
      return async (clock) => new SqliteStore(file, { clock });
    },
    propertyRuns(15),
  ],
  ...POSTGRES_WAYS.map((way): (typeof STORES)[number] => [
    way[0],
    () => onPostgres(way),
    propertyRuns(8),
  ]),
];

const dollars = (usd: number, currency = 'usd'): Price => ({
  kind: 'amount',
  micros: usd * DOLLAR,
  amount: usd * 100,
  currency,
});
const limited = (limits: Limits, id = 'k', more: Partial<KeyRecord> = {}): KeyRecord =>
  keyRecord(id, { capMicros: 100_000 * DOLLAR, limits, ...more });
const budget = (limits: Limits, more: Partial<Budget> = {}): Budget => ({
  ...DAILY,
  scope: 'user',
  tenant: undefined,
  user: undefined,
  id: 'u',
  capMicros: 100_000 * DOLLAR,
  limits,
  ...more,
});

describe.each(STORES)('limits in the ledger: %s', (name, place, numRuns) => {
  let clock: TestClock;
  let open: Opened;
  let store: Store;
  let ledger: StoreLedger;
  let calls = 0;
  beforeEach(async () => {
    clock = new TestClock(START);
    open = await place();
    await begin();
  });
  afterEach(() => ledger.close());

  async function begin(): Promise<void> {
    store = await open(clock);
    ledger = new StoreLedger(store);
  }

  const ask = (
    key: KeyRecord,
    more: Partial<Admission> & { under?: string } = {},
    by = ledger,
  ): Promise<Decision> => {
    const { under, ...rest } = more;
    return by.admit({
      callId: `call_${++calls}`,
      key,
      account: '',
      price: dollars(1),
      ...(under === undefined ? {} : { operation: { keyHash: under, fingerprint: under } }),
      audit: { at: 'then', event: 'refusal' },
      ...rest,
    });
  };
  /** What a call is refused for; `undefined` where it is admitted. */
  const refusal = async (
    key: KeyRecord,
    more: Partial<Admission> & { under?: string } = {},
  ): Promise<string | undefined> => {
    const decision = await ask(key, more);
    if (decision.admitted) return undefined;
    const { code, fields } = decision.refusal;
    return [code, fields['limit'], fields['parameter']].filter(Boolean).join(' ');
  };
  const admitted = async (key: KeyRecord, price: Price): Promise<AdmittedCall> => {
    const decision = await ask(key, { price });
    if (!decision.admitted) throw decision.refusal;
    return decision.call;
  };
  /** Has a payment made, of which something may be captured or refunded. */
  const paid = async (key: KeyRecord, id: string, usd: number): Promise<void> => {
    const call = await admitted(key, dollars(usd));
    const object = { id, aliases: [], amount: usd * 100, currency: 'usd' };
    await ledger.end({ call, outcome: { ending: 'settled', object }, audit: {} });
  };

  describe('per call', () => {
    const free = limited({}, 'free');
    const key = limited({ perCallMicros: 100 * DOLLAR });
    beforeEach(async () => {
      await ledger.issue(free);
      await ledger.issue(key);
    });

    it('lets a payment pass that comes to the limit, and none above it', async () => {
      expect(await refusal(key, { price: dollars(100) })).toBeUndefined();
      expect(await refusal(key, { price: dollars(100.01) })).toBe('limit_exceeded per_call_usd');
      expect(await refusal(key, { price: { kind: 'fee', micros: 101 * DOLLAR } })).toBe(
        'limit_exceeded per_call_usd',
      );
      expect(await refusal(key, { price: { kind: 'free' } })).toBeUndefined();
    });

    it('looks at all that the object may cost after the call, also what another key began', async () => {
      await paid(free, 'pi_1', 80);
      const on = { kind: 'change', objectId: 'pi_1' } as const;
      expect(await refusal(key, { price: { ...on, amount: 10_000 } })).toBeUndefined();
      expect(await refusal(key, { price: { ...on, amount: 10_001 } })).toBe(
        'limit_exceeded per_call_usd',
      );
      await paid(free, 'pi_2', 120);
      const capture = { kind: 'exposure', objectId: 'pi_2' } as const;
      expect(await refusal(key, { price: capture })).toBe('limit_exceeded per_call_usd');
      expect(await refusal(key, { price: { ...capture, amount: 5_000 } })).toBe(
        'limit_exceeded per_call_usd',
      );
      // What lowers it, and what gives it back, passes.
      const lower = { kind: 'change', objectId: 'pi_2', amount: 10_000 } as const;
      expect(await refusal(key, { price: lower })).toBeUndefined();
      expect(await refusal(key, { price: { kind: 'cancel', objectId: 'pi_2' } })).toBeUndefined();
    });

    it('looks at the whole amount of a refund, named or not', async () => {
      await paid(free, 'pi_3', 150);
      const refund = { kind: 'refund', objectId: 'pi_3' } as const;
      expect(await refusal(key, { price: refund })).toBe('limit_exceeded per_call_usd');
      expect(await refusal(key, { price: { ...refund, amount: 10_000 } })).toBeUndefined();
      expect(await refusal(key, { price: { ...refund, amount: 10_001 } })).toBe(
        'limit_exceeded per_call_usd',
      );
    });

    it('of 0 lets pass only what moves no money', async () => {
      const none = limited({ perCallMicros: 0 }, 'none');
      await ledger.issue(none);
      expect(await refusal(none)).toBe('limit_exceeded per_call_usd');
      expect(await refusal(none, { price: { kind: 'free' } })).toBeUndefined();
    });
  });

  it('lets only calls in the listed currencies pass, in whatever case they are listed', async () => {
    const key = limited({ currencies: ['USD', 'eur'] });
    await ledger.issue(key);
    expect(await refusal(key)).toBeUndefined();
    expect(await refusal(key, { price: dollars(1, 'eur') })).toBeUndefined();
    expect(await refusal(key, { price: dollars(1, 'gbp') })).toBe('limit_exceeded currencies');
    expect(await refusal(key, { price: { kind: 'free' } })).toBeUndefined();
    // What a call does not say, its object says.
    const pounds = limited({ currencies: ['gbp'] }, 'pounds');
    await ledger.issue(pounds);
    await paid(key, 'pi_4', 10);
    expect(await refusal(pounds, { price: { kind: 'refund', objectId: 'pi_4' } })).toBe(
      'limit_exceeded currencies',
    );
  });

  it('lets a payout go only where it may go, and asks each one where it goes', async () => {
    const key = limited({ destinations: ['acct_1', 'ba_1'] });
    await ledger.issue(key);
    const to = (...ids: string[]) =>
      ids.map((id, i) => ({ parameter: `destination${i === 0 ? '' : i}`, id }));
    const payout = { isPayout: true, destinations: to() };
    expect(await refusal(key, { destinations: { ...payout, destinations: to('acct_1') } })).toBe(
      undefined,
    );
    expect(
      await refusal(key, { destinations: { ...payout, destinations: to('ba_1', 'acct_2') } }),
    ).toBe('limit_exceeded destinations destination1');
    expect(await refusal(key, { destinations: payout })).toBe('limit_exceeded destinations');
    expect(await refusal(key, { destinations: { ...payout, untold: 'destination_data' } })).toBe(
      'parameter_not_allowed destinations destination_data',
    );
    const payment = { isPayout: false, destinations: to() };
    expect(await refusal(key, { destinations: payment })).toBeUndefined();
    // One that was not looked at may be a payout.
    expect(await refusal(key)).toBe('limit_exceeded destinations');
  });

  describe('customers', () => {
    const key = limited({ customers: ['cus_1', 'cus_2'] });
    const reach = { objects: [], destinations: [], isFiltered: false };
    beforeEach(() => ledger.issue(key));

    it('asks whom a call reaches before it decides, and writes nothing meanwhile', async () => {
      const decision = await ask(key);
      expect(decision).toMatchObject({ admitted: false, wantsReach: true });
      const { entries } = await ledger.audit({ event: 'refusal' }, { limit: 10 });
      expect(entries).toEqual([]);
    });

    it('lets a call pass whose every object belongs to one of them', async () => {
      const objects = [{ customer: 'cus_1' }, { parameter: 'payment_method', customer: 'cus_2' }];
      expect(await refusal(key, { reach: { ...reach, objects } })).toBeUndefined();
      const other = [...objects, { parameter: 'source', customer: 'cus_3' }];
      expect(await refusal(key, { reach: { ...reach, objects: other } })).toBe(
        'limit_exceeded customers source',
      );
      const nobodys = [...objects, { parameter: 'payment_method' }];
      expect(await refusal(key, { reach: { ...reach, objects: nobodys } })).toBe(
        'limit_exceeded customers payment_method',
      );
      const untold = [...objects, { parameter: 'token', fault: 'is of no known kind' }];
      expect(await refusal(key, { reach: { ...reach, objects: untold } })).toBe(
        'parameter_not_allowed customers token',
      );
    });

    it('refuses a call that costs and reaches none, and lets one pass that is free', async () => {
      expect(await refusal(key, { reach })).toBe('limit_exceeded customers');
      expect(await refusal(key, { reach, price: { kind: 'free' } })).toBeUndefined();
    });

    it('lets a call read only what is theirs', async () => {
      const read = { isRead: true, price: { kind: 'free' } } as const;
      const objects = [{ customer: 'cus_1' }];
      expect(await refusal(key, { ...read, reach: { ...reach, objects, isFiltered: true } })).toBe(
        undefined,
      );
      expect(await refusal(key, { ...read, reach: { ...reach, objects } })).toBe(
        'limit_exceeded customers',
      );
      expect(await refusal(key, { ...read, reach })).toBe('limit_exceeded customers');
    });

    it('takes a destination only where destinations are limited too', async () => {
      const to = {
        ...reach,
        objects: [{ customer: 'cus_1' }],
        destinations: ['transfer_data[destination]'],
      };
      expect(await refusal(key, { reach: to })).toBe(
        'parameter_not_allowed customers transfer_data[destination]',
      );
      const both = limited({ customers: ['cus_1'], destinations: ['acct_1'] }, 'both');
      await ledger.issue(both);
      const destinations = [{ parameter: 'transfer_data[destination]', id: 'acct_1' }];
      expect(
        await refusal(both, { reach: to, destinations: { isPayout: false, destinations } }),
      ).toBeUndefined();
    });

    it('hold for a retry too: its answer shows what the first call has made', async () => {
      const open = limited({}, 'open');
      await ledger.issue(open);
      expect(await refusal(open, { under: 'key' })).toBeUndefined();
      const objects = [{ customer: 'cus_3' }];
      expect(await refusal(key, { under: 'key', reach: { ...reach, objects } })).toBe(
        'limit_exceeded customers',
      );
    });
  });

  it('holds an inner key to the limits of the keys above it', async () => {
    await ledger.issue(limited({ perCallMicros: 5 * DOLLAR, callsPerMinute: 2 }, 'outer'));
    const inner = limited({ perCallMicros: 50 * DOLLAR }, 'inner', { parentId: 'outer' });
    await ledger.issue(inner);
    expect(await refusal(inner, { price: dollars(6) })).toBe('limit_exceeded per_call_usd');
    expect(await refusal(inner)).toBeUndefined();
    expect(await refusal(inner)).toBeUndefined();
    expect(await refusal(inner)).toBe('rate_limited calls_per_minute');
  });

  it("holds each key of a subject to the limits of the operator's budgets over it", async () => {
    await ledger.issue(limited({ perCallMicros: 50 * DOLLAR }, 'one'));
    const other = limited({}, 'other', { subject: { user_id: 'v' } });
    await ledger.issue(other);
    await ledger.putBudget(budget({ perCallMicros: 5 * DOLLAR }));
    await ledger.putBudget(budget({ currencies: ['usd'] }, { scope: 'vendor', id: 'stripe' }));
    const one = limited({}, 'one');
    expect(await refusal(one, { price: dollars(6) })).toBe('limit_exceeded per_call_usd');
    expect(await refusal(one, { price: dollars(5) })).toBeUndefined();
    expect(await refusal(one, { price: dollars(5, 'eur') })).toBe('limit_exceeded currencies');
    expect(await refusal(other, { price: dollars(60) })).toBeUndefined();
    expect(await refusal(other, { price: dollars(6, 'eur') })).toBe('limit_exceeded currencies');
    await ledger.deleteBudget(budget({}));
    expect(await refusal(one, { price: dollars(6) })).toBeUndefined();
  });

  it('keeps what a key and a budget are limited by', async () => {
    const limits: Limits = {
      perCallMicros: 12.34 * DOLLAR,
      callsPerMinute: 7,
      customers: ['cus_1'],
      destinations: ['acct_1', 'ba_1'],
      currencies: ['usd'],
    };
    await ledger.issue(limited(limits));
    await ledger.putBudget(budget(limits));
    if (name !== 'in memory') {
      await ledger.close();
      await begin();
    }
    expect((await ledger.key('k'))?.key.limits).toEqual(limits);
    expect((await ledger.budgets())[0]?.limits).toEqual(limits);
    await ledger.putBudget(budget({ callsPerMinute: 3 }));
    expect((await ledger.budgets())[0]?.limits).toEqual({ callsPerMinute: 3 });
    const { entries } = await ledger.audit({ event: 'budget' }, { limit: 1 });
    expect(entries[0]).toMatchObject({
      user_id: 'u',
      old_value:
        '$100000.00 (per_call_usd 12.34, calls_per_minute 7, customers cus_1, destinations acct_1 ba_1, currencies usd)',
      new_value: '$100000.00 (calls_per_minute 3)',
    });
  });

  describe('calls a minute', () => {
    const key = limited({ callsPerMinute: 3 });
    beforeEach(() => ledger.issue(key));

    it('lets as many pass within 60 seconds, and says when the next one may', async () => {
      expect(await refusal(key)).toBeUndefined();
      clock.instant += 20_500;
      expect(await refusal(key)).toBeUndefined();
      expect(await refusal(key, { price: { kind: 'free' } })).toBeUndefined();
      const decision = await ask(key);
      expect(decision).toMatchObject({
        admitted: false,
        refusal: {
          status: 429,
          code: 'rate_limited',
          fields: { scope: 'key', limit: 'calls_per_minute', calls_per_minute: 3 },
          headers: { 'retry-after': '41' },
        },
      });
      clock.instant += 40_000;
      expect(await refusal(key)).toBe('rate_limited calls_per_minute');
      clock.instant += 1_000;
      expect(await refusal(key)).toBeUndefined();
      expect(await refusal(key)).toBe('rate_limited calls_per_minute');
    });

    it('counts neither what only reads, nor what is refused, nor a retry', async () => {
      expect(await refusal(key, { under: 'once' })).toBeUndefined();
      for (let i = 0; i < 5; i++) {
        expect(await refusal(key, { under: 'once' })).toBeUndefined();
        expect(await refusal(key, { isRead: true, price: { kind: 'free' } })).toBeUndefined();
        expect(await refusal(key, { price: dollars(200_000) })).toBe('cap_exhausted');
      }
      expect(await refusal(key)).toBeUndefined();
      expect(await refusal(key)).toBeUndefined();
      expect(await refusal(key)).toBe('rate_limited calls_per_minute');
      expect(await refusal(key, { under: 'once' })).toBeUndefined();
      expect(await refusal(key, { isRead: true, price: { kind: 'free' } })).toBeUndefined();
    });

    it('counts across all keys of a subject where its budget says so', async () => {
      await ledger.putBudget(budget({ callsPerMinute: 2 }, { id: '*' }));
      const one = limited({}, 'one');
      const two = limited({}, 'two');
      const other = limited({}, 'other', { subject: { user_id: 'v' } });
      for (const each of [one, two, other]) await ledger.issue(each);
      expect(await refusal(one)).toBeUndefined();
      expect(await refusal(two)).toBeUndefined();
      expect(await refusal(one)).toBe('rate_limited calls_per_minute');
      expect(await refusal(two)).toBe('rate_limited calls_per_minute');
      expect(await refusal(other)).toBeUndefined();
    });

    it('never lets more pass than it says where many come at once', async () => {
      const decisions = await Promise.all(Array.from({ length: 12 }, () => ask(key)));
      expect(decisions.filter(({ admitted: passed }) => passed)).toHaveLength(3);
    });

    it('is known after a restart, and leaves the store once nothing counts any more', async () => {
      await admitted(key, dollars(1));
      await admitted(key, dollars(1));
      if (name !== 'in memory') {
        await ledger.close();
        await begin();
      }
      await admitted(key, dollars(1));
      expect(await refusal(key)).toBe('rate_limited calls_per_minute');
      const windows = () =>
        store.look((book) => {
          const { rows } = book.walk('notes', undefined, 10);
          return rows.filter(({ kind }) => kind === 'window').length;
        });
      await sweepNow(store, 2 * 86_400_000);
      expect(await windows()).toBe(1);
      clock.instant += 61_000;
      await sweepNow(store, 2 * 86_400_000);
      expect(await windows()).toBe(0);
      expect(await refusal(key)).toBeUndefined();
    });

    it('counts what seems to come later, where the clock was set back, for a minute more', async () => {
      // Within an hour: none comes back in which spend has counted.
      clock.instant += 1_800_000;
      for (let i = 0; i < 3; i++) await admitted(key, dollars(1));
      clock.instant -= 1_200_000;
      expect(await refusal(key)).toBe('rate_limited calls_per_minute');
      clock.instant += 60_000;
      expect(await refusal(key)).toBe('rate_limited calls_per_minute');
      clock.instant += 1_000;
      expect(await refusal(key)).toBeUndefined();
    });

    it('never lets more pass in any 60 seconds, and after Retry-After lets one pass', async () => {
      let keys = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 5 }),
          fc.array(
            fc.oneof(fc.integer({ min: 0, max: 2_500 }), fc.integer({ max: 70_000, min: 0 })),
            {
              minLength: 5,
              maxLength: 25,
            },
          ),
          async (limit, waits) => {
            const own = limited({ callsPerMinute: limit }, `own ${++keys}`);
            await ledger.issue(own);
            const passed: number[] = [];
            for (const wait of waits) {
              clock.instant += wait;
              const decision = await ask(own);
              if (decision.admitted) {
                passed.push(clock.instant);
                continue;
              }
              const within = passed.filter((at) => at >= clock.instant - 61_000);
              // It is never refused for calls that passed more than 61 seconds ago.
              expect(within.length).toBeGreaterThanOrEqual(limit);
              clock.instant += 1_000 * Number(decision.refusal.headers['retry-after']);
              expect((await ask(own)).admitted).toBe(true);
              passed.push(clock.instant);
            }
            for (const from of passed) {
              const within = passed.filter((at) => at >= from && at <= from + 60_000);
              expect(within.length).toBeLessThanOrEqual(limit);
            }
          },
        ),
        { numRuns },
      );
    });
  });

  if (name.startsWith('PostgreSQL')) {
    it('counts at all instances together, decided in one step', async () => {
      await ledger.putBudget(budget({ callsPerMinute: 10 }));
      const key = limited({}, 'shared');
      await ledger.issue(key);
      const others = [new StoreLedger(await open(clock)), new StoreLedger(await open(clock))];
      const all = [ledger, ...others];
      const decisions = await Promise.all(
        Array.from({ length: 45 }, (_, i) => ask(key, {}, all[i % 3])),
      );
      expect(decisions.filter(({ admitted: passed }) => passed)).toHaveLength(10);
      await Promise.all(others.map((other) => other.close()));
    });
  }
});
