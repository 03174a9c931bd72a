import type { AuditSegment } from '../audit/audit-segment';
import type { Cause } from '../operators/actor';
import type { Page, PageRequest } from './records';
import { confirmExport, cutNow, segmentAt } from './rules/audit-segments';
import type { ChainedEntry, Store } from './store';

/** The segments of the audit log: each is exported as a whole, and may leave the store then. */
export class AuditSegments {
  constructor(private readonly store: Store) {}

  /** The newest first; a cursor is the last row of the segment before. */
  async list({ limit, cursor }: PageRequest): Promise<Page<AuditSegment>> {
    const all = await this.store.read((book) => book.segments());
    const before = Number(cursor ?? Infinity);
    const rest = all.filter(({ last }) => last < before).reverse();
    const entries = rest.slice(0, limit);
    const next = rest.length > limit ? entries.at(-1)?.last : undefined;
    return { entries, ...(next === undefined ? {} : { next: String(next) }) };
  }

  /**
   * Cuts the log at its last row. Rejects with a refusal 422 where that is in a segment already.
   *
   * @param cause Who asks for it: that has a row, the first one after the cut.
   */
  async cut(cause?: Cause): Promise<AuditSegment> {
    // So that all rows up to now are in it.
    await this.store.auditLog();
    return this.store.run((book) => cutNow(book, cause));
  }

  /**
   * A segment with its rows, the oldest first.
   *
   * @param last The number of its last row.
   * @throws BrokerRefusal 404 where there is no such segment, or its rows have left.
   */
  async open(last: number): Promise<{ segment: AuditSegment; rows: AsyncIterable<ChainedEntry> }> {
    const segment = await this.store.read((book) => segmentAt(book, last));
    return { segment, rows: (await this.store.auditLog()).rowsOf(segment) };
  }

  /**
   * Notes that an export is kept. Rejects with a refusal where `head` is not that of its last row.
   *
   * @param cause Who says so: that has a row.
   */
  confirm(last: number, head: string, cause?: Cause): Promise<AuditSegment> {
    return this.store.run((book) => confirmExport(book, { last, head }, cause));
  }
}
