import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { sweepNow } from '../../../test/support/sweep-now';
import { PostgresServer } from '../../../test/support/postgres-server';
import { TestClock } from '../../../test/support/test-clock';
import { exportedRow, verifyExport, writeExport } from '../audit/audit-export';
import type { ExportedRow } from '../audit/audit-export';
import { auditSegmentView } from '../audit/audit-segment';
import type { AuditSegment } from '../audit/audit-segment';
import type { AuditEntry } from '../audit/audit-entry';
import { MemoryStore } from './memory/memory-store';
import { PostgresStore } from './postgres/postgres-store';
import { AcceptedDoubts } from './store-doubt';
import { closeStore } from './sqlite/open-store';
import { openConnection } from './sqlite/sqlite-driver';
import { SqliteStore } from './sqlite/sqlite-store';
import type { Store } from './store';
import { StoreLedger } from './store-ledger';
import { DAILY } from '../../../test/support/daily';

const DAY = 86_400_000;
const KEPT = 8 * DAY;
const START = Date.UTC(2026, 0, 1, 12);
const AUDIT_KEY = 'a key of the operator, kept elsewhere';

const folder = mkdtempSync(join(tmpdir(), 'vault-key-segments-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => join(folder, `${++files}.db`);

/** A ledger whose log is written, cut and left. */
class Log {
  readonly ledger: StoreLedger;
  readonly #exports = mkdtempSync(join(folder, 'exports-'));
  #rows = 0;

  constructor(
    readonly store: Store,
    readonly clock: TestClock,
  ) {
    this.ledger = new StoreLedger(store);
  }

  sweep(): Promise<void> {
    return sweepNow(this.store, KEPT);
  }

  /** Writes so many rows. */
  async write(count: number): Promise<void> {
    const subject = { scope: 'user', tenant: '', user: '', ...DAILY, capMicros: 0 } as const;
    const rows = Array.from({ length: count }, () => `u${++this.#rows}`);
    await Promise.all(rows.map((id) => this.ledger.putBudget({ ...subject, id })));
  }

  async rows(): Promise<number[]> {
    const found: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.ledger.audit(
        {},
        { limit: 1_000, ...(cursor === undefined ? {} : { cursor }) },
      );
      found.push(...page.entries.map(({ seq }) => seq));
      cursor = page.next;
    } while (cursor !== undefined);
    return found.reverse();
  }

  async segments(): Promise<readonly AuditSegment[]> {
    return (await this.ledger.auditSegments.list({ limit: 1_000 })).entries.toReversed();
  }

  async export(segment: AuditSegment): Promise<string> {
    const { rows } = await this.ledger.auditSegments.open(segment.last);
    async function* exported(): AsyncGenerator<ExportedRow> {
      for await (const { entry, mac } of rows) yield exportedRow(entry, mac);
    }
    const file = await writeExport(this.#exports, auditSegmentView(segment), exported());
    await this.ledger.auditSegments.confirm(segment.last, segment.head);
    return file;
  }

  async head(): Promise<string> {
    const verdict = await this.ledger.verifyAudit();
    return verdict.ok ? verdict.head : 'none';
  }
}

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
}, 60_000);
afterAll(() => server.remove());

const STORES: [name: string, open: (clock: TestClock) => Store | Promise<Store>][] = [
  ['in memory', (clock) => new MemoryStore({ clock })],
  ['SQLite', (clock) => new SqliteStore(newFile(), { clock, auditKey: AUDIT_KEY })],
  [
    'PostgreSQL',
    async (clock) => PostgresStore.open(await server.store(), { clock, auditKey: AUDIT_KEY }),
  ],
];
const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe.each(STORES)('the segments of an audit log: %s', (_name, open) => {
  let log: Log;
  beforeEach(async () => {
    const clock = new TestClock(START);
    log = new Log(await open(clock), clock);
  });
  afterEach(() => log.ledger.close());

  it('are cut where a day is over, and at any time on demand', async () => {
    await log.write(3);
    await log.sweep();
    expect(await log.segments()).toEqual([]);
    log.clock.instant += DAY;
    await log.write(2);
    await log.sweep();
    await log.sweep();
    expect(await log.segments()).toMatchObject([
      { first: 1, last: 5, previousHead: '', exportedAt: null, leftAt: null },
    ]);
    await log.write(4);
    const cut = await log.ledger.auditSegments.cut();
    expect(cut).toMatchObject({ first: 6, last: 9, head: await log.head() });
    const [first] = await log.segments();
    expect(cut.previousHead).toBe(first?.head);
    await expect(log.ledger.auditSegments.cut()).rejects.toMatchObject({ status: 422 });
  });

  it('have their rows in order, each with its value of the chain', async () => {
    await log.write(700);
    const { last } = await log.ledger.auditSegments.cut();
    await log.write(1);
    const { segment, rows } = await log.ledger.auditSegments.open(last);
    const found: { entry: AuditEntry; mac: string }[] = [];
    for await (const row of rows) found.push(row);
    expect(found.map(({ entry }) => entry.seq)).toEqual(range(1, 700));
    expect(found.at(-1)?.mac).toBe(segment.head);
    await expect(log.ledger.auditSegments.open(last + 1)).rejects.toMatchObject({ status: 404 });
  });

  it('leave the store once they are exported and the retention is over, never before', async () => {
    await log.write(600);
    const first = await log.ledger.auditSegments.cut();
    await log.write(10);
    const second = await log.ledger.auditSegments.cut();
    await log.write(5);
    const head = await log.head();
    log.clock.instant += KEPT + DAY;
    await log.sweep();
    expect(await log.rows()).toEqual(range(1, 615));

    await log.export(second);
    await log.sweep();
    // The first one is not exported, and what follows it is chained to it.
    expect(await log.rows()).toEqual(range(1, 615));
    await log.export(first);
    await log.sweep();
    expect(await log.rows()).toEqual(range(611, 615));
    await expect(log.ledger.auditSegments.confirm(600, second.head)).rejects.toMatchObject({
      status: 422,
    });
    const { rows } = await log.ledger.auditSegments.open(600);
    await expect(rows[Symbol.asyncIterator]().next()).rejects.toMatchObject({ status: 404 });

    const right = { ok: true, entries: 5, head, begins_after: 610 };
    for (const known of [undefined, head, first.head, second.head]) {
      expect(await log.ledger.verifyAudit(known)).toEqual(right);
    }
    expect(await log.ledger.verifyAudit('0'.repeat(64))).toMatchObject({
      ok: false,
      reason: expect.stringContaining('unless the head is that of a row in an exported segment'),
    });
    await log.write(1);
    expect(await log.ledger.verifyAudit(head)).toMatchObject({ ok: true, entries: 6 });
  });

  it('stay for the retention, counted from the moment that they were cut', async () => {
    await log.write(3);
    await log.export(await log.ledger.auditSegments.cut());
    log.clock.instant += KEPT;
    await log.sweep();
    expect(await log.rows()).toEqual([1, 2, 3]);
    log.clock.instant += 1;
    await log.sweep();
    expect(await log.rows()).toEqual([]);
    expect(await log.ledger.verifyAudit()).toMatchObject({ ok: true, entries: 0 });
    await log.write(1);
    expect(await log.rows()).toEqual([4]);
  });

  it('may leave while the log is verified', async () => {
    await log.write(1_200);
    const segment = await log.ledger.auditSegments.cut();
    await log.write(300);
    await log.export(segment);
    log.clock.instant += KEPT + DAY;
    const [verdict] = await Promise.all([log.ledger.verifyAudit(), log.sweep()]);
    expect(verdict).toMatchObject({ ok: true });
    expect(await log.ledger.verifyAudit()).toMatchObject({ ok: true, entries: 300 });
  });
});

describe('an export', () => {
  let log: Log;
  let file: string;
  let segment: AuditSegment;
  beforeAll(async () => {
    const clock = new TestClock(START);
    log = new Log(new SqliteStore(newFile(), { clock, auditKey: AUDIT_KEY }), clock);
    await log.write(2);
    await log.ledger.auditSegments.cut();
    await log.write(1_100);
    segment = await log.ledger.auditSegments.cut();
    file = await log.export(segment);
  });
  afterAll(() => log.ledger.close());

  it('is a file of NDJSON that proves itself with the key', async () => {
    expect(basename(file)).toBe('audit-3-1102.ndjson');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.length).toBe(1_101);
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ seq: 3, event: 'budget' });
    expect(await verifyExport(file, AUDIT_KEY)).toMatchObject({
      ok: true,
      entries: 1_100,
      head: segment.head,
    });
    expect(await verifyExport(file, 'another key of the same length as that')).toMatchObject({
      ok: false,
    });
  });

  it('shows a row that was changed, dropped or moved, and a first line that was', async () => {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const swapped = [...lines];
    [swapped[5], swapped[6]] = [lines[6] ?? '', lines[5] ?? ''];
    const changes = [
      lines.with(7, (lines[7] ?? '').replace('"event":"budget"', '"event":"brake"')),
      lines.toSpliced(7, 1),
      lines.slice(0, -1),
      swapped,
      lines.with(0, (lines[0] ?? '').replace('"last":1102', '"last":1101')).slice(0, -1),
      lines.with(0, (lines[0] ?? '').replace(segment.head, '0'.repeat(64))),
      lines.with(0, (lines[0] ?? '').replace('"first"', '"by":"alice","first"')),
      lines.with(7, (lines[7] ?? '').replace('{', '{"settled_usd":"1000.00",')),
      lines.with(7, (lines[7] ?? '').replace('{', '{"event":"brake",')),
    ];
    for (const [i, changed] of changes.entries()) {
      const copy = join(folder, `changed-${i}.ndjson`);
      writeFileSync(copy, `${changed.join('\n')}\n`);
      expect([i, await verifyExport(copy, AUDIT_KEY)]).toEqual([
        i,
        expect.objectContaining({ ok: false }),
      ]);
    }
  });

  it('is refused where the file is something else', async () => {
    for (const [text, message] of [
      ['', 'is empty'],
      ['{"seq":1}\n', 'it is no export'],
      ['{"format":2,"segment":{"first":1}}\n', 'is of the format 2: this version reads 1'],
      ['hello\n', 'no JSON object'],
    ] as const) {
      const copy = join(folder, 'none.ndjson');
      writeFileSync(copy, text);
      await expect(verifyExport(copy, AUDIT_KEY)).rejects.toThrow(message);
    }
  });

  it('is whole where two are written at once', async () => {
    const elsewhere = mkdtempSync(join(folder, 'twice-'));
    const write = async () => {
      const { rows } = await log.ledger.auditSegments.open(segment.last);
      async function* exported(): AsyncGenerator<ExportedRow> {
        for await (const { entry, mac } of rows) yield exportedRow(entry, mac);
      }
      return writeExport(elsewhere, auditSegmentView(segment), exported());
    };
    const [one, other] = await Promise.all([write(), write()]);
    expect(one).toBe(other);
    expect(await verifyExport(one, AUDIT_KEY)).toMatchObject({ ok: true, entries: 1_100 });
    expect(readdirSync(elsewhere)).toEqual(['audit-3-1102.ndjson']);
  });

  it('is written again where it is there already, and never over that of another log', async () => {
    const elsewhere = mkdtempSync(join(folder, 'again-'));
    const write = async () => {
      const { rows } = await log.ledger.auditSegments.open(segment.last);
      async function* exported(): AsyncGenerator<ExportedRow> {
        for await (const { entry, mac } of rows) yield exportedRow(entry, mac);
      }
      return writeExport(elsewhere, auditSegmentView(segment), exported());
    };
    const path = await write();
    expect(await write()).toBe(path);
    const other = readFileSync(path, 'utf8').replace(segment.head, '0'.repeat(64));
    writeFileSync(path, other);
    await expect(write()).rejects.toThrow(`${path} is there already, and is of another log`);
    expect(readFileSync(path, 'utf8')).toBe(other);
    expect(readdirSync(elsewhere)).toHaveLength(1);
  });

  it('has each row in one line, whatever characters are in it', async () => {
    const clock = new TestClock(START);
    const own = new Log(new SqliteStore(newFile(), { clock, auditKey: AUDIT_KEY }), clock);
    await own.ledger.putBrake({
      id: 'b',
      scope: 'user',
      target: 'u',
      reason: 'a\u2028b\u2029c\u0085d',
    });
    const path = await own.export(await own.ledger.auditSegments.cut());
    expect(await verifyExport(path, AUDIT_KEY)).toMatchObject({ ok: true, entries: 1 });
    await own.ledger.close();
    rmSync(path);
  });

  it('is not there where the rows did not come whole', async () => {
    async function* short(): AsyncGenerator<ExportedRow> {
      const { rows } = await log.ledger.auditSegments.open(segment.last);
      for await (const { entry, mac } of rows) {
        if (entry.seq === segment.last) return;
        yield exportedRow(entry, mac);
      }
    }
    const elsewhere = mkdtempSync(join(folder, 'short-'));
    await expect(writeExport(elsewhere, auditSegmentView(segment), short())).rejects.toThrow(
      'the rows that came end with row 1101',
    );
    expect(readdirSync(elsewhere)).toEqual([]);
  });
});

describe('a SQLite store whose segments have left', () => {
  /** A log whose first rows are exported and old, and five more. */
  async function agedLog(file: string, rows: number): Promise<Log> {
    const clock = new TestClock(START);
    const log = new Log(new SqliteStore(file, { clock, auditKey: AUDIT_KEY }), clock);
    await log.write(rows);
    await log.export(await log.ledger.auditSegments.cut());
    await log.write(5);
    clock.instant += KEPT + DAY;
    return log;
  }

  /** A store in which 600 rows of 605 have left, closed. */
  async function leftStore(): Promise<{ file: string; clock: TestClock }> {
    const file = newFile();
    const log = await agedLog(file, 600);
    await log.sweep();
    await log.ledger.close();
    return { file, clock: log.clock };
  }

  const opened = (file: string, clock: TestClock) =>
    new Log(new SqliteStore(file, { clock, auditKey: AUDIT_KEY }), clock);

  it('verifies after a restart, and has nothing of them but what vouches for them', async () => {
    const { file, clock } = await leftStore();
    const log = opened(file, clock);
    expect(await log.ledger.verifyAudit()).toMatchObject({
      ok: true,
      entries: 5,
      begins_after: 600,
    });
    await log.ledger.close();
    const connection = openConnection(file);
    const count = (table: string) => connection.prepare(`SELECT * FROM ${table}`).all().length;
    expect(count('audit')).toBe(5);
    expect(count('audit_blocks')).toBe(0);
    expect(count('audit_terms')).toBe(0);
    closeStore(connection);
  });

  it.each([
    [
      'a segment that has not left is marked',
      "UPDATE audit_segments SET left_at = 1, marks_seal = 'x'",
    ],
    ['what has left is said to be more', 'UPDATE audit_segments SET last = 602 WHERE last = 600'],
    ['what vouches for it is another', "UPDATE audit_segments SET marks_seal = 'x'"],
    [
      'one is marked as exported',
      'UPDATE audit_segments SET exported_at = 1 WHERE left_at IS NULL',
    ],
    ['one is said to be older', 'UPDATE audit_segments SET sealed_at = 1 WHERE left_at IS NULL'],
    ['it is gone', 'DELETE FROM audit_segments'],
    ['a row after it is gone', 'DELETE FROM audit WHERE seq = 601'],
    ['its head is another', 'UPDATE audit_segments SET head = seal'],
  ])('shows where %s', async (_what, tamper) => {
    const { file, clock } = await leftStore();
    const connection = openConnection(file);
    connection.exec(tamper);
    closeStore(connection);
    const log = opened(file, clock);
    expect(await log.ledger.verifyAudit()).toMatchObject({ ok: false });
    await log.ledger.close();
  });

  it('notes no export of a segment whose marks are not what was written', async () => {
    const { file, clock } = await leftStore();
    const connection = openConnection(file);
    connection.exec('UPDATE audit_segments SET sealed_at = 1');
    closeStore(connection);
    const log = opened(file, clock);
    const [segment] = await log.segments();
    const confirm = log.ledger.auditSegments.confirm(segment!.last, segment!.head);
    await expect(confirm).rejects.toMatchObject({ status: 422 });
    await log.ledger.close();
    const again = opened(file, clock);
    expect(await again.ledger.verifyAudit()).toMatchObject({ ok: false, seq: 1 });
    await again.ledger.close();
  });

  it('goes on under another key that an operator wants', async () => {
    const { file, clock } = await leftStore();
    const auditKey = 'another key of the audit log';
    const doubts = new AcceptedDoubts(['other-audit-key']);
    const log = new Log(new SqliteStore(file, { clock, auditKey, doubts }), clock);
    const [left, open] = await log.segments();
    expect([left?.leftAt, open?.leftAt]).toEqual([expect.any(Number), null]);
    await log.export(open!);
    await log.write(5);
    log.clock.instant += KEPT + DAY;
    await log.sweep();
    expect(await log.rows()).toEqual(range(606, 610));
    await log.ledger.close();
    const again = new Log(new SqliteStore(file, { clock, auditKey }), clock);
    expect((await again.segments()).map(({ leftAt }) => leftAt !== null)).toEqual([
      true,
      true,
      false,
    ]);
    await again.ledger.close();
  });

  it('cuts what follows a row that was changed from outside, and shows the others', async () => {
    const clock = new TestClock(START);
    const file = newFile();
    const log = new Log(new SqliteStore(file, { clock, auditKey: AUDIT_KEY }), clock);
    await log.write(5);
    await log.ledger.close();
    const connection = openConnection(file);
    connection.exec("UPDATE audit SET entry = 'no row' WHERE seq = 1");
    closeStore(connection);
    const again = opened(file, clock);
    await again.sweep();
    expect(await again.segments()).toMatchObject([{ first: 1, last: 5 }]);
    const { entries } = await again.ledger.audit({ event: 'budget' }, { limit: 10 });
    expect(entries.map(({ seq }) => seq)).toEqual([5, 4, 3, 2]);
    await again.ledger.close();
  });

  it('lets no row go that a hand in the file has marked as exported', async () => {
    const clock = new TestClock(START);
    const file = newFile();
    const log = new Log(new SqliteStore(file, { clock, auditKey: AUDIT_KEY }), clock);
    await log.write(3);
    await log.ledger.auditSegments.cut();
    await log.ledger.close();
    const connection = openConnection(file);
    connection.exec('UPDATE audit_segments SET exported_at = 1, sealed_at = 1');
    closeStore(connection);
    clock.instant += KEPT + DAY;
    const again = opened(file, clock);
    await again.sweep();
    expect(await again.rows()).toEqual([1, 2, 3]);
    expect(await again.ledger.verifyAudit()).toMatchObject({ ok: false, seq: 1 });
    await again.ledger.close();
  });

  it('writes nothing in a sweep that finds nothing to let go', async () => {
    const { file, clock } = await leftStore();
    const log = opened(file, clock);
    await log.sweep();
    const { commits } = await log.ledger.figures();
    await log.sweep();
    expect((await log.ledger.figures()).commits).toBe(commits);
    await log.ledger.close();
  });

  it('holds what was decided where a kill comes between two turns of their leaving', async () => {
    const file = newFile();
    const log = await agedLog(file, 900);
    const { clock } = log;
    let isOver = false;
    const sweep = log.sweep().then(() => (isOver = true));
    let kills = 0;
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      if (kills > 20 || (await log.rows()).length === 905) continue;
      const copy = newFile();
      for (const end of ['', '-wal']) {
        if (existsSync(file + end)) copyFileSync(file + end, copy + end);
      }
      kills += 1;
      const again = opened(copy, clock);
      expect(await again.ledger.verifyAudit()).toMatchObject({ ok: true, begins_after: 900 });
      await again.sweep();
      expect(await again.rows()).toEqual(range(901, 905));
      await again.ledger.close();
    }
    await sweep;
    expect(kills).toBeGreaterThan(0);
    await log.ledger.close();
  });
});
