import { setImmediate as nextTurn } from 'node:timers/promises';
import { AuditWalk, GENESIS } from '../../audit/audit-chain';
import type { AuditChain, AuditHead, AuditVerdict } from '../../audit/audit-chain';
import { placeOf, readEntry, writeEntry } from '../../audit/audit-entry';
import type { AuditEntry, AuditRow } from '../../audit/audit-entry';
import { withoutTokens } from '../../keys/token';
import type { AuditFilter, Page, PageRequest } from '../records';
import type { AuditQueries } from '../store';
import { Conditions } from './conditions';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';

/** How many rows are walked, or looked through, before other work has its turn. */
const WALK_ROWS = 250;
const SEARCH_ROWS = 2_000;
/** How many rows one request looks through: what is left is the next page's. */
const MAX_ROWS = 10_000;

/** How many rows one statement adds. */
const INSERT_ROWS = 8;
const INSERT = 'INSERT INTO audit (seq, entry, mac) VALUES (?, ?, ?)';
const INSERT_MANY = INSERT + ', (?, ?, ?)'.repeat(INSERT_ROWS - 1);
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
  /** Of the last row that is decided. */
  #head: AuditHead;
  /** Of the last row that is on its way, and of the last that is written. */
  #sentHead: AuditHead;
  #writtenHead: AuditHead;
  /** Rows of the batch that is being decided. */
  #unwritten: StoredValues[] = [];

  constructor(
    private readonly connection: SqliteConnection,
    private readonly writes: PendingWrites,
    private readonly chain: AuditChain,
  ) {
    this.#readHead = connection.prepare('SELECT count, mac, seal FROM audit_head WHERE id = 1');
    this.#walk = connection.prepare(
      `SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ${WALK_ROWS}`,
    );
    const { count, mac } = this.#storedHead();
    this.#head = this.#sentHead = this.#writtenHead = { count, mac };
  }

  /** @param more Takes the place of what the row says. */
  write(row: AuditRow, more?: Partial<AuditRow>): void {
    const head = this.#head;
    const seq = head.count + 1;
    const entry = withoutTokens(writeEntry(seq, row, more));
    const mac = this.chain.next(head.mac, entry);
    this.#unwritten.push([seq, entry, mac]);
    this.#head = { count: seq, mac };
  }

  /** Has the batch write its rows, and the head once for all of them: it is on its way. */
  sent(): void {
    const rows = this.#unwritten;
    this.#unwritten = [];
    this.#sentHead = this.#head;
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
  }

  undone(): void {
    this.#head = this.#sentHead;
    this.#unwritten = [];
  }

  lost(): void {
    this.#sentHead = this.#writtenHead;
    this.undone();
  }

  async rows(filter: AuditFilter, { limit, cursor }: PageRequest): Promise<Page<AuditEntry>> {
    const where = conditionsOf(filter);
    where.add('seq >= ? AND seq < ?');
    const search = this.connection.prepare(
      `SELECT entry FROM audit ${where.sql} ORDER BY seq DESC LIMIT ?`,
    );
    const found: AuditEntry[] = [];
    let end = Math.min(this.#storedHead().count + 1, Number(cursor ?? Infinity));
    const last = end - MAX_ROWS;
    for (;;) {
      const begin = Math.max(0, end - SEARCH_ROWS);
      found.push(...entriesOf(search.all(...where.values, begin, end, limit + 1 - found.length)));
      if (found.length > limit) {
        const entries = found.slice(0, limit);
        return { entries, next: String(entries.at(-1)?.seq) };
      }
      end = begin;
      if (end === 0) return { entries: found };
      if (end <= last) return { entries: found, next: String(end) };
      await nextTurn();
    }
  }

  /** Walks the whole chain. */
  async verify(expected?: string): Promise<AuditVerdict> {
    const walk = new AuditWalk(this.chain, expected);
    let last = 0;
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
  return sql === INSERT || sql === INSERT_MANY || sql === WRITE_HEAD;
}

/** Seals a log that has no row yet. */
export function beginLog(connection: SqliteConnection, chain: AuditChain): void {
  connection.prepare(WRITE_HEAD).run([GENESIS.count, GENESIS.mac, chain.seal(GENESIS)]);
}

/** A field of a stored row, in SQL. */
function field(column: keyof AuditEntry): string {
  return `(entry ->> ${placeOf(column)})`;
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
