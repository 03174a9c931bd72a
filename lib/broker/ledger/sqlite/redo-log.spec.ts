import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyRecord } from '../../keys/key';
import type { Outcome } from '../../pricing/price';
import type { AdmittedCall } from '../records';
import { openConnection } from './sqlite-driver';
import { SqliteLedger } from './sqlite-ledger';
import { closeStore } from './open-store';
import { keyRecord } from '../../../../test/support/key-record';
import { TestClock } from '../../../../test/support/test-clock';

const CENT = 10_000;
const NOW = 2_000;
const clock = new TestClock(NOW);
const folder = mkdtempSync(join(tmpdir(), 'vault-key-redo-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

const keyOf = (id: string, more: Partial<KeyRecord> = {}): KeyRecord =>
  keyRecord(id, {
    capMicros: 1_000_000 * CENT,
    subject: { user_id: 'u', run_id: id },
    ...more,
  });

function newFile(): string {
  return join(folder, `${++files}.db`);
}

/** The store as it is on the disk at this moment: what a kill would leave. */
function killed(file: string): SqliteLedger {
  const copy = newFile();
  for (const end of ['', '-wal', '.audit-key']) {
    if (existsSync(file + end)) copyFileSync(file + end, copy + end);
  }
  return new SqliteLedger(copy, { clock });
}

/** Has every commit of a store fail, or lets it be. */
function breakStore(file: string, isBroken: boolean): void {
  const connection = openConnection(file);
  connection.exec(
    isBroken
      ? "CREATE TRIGGER full BEFORE INSERT ON redo BEGIN SELECT RAISE(FAIL, 'full'); END"
      : 'DROP TRIGGER full',
  );
  closeStore(connection);
}

let calls = 0;
async function admit(ledger: SqliteLedger, key: KeyRecord, cents = 100): Promise<AdmittedCall> {
  const decision = await ledger.admit({
    callId: `call_${++calls}`,
    key,
    account: '',
    price: { kind: 'amount', micros: cents * CENT, amount: cents, currency: 'usd' },
    operation: { keyHash: `hash ${calls}`, fingerprint: `print ${calls}` },
    audit: { at: 'then', event: 'refusal', call_id: `call_${calls}`, key_id: key.id },
  });
  if (!decision.admitted) throw decision.refusal;
  return decision.call;
}
const end = (ledger: SqliteLedger, hold: AdmittedCall, outcome: Outcome = { ending: 'settled' }) =>
  ledger.end({ call: hold, outcome, audit: {} });
const balance = async (ledger: SqliteLedger, id: string) => (await ledger.key(id))?.balance;

describe('what is decided and not yet in its table', () => {
  it('is there after a kill, as it was last', async () => {
    const file = newFile();
    const ledger = new SqliteLedger(file, { clock });
    const key = keyOf('k');
    await ledger.issue(key);
    await ledger.issue(keyOf('gone'));
    await ledger.revoke(['gone']);
    const [settled, released, open] = [
      await admit(ledger, key),
      await admit(ledger, key, 200),
      await admit(ledger, key, 300),
    ];
    await end(ledger, settled, {
      ending: 'settled',
      object: { id: 'pi_1', aliases: ['ch_1'], amount: 100, currency: 'usd' },
    });
    await end(ledger, released, { ending: 'released' });

    const again = killed(file);
    expect(await balance(again, 'k')).toEqual({ spent: 100 * CENT, held: 300 * CENT, undone: 0 });
    expect((await again.key('gone'))?.key.revokedAt).toBe(NOW);
    expect(again.keyByTokenHash('hash of gone')).toBeUndefined();
    expect(again.keyByTokenHash('hash of k')).toMatchObject({ id: 'k' });
    const { entries } = await again.holds({}, { limit: 10 });
    expect(entries.map(({ callId, state }) => [callId, state])).toEqual([
      [open.callId, 'unknown'],
      [released.callId, 'released'],
      [settled.callId, 'settled'],
    ]);
    expect(entries[2]).toMatchObject({ objectId: 'pi_1', settledMicros: 100 * CENT });
    expect(await again.verifyAudit()).toMatchObject({ ok: true, entries: 6 });
    await Promise.all([again.close(), ledger.close()]);
  });

  it('is unknown after a kill where it was in flight, for the retry that comes then too', async () => {
    const file = newFile();
    const ledger = new SqliteLedger(file, { clock });
    const key = keyOf('k');
    await ledger.issue(key);
    const hold = await admit(ledger, key);
    const again = killed(file);
    const retry = await again.admit({
      callId: 'retry',
      key,
      account: '',
      price: hold.price,
      operation: { keyHash: `hash ${calls}`, fingerprint: `print ${calls}` },
      audit: { at: 'then', event: 'refusal', call_id: 'retry' },
    });
    if (!retry.admitted) throw retry.refusal;
    // A rate limit proves nothing about the first attempt, which the kill left unknown.
    await end(again, retry.call, { ending: 'released', conclusive: false });
    expect(await balance(again, 'k')).toEqual({ spent: 0, held: 100 * CENT, undone: 0 });
    await Promise.all([again.close(), ledger.close()]);
  });

  it('is found by every search', async () => {
    const ledger = new SqliteLedger(':memory:', { clock });
    await Promise.all(['a', 'b', 'c'].map((id) => ledger.issue(keyOf(id))));
    const hold = await admit(ledger, keyOf('b'));
    const { entries } = await ledger.keys({ user_id: 'u' }, { limit: 10 });
    expect(entries.map(({ key }) => key.id)).toEqual(['c', 'b', 'a']);
    await ledger.revoke(['c']);
    expect((await ledger.keys({ status: 'revoked' }, { limit: 10 })).entries).toHaveLength(1);
    expect((await ledger.holds({ state: 'held' }, { limit: 10 })).entries).toHaveLength(1);
    expect(await ledger.figures()).toMatchObject({
      liveKeys: 2,
      openHolds: { held: 1, unknown: 0 },
    });
    await end(ledger, hold);
    expect((await ledger.figures()).openHolds).toEqual({ held: 0, unknown: 0 });
    const brake = { scope: 'user', target: 'u', reason: 'r' } as const;
    expect(await ledger.putBrake({ id: 'brk', ...brake })).toMatchObject({ hit: 2 });
    await ledger.close();
  });

  it('is written to its table in the end, and keeps its place among those before it', async () => {
    const file = newFile();
    const ledger = new SqliteLedger(file, { clock });
    const ids = Array.from({ length: 600 }, (_, i) => `k${i}`);
    for (let i = 0; i < ids.length; i += 20) {
      await Promise.all(
        ids.slice(i, i + 20).map(async (id) => {
          const key = keyOf(id);
          await ledger.issueSoon(key);
          await end(ledger, await admit(ledger, key));
          await ledger.revoke([id]);
        }),
      );
    }
    for (const store of [killed(file), ledger]) {
      const { entries } = await store.keys({}, { limit: 1_000 });
      expect(entries.map(({ key }) => key.id).sort()).toEqual([...ids].sort());
      for (const entry of entries) {
        expect([entry.key.revokedAt, entry.balance.spent]).toEqual([NOW, 100 * CENT]);
      }
      expect(entries.slice(0, 20).map(({ key }) => key.id)).toEqual(ids.slice(-20).reverse());
      expect(await store.verifyAudit()).toMatchObject({ ok: true, entries: 3 * ids.length });
      await store.close();
    }
    const connection = openConnection(file);
    expect(connection.prepare('SELECT COUNT(*) AS count FROM redo').get()).toMatchObject({
      count: 0,
    });
    closeStore(connection);
  });

  it('leaves no trace where its commit fails', async () => {
    const file = newFile();
    const first = new SqliteLedger(file, { clock });
    const key = keyOf('k');
    await first.issue(key);
    await end(first, await admit(first, key));
    await first.close();

    breakStore(file, true);
    const broken = new SqliteLedger(file, { clock });
    await expect(admit(broken, key)).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(broken.revoke(['k'])).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await balance(broken, 'k')).toEqual({ spent: 100 * CENT, held: 0, undone: 0 });
    expect(broken.keyByTokenHash('hash of k')).toMatchObject({ id: 'k' });
    expect(await broken.verifyAudit()).toMatchObject({ ok: true, entries: 2 });
    await broken.close();

    breakStore(file, false);
    const mended = new SqliteLedger(file, { clock });
    await admit(mended, key, 200);
    expect(await balance(mended, 'k')).toEqual({ spent: 100 * CENT, held: 200 * CENT, undone: 0 });
    await mended.close();
  });
});

describe('a settlement that waits for a commit', () => {
  it('is settled after a clean stop, and counted as unknown after a kill', async () => {
    const file = newFile();
    const ledger = new SqliteLedger(file, { clock });
    const key = keyOf('k');
    await ledger.issue(key);
    const settled = end(ledger, await admit(ledger, key));
    const again = killed(file);
    expect(await balance(again, 'k')).toEqual({ spent: 0, held: 100 * CENT, undone: 0 });
    expect((await again.holds({ state: 'unknown' }, { limit: 10 })).entries).toHaveLength(1);
    await again.close();

    await ledger.close();
    await settled;
    const stopped = new SqliteLedger(file, { clock });
    expect(await balance(stopped, 'k')).toEqual({ spent: 100 * CENT, held: 0, undone: 0 });
    await stopped.close();
  });

  it('is seen by every question that is asked before', async () => {
    const ledger = new SqliteLedger(':memory:', { clock });
    const key = keyOf('k', { capMicros: 100 * CENT });
    await ledger.issue(key);
    void end(ledger, await admit(ledger, key), { ending: 'released' });
    expect((await admit(ledger, key)).micros).toBe(100 * CENT);
    void end(ledger, await admit(ledger, key, 0));
    expect(await balance(ledger, 'k')).toEqual({ spent: 0, held: 100 * CENT, undone: 0 });
    await ledger.close();
  });
});

describe('a key that is given before it is written down', () => {
  it('serves its first call at once, and one commit is for both', async () => {
    const ledger = new SqliteLedger(':memory:', { clock });
    const { commits } = await ledger.figures();
    const key = keyOf('k');
    await ledger.issueSoon(key);
    expect(ledger.keyByTokenHash('hash of k')).toMatchObject({ id: 'k' });
    await admit(ledger, key);
    const { entries } = await ledger.audit({}, { limit: 10 });
    expect(entries.map(({ event }) => event)).toEqual(['issue']);
    // One for the two of them.
    expect((await ledger.figures()).commits).toBe(commits + 1);
    await ledger.close();
  });

  it('is listed and is a parent before anything else is asked of it', async () => {
    const ledger = new SqliteLedger(':memory:', { clock });
    await ledger.issueSoon(keyOf('parent', { capMicros: 50 * CENT }));
    const child = keyOf('child', { parentId: 'parent' });
    await ledger.issueSoon(child);
    await expect(admit(ledger, child)).rejects.toMatchObject({ fields: { scope: 'parent' } });
    await ledger.issueSoon(keyOf('other'));
    const { entries } = await ledger.keys({}, { limit: 10 });
    expect(entries.map(({ key }) => key.id)).toEqual(['other', 'child', 'parent']);
    await ledger.close();
  });

  it('is written down within moments where no call follows', async () => {
    const file = newFile();
    const ledger = new SqliteLedger(file, { clock });
    await ledger.issueSoon(keyOf('k'));
    const isWritten = async () => {
      const again = killed(file);
      const found = await again.key('k');
      await again.close();
      return found !== undefined;
    };
    while (!(await isWritten())) await new Promise((resolve) => setTimeout(resolve, 5));
    await ledger.close();
  });

  it('is not given under a brake, nor under a parent or a lease that is not live', async () => {
    const ledger = new SqliteLedger(':memory:', { clock });
    await ledger.putBrake({
      id: 'brk',
      scope: 'user',
      target: 'stopped',
      reason: 'r',
    });
    for (const [more, code] of [
      [{ subject: { user_id: 'stopped' } }, 'braked'],
      [{ parentId: 'nobody' }, 'invalid_request'],
      [{ lease: { id: 'none', expiresAt: Infinity } }, 'invalid_request'],
    ] as const) {
      await expect(ledger.issueSoon(keyOf('k', more))).rejects.toMatchObject({ code });
    }
    await ledger.close();
  });

  it('is stopped by a brake that comes after it, and by its revocation, at once', async () => {
    const ledger = new SqliteLedger(':memory:', { clock });
    const [braked, revoked] = [keyOf('braked'), keyOf('revoked')];
    await Promise.all([ledger.issueSoon(braked), ledger.issueSoon(revoked)]);
    const revocation = ledger.revoke(['revoked']);
    const refused = admit(ledger, revoked);
    await expect(refused).rejects.toMatchObject({ code: 'invalid_key' });
    await revocation;
    expect(ledger.keyByTokenHash('hash of revoked')).toBeUndefined();
    await ledger.putBrake({
      id: 'brk',
      scope: 'key',
      target: 'braked',
      reason: 'r',
    });
    await expect(admit(ledger, braked)).rejects.toMatchObject({ code: 'braked' });
    await ledger.close();
  });

  it('is asked for at the store first, once a commit has failed', async () => {
    const file = newFile();
    await new SqliteLedger(file, { clock }).close();
    breakStore(file, true);
    const ledger = new SqliteLedger(file, { clock });
    const key = keyOf('k');
    await ledger.issueSoon(key);
    await expect(admit(ledger, key)).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(ledger.issueSoon(keyOf('next'))).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    await ledger.close();
  });
});
