import { AuditWalk } from '../../audit/audit-chain';
import type { AuditChain, AuditHead, AuditVerdict } from '../../audit/audit-chain';
import { readEntry } from '../../audit/audit-entry';
import type { AuditEntry } from '../../audit/audit-entry';
import type { AuditSegment } from '../../audit/audit-segment';
import { logSlice } from '../../events/log-tail';
import type { LogSlice } from '../../events/log-tail';
import { SegmentList } from '../../audit/segment-list';
import { notFound } from '../../refusal';
import type { AuditFilter, Page, PageRequest } from '../records';
import type { AuditQueries, ChainedEntry } from '../store';
import { SEGMENTS } from '../tables/segment-rows';
import type { FoundRow } from '../tables/table-form';
import { TailFault } from './log-sealer';
import type { LogSealer } from './log-sealer';
import { asRefusal } from './pg-errors';
import type { PgLink, PgRow } from './pg-link';
import { SqlConditions } from './sql-conditions';

const WALK_ROWS = 500;

/** The audit log of all writers, once their rows have their places in it. */
export class PostgresAuditLog implements AuditQueries {
  constructor(
    private readonly link: Pick<PgLink, 'query'>,
    private readonly chain: AuditChain,
    private readonly sealer: Pick<LogSealer, 'seal'>,
  ) {}

  async rows(
    { from, to, ...equal }: AuditFilter,
    { limit, cursor }: PageRequest,
  ): Promise<Page<AuditEntry>> {
    await this.#sealed();
    const where = new SqlConditions();
    for (const [column, value] of Object.entries(equal)) where.equals(column, value);
    if (from !== undefined) where.add('at >= ?', from);
    if (to !== undefined) where.add('at < ?', to);
    if (cursor !== undefined) where.add('seq < ?', Number(cursor));
    where.add('seq > ?', (await this.#segments()).base?.count ?? 0);
    const found = await this.link.query(
      `SELECT entry FROM vault_key.audit ${where.sql} ORDER BY seq DESC LIMIT ${limit + 1}`,
      where.values,
    );
    const entries = found.slice(0, limit).map(({ entry }) => readEntry(entry as string));
    const next = found.length > limit ? entries.at(-1)?.seq : undefined;
    return { entries, ...(next === undefined ? {} : { next: String(next) }) };
  }

  async after(row: number, limit: number): Promise<LogSlice> {
    const found = await this.link.query(
      'SELECT seq, entry FROM vault_key.audit WHERE seq > $1 ORDER BY seq LIMIT $2',
      [row, limit],
    );
    return logSlice(
      row,
      limit,
      found.map(({ seq, entry }) => ({ seq: Number(seq), text: entry as string })),
    );
  }

  async lastRow(): Promise<number> {
    const [row] = await this.link.query('SELECT count FROM vault_key.audit_head WHERE id = 1');
    return Number(row?.['count'] ?? 0);
  }

  /** Walks the chain of all, from the last segment that has left on, and what each writer has added since. */
  async verify(expected?: string): Promise<AuditVerdict> {
    const fault = await this.#sealed();
    for (;;) {
      const segments = await this.#segments();
      const { base } = segments;
      const walk = new AuditWalk(this.chain, expected, base);
      const wrong = segments.fault();
      if (wrong !== undefined) walk.refuse(wrong.seq, wrong.reason);
      const verdict = await this.#walkFrom(base?.count ?? 0, walk);
      // Rows that have left meanwhile are not missing.
      if ((await this.#segments()).base?.count !== base?.count) continue;
      if (!verdict.ok) return verdict;
      const tail = fault ?? (await this.#tailFault());
      if (tail === undefined) return verdict;
      return {
        ok: false,
        entries: verdict.entries,
        seq: verdict.entries + 1,
        reason: tail.message,
      };
    }
  }

  async *rowsOf({ first, last, leftAt }: AuditSegment): AsyncGenerator<ChainedEntry> {
    if (leftAt !== null) throw notFound('The rows of this segment are no longer in the store.');
    for (let from = first; from <= last;) {
      const rows = await this.link.query(
        `SELECT seq, entry, mac FROM vault_key.audit WHERE seq >= $1 AND seq <= $2
         ORDER BY seq LIMIT ${WALK_ROWS}`,
        [from, last],
      );
      for (const { seq, entry, mac } of rows) {
        if (Number(seq) !== from) throw new Error(`row ${from} of the audit log is missing`);
        yield { entry: readEntry(entry as string), mac: mac as string };
        from += 1;
      }
      if (rows.length === 0) throw new Error(`row ${from} of the audit log is missing`);
    }
  }

  /** The fault for which a row has no place in the log of all, if there is one. */
  async #sealed(): Promise<TailFault | undefined> {
    try {
      await this.sealer.seal();
    } catch (error) {
      if (error instanceof TailFault) return error;
      throw asRefusal(error);
    }
    return undefined;
  }

  async #segments(): Promise<SegmentList> {
    const found = await this.link.query(
      'SELECT to_jsonb(s) AS segment FROM vault_key.audit_segments s ORDER BY last',
    );
    const stored = found.map(({ segment }) => SEGMENTS.rowOf(segment as FoundRow));
    return new SegmentList(stored, this.chain);
  }

  async #walkFrom(first: number, walk: AuditWalk): Promise<AuditVerdict> {
    const [row = {}] = await this.link.query(
      'SELECT count, mac, seal FROM vault_key.audit_head WHERE id = 1',
    );
    const head = headOf(row);
    for (let last = first; ;) {
      const rows = await this.link.query(
        `SELECT seq, entry, mac FROM vault_key.audit WHERE seq > $1 AND seq <= $2
         ORDER BY seq LIMIT ${WALK_ROWS}`,
        [last, head.count],
      );
      for (const { seq, entry, mac } of rows) {
        last = Number(seq);
        if (!walk.take(last, entry as string, mac as string)) return walk.end(head);
      }
      if (rows.length < WALK_ROWS) return walk.end(head);
    }
  }

  /** Whether each writer's head is where its rows lead to: those in the log of all, and those that have no place yet. */
  async #tailFault(): Promise<TailFault | undefined> {
    const [found] = await this.link.query(
      // In one statement, so that all is as of one moment.
      `SELECT coalesce(jsonb_agg(jsonb_build_object(
         'id', w.id, 'count', w.count, 'mac', w.mac, 'seal', w.seal,
         'sealed', (SELECT jsonb_build_object('count', s.count, 'mac', s.mac, 'seal', s.seal)
           FROM vault_key.audit_writers s WHERE s.writer = w.id),
         'tail', (SELECT coalesce(jsonb_agg(jsonb_build_array(t.seq, t.entry, t.mac) ORDER BY t.seq), '[]')
           FROM vault_key.audit_tails t WHERE t.writer = w.id))), '[]') AS writers
       FROM vault_key.writers w`,
    );
    const { writers = [] } = (found ?? {}) as { writers?: FoundWriter[] };
    for (const writer of writers) {
      const { id, sealed, tail } = writer;
      const base = sealed ?? { count: 0, mac: id, seal: undefined };
      if (sealed !== null && this.chain.seal(sealed) !== sealed.seal) {
        return new TailFault(id, sealed.count);
      }
      const walk = new AuditWalk(this.chain, undefined, { ...base, heads: [] });
      for (const [seq, entry, mac] of tail) if (!walk.take(seq, entry, mac)) break;
      const verdict = walk.end(writer);
      if (!verdict.ok) return new TailFault(id, verdict.seq);
    }
    return undefined;
  }
}

interface FoundWriter extends AuditHead {
  id: string;
  seal: string;
  sealed: (AuditHead & { seal: string }) | null;
  tail: [seq: number, entry: string, mac: string][];
}

function headOf({ count, mac, seal }: PgRow): AuditHead & { seal: string } {
  return { count: Number(count), mac: mac as string, seal: seal as string };
}
