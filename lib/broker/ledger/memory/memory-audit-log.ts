import { AuditWalk, GENESIS } from '../../audit/audit-chain';
import type { AuditChain, AuditVerdict } from '../../audit/audit-chain';
import { readEntry, writeEntry } from '../../audit/audit-entry';
import type { AuditEntry } from '../../audit/audit-entry';
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

  async rows(filter: AuditFilter, { limit, cursor }: PageRequest): Promise<Page<AuditEntry>> {
    const before = Number(cursor ?? Infinity);
    const rest = this.#entries()
      .filter((entry) => entry.seq < before && matches(entry, filter))
      .reverse();
    const entries = rest.slice(0, limit);
    const last = entries.at(-1);
    return {
      entries,
      ...(rest.length > limit && last !== undefined ? { next: String(last.seq) } : {}),
    };
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

function matches(entry: AuditEntry, { from, to, ...equal }: AuditFilter): boolean {
  return (
    (from === undefined || entry.at >= from) &&
    (to === undefined || entry.at < to) &&
    Object.entries(equal).every(
      ([column, value]) => value === undefined || entry[column as keyof AuditEntry] === value,
    )
  );
}
