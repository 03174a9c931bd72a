import { keyRecord } from '../../../test/support/key-record';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditChain } from '../audit/audit-chain';
import { AUDIT_COLUMNS } from '../audit/audit-entry';
import { AuditTable } from './sqlite/audit-table';
import { PendingWrites } from './sqlite/pending-writes';
import { openConnection } from './sqlite/sqlite-driver';
import { closeStore } from './sqlite/open-store';
import { AcceptedDoubts } from './store-doubt';
import { SqliteLedger } from './sqlite/sqlite-ledger';

const folder = mkdtempSync(join(tmpdir(), 'vault-key-audit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const ROWS = 5;

const key = keyRecord('k', { tokenHash: 'h', label: 'a label' });

/** A store with a log of five rows, closed. */
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
    await ledger.end({ call: decision.call, outcome: { ending: 'settled' }, audit });
  }
  await ledger.revoke(['k']);
  await ledger.putBudget(
    { scope: 'user', tenant: '', user: '', id: 'u', capMicros: 1 },
    { by: { name: 'app', role: 'admin', isApp: true, remoteAddress: '127.0.0.1' } },
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
    await ledger.revoke(['k']);
    await ledger.recordRefusal({ at: 'later', event: 'refusal' });
    expect(await ledger.verifyAudit(head)).toMatchObject({ ok: true, entries: ROWS + 1 });
    expect(await ledger.verifyAudit('0'.repeat(64))).toMatchObject({ ok: false });
    await ledger.close();
  });

  it('shows a change of any field of any row', async () => {
    const { file } = await logFile();
    const changes: [field: string, column: string, changed: string][] = [];
    for (const [i, field] of ['format', 'seq', ...AUDIT_COLUMNS].entries()) {
      const value = `(entry ->> ${i})`;
      const changed = `CASE WHEN typeof(${value}) = 'integer' THEN ${value} + 1 WHEN ${value} IS NULL THEN 1 ELSE ${value} || 'x' END`;
      // A field after the last one that has a value is added at the end.
      const set = `json_set(entry, CASE WHEN json_array_length(entry) > ${i} THEN '$[${i}]' ELSE '$[#]' END, ${changed})`;
      changes.push([field, 'entry', set]);
    }
    changes.push(['mac', 'mac', 'zeroblob(32)']);
    const connection = openConnection(file);
    const log = new AuditTable(
      connection,
      new PendingWrites(),
      new AuditChain(readFileSync(`${file}.audit-key`, 'utf8').trim()),
    );
    expect(await log.verify()).toMatchObject({ ok: true });
    for (const [field, column, changed] of changes) {
      for (let seq = 1; seq <= ROWS; seq++) {
        connection.exec(`BEGIN; UPDATE audit SET ${column} = ${changed} WHERE seq = ${seq}`);
        expect([field, seq, await log.verify()]).toEqual([
          field,
          seq,
          expect.objectContaining({ ok: false, seq }),
        ]);
        connection.exec('ROLLBACK');
      }
    }
    expect(await log.verify()).toMatchObject({ ok: true });
    closeStore(connection);
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
    const tamper = `DELETE FROM audit WHERE seq > 3;
      UPDATE audit_head SET count = 3, mac = (SELECT lower(hex(mac)) FROM audit WHERE seq = 3)`;
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
      INSERT INTO audit (seq, entry, mac) VALUES (4, '[1,4,"x","issue"]', x'00')`;
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

describe('a store of another version', () => {
  it.each([
    [4, /schema version 4, from before the first release.*start with a new file/],
    [99, /schema version 99.*start a newer broker/],
  ])('is refused: %d', async (version, message) => {
    const { file } = await logFile();
    const connection = openConnection(file);
    connection.exec(`PRAGMA user_version = ${version}`);
    closeStore(connection);
    expect(() => new SqliteLedger(file)).toThrow(message);
  });
});
