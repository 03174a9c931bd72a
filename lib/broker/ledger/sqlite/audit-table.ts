import { setImmediate as nextTurn } from 'node:timers/promises';
import { AuditWalk, GENESIS } from '../../audit/audit-chain';
import type { AuditChain, AuditHead, AuditVerdict } from '../../audit/audit-chain';
import { placeOf, readEntry, writeEntry } from '../../audit/audit-entry';
import type { AuditEntry, AuditRow } from '../../audit/audit-entry';
import type { AuditSegment } from '../../audit/audit-segment';
import { logSlice } from '../../events/log-tail';
import type { LogSlice } from '../../events/log-tail';
import { instantText } from '../../instant';
import { notFound } from '../../refusal';
import { withoutTokens } from '../../keys/token';
import type { AuditFilter, Page, PageRequest } from '../records';
import type { AuditQueries, ChainedEntry } from '../store';
import { AuditIndex, isIndexStatement } from './audit-index';
import { AuditSegmentTable } from './audit-segment-table';
import { Conditions } from './conditions';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';

/** How many rows are walked, or blocks of rows looked through, before other work has its turn. */
const WALK_ROWS = 250;
const SEARCH_BLOCKS = 4;
/** How many turns one request takes: what is left is the next page's. */
const MAX_TURNS = 12;

/** How many rows one statement adds. */
const INSERT_ROWS = 8;
const INSERT = 'INSERT INTO audit (seq, entry, mac) VALUES (?, ?, unhex(?))';
const INSERT_MANY = INSERT + ', (?, ?, unhex(?))'.repeat(INSERT_ROWS - 1);
/** What is hexadecimal everywhere else has half the bytes here. */
const SELECT = 'SELECT seq, entry, lower(hex(mac)) AS mac FROM audit';
const DELETE = 'DELETE FROM audit WHERE seq <= ?';
const WRITE_HEAD = 'INSERT OR REPLACE INTO audit_head (id, count, mac, seal) VALUES (1, ?, ?, ?)';

type StoredValues = [seq: number, entry: string, mac: string];

interface StoredRow {
  seq: number;
  entry: string;
  mac: string;
}

/** The audit log: rows are added, chained, and never changed. */
export class AuditTable implements AuditQueries {
  readonly #readHead: SqliteStatement;
  readonly #walk: SqliteStatement;
  readonly #slice: SqliteStatement;
  readonly #following: SqliteStatement;
  readonly #oldest: SqliteStatement;
  /** Of the last row that is decided. */
  #head: AuditHead;
  /** Of the last row that is on its way, and of the last that is written. */
  #sentHead: AuditHead;
  #writtenHead: AuditHead;
  readonly #index: AuditIndex;
  readonly segments: AuditSegmentTable;
  /** Rows of the batch that is being decided. */
  #unwritten: StoredValues[] = [];

  constructor(
    private readonly connection: SqliteConnection,
    private readonly writes: PendingWrites,
    private readonly chain: AuditChain,
  ) {
    this.#readHead = connection.prepare('SELECT count, mac, seal FROM audit_head WHERE id = 1');
    this.#walk = connection.prepare(`${SELECT} WHERE seq > ? ORDER BY seq LIMIT ${WALK_ROWS}`);
    this.#following = connection.prepare(
      'SELECT seq, entry AS text FROM audit WHERE seq > ? ORDER BY seq LIMIT ?',
    );
    this.#oldest = connection.prepare('SELECT MIN(seq) AS seq FROM audit');
    this.#slice = connection.prepare(
      `${SELECT} WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ${WALK_ROWS}`,
    );
    const { count, mac } = this.#storedHead();
    this.#head = this.#sentHead = this.#writtenHead = { count, mac };
    this.#index = new AuditIndex(connection, writes, count);
    this.segments = new AuditSegmentTable(connection, writes, chain);
  }

  /** @param more Takes the place of what the row says. */
  write(row: AuditRow, more?: Partial<AuditRow>): void {
    const head = this.#head;
    const seq = head.count + 1;
    const entry = withoutTokens(writeEntry(seq, row, more));
    const mac = this.chain.next(head.mac, entry);
    this.#unwritten.push([seq, entry, mac]);
    this.#index.add(seq, row, more);
    this.#head = { count: seq, mac };
  }

  /** Has the batch write its rows, and the head once for all of them: it is on its way. */
  sent(): void {
    const rows = this.#unwritten;
    this.#unwritten = [];
    this.#sentHead = this.#head;
    this.#index.sent(rows.length);
    if (rows.length === 0) return;
    let i = 0;
    for (; i + INSERT_ROWS <= rows.length; i += INSERT_ROWS) {
      this.writes.add(INSERT_MANY, rows.slice(i, i + INSERT_ROWS).flat());
    }
    for (; i < rows.length; i++) this.writes.add(INSERT, rows[i] ?? []);
    const { count, mac } = this.#head;
    this.writes.add(WRITE_HEAD, [count, mac, this.chain.seal(this.#head)]);
  }

  written(): void {
    this.#writtenHead = this.#sentHead;
    this.#index.written();
  }

  undone(): void {
    this.#head = this.#sentHead;
    this.#unwritten = [];
    this.#index.undone(this.#head.count);
  }

  lost(): void {
    this.#sentHead = this.#writtenHead;
    this.#head = this.#sentHead;
    this.#unwritten = [];
    this.#index.lost(this.#head.count);
  }

  async rows(filter: AuditFilter, { limit, cursor }: PageRequest): Promise<Page<AuditEntry>> {
    const where = conditionsOf(filter);
    where.add('seq >= ? AND seq < ?');
    const search = this.connection.prepare(
      `SELECT entry FROM audit ${where.sql} ORDER BY seq DESC LIMIT ?`,
    );
    const found: AuditEntry[] = [];
    const begin = (this.segments.base?.count ?? 0) + 1;
    let end = Math.min(this.#storedHead().count + 1, Number(cursor ?? Infinity));
    for (let turns = MAX_TURNS; ; turns--) {
      const { ranges, next } = this.#index.ranges(filter, { begin, end }, SEARCH_BLOCKS);
      for (const range of ranges) {
        for (let before = range.end; before > range.begin;) {
          const most = Math.min(limit + 1 - found.length, WALK_ROWS);
          const rows = entriesOf(search.all(...where.values, range.begin, before, most));
          found.push(...rows);
          if (found.length > limit) {
            const entries = found.slice(0, limit);
            return { entries, next: String(entries.at(-1)?.seq) };
          }
          before = rows.length < most ? range.begin : (rows.at(-1)?.seq ?? 0);
          if (rows.length === most) await nextTurn();
        }
      }
      if (next === undefined) return { entries: found };
      if (turns === 1) return { entries: found, next: String(next) };
      end = next;
      await nextTurn();
    }
  }

  async after(row: number, limit: number): Promise<LogSlice> {
    const found = this.#following.all(row, limit) as { seq: number; text: string }[];
    return logSlice(row, limit, found);
  }

  async lastRow(): Promise<number> {
    return this.#storedHead().count;
  }

  /** Walks the whole chain, from the last segment that has left on. */
  async verify(expected?: string): Promise<AuditVerdict> {
    for (;;) {
      const { base } = this.segments;
      const walk = new AuditWalk(this.chain, expected, base);
      const fault = this.segments.fault();
      if (fault !== undefined) walk.refuse(fault.seq, fault.reason);
      const verdict = await this.#walkFrom(base?.count ?? 0, walk);
      // Rows that have left meanwhile are not missing.
      if (this.segments.base?.count === base?.count) return verdict;
    }
  }

  async *rowsOf({ first, last, leftAt }: AuditSegment): AsyncGenerator<ChainedEntry> {
    if (leftAt !== null) throw notFound('The rows of this segment are no longer in the store.');
    let from = first;
    while (from <= last) {
      const rows = this.#slice.all(from, last) as StoredRow[];
      for (const { seq, entry, mac } of rows) {
        if (seq !== from) break;
        yield { entry: readEntry(entry), mac };
        from += 1;
      }
      if (rows[0]?.seq === undefined || rows.at(-1)?.seq !== from - 1) {
        throw new Error(`row ${from} of the audit log is missing`);
      }
      await nextTurn();
    }
  }

  /** When the first row that no segment has came to be; `undefined` where each row has one. */
  openSince(now: number): string | undefined {
    const { lastRow } = this.segments;
    if (this.#head.count === lastRow) return undefined;
    const [row] = this.#slice.all(lastRow + 1, lastRow + 1) as StoredRow[];
    return row === undefined ? instantText(now) : instantOf(row.entry);
  }

  cut(now: number): AuditSegment {
    return this.segments.cut(this.#head, now);
  }

  /** Has the batch delete some rows that have left, and what the index has of them. */
  forgetRows(): boolean {
    const last = this.segments.base?.count ?? 0;
    if (last === 0) return false;
    const { seq: oldest } = this.#oldest.get() as { seq: number | null };
    if (oldest === null || oldest > last) return this.#index.forgetTerms(last + 1);
    const newest = Math.min(last, this.#index.endOfBlock(oldest));
    this.writes.add(DELETE, [newest]);
    this.#index.forgetRows(newest);
    return true;
  }

  async #walkFrom(first: number, walk: AuditWalk): Promise<AuditVerdict> {
    let last = first;
    for (;;) {
      const { rows, head } = this.#snapshot(last);
      for (const { seq, entry, mac } of rows) {
        if (!walk.take(seq, entry, mac)) return walk.end(head);
        last = seq;
      }
      if (rows.length < WALK_ROWS) return walk.end(head);
      await nextTurn();
    }
  }

  /** Rows after one, and the head, as of one moment: another thread may write between two reads. */
  #snapshot(after: number): { rows: StoredRow[]; head: AuditHead & { seal: string } } {
    this.connection.exec('SAVEPOINT snapshot');
    try {
      return { rows: this.#walk.all(after) as StoredRow[], head: this.#storedHead() };
    } finally {
      this.#endSnapshot();
    }
  }

  /** A snapshot that stayed would be what every later read sees. */
  #endSnapshot(): void {
    try {
      this.connection.exec('RELEASE snapshot');
    } catch {
      this.connection.exec('ROLLBACK');
    }
  }

  #storedHead(): AuditHead & { seal: string } {
    const row = this.#readHead.get() as (AuditHead & { seal: string }) | undefined;
    // Every store was made with a head: without one, nothing vouches for the rows.
    if (row === undefined) return { ...GENESIS, seal: '' };
    return { count: row.count, mac: row.mac, seal: row.seal };
  }
}

/** Whether a statement writes to the audit log. */
export function isLogStatement(sql: string): boolean {
  return (
    sql === INSERT ||
    sql === INSERT_MANY ||
    sql === WRITE_HEAD ||
    sql === DELETE ||
    isIndexStatement(sql)
  );
}

/** Seals a log that has no row yet. */
export function beginLog(connection: SqliteConnection, chain: AuditChain): void {
  connection.prepare(WRITE_HEAD).run([GENESIS.count, GENESIS.mac, chain.seal(GENESIS)]);
}

/** When a row came to be; long ago where it was changed from outside, which a verification shows. */
function instantOf(entry: string): string {
  try {
    return readEntry(entry).at;
  } catch {
    return instantText(0);
  }
}

/** A field of a stored row, in SQL; of a row that was changed from outside it may have none. */
function field(column: keyof AuditEntry): string {
  return `(CASE WHEN json_valid(entry) THEN entry ->> ${placeOf(column)} END)`;
}

function conditionsOf({ from, to, ...equal }: AuditFilter): Conditions {
  const where = new Conditions();
  for (const [column, value] of Object.entries(equal)) {
    where.equals(field(column as keyof typeof equal), value);
  }
  if (from !== undefined) where.add(`${field('at')} >= ?`, from);
  if (to !== undefined) where.add(`${field('at')} < ?`, to);
  return where;
}

function entriesOf(rows: readonly unknown[]): AuditEntry[] {
  return (rows as StoredRow[]).map(({ entry }) => readEntry(entry));
}
