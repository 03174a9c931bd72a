import { AUDIT_COLUMNS } from '../../audit/audit-entry';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditEntry, AuditRecord, AuditRow } from '../../audit/audit-entry';
import { AuditWalk, GENESIS } from '../../audit/audit-chain';
import type { AuditChain, AuditHead, AuditVerdict } from '../../audit/audit-chain';
import { withoutTokens } from '../../keys/token';
import { auditUnavailable } from '../../refusal';
import type { AuditFilter, Page, PageRequest } from '../ledger';
import { Conditions } from './conditions';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';

const COLUMNS = ['seq', ...AUDIT_COLUMNS] as const;
/** How many rows are walked, or looked through, before other work has its turn. */
const WALK_ROWS = 250;
const SEARCH_ROWS = 5_000;

/** The verdict of a call is that of its outcome. */
const VERDICT = `COALESCE((SELECT outcome.verdict FROM audit AS outcome
  WHERE outcome.event = 'outcome' AND outcome.call_id = audit.call_id AND audit.event = 'intent'), verdict)`;

type StoredRow = Record<string, unknown> & { mac: string };

/** The audit log: rows are added, chained, and never changed. */
export class AuditTable {
  readonly #insert: SqliteStatement;
  readonly #writeHead: SqliteStatement;
  readonly #readHead: SqliteStatement;
  readonly #walk: SqliteStatement;
  readonly #outcome: SqliteStatement;
  #head: AuditHead | undefined;
  #unsealed = false;

  constructor(
    private readonly connection: SqliteConnection,
    private readonly chain: AuditChain,
  ) {
    const columns = [...COLUMNS, 'mac'];
    this.#insert = connection.prepare(
      `INSERT INTO audit (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    );
    this.#writeHead = connection.prepare(
      'INSERT OR REPLACE INTO audit_head (id, count, mac, seal) VALUES (1, ?, ?, ?)',
    );
    this.#readHead = connection.prepare('SELECT count, mac, seal FROM audit_head WHERE id = 1');
    this.#outcome = connection.prepare(
      `SELECT ${COLUMNS.join(', ')} FROM audit WHERE event = 'outcome' AND call_id = ?`,
    );
    this.#walk = connection.prepare(
      `SELECT ${columns.join(', ')} FROM audit WHERE seq > ? ORDER BY seq LIMIT ${WALK_ROWS}`,
    );
  }

  write(row: AuditRow): void {
    const head = this.#head ?? this.#storedHead();
    const entry = entryOf(head.count + 1, row);
    const next: AuditHead = { count: entry.seq, mac: this.chain.next(head.mac, entry) };
    try {
      this.#insert.run(...COLUMNS.map((column) => entry[column]), next.mac);
    } catch (error) {
      throw auditUnavailable(error);
    }
    this.#head = next;
    this.#unsealed = true;
  }

  /** Writes the head down; once for all rows of a transaction, before its COMMIT. */
  sealHead(): void {
    if (!this.#unsealed || this.#head === undefined) return;
    const { count, mac } = this.#head;
    this.#writeHead.run(count, mac, this.chain.seal(this.#head));
    this.#unsealed = false;
  }

  /** What was remembered of the head may have been rolled back. */
  forget(): void {
    this.#head = undefined;
    this.#unsealed = false;
  }

  /** Newest first; the cursor of a page is the last sequence number on it. */
  page(filter: AuditFilter, { limit, cursor }: PageRequest): Page<AuditEntry> {
    const where = conditionsOf(filter);
    where.equals('verdict', filter.verdict);
    where.equals('event', filter.event);
    if (cursor !== undefined) where.add('seq < ?', Number(cursor));
    const rows = this.connection
      .prepare(`SELECT ${COLUMNS.join(', ')} FROM audit ${where.sql} ORDER BY seq DESC LIMIT ?`)
      .all(...where.values, limit + 1)
      .map((row) => readEntry(row as StoredRow));
    const entries = rows.slice(0, limit);
    const last = entries.at(-1);
    return {
      entries,
      ...(rows.length > limit && last !== undefined ? { next: String(last.seq) } : {}),
    };
  }

  /** As {@link page}, with the outcome of each call beside its intent. */
  async records(filter: AuditFilter, { limit, cursor }: PageRequest): Promise<Page<AuditRecord>> {
    const where = conditionsOf(filter);
    where.add("event <> 'outcome'");
    where.equals('event', filter.event === 'call' ? 'intent' : filter.event);
    where.equals(VERDICT, filter.verdict);
    where.add('seq >= ? AND seq < ?');
    const search = this.connection.prepare(
      `SELECT ${COLUMNS.join(', ')} FROM audit ${where.sql} ORDER BY seq DESC LIMIT ?`,
    );
    const rows: AuditEntry[] = [];
    let end = Math.min(this.#storedHead().count + 1, Number(cursor ?? Infinity));
    for (;;) {
      const begin = Math.max(0, end - SEARCH_ROWS);
      const found = search.all(...where.values, begin, end, limit + 1 - rows.length);
      rows.push(...found.map((row) => readEntry(row as StoredRow)));
      end = begin;
      if (end === 0 || rows.length > limit) break;
      await nextTurn();
    }
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    return {
      entries: shown.map((row) => this.#recordOf(row)),
      ...(rows.length > limit && last !== undefined ? { next: String(last.seq) } : {}),
    };
  }

  /** Walks the whole chain. */
  async verify(expected?: string): Promise<AuditVerdict> {
    const walk = new AuditWalk(this.chain, expected);
    let seq = 0;
    for (;;) {
      const rows = this.#walk.all(seq) as StoredRow[];
      for (const row of rows) {
        const entry = readEntry(row);
        if (!walk.take(entry, row.mac)) return walk.end(this.#storedHead());
        seq = entry.seq;
      }
      // In the turn of the last rows, so that nothing was written since they were read.
      if (rows.length < WALK_ROWS) return walk.end(this.#storedHead());
      await nextTurn();
    }
  }

  /** Seals the head of a new log, and chains what an older version wrote without a chain. */
  chainAll(): void {
    const update = this.connection.prepare('UPDATE audit SET mac = ? WHERE seq = ?');
    let head: AuditHead = GENESIS;
    for (;;) {
      const rows = this.#walk.all(head.count) as StoredRow[];
      for (const row of rows) {
        const entry = readEntry(row);
        head = { count: entry.seq, mac: this.chain.next(head.mac, entry) };
        update.run(head.mac, entry.seq);
      }
      if (rows.length < WALK_ROWS) break;
    }
    this.#writeHead.run(head.count, head.mac, this.chain.seal(head));
  }

  #recordOf(row: AuditEntry): AuditRecord {
    const outcome = row.event === 'intent' ? this.#outcome.get(row.call_id) : undefined;
    return outcome === undefined ? { row } : { row, outcome: readEntry(outcome as StoredRow) };
  }

  #storedHead(): AuditHead & { seal: string } {
    const row = this.#readHead.get() as (AuditHead & { seal: string }) | undefined;
    // Every store was made with a head: without one, nothing vouches for the rows.
    if (row === undefined) return { ...GENESIS, seal: '' };
    return { count: row.count, mac: row.mac, seal: row.seal };
  }
}

/** All of a filter but `verdict` and `event`. */
function conditionsOf(filter: AuditFilter): Conditions {
  const where = new Conditions();
  const { from, to, verdict: _verdict, event: _event, ...equal } = filter;
  for (const [column, value] of Object.entries(equal)) where.equals(column, value);
  if (from !== undefined) where.add('at >= ?', from);
  if (to !== undefined) where.add('at < ?', to);
  return where;
}

function entryOf(seq: number, row: AuditRow): AuditEntry {
  const stored: AuditRow = {
    ...row,
    path: row.path == null ? null : withoutTokens(row.path),
    reason: row.reason == null ? null : withoutTokens(row.reason),
  };
  const fields = AUDIT_COLUMNS.map((column) => [column, stored[column] ?? null] as const);
  return { seq, ...Object.fromEntries(fields) } as unknown as AuditEntry;
}

function readEntry(row: StoredRow): AuditEntry {
  return Object.fromEntries(COLUMNS.map((name) => [name, row[name]])) as unknown as AuditEntry;
}
