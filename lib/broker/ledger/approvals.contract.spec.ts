import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AskingLedger,
  DOLLAR,
  HOUR,
  MINUTE,
  SETTLED,
  UNSENT,
  asking,
  dollars,
} from '../../../test/support/asking-ledger';
import type { OpenStore } from '../../../test/support/asking-ledger';
import { POSTGRES_WAYS } from '../../../test/support/postgres-stores';
import type { PostgresStores, PostgresWay } from '../../../test/support/postgres-stores';
import { sweepNow } from '../../../test/support/sweep-now';
import { MemoryStore } from './memory/memory-store';
import { PostgresStore } from './postgres/postgres-store';
import { SqliteStore } from './sqlite/sqlite-store';

const folder = mkdtempSync(join(tmpdir(), 'vault-key-approvals-'));
const started = new Map<string, PostgresStores>();
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const stores of started.values()) await stores.close();
});
let files = 0;

async function onPostgres([name, start]: PostgresWay): Promise<OpenStore> {
  const stores = started.get(name) ?? (await start());
  started.set(name, stores);
  const url = await stores.url();
  return (clock) => PostgresStore.open(url, { auditKey: 'a key', clock });
}

const STORES: [name: string, place: () => Promise<OpenStore>][] = [
  ['in memory', async () => async (clock) => new MemoryStore({ clock })],
  [
    'SQLite in a file',
    async () => {
      const file = join(folder, `${++files}.db`);
      return async (clock) => new SqliteStore(file, { clock });
    },
  ],
  ...POSTGRES_WAYS.map((way): (typeof STORES)[number] => [way[0], () => onPostgres(way)]),
];

describe.each(STORES)('approvals on a store: %s', (name, place) => {
  const key = asking();
  let on: AskingLedger;
  beforeEach(async () => {
    on = new AskingLedger(await place());
    await on.begin();
    await on.ledger.issue(key);
  });
  afterEach(() => on.ledger.close());

  it('let exactly one of 40 copies pass, and the others ask for the next one', async () => {
    const id = await on.approved(key);
    const decisions = await Promise.all(Array.from({ length: 40 }, () => on.ask(key)));
    expect(decisions.filter((each) => each.admitted)).toHaveLength(1);
    const others = decisions.flatMap((each) => (each.admitted ? [] : [each.refusal]));
    expect(new Set(others.map(({ code }) => code))).toEqual(new Set(['approval_required']));
    const [next, ...more] = new Set(others.map(({ fields }) => fields['approval_id']));
    expect(more).toEqual([]);
    expect(next).not.toBe(id);
    expect((await on.ledger.key('k'))?.balance.held).toBe(150 * DOLLAR);
  });

  it('let none pass whose cent, object, tenant or user is another', async () => {
    await on.approved(key);
    await on.asksFor(key, { price: dollars(150.01) });
    await on.asksFor(key, { price: dollars(149.99) });
    await on.asksFor(key, { what: 'another object' });
    const others = [
      asking('v', { subject: { user_id: 'v' } }),
      asking('t', { subject: { user_id: 'u', tenant_id: 't' } }),
    ];
    for (const other of others) {
      await on.ledger.issue(other);
      await on.asksFor(other);
    }
    await on.admitted(key);
  });

  it('are used up by the call that takes the hold, but for its retries', async () => {
    const id = await on.approved(key, { under: 'once' });
    const call = await on.admitted(key, { under: 'once' });
    await on.admitted(key, { under: 'once' });
    await on.end(call, SETTLED);
    await on.admitted(key, { under: 'once' });
    expect(await on.asksFor(key, { under: 'twice' })).not.toBe(id);
    expect(await on.ledger.approvals.one(id)).toMatchObject({ state: 'used', usedBy: call.callId });
  });

  it('are given back where nothing was sent, for as long as they would have counted', async () => {
    const id = await on.approved(key, { under: 'once' });
    on.clock.instant += 10 * MINUTE;
    const call = await on.admitted(key, { under: 'once' });
    // A copy that came meanwhile asks for the next one, which gives way.
    const copy = await on.asksFor(key);
    await on.end(call, UNSENT);
    expect(await on.isIn(copy, 'expired')).toBe(true);
    const again = await on.admitted(key, { under: 'once' });
    expect(again.approvalId).toBe(id);
    await on.end(again, UNSENT);
    on.clock.instant += 5 * MINUTE;
    await on.asksFor(key, { under: 'once' });
  });

  it('are at most 20 that wait for one user, and another user has its own', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) ids.push(await on.asksFor(key, { price: dollars(200 + i) }));
    expect(await on.refused(key)).toMatchObject({ status: 403, code: 'approvals_full' });
    // Those that wait are found all the same.
    expect(await on.asksFor(key, { price: dollars(200) })).toBe(ids[0]);
    const other = asking('t', { subject: { user_id: 'u', tenant_id: 't' } });
    await on.ledger.issue(other);
    await on.asksFor(other);
    await on.answer(ids[0] as string, false);
    await on.asksFor(key);
    expect((await on.refused(key, { price: dollars(300) })).code).toBe('approvals_full');
    on.clock.instant += 24 * HOUR;
    await on.asksFor(key, { price: dollars(300) });
  });

  it('are kept in the audit log with the call that they are for', async () => {
    const id = await on.approved(key);
    const call = await on.admitted(key);
    const { entries } = await on.ledger.audit({ event: 'approval' }, { limit: 10 });
    const about = { key_id: 'k', user_id: 'u', method: 'POST', requested_micros: 150 * DOLLAR };
    const asked = `call_${id.slice('apr_'.length)}`;
    expect([...entries].reverse()).toMatchObject([
      { verdict: 'asked', call_id: asked, ...about },
      { verdict: 'approved', call_id: asked, ...about },
      { verdict: 'used', call_id: asked, ...about },
    ]);
    expect(entries[0]?.reason).toContain(call.callId);
    expect(await on.ledger.verifyAudit()).toMatchObject({ ok: true });
  });

  it('are listed newest first, page by page, by their state and their user', async () => {
    const other = asking('v', { subject: { user_id: 'v' } });
    await on.ledger.issue(other);
    const ids: string[] = [];
    for (const usd of [200, 201, 202]) ids.push(await on.asksFor(key, { price: dollars(usd) }));
    const theirs = await on.approved(other);
    const page = await on.ledger.approvals.list({ user_id: 'u' }, { limit: 2 });
    expect(page.entries.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const cursor = page.next as string;
    const rest = await on.ledger.approvals.list({ user_id: 'u' }, { limit: 2, cursor });
    expect(rest).toMatchObject({ entries: [{ id: ids[0] }] });
    const done = await on.ledger.approvals.list({ state: 'approved' }, { limit: 10 });
    expect(done.entries.map(({ id }) => id)).toEqual([theirs]);
  });

  it('leave the store with all that leads to them, once nothing can refer to them', async () => {
    await on.approved(key);
    await on.admitted(key);
    await on.asksFor(key);
    const notes = async () => {
      await on.store.checkpoint();
      const { rows } = await on.store.look((book) => book.walk('notes', undefined, 100));
      return rows.filter(({ kind }) => kind.startsWith('approval')).length;
    };
    await sweepNow(on.store, 2 * 24 * HOUR);
    // Two approvals, what the call is that leads to the second, and the list of those that wait.
    expect(await notes()).toBe(4);
    on.clock.instant += 3 * 24 * HOUR;
    await sweepNow(on.store, 2 * 24 * HOUR);
    expect(await notes()).toBe(2);
    on.clock.instant += HOUR;
    await sweepNow(on.store, 2 * 24 * HOUR);
    expect(await notes()).toBe(0);
  });

  if (name !== 'in memory') {
    it('are there after a restart between the answer and the call', async () => {
      const id = await on.approved(key);
      await on.restart();
      expect((await on.admitted(key)).approvalId).toBe(id);
      await on.restart();
      await on.asksFor(key);
    });
  }
});
