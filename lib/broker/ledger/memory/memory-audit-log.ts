import { AuditWalk } from '../../audit/audit-chain';
import type { AuditBase, AuditVerdict } from '../../audit/audit-chain';
import { readEntry, writeEntry } from '../../audit/audit-entry';
import type { AuditEntry } from '../../audit/audit-entry';
import { baseOf } from '../../audit/audit-segment';
import type { AuditSegment } from '../../audit/audit-segment';
import type { LogSlice } from '../../events/log-tail';
import { withoutTokens } from '../../keys/token';
import { notFound } from '../../refusal';
import type { AuditFilter, Page, PageRequest } from '../records';
import type { AuditQueries, ChainedEntry } from '../store';
import type { MemoryBook } from './memory-book';

/** The audit log of a book in memory: its rows, numbered and chained when they are asked for. */
export class MemoryAuditLog implements AuditQueries {
  constructor(private readonly book: MemoryBook) {}

  async rows(filter: AuditFilter, { limit, cursor }: PageRequest): Promise<Page<AuditEntry>> {
    const before = Number(cursor ?? Infinity);
    const rest = this.#rows()
      .map(({ text }) => readEntry(text))
      .filter((entry) => entry.seq < before && matches(entry, filter))
      .reverse();
    const entries = rest.slice(0, limit);
    const last = entries.at(-1);
    return {
      entries,
      ...(rest.length > limit && last !== undefined ? { next: String(last.seq) } : {}),
    };
  }

  async after(row: number, limit: number): Promise<LogSlice> {
    const first = Math.max(row, this.#base?.count ?? 0);
    const rows = this.book.rows.slice(first, first + limit).map(({ row: each, more }, i) => {
      return readEntry(withoutTokens(writeEntry(first + i + 1, each, more)));
    });
    return { rows, last: first + rows.length, isEnd: rows.length < limit };
  }

  async lastRow(): Promise<number> {
    return this.book.rows.length;
  }

  async verify(head?: string): Promise<AuditVerdict> {
    const { chain } = this.book;
    const walk = new AuditWalk(chain, head, this.#base);
    const rows = this.#rows();
    for (const { seq, text, mac } of rows) walk.take(seq, text, mac);
    const last = rows.at(-1) ?? { seq: this.#base?.count ?? 0, mac: this.#base?.mac ?? '' };
    const stored = { count: last.seq, mac: last.mac };
    return walk.end({ ...stored, seal: chain.seal(stored) });
  }

  async *rowsOf({ first, last, leftAt }: AuditSegment): AsyncGenerator<ChainedEntry> {
    if (leftAt !== null) throw notFound('The rows of this segment are no longer in the store.');
    for (const { text, mac } of this.book.chained().slice(first - 1, last)) {
      yield { entry: readEntry(text), mac };
    }
  }

  get #base(): AuditBase | undefined {
    return baseOf(this.book.segments());
  }

  #rows() {
    return this.book.chained().slice(this.#base?.count ?? 0);
  }
}

function matches(entry: AuditEntry, { from, to, ...equal }: AuditFilter): boolean {
  return (
    (from === undefined || entry.at >= from) &&
    (to === undefined || entry.at < to) &&
    Object.entries(equal).every(
      ([column, value]) => value === undefined || entry[column as keyof AuditEntry] === value,
    )
  );
}
