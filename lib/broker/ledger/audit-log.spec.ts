import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AUDIT_COLUMNS } from '../audit/audit-entry';
import type { KeyRecord } from '../keys/key';
import { openConnection } from './sqlite/sqlite-driver';
import { closeStore } from './sqlite/open-store';
import { AcceptedDoubts } from './store-doubt';
import { SqliteLedger } from './sqlite/sqlite-ledger';

const folder = mkdtempSync(join(tmpdir(), 'vault-key-audit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const ROWS = 7;

const key: KeyRecord = {
  id: 'k',
  tokenHash: 'h',
  label: 'a label',
  vendor: 'stripe',
  capMicros: 1_000_000,
  allowedEndpoints: ['/v1/payment_intents'],
  subject: { user_id: 'u' },
  budgets: {},
  createdAt: 1_000,
  expiresAt: 1e15,
};

/** A store with a log of seven rows, closed. */
async function logFile(): Promise<{ file: string; head: string }> {
  const file = join(folder, `${++files}.db`);
  const ledger = new SqliteLedger(file);
  await ledger.issue(key);
  for (const callId of ['c1', 'c2']) {
    const decision = await ledger.admit({
      callId,
      key,
      account: '',
      price: { kind: 'amount', micros: 10_000, amount: 1, currency: 'usd' },
      now: 2_000,
      audit: {
        at: '1970-01-01T00:00:02.000Z',
        event: 'refusal',
        call_id: callId,
        key_id: 'k',
        method: 'POST',
        path: '/v1/payment_intents',
        idempotency_key_hash: 'i',
        remote_address: '127.0.0.1',
      },
    });
    if (!decision.admitted) throw decision.refusal;
    const audit = {
      reason: 'as told',
      vendor_status: 200,
      vendor_request_id: 'req',
      latency_ms: 5,
    };
    await ledger.end({ hold: decision.hold, outcome: { ending: 'settled' }, now: 3_000, audit });
  }
  await ledger.revoke(['k'], 4_000);
  await ledger.putBudget(
    { scope: 'user', tenant: '', user: '', id: 'u', capMicros: 1 },
    5_000,
    '127.0.0.1',
  );
  const verdict = await ledger.verifyAudit();
  await ledger.close();
  expect(verdict).toMatchObject({ ok: true, entries: ROWS });
  return { file, head: verdict.ok ? verdict.head : '' };
}

async function verdictAfter(file: string, tamper: string, head?: string) {
  const connection = openConnection(file);
  connection.exec(tamper);
  closeStore(connection);
  const ledger = new SqliteLedger(file, { doubts: new AcceptedDoubts(['other-audit-key']) });
  const verdict = await ledger.verifyAudit(head);
  await ledger.close();
  return verdict;
}

describe('the audit log', () => {
  it('verifies over a restart, and against every head it ever had', async () => {
    const { file, head } = await logFile();
    expect(await verdictAfter(file, '', head)).toEqual({ ok: true, entries: ROWS, head });
    const ledger = new SqliteLedger(file);
    await ledger.revoke(['k'], 9_000);
    await ledger.recordRefusal({ at: 'later', event: 'refusal' });
    expect(await ledger.verifyAudit(head)).toMatchObject({ ok: true, entries: ROWS + 1 });
    expect(await ledger.verifyAudit('0'.repeat(64))).toMatchObject({ ok: false });
    await ledger.close();
  });

  it('shows a change of any field of any row', async () => {
    const { file } = await logFile();
    const changes: [field: string, column: string, changed: string][] = [];
    for (const [i, field] of ['seq', ...AUDIT_COLUMNS].entries()) {
      const value = `(entry ->> ${i})`;
      const changed = `CASE WHEN typeof(${value}) = 'integer' THEN ${value} + 1 WHEN ${value} IS NULL THEN 1 ELSE ${value} || 'x' END`;
      changes.push([field, 'entry', `json_set(entry, '$[${i}]', ${changed})`]);
    }
    changes.push(['mac', 'mac', "mac || 'x'"]);
    changes.push(['outcome_of', 'outcome_of', "COALESCE(outcome_of || 'x', 'c9')"]);
    for (const [field, column, changed] of changes) {
      for (let seq = 1; seq <= ROWS; seq++) {
        const connection = openConnection(file);
        connection.exec(`CREATE TABLE kept AS SELECT * FROM audit WHERE seq = ${seq}`);
        closeStore(connection);
        const verdict = await verdictAfter(
          file,
          `UPDATE audit SET ${column} = ${changed} WHERE seq = ${seq}`,
        );
        expect([field, seq, verdict]).toEqual([
          field,
          seq,
          expect.objectContaining({ ok: false, seq }),
        ]);
        const restored = openConnection(file);
        restored.exec(
          `DELETE FROM audit WHERE seq = ${seq}; INSERT INTO audit SELECT * FROM kept; DROP TABLE kept`,
        );
        closeStore(restored);
      }
    }
    expect(await verdictAfter(file, '')).toMatchObject({ ok: true });
  });

  it.each(Array.from({ length: ROWS }, (_, i) => i + 1))(
    'shows that row %i is gone',
    async (seq) => {
      const { file } = await logFile();
      expect(await verdictAfter(file, `DELETE FROM audit WHERE seq = ${seq}`)).toMatchObject({
        ok: false,
      });
    },
  );

  it('shows that the last rows are gone even where count and head were lowered with them', async () => {
    const { file } = await logFile();
    const tamper = `DELETE FROM audit WHERE seq > 5;
      UPDATE audit_head SET count = 5, mac = (SELECT mac FROM audit WHERE seq = 5)`;
    expect(await verdictAfter(file, tamper)).toMatchObject({ ok: false });
    expect(() => new SqliteLedger(file)).toThrow(/audit log .* the key is another one, or/);
    const all = `DELETE FROM audit; DELETE FROM audit_head`;
    expect(await verdictAfter((await logFile()).file, all)).toMatchObject({ ok: false });
  });

  it('shows that two rows were swapped, and that one was put between them', async () => {
    const { file } = await logFile();
    const swap = `UPDATE audit SET seq = -1 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4;
      UPDATE audit SET seq = 4 WHERE seq = -1`;
    expect(await verdictAfter(file, swap)).toMatchObject({ ok: false, seq: 3 });
    const other = await logFile();
    const insert = `UPDATE audit SET seq = -seq - 1 WHERE seq > 3; UPDATE audit SET seq = -seq WHERE seq < 0;
      INSERT INTO audit (seq, entry, mac) VALUES (4, '[4,"x","issue"]', 'x')`;
    expect(await verdictAfter(other.file, insert)).toMatchObject({ ok: false, seq: 4 });
  });

  it('does not start over a log whose key is gone', async () => {
    const { file } = await logFile();
    rmSync(`${file}.audit-key`);
    expect(() => new SqliteLedger(file)).toThrow(/audit key .* is missing.*VAULT_KEY_AUDIT_KEY/);
  });

  it('is kept under a key given from outside', async () => {
    const file = join(folder, 'given.db');
    const ledger = new SqliteLedger(file, {
      auditKey: 'a key of the operator, kept elsewhere',
    });
    await ledger.issue(key);
    await ledger.close();
    expect(() => new SqliteLedger(file, { auditKey: 'another key' })).toThrow(
      /not sealed with the audit key that is configured.*--accept-store other-audit-key/,
    );
  });
});

/** Turns a store of this version into one of version 2: a column a field, and no journal. */
const TO_VERSION_2 = `
  ALTER TABLE objects DROP COLUMN final;
  DROP INDEX keys_by_run; DROP INDEX keys_by_user; DROP INDEX keys_by_tenant; DROP INDEX keys_by_tool;
  DROP INDEX keys_of_user; DROP INDEX keys_of_run;
  DROP TABLE clock;
  DROP TABLE journal; DROP INDEX audit_outcomes; DROP INDEX keys_by_token;
  ALTER TABLE audit RENAME TO entries;
  CREATE TABLE audit (seq INTEGER PRIMARY KEY AUTOINCREMENT, ${AUDIT_COLUMNS.join(', ')},
    mac TEXT NOT NULL DEFAULT '');
  INSERT INTO audit SELECT seq, ${AUDIT_COLUMNS.map((_, i) => `entry ->> ${i + 1}`).join(', ')}, mac
    FROM entries;
  DROP TABLE entries;
  CREATE INDEX audit_outcomes ON audit (call_id) WHERE event = 'outcome';
  PRAGMA user_version = 2;`;

describe('a store of an older version', () => {
  it('is migrated with its money and its keys, and its log still verifies', async () => {
    const { file, head } = await logFile();
    const connection = openConnection(file);
    connection.exec(TO_VERSION_2);
    closeStore(connection);
    const ledger = new SqliteLedger(file);
    expect(await ledger.verifyAudit()).toEqual({ ok: true, entries: ROWS, head });
    const { key: found, balance } = (await ledger.key('k', 0)) ?? {};
    expect(balance).toEqual({ spent: 20_000, held: 0 });
    expect(found).toEqual({ ...key, revokedAt: 4_000 });
    const { entries } = await ledger.auditRecords({ event: 'call' }, { limit: 10 });
    expect(entries.map(({ outcome }) => outcome?.verdict)).toEqual(['settled', 'settled']);
    await ledger.close();
  });

  it('keeps its budgets; one that named no tenant now caps its id within each', async () => {
    const { file } = await logFile();
    const connection = openConnection(file);
    connection.exec(`${TO_VERSION_2}
      DROP TABLE budgets;
      CREATE TABLE budgets (name TEXT PRIMARY KEY, scope TEXT NOT NULL, tenant TEXT NOT NULL,
        user_id TEXT NOT NULL, target TEXT NOT NULL, cap_micros INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      INSERT INTO budgets VALUES
        ('["tool","","","Tool.\u00fc\u2019"]', 'tool', '', '', 'Tool.ü’', 1),
        ('["user","t1","","u1"]', 'user', 't1', '', 'u1', 2),
        ('["user","","","a\\"/b"]', 'user', '', '', 'a"/b', 3)`);
    closeStore(connection);
    const ledger = new SqliteLedger(file);
    const one = { scope: 'user', tenant: undefined, user: undefined, id: 'a"/b' } as const;
    expect(await ledger.budgets()).toEqual([
      { scope: 'tool', tenant: undefined, user: undefined, id: 'Tool.ü’', capMicros: 1 },
      { ...one, capMicros: 3 },
      { scope: 'user', tenant: 't1', user: undefined, id: 'u1', capMicros: 2 },
    ]);
    await ledger.putBudget({ ...one, capMicros: 4 }, 5_000);
    expect(await ledger.deleteBudget(one, 5_000)).toBe(true);
    expect(await ledger.budgets()).toHaveLength(2);
    await ledger.close();
  });

  it('is given a chain where it had none', async () => {
    const { file } = await logFile();
    const connection = openConnection(file);
    connection.exec(`${TO_VERSION_2}
      DROP INDEX keys_unrevoked; DROP INDEX audit_outcomes;
      ALTER TABLE keys DROP COLUMN budgets; ALTER TABLE keys DROP COLUMN lease_id;
      ALTER TABLE holds DROP COLUMN idempotency_key_hash; ALTER TABLE audit DROP COLUMN mac;
      DROP TABLE budgets; DROP TABLE brakes; DROP TABLE leases; DROP TABLE operations;
      DROP TABLE audit_head; PRAGMA user_version = 1`);
    closeStore(connection);
    rmSync(`${file}.audit-key`);
    const ledger = new SqliteLedger(file);
    expect(await ledger.verifyAudit()).toMatchObject({ ok: true, entries: ROWS });
    expect((await ledger.key('k', 0))?.balance).toEqual({ spent: 20_000, held: 0 });
    await ledger.close();
  });

  it('is refused where it is newer than this version knows', async () => {
    const { file } = await logFile();
    const connection = openConnection(file);
    connection.exec('PRAGMA user_version = 99');
    closeStore(connection);
    expect(() => new SqliteLedger(file)).toThrow(/schema version 99.*start a newer broker/);
  });
});
