import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresServer } from '../../../../test/support/postgres-server';
import { sweepNow } from '../../../../test/support/sweep-now';
import { TestClock } from '../../../../test/support/test-clock';
import { PostgresLedger } from '../postgres/postgres-ledger';
import { closeStore } from '../sqlite/open-store';
import { openConnection } from '../sqlite/sqlite-driver';
import { SqliteStore } from '../sqlite/sqlite-store';
import { AcceptedDoubts } from '../store-doubt';
import { StoreLedger } from '../store-ledger';
import { moveStore } from './store-move';
import { DAILY } from '../../../../test/support/daily';

const DAY = 86_400_000;
const AUDIT_KEY = 'a key of the operator, kept elsewhere';
const PAGE = { limit: 1_000 };

const folder = mkdtempSync(join(tmpdir(), 'vault-key-move-'));
let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
}, 60_000);
afterAll(async () => {
  await server.remove();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
let file: string;
let url: string;
let database: string;
beforeEach(async () => {
  file = join(folder, `${++files}.db`);
  url = await server.store();
  database = new URL(url).pathname.slice(1);
});

/** A store with some rows in its audit log. */
async function filled(rows: number, clock = new TestClock(Date.UTC(2026, 0, 1, 12))) {
  const store = new SqliteStore(file, { clock, auditKey: AUDIT_KEY });
  const ledger = new StoreLedger(store);
  const write = async (from: number, to: number): Promise<void> => {
    for (let i = from; i <= to; i++) {
      await ledger.putBudget({
        scope: 'user',
        tenant: '',
        user: '',
        id: `u${i}`,
        ...DAILY,
        capMicros: i,
      });
    }
  };
  await write(1, rows);
  return { store, ledger, clock, write };
}

function move(target = url, accepted: ConstructorParameters<typeof AcceptedDoubts>[0] = []) {
  const lines: string[] = [];
  const settings = {
    auditKey: AUDIT_KEY,
    doubts: new AcceptedDoubts(accepted),
    log: (line: string) => lines.push(line),
  };
  return moveStore(file, target, settings).then((summary) => ({ summary, lines }));
}

/** Changes a store that no broker has open. */
function change(sql: string): void {
  const connection = openConnection(file);
  connection.exec(sql);
  closeStore(connection);
}

const there = () => PostgresLedger.open(url, { auditKey: AUDIT_KEY });

describe('the audit log of a store that moves', () => {
  it('has the segments that it had: those that have left, and those that were exported', async () => {
    const { store, ledger, clock, write } = await filled(3);
    const first = await ledger.auditSegments.cut();
    await ledger.auditSegments.confirm(first.last, first.head);
    clock.instant += 9 * DAY;
    await sweepNow(store, 8 * DAY);
    await write(4, 6);
    const second = await ledger.auditSegments.cut();
    await ledger.auditSegments.confirm(second.last, second.head);
    await write(7, 8);
    const before = await ledger.auditSegments.list(PAGE);
    const verdict = await ledger.verifyAudit();
    await ledger.close();
    expect(before.entries.map(({ leftAt }) => leftAt !== null)).toEqual([false, true]);

    const { summary } = await move();
    expect(summary.segments).toEqual({ exported: 2, left: 1 });
    expect(summary.audit).toEqual(verdict);
    const moved = await there();
    expect(await moved.auditSegments.list(PAGE)).toEqual(before);
    expect(await moved.verifyAudit()).toEqual({ ...verdict, begins_after: 3 });
    const { rows } = await moved.auditSegments.open(second.last);
    const seqs: number[] = [];
    for await (const { entry } of rows) seqs.push(entry.seq);
    expect(seqs).toEqual([4, 5, 6]);
    await moved.close();
  });

  it('moves as it is where it does not verify, and both say the same of it', async () => {
    const { ledger } = await filled(4);
    await ledger.close();
    change(`UPDATE audit SET entry = 'no JSON' WHERE seq = 3`);
    const { summary, lines } = await move();
    const fault = { ok: false, entries: 2, seq: 3, reason: 'row 3 is not what was written' };
    expect(summary.audit).toEqual(fault);
    expect(lines).toContainEqual(
      expect.stringMatching(/does not verify \(row 3 .*will not verify there either/),
    );
    const moved = await there();
    expect(await moved.verifyAudit()).toEqual(fault);
    await moved.close();
  });
});

describe('what arrives otherwise than it was read is not seen', () => {
  const changing = (table: string, what: string) => `
    CREATE FUNCTION public.change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${what} END $$;
    CREATE TRIGGER change BEFORE INSERT ON vault_key.${table} FOR EACH ROW EXECUTE FUNCTION public.change()`;

  beforeEach(async () => {
    const { ledger } = await filled(4);
    await ledger.close();
    // The schema is there, and nothing else.
    const empty = await there();
    await empty.close();
  });

  it.each([
    ['a row is missing', 'budgets', `IF NEW.target = 'u2' THEN RETURN NULL; END IF; RETURN NEW;`],
    ['a number is another', 'budgets', 'NEW.cap_micros := NEW.cap_micros + 1; RETURN NEW;'],
    [
      'a row of the log is another',
      'audit',
      `NEW.entry := replace(NEW.entry, 'u3', 'u5'); RETURN NEW;`,
    ],
  ])('%s', async (_, table, what) => {
    await server.query(database, changing(table, what));
    await expect(move()).rejects.toThrow(/is not what was read \(.*\): nothing has moved/);
    const [row] = await server.query(
      database,
      'SELECT (SELECT count(*) FROM vault_key.budgets) + (SELECT count(*) FROM vault_key.audit) AS n',
    );
    expect(row?.['n']).toBe('0');
    const again = new SqliteStore(file, { auditKey: AUDIT_KEY });
    await again.close();
  });
});

it('a store with a later instant than the clock of the server does not move', async () => {
  const { ledger } = await filled(1, new TestClock(Date.now()));
  await ledger.close();
  const later = Date.now() + 3_600_000;
  change(`UPDATE clock SET latest = ${later}`);
  // The machine's own clock is as far behind, and is asked first.
  await expect(move()).rejects.toThrow('--accept-store clock');
  expect((await move(url, ['clock'])).summary.rows).toMatchObject({ budgets: 1 });
});

it('a store that has moved moves to another one only where that is meant', async () => {
  const { ledger } = await filled(2);
  await ledger.close();
  await move();
  url = await server.store();
  await expect(move()).rejects.toThrow('in two stores every cap would count twice');
  expect((await move(url, ['moved'])).summary).toMatchObject({ wasThere: false });
});

it('rows that several pages have come in their order', async () => {
  const { ledger } = await filled(0);
  await ledger.close();
  change(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
     INSERT INTO keys (id, token_hash, label, vendor, cap_micros, allowed_endpoints, created_at,
       expires_at, budgets) SELECT 'k' || (i * 7919 % 10007), 'h' || i, 'ä€😀', 'stripe', i, '[]', 1, 2, '{}' FROM n`,
  );
  const { summary } = await move();
  expect(summary.rows).toMatchObject({ keys: 2_500, leases: 0 });
  const rows = await server.query(
    database,
    `SELECT count(*) AS wrong FROM (SELECT cap_micros, row_number() OVER (ORDER BY position) AS place
       FROM vault_key.keys) k WHERE cap_micros <> place`,
  );
  expect(rows).toEqual([{ wrong: '0' }]);
  const moved = await there();
  await moved.putBudget({ scope: 'user', tenant: '', user: '', id: 'u1', ...DAILY, capMicros: 1 });
  expect((await moved.verifyAudit()).ok).toBe(true);
  await moved.close();
});
