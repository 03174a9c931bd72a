import { AuditWalk, GENESIS } from '../../audit/audit-chain';
import type { AuditChain, AuditVerdict } from '../../audit/audit-chain';
import { readEntry, writeEntry } from '../../audit/audit-entry';
import type { AuditEntry, AuditRecord } from '../../audit/audit-entry';
import { withoutTokens } from '../../keys/token';
import type { AuditFilter, Page, PageRequest } from '../records';
import type { AuditQueries } from '../store';
import type { MemoryBook } from './memory-book';

/** The audit log of a book in memory: its rows, numbered and chained when they are asked for. */
export class MemoryAuditLog implements AuditQueries {
  constructor(
    private readonly book: MemoryBook,
    private readonly chain: AuditChain,
  ) {}

  async rows(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEntry>> {
    return pageOf(
      this.#entries().filter((entry) => matches(entry, filter, entry.verdict)),
      page,
      ({ seq }) => seq,
    );
  }

  async records(filter: AuditFilter, page: PageRequest): Promise<Page<AuditRecord>> {
    const entries = this.#entries();
    const outcomes = new Map(
      entries.filter(({ event }) => event === 'outcome').map((entry) => [entry.call_id, entry]),
    );
    const event = filter.event === 'call' ? 'intent' : filter.event;
    const records = entries
      .filter((row) => row.event !== 'outcome')
      .map((row): AuditRecord => {
        const outcome = row.event === 'intent' ? outcomes.get(row.call_id) : undefined;
        return { row, ...(outcome === undefined ? {} : { outcome }) };
      })
      .filter(({ row, outcome }) =>
        matches(
          row,
          { ...filter, ...(event === undefined ? {} : { event }) },
          outcome?.verdict ?? row.verdict,
        ),
      );
    return pageOf(records, page, ({ row }) => row.seq);
  }

  async verify(head?: string): Promise<AuditVerdict> {
    const walk = new AuditWalk(this.chain, head);
    let { mac } = GENESIS;
    const texts = this.#texts();
    texts.forEach((text, i) => {
      mac = this.chain.next(mac, text);
      walk.take(i + 1, text, mac);
    });
    const last = { count: texts.length, mac };
    return walk.end({ ...last, seal: this.chain.seal(last) });
  }

  #texts(): string[] {
    return this.book.rows.map(({ row, more }, i) => withoutTokens(writeEntry(i + 1, row, more)));
  }

  #entries(): AuditEntry[] {
    return this.#texts().map(readEntry);
  }
}

function matches(
  entry: AuditEntry,
  { from, to, verdict: wanted, ...equal }: AuditFilter,
  verdict: string | null,
): boolean {
  return (
    (wanted === undefined || wanted === verdict) &&
    (from === undefined || entry.at >= from) &&
    (to === undefined || entry.at < to) &&
    Object.entries(equal).every(
      ([column, value]) => value === undefined || entry[column as keyof AuditEntry] === value,
    )
  );
}

/** The newest first; the cursor of a page is the number of the last on it. */
function pageOf<T>(
  oldestFirst: readonly T[],
  { limit, cursor }: PageRequest,
  numberOf: (entry: T) => number,
): Page<T> {
  const before = Number(cursor ?? Infinity);
  const rest = oldestFirst.filter((entry) => numberOf(entry) < before).reverse();
  const entries = rest.slice(0, limit);
  const last = entries.at(-1);
  return {
    entries,
    ...(rest.length > limit && last !== undefined ? { next: String(numberOf(last)) } : {}),
  };
}
