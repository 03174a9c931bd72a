import fc from 'fast-check';
import { TestClock } from '../../../test/support/test-clock';
import { countTurns } from '../../../test/support/turns';
import type { AuditRow } from '../audit/audit-entry';
import { instantText } from '../instant';
import { MemoryStore } from '../ledger/memory/memory-store';
import { daySpendName, NO_SPEND } from '../ledger/rules/spend-sums';
import { SqliteStore } from '../ledger/sqlite/sqlite-store';
import type { Store } from '../ledger/store';
import { StoreLedger } from '../ledger/store-ledger';
import { Spend } from './spend';
import { textCell } from './spend-csv';
import { SpendGroups } from './spend-groups';
import { bySpent } from './spend-order';
import type { SpendRow } from './spend-order';
import type { SpendPageQuery } from './spend-request';
import type { SpendPage } from './spend-view';

const USD = 1_000_000;
const NOTHING = { ...NO_SPEND, held: 0, unknown: 0 };
const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 28, 12);

describe('spend', () => {
  let store: Store;
  let ledger: StoreLedger;
  let spend: Spend;
  beforeEach(() => begin(new MemoryStore({ clock: new TestClock(NOW) })));
  afterEach(() => ledger.close());

  function begin(on: Store): void {
    store = on;
    ledger = new StoreLedger(store);
    spend = new Spend(ledger);
  }
  const write = (...rows: readonly (Partial<AuditRow> & { event: AuditRow['event'] })[]) =>
    store.run((book) => {
      const day = '2026-11-28';
      for (const row of rows) {
        book.log({ at: instantText(NOW), day, vendor: 'stripe', settled_micros: 0, ...row });
      }
    });
  /** A call of so much. */
  const spent = (usd: number, more: Partial<AuditRow> = {}) =>
    ({ event: 'call', settled_micros: usd * USD, ...more }) as const;
  const csvOf = async (query = {}) => {
    let text = '';
    for await (const piece of spend.csv(query)) text += piece;
    return text;
  };
  const faultsOf = (query: SpendPageQuery) =>
    spend.list(query).then(
      () => [],
      (refusal: { fields: { fields: { field: string; message: string }[] } }) =>
        refusal.fields.fields.map(({ field, message }) => `${field} ${message}`),
    );

  it('tells of each group what was settled, given back, undone, refused, and how many calls', async () => {
    await write(
      spent(10, { user_id: 'u1' }),
      { event: 'give_back', settled_micros: -4 * USD, user_id: 'u1' },
      { event: 'settlement', settled_micros: 1 * USD, undone_micros: 2 * USD, user_id: 'u1' },
      {
        event: 'refusal',
        requested_micros: 30 * USD,
        count: 3,
        user_id: 'u1',
        settled_micros: null,
      },
      spent(0.000001, { user_id: 'u2' }),
    );
    const of = { given_back_usd: 0, held_usd: 0, unknown_usd: 0, refused_usd: 0, refusals: 0 };
    expect(await spend.list({ by: 'user' })).toEqual({
      from: '2026-11-01',
      to: '2026-11-28',
      rows: [
        {
          ...of,
          user_id: 'u1',
          settled_usd: 11,
          given_back_usd: 4,
          spent_usd: 7,
          undone_usd: 2,
          refused_usd: 30,
          calls: 1,
          refusals: 3,
        },
        { ...of, user_id: 'u2', settled_usd: 0.000001, spent_usd: 0.000001, calls: 1 },
      ],
      totals: {
        ...of,
        settled_usd: 11.000001,
        given_back_usd: 4,
        spent_usd: 7.000001,
        undone_usd: 2,
        refused_usd: 30,
        calls: 2,
        refusals: 3,
      },
    });
  });

  it('groups by days, tenants, users, tools and vendors in that order, and by hours and vendors', async () => {
    await write(
      spent(1, { tenant_id: 't2', user_id: 'u1', tool: 'pay' }),
      spent(2, { tenant_id: 't1', user_id: 'u2', tool: 'pay', day: '2026-11-27' }),
      spent(4, { user_id: 'u1', vendor: 'stripe-two' }),
    );
    const { rows } = await spend.list({ by: 'vendor,user,day' });
    expect(rows.map((row) => [row.day, row.user_id, row.vendor, row.spent_usd])).toEqual([
      ['2026-11-27', 'u2', 'stripe', 2],
      ['2026-11-28', 'u1', 'stripe', 1],
      ['2026-11-28', 'u1', 'stripe-two', 4],
    ]);
    const tenants = await spend.list({ by: 'tenant' });
    expect(tenants.rows.map((row) => row.tenant_id)).toEqual([null, 't1', 't2']);
    const hours = await spend.list({ by: 'hour,vendor', vendor: 'stripe' });
    expect(hours.rows.map((row) => [row.hour, row.vendor, row.spent_usd])).toEqual([
      ['2026-11-27T23:00:00.000Z', 'stripe', 2],
      ['2026-11-28T12:00:00.000Z', 'stripe', 1],
    ]);
  });

  it('has the most spent first where that is asked for, page by page and as CSV', async () => {
    const amounts = [3, 20, 100, 3, 0, 7.5];
    await write(
      ...amounts.map((usd, i) => spent(usd, { user_id: `u${i}` })),
      { event: 'give_back', settled_micros: -95 * USD, user_id: 'u2' },
      { event: 'refusal', requested_micros: 500 * USD, user_id: 'u5' },
    );
    const users = ['u1', 'u5', 'u2', 'u0', 'u3', 'u4'];
    const query = { by: 'user', order: 'spent' };
    const whole = await spend.list(query);
    expect(whole.rows.map((row) => [row.user_id, row.spent_usd])).toEqual([
      ['u1', 20],
      ['u5', 7.5],
      ['u2', 5],
      ['u0', 3],
      ['u3', 3],
      ['u4', 0],
    ]);
    expect(whole.totals).toEqual((await spend.list({ by: 'user' })).totals);
    const paged: (string | null | undefined)[] = [];
    let page: SpendPage | undefined;
    do {
      const cursor = page?.cursor;
      page = await spend.list({ ...query, limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      paged.push(...page.rows.map((row) => row.user_id));
    } while (page.cursor !== undefined);
    expect(paged).toEqual(users);
    const lines = (await csvOf(query)).trimEnd().split('\r\n').slice(1);
    expect(lines.map((line) => line.split(',')[0])).toEqual(users);
    expect(await faultsOf({ ...query, order: 'amount' })).toEqual(['order must be spent']);
    const { cursor = '' } = await spend.list({ by: 'day,user', limit: 2 });
    expect(await faultsOf({ ...query, cursor })).toEqual([
      'cursor must be the cursor of an earlier page of the same groups and order',
    ]);
  });

  it('refuses an order of more rows than it may have in memory', async () => {
    const groups = new SpendGroups<SpendRow>(1);
    for (const key of ['u1', 'u2']) groups.row(key, () => ({ key, sums: NOTHING }));
    await expect(bySpent(groups)).rejects.toMatchObject({
      status: 422,
      fields: { fields: [{ field: 'order', message: expect.stringContaining('100000 rows') }] },
    });
  });

  it('filters, among others the keys without a tenant', async () => {
    await write(
      spent(1, { tenant_id: 't1', user_id: 'u1' }),
      spent(2, { tenant_id: 't2', user_id: 'u1' }),
      spent(4, { user_id: 'u1', tool: 'pay' }),
      spent(8, { user_id: 'u2' }),
    );
    const of = async (query: SpendPageQuery) => (await spend.list(query)).totals.spent_usd;
    expect(await of({ user_id: 'u1' })).toBe(7);
    expect(await of({ tenant_id: 't1' })).toBe(1);
    expect(await of({ tenant_id: 't1', user_id: 'u1' })).toBe(1);
    expect(await of({ tenant_id: 't1', user_id: 'u2' })).toBe(0);
    expect(await of({ tenant_id: '' })).toBe(12);
    expect(await of({ tenant_id: '', user_id: 'u1' })).toBe(4);
    expect(await of({ tool: 'pay' })).toBe(4);
    expect(await of({ tool: '' })).toBe(11);
    expect(await of({ vendor: 'other' })).toBe(0);
    expect(await of({ from: '2026-11-27', to: '2026-11-27' })).toBe(0);
  });

  it('names each parameter that does not hold', async () => {
    const groups =
      'by must be some of day, hour, tenant, user, tool, vendor, each once, with commas between them';
    expect(await faultsOf({ by: 'user,user' })).toEqual([groups]);
    expect(await faultsOf({ by: '' })).toEqual([groups]);
    expect(await faultsOf({ by: 'run', from: '2026-02-30', limit: 0 })).toEqual([
      groups,
      'from must be a day (UTC), such as 2026-11-23',
      'limit must be a whole number from 1 to 1000',
    ]);
    expect(await faultsOf({ from: '2025-10-23', to: '1' })).toEqual([
      'from must not be before 2025-10-24: spend is kept for 400 days',
      'to must be a day (UTC), such as 2026-11-23',
    ]);
    expect(await faultsOf({ from: '2026-11-29' })).toEqual(['from must not be after 2026-11-28']);
    expect(await faultsOf({ by: 'hour,user', tool: 'pay' })).toEqual([
      'by cannot have user beside hour, which goes with vendor alone',
      'tool does not go with hour, which is kept by vendor alone',
    ]);
    const { cursor } = { cursor: Buffer.from('a\u0000b').toString('base64url') };
    expect(await faultsOf({ by: 'user', cursor })).toEqual([
      'cursor must be the cursor of an earlier page of the same groups and order',
    ]);
  });

  it('pages in order, with the totals of all on each page, and has all in one CSV', async () => {
    const users = Array.from({ length: 25 }, (_, i) => `u${i}`);
    await write(...users.map((user_id) => spent(1, { user_id })));
    const seen: unknown[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page: SpendPage = await spend.list({
        by: 'user',
        limit: 10,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.totals.spent_usd).toBe(25);
      seen.push(...page.rows.map((row) => row.user_id));
      ({ cursor } = page);
      pages += 1;
    } while (cursor !== undefined);
    expect([seen, pages]).toEqual([users.sort(), 3]);
    const lines = (await csvOf({ by: 'user' })).split('\r\n');
    expect(lines.slice(1, -1).map((line) => line.split(',')[0])).toEqual(users);
  });

  it('has the same rows in CSV however few it has in memory at once', async () => {
    await write(
      ...Array.from({ length: 200 }, (_, i) =>
        spent(i + 1, { user_id: `u${i % 17}`, tool: `t${i % 3}`, day: `2026-11-0${(i % 7) + 1}` }),
      ),
    );
    for (const by of ['day', 'day,user', 'user,tool', 'hour', 'day,tool,user']) {
      const whole = await csvOf({ by });
      for (const few of [1, 3, 50]) {
        spend = new Spend(ledger, few);
        expect([by, few, await csvOf({ by })]).toEqual([by, few, whole]);
      }
    }
  });

  it('is CSV of RFC 4180, with amounts of two decimals or more, and no formula', async () => {
    await write(
      spent(12.5, { user_id: '=HYPERLINK("http://x","y")', tool: 'pay, "later"' }),
      spent(0.000001, { user_id: '@u', tool: '+1' }),
      spent(3, { user_id: '-u' }),
    );
    expect(await csvOf({ by: 'day,user,tool' })).toBe(
      [
        'day,user_id,tool,settled_usd,given_back_usd,spent_usd,undone_usd,held_usd,unknown_usd,refused_usd,calls,refusals',
        "2026-11-28,'-u,,3.00,0.00,3.00,0.00,0.00,0.00,0.00,1,0",
        `2026-11-28,"'=HYPERLINK(""http://x"",""y"")","pay, ""later""",12.50,0.00,12.50,0.00,0.00,0.00,0.00,1,0`,
        "2026-11-28,'@u,'+1,0.000001,0.00,0.000001,0.00,0.00,0.00,0.00,1,0",
        '',
      ].join('\r\n'),
    );
    expect(await csvOf({ by: 'user', to: '2026-11-01' })).toMatch(/^user_id,.*\r\n$/);
  });

  it('begins no cell with what a spreadsheet takes for a formula, and loses no character of it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('', '=', '+', '-', '@', '\t', '\r', '"', ',', '\n'),
        (text, first) => {
          const cell = textCell(first + text);
          const isQuoted = cell.startsWith('"');
          const read = isQuoted ? cell.slice(1, -1).replaceAll('""', '"') : cell;
          expect(read).not.toMatch(/^[=+\-@\t\r]/);
          expect([first + text, `'${first}${text}`]).toContain(isQuoted ? read : cell);
          if (!isQuoted) expect(cell).not.toMatch(/[",\r\n]/);
        },
      ),
    );
  });

  it('gives other work its turn while it reads and groups many thousand rows', async () => {
    await ledger.close();
    begin(new SqliteStore(':memory:', { clock: new TestClock(NOW) }));
    const rows = 15_000;
    const sums = { ...NO_SPEND, settled: USD, calls: 1 };
    for (let first = 0; first < rows; first += 1_000) {
      await store.run((book) => {
        for (let i = first; i < first + 1_000; i++) {
          const subject = { tenant: null, user: `user ${i}`, tool: 'pay', vendor: 'stripe' };
          book.putNote('spend', daySpendName('2026-11-27', subject), { ...subject, ...sums });
        }
      });
    }
    await store.checkpoint();
    let totals = 0;
    const listed = await countTurns(async () => {
      totals = (await spend.list({ by: 'user', limit: 100 })).totals.calls;
    });
    expect(totals).toBe(rows);
    expect(listed).toBeGreaterThan(rows / 250);
    let lines = 0;
    const streamed = await countTurns(async () => {
      for await (const piece of spend.csv({ by: 'user' })) lines += piece.split('\r\n').length - 1;
    });
    expect(lines).toBe(rows + 1);
    expect(streamed).toBeGreaterThan(rows / 250 + rows / 125);
  });

  it('shows what is held of a call that is under way, on the day of its hold', async () => {
    const createdAt = NOW - 13 * HOUR;
    await store.run((book) => {
      book.addHold({
        callId: 'call_1',
        keyId: 'vk_gone',
        vendor: 'stripe',
        account: '',
        objectId: null,
        heldMicros: 5 * USD,
        settledMicros: 0,
        undoneMicros: 0,
        refundOf: null,
        refundAmount: 0,
        state: 'unknown',
        chargedTo: [],
        idempotencyKeyHash: null,
        createdAt,
        endedAt: null,
        isEndedByOperator: false,
      });
    });
    const days = await spend.list({ by: 'day' });
    expect(days.rows.map(({ day, unknown_usd, held_usd }) => [day, unknown_usd, held_usd])).toEqual(
      [['2026-11-27', 5, 0]],
    );
    const hours = await spend.list({ by: 'hour' });
    expect(hours.rows[0]).toMatchObject({ hour: '2026-11-27T23:00:00.000Z', unknown_usd: 5 });
    expect((await spend.list({ from: '2026-11-28' })).rows).toEqual([]);
  });
});

describe('groups', () => {
  it('are those with the smallest keys after one, in order, whatever comes in which order', () => {
    const keys = fc.array(fc.string({ maxLength: 2 }), { maxLength: 2_000, size: 'max' });
    const limits = fc.record({
      max: fc.integer({ min: 1, max: 1_500 }),
      after: fc.string({ maxLength: 1 }),
    });
    fc.assert(
      fc.property(keys, limits, (drawn, { max, after }) => {
        const groups = new SpendGroups<{ count: number }>(max, after);
        const counts = new Map<string, number>();
        for (const key of drawn) {
          const row = groups.row(key, () => ({ count: 0 }));
          if (row !== undefined) row.count += 1;
          if (key > after) counts.set(key, (counts.get(key) ?? 0) + 1);
        }
        const all = [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
        const kept = [...groups.slices(7)].flat().map(({ key, row }) => [key, row.count]);
        expect(kept).toEqual(all.slice(0, max));
        expect(groups.isCut).toBe(all.length > max);
      }),
      { numRuns: 50 },
    );
  });
});
