import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countTurns } from '../../../../test/support/turns';
import type { KeyRecord } from '../../keys/key';
import type { AuditFilter, HoldFilter, Page } from '../records';
import { openConnection } from './sqlite-driver';
import { SqliteLedger } from './sqlite-ledger';
import { closeStore } from './open-store';

const ROWS = 12_000;
const LIMIT = 100;
/** What one request looks at, and what it looks at before other work has its turn. */
const REQUEST_ROWS = 10_000;
const SLICE_ROWS = 2_000;

const folder = mkdtempSync(join(tmpdir(), 'vault-key-lists-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function pagesOf<Entry>(
  page: (cursor?: string) => Promise<Page<Entry>>,
): Promise<{ pages: number; entries: Entry[] }> {
  const entries: Entry[] = [];
  let pages = 0;
  let cursor: string | undefined;
  do {
    const found = await page(cursor);
    pages += 1;
    entries.push(...found.entries);
    cursor = found.next;
  } while (cursor !== undefined);
  return { pages, entries };
}
const from = (cursor?: string) => ({ limit: LIMIT, ...(cursor === undefined ? {} : { cursor }) });

describe(`an audit log of ${ROWS} rows`, () => {
  let ledger: SqliteLedger;
  beforeAll(async () => {
    ledger = new SqliteLedger(':memory:');
    const keyOf = (i: number): KeyRecord => ({
      id: `k${i}`,
      tokenHash: `hash${i}`,
      label: 'k',
      vendor: 'stripe',
      capMicros: 1,
      allowedEndpoints: ['/v1/payment_intents'],
      subject: { run_id: i < 3 ? 'oldest' : 'others' },
      budgets: {},
      createdAt: 1_000,
      expiresAt: 1e15,
    });
    await Promise.all(Array.from({ length: ROWS }, (_, i) => ledger.issue(keyOf(i))));
  });
  afterAll(() => ledger.close());
  const list = (filter: AuditFilter) => pagesOf((cursor) => ledger.audit(filter, from(cursor)));

  it('is looked through by so many rows a request, and the cursor of an empty page leads to the rest', async () => {
    const pages = Math.ceil(ROWS / REQUEST_ROWS);
    expect(await list({ vendor: 'none' })).toEqual({ pages, entries: [] });
    expect(await list({ call_id: 'none' })).toEqual({ pages, entries: [] });
    const all = await list({ event: 'issue' });
    expect([all.pages, new Set(all.entries.map((row) => row.seq)).size]).toEqual([
      ROWS / LIMIT,
      ROWS,
    ]);
  });

  it('is not looked through for what the index knows', async () => {
    for (const filter of [
      { event: 'revoke' },
      { key_id: 'none' },
      { user_id: 'none' },
      { tool: 'none' },
      { verdict: 'none' },
      { from: '2100-01-01T00:00:00.000Z' },
      { to: '1960-01-01T00:00:00.000Z' },
    ]) {
      expect(await list(filter)).toEqual({ pages: 1, entries: [] });
    }
    const oldest = await list({ run_id: 'oldest' });
    expect(oldest.pages).toBe(1);
    expect(oldest.entries.map((row) => row.key_id)).toEqual(['k2', 'k1', 'k0']);
    const one = await list({ key_id: 'k7000', event: 'issue' });
    expect(one).toMatchObject({ pages: 1, entries: [{ key_id: 'k7000' }] });
  });

  it('is looked through with turns for other work between its slices', async () => {
    const turns = await countTurns(() => ledger.audit({ vendor: 'none' }, from()));
    expect(turns).toBeGreaterThanOrEqual(REQUEST_ROWS / SLICE_ROWS - 1);
  });
});

describe(`${ROWS} holds that have ended, over an older one that is unknown`, () => {
  let ledger: SqliteLedger;
  beforeAll(async () => {
    const file = join(folder, 'holds.db');
    await new SqliteLedger(file).close();
    const connection = openConnection(file);
    const insert = (name: string, key: string, state: string) =>
      `INSERT INTO holds (call_id, key_id, vendor, account, object_id, held, settled, undone, refund_of,
         refund_amount, state, charged_to, created_at, ended_at, idempotency_key_hash, ended_by_operator)
       SELECT ${name}, ${key}, 'stripe', '', NULL, 0, 0, 0, NULL, 0, ${state}, '[]', 1, NULL, NULL, 0`;
    connection.exec(`
      ${insert("'c0'", "'old'", "'unknown'")};
      ${insert("'c1'", "'old'", "'settled'")};
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
        ${insert("'call' || i", "'new'", "'released'")} FROM n`);
    closeStore(connection);
    ledger = new SqliteLedger(file);
  });
  afterAll(() => ledger.close());
  const list = async (filter: HoldFilter) => {
    const { pages, entries } = await pagesOf((cursor) => ledger.holds(filter, from(cursor)));
    return { pages, ids: entries.map(({ callId }) => callId) };
  };

  it('are not looked at to find those that are open', async () => {
    expect(await list({ state: 'unknown' })).toEqual({ pages: 1, ids: ['c0'] });
    expect(await list({ state: 'unknown', key_id: 'old' })).toEqual({ pages: 1, ids: ['c0'] });
    expect(await list({ state: 'held' })).toEqual({ pages: 1, ids: [] });
  });

  it('are looked through by so many a request, with turns for other work between them', async () => {
    let found: Awaited<ReturnType<typeof list>> | undefined;
    const turns = await countTurns(async () => {
      found = await list({ state: 'settled' });
    });
    expect(found).toEqual({ pages: 2, ids: ['c1'] });
    expect(turns).toBeGreaterThanOrEqual(ROWS / SLICE_ROWS - 2);
    expect(await list({ key_id: 'old' })).toEqual({ pages: 2, ids: ['c1', 'c0'] });
    expect(await list({ vendor: 'none' })).toEqual({ pages: 2, ids: [] });
    expect(await list({ state: 'released' })).toMatchObject({ pages: ROWS / LIMIT });
  });
});
