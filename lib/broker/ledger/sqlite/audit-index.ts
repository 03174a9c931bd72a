import { readEntry, valueOf } from '../../audit/audit-entry';
import type { AuditRow } from '../../audit/audit-entry';
import type { AuditFilter } from '../records';
import { Conditions } from './conditions';
import type { PendingWrites, Write } from './pending-writes';
import type { SqliteConnection, SqliteStatement, SqliteValue } from './sqlite-driver';

/** How many rows a block has. */
const BLOCK_ROWS = 256;
/** What a block is found by; what fewest blocks have comes first. */
const TERM_COLUMNS = [
  'key_id',
  'run_id',
  'user_id',
  'tenant_id',
  'tool',
  'actor',
  'verdict',
  'event',
] as const satisfies readonly (keyof AuditRow & keyof AuditFilter)[];

/** How many statements a batch has at least for the block that is being written: some 0.2 ms of work. */
const MIN_SLICE = 4;
/** How many terms one statement adds. */
const INSERT_TERMS = 16;
const INSERT_TERM = 'INSERT OR IGNORE INTO audit_terms (term, block) VALUES (?, ?)';
const INSERT_MANY_TERMS = INSERT_TERM + ', (?, ?)'.repeat(INSERT_TERMS - 1);
const INSERT_BLOCK = 'INSERT INTO audit_blocks (block, first_at, last_at) VALUES (?, ?, ?)';
const DELETE_BLOCKS = 'DELETE FROM audit_blocks WHERE block <= ?';
const DELETE_TERMS = `DELETE FROM audit_terms
  WHERE (term, block) > (?, ?) AND (term, block) <= (?, ?) AND block < ?`;
/** How many terms one turn of a sweep looks at. */
const SWEPT_TERMS = 2_000;
/** No term is as high. */
const LAST_TERM = Number.MAX_SAFE_INTEGER;
/** How many blocks one query looks at: about 2 ms of work. */
const WINDOW_BLOCKS = 8_192;

/** What the index has of a row. */
interface IndexedRow {
  seq: number;
  at: string;
  terms: readonly number[];
}

/** A full block that batches write, some terms in each. */
interface BlockWrite {
  block: number;
  /** What is left; the row of the block itself comes last. */
  statements: Write[];
}

/** How far a sweep has come along the terms of blocks that are gone. */
interface Sweep {
  /** Whether there may be such terms: an earlier process may have left some. */
  hasStale: boolean;
  /** The last term that it has looked at; absent where it begins. */
  to?: [term: number, block: number];
}

/** Rows of the log, from `begin` to before `end`. */
export interface RowRange {
  begin: number;
  end: number;
}

/**
 * Which blocks of the audit log have rows of a key, a user, a time. A block is written to the index
 * once it is full, each of its terms once: some 30 bytes a call, where an index of the rows would have
 * hundreds. Several batches write it, so that no decision waits for it. A term is a hash, so that a
 * block may be found that has no such row.
 */
export class AuditIndex {
  /** The rows of blocks that the tables have not. */
  #rows: IndexedRow[] = [];
  readonly #aheadOf: SqliteStatement;
  #sweep: Sweep = { hasStale: true };
  /** The same two as of the last batch on its way, and of the last that is written. */
  #sentSweep: Sweep = { hasStale: true };
  #writtenSweep: Sweep = { hasStale: true };
  /** How many blocks are on their way, and how many are written. */
  #sent: number;
  #written: number;
  #writing: BlockWrite | undefined;

  /** @param count How many rows the log has. */
  constructor(
    private readonly connection: SqliteConnection,
    private readonly writes: PendingWrites,
    count: number,
  ) {
    const { last } = connection.prepare('SELECT MAX(block) AS last FROM audit_blocks').get() as {
      last: number | null;
    };
    const { first } = connection.prepare('SELECT MIN(seq) AS first FROM audit').get() as {
      first: number | null;
    };
    const next = Math.max((last ?? -1) + 1, blockOf(first ?? count + 1));
    this.#sent = this.#written = Math.min(next, blockOf(count + 1));
    this.#aheadOf = connection.prepare(
      `SELECT term, block FROM audit_terms WHERE (term, block) > (?, ?)
       ORDER BY term, block LIMIT 1 OFFSET ${SWEPT_TERMS - 1}`,
    );
    const rest = connection.prepare('SELECT seq, entry FROM audit WHERE seq > ? ORDER BY seq');
    for (const row of rest.all(this.#written * BLOCK_ROWS)) {
      const { seq, entry } = row as { seq: number; entry: string };
      this.#rows.push(indexedEntry(seq, entry));
    }
  }

  /** @param more Takes the place of what the row says. */
  add(seq: number, row: AuditRow, more: Partial<AuditRow> | undefined): void {
    this.#rows.push(indexed(seq, row, more));
  }

  /**
   * Has the batch write a part of the blocks that are full.
   *
   * @param newRows How many rows of the log the batch writes.
   */
  sent(newRows: number): void {
    this.#sentSweep = this.#sweep;
    const last = this.#rows.at(-1)?.seq ?? 0;
    // A block is written before the next one is full.
    let left = MIN_SLICE + newRows;
    while (left > 0 && (this.#sent + 1) * BLOCK_ROWS <= last) {
      this.#writing ??= { block: this.#sent, statements: this.#statementsOf(this.#sent) };
      const slice = this.#writing.statements.splice(0, left);
      for (const [sql, values] of slice) this.writes.add(sql, values);
      left -= slice.length;
      if (this.#writing.statements.length > 0) return;
      this.#writing = undefined;
      this.#sent += 1;
    }
  }

  written(): void {
    this.#writtenSweep = this.#sentSweep;
    if (this.#sent === this.#written) return;
    this.#written = this.#sent;
    this.#rows = this.#rows.filter(({ seq }) => blockOf(seq) >= this.#written);
  }

  /** The last row of the block of a row. */
  endOfBlock(seq: number): number {
    return (blockOf(seq) + 1) * BLOCK_ROWS;
  }

  /** Rows up to one are gone. A block that is gone whole is found no more. */
  forgetRows(last: number): void {
    if (last !== this.endOfBlock(last)) return;
    this.writes.add(DELETE_BLOCKS, [blockOf(last)]);
    this.#sweep = { ...this.#sweep, hasStale: true };
  }

  /** Deletes some terms of blocks that are gone. Returns whether there may be more. */
  forgetTerms(firstRow: number): boolean {
    if (!this.#sweep.hasStale) return false;
    const [term, block] = this.#sweep.to ?? [-1, -1];
    const next = this.#aheadOf.get(term, block) as { term: number; block: number } | undefined;
    const [lastTerm, lastBlock] = next === undefined ? [LAST_TERM, 0] : [next.term, next.block];
    this.writes.add(DELETE_TERMS, [term, block, lastTerm, lastBlock, blockOf(firstRow)]);
    this.#sweep =
      next === undefined ? { hasStale: false } : { hasStale: true, to: [next.term, next.block] };
    return this.#sweep.hasStale;
  }

  /** The batch that was being decided came to nothing: the log has so many rows. */
  undone(count: number): void {
    this.#sweep = this.#sentSweep;
    while ((this.#rows.at(-1)?.seq ?? 0) > count) this.#rows.pop();
  }

  /** The same is so of the batch that was on its way. */
  lost(count: number): void {
    this.#sent = this.#written;
    this.#writing = undefined;
    this.#sentSweep = this.#writtenSweep;
    this.undone(count);
  }

  /**
   * Where rows of a filter may be, the newest range first. It ends where it has looked at many blocks:
   * then `next` says before which row the search goes on.
   *
   * @param within Where rows are looked for.
   * @param limit How many ranges at most.
   */
  ranges(
    filter: AuditFilter,
    { begin, end }: RowRange,
    limit: number,
  ): { ranges: RowRange[]; next?: number } {
    const goOn = (next: number) => (next <= begin ? {} : { next });
    // Those that no block of the index has.
    const rest = this.#written * BLOCK_ROWS + 1;
    if (end > rest) return { ranges: [{ begin: Math.max(begin, rest), end }], ...goOn(rest) };
    const before = blockOf(end - 1) + 1;
    const after = Math.max(blockOf(begin), before - WINDOW_BLOCKS);
    const found = this.#blocks(filter, after, before, limit);
    const ranges = found.map((block) => ({
      begin: Math.max(begin, block * BLOCK_ROWS + 1),
      end: Math.min(end, (block + 1) * BLOCK_ROWS + 1),
    }));
    const isFull = found.length === limit;
    return { ranges, ...goOn(isFull ? (ranges.at(-1)?.begin ?? begin) : after * BLOCK_ROWS + 1) };
  }

  #blocks(filter: AuditFilter, after: number, before: number, limit: number): number[] {
    const where = new Conditions();
    where.add('audit_blocks.block >= ? AND audit_blocks.block < ?', after, before);
    if (filter.from !== undefined) where.add('audit_blocks.last_at >= ?', filter.from);
    if (filter.to !== undefined) where.add('audit_blocks.first_at < ?', filter.to);
    const [first, ...others] = TERM_COLUMNS.flatMap((column) => {
      const value = filter[column];
      return value === undefined ? [] : [termOf(column, value)];
    });
    for (const term of others) {
      where.add(
        'EXISTS (SELECT 1 FROM audit_terms AS other WHERE other.term = ? AND other.block = audit_blocks.block)',
        term,
      );
    }
    const from =
      first === undefined
        ? 'audit_blocks'
        : `audit_terms CROSS JOIN audit_blocks ON audit_blocks.block = audit_terms.block`;
    if (first !== undefined) {
      const within = 'audit_terms.term = ? AND audit_terms.block >= ? AND audit_terms.block < ?';
      where.add(within, first, after, before);
    }
    const order = first === undefined ? 'audit_blocks.block' : 'audit_terms.block';
    const rows = this.connection
      .prepare(`SELECT audit_blocks.block FROM ${from} ${where.sql} ORDER BY ${order} DESC LIMIT ?`)
      .raw()
      .all(...where.values, limit);
    return (rows as [number][]).map(([block]) => block);
  }

  #statementsOf(block: number): Write[] {
    const rows = this.#rows.filter(({ seq }) => blockOf(seq) === block);
    const instants = rows.map(({ at }) => at).sort();
    const terms = [...new Set(rows.flatMap((row) => row.terms))];
    const values: SqliteValue[][] = terms.map((term) => [term, block]);
    const statements: Write[] = [];
    let i = 0;
    for (; i + INSERT_TERMS <= values.length; i += INSERT_TERMS) {
      statements.push([INSERT_MANY_TERMS, values.slice(i, i + INSERT_TERMS).flat()]);
    }
    for (; i < values.length; i++) statements.push([INSERT_TERM, values[i] ?? []]);
    statements.push([INSERT_BLOCK, [block, instants[0] ?? '', instants.at(-1) ?? '']]);
    return statements;
  }
}

/** Whether a statement writes to the index. */
export function isIndexStatement(sql: string): boolean {
  return [INSERT_TERM, INSERT_MANY_TERMS, INSERT_BLOCK, DELETE_BLOCKS, DELETE_TERMS].includes(sql);
}

function blockOf(seq: number): number {
  return Math.floor((seq - 1) / BLOCK_ROWS);
}

function indexed(seq: number, row: AuditRow, more: Partial<AuditRow> = {}): IndexedRow {
  const terms: number[] = [];
  for (const column of TERM_COLUMNS) {
    const value = valueOf(row, more, column);
    if (typeof value === 'string') terms.push(termOf(column, value));
  }
  return { seq, at: more.at ?? row.at, terms };
}

/** A row that was changed from outside is shown by a verification, not here. */
function indexedEntry(seq: number, entry: string): IndexedRow {
  try {
    return indexed(seq, readEntry(entry));
  } catch {
    return { seq, at: '', terms: [] };
  }
}

/** FNV-1a, twice with other beginnings, in the 53 bits that a number has. */
function termOf(column: string, value: string): number {
  const text = `${column}=${value}`;
  let high = 0x811c_9dc5;
  let low = 0x01b3_c9d1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 0x0100_0193);
    low = Math.imul(low ^ code, 0x0100_01b3);
  }
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
}
