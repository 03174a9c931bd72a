import { AuditWalk } from '../../audit/audit-chain';
import type { AuditChain, AuditHead, AuditVerdict } from '../../audit/audit-chain';
import { readEntry } from '../../audit/audit-entry';
import type { AuditEntry } from '../../audit/audit-entry';
import { notFound } from '../../refusal';
import type { AuditFilter, Page, PageRequest } from '../records';
import type { AuditQueries, ChainedEntry } from '../store';
import type { PgLink } from './pg-link';

const WALK_ROWS = 500;

/** The audit log: a chain a writer, read in the order of time. */
export class PostgresAuditLog implements AuditQueries {
  constructor(
    private readonly link: PgLink,
    private readonly chain: AuditChain,
  ) {}

  async rows(
    { from, to, ...equal }: AuditFilter,
    { limit, cursor }: PageRequest,
  ): Promise<Page<AuditEntry>> {
    const values: (string | number)[] = [];
    const where: string[] = [];
    const add = (condition: (mark: string) => string, value: string | number): void => {
      values.push(value);
      where.push(condition(`$${values.length}`));
    };
    for (const [column, value] of Object.entries(equal)) {
      if (value !== undefined) add((mark) => `${column} = ${mark}`, value);
    }
    if (from !== undefined) add((mark) => `at >= ${mark}`, from);
    if (to !== undefined) add((mark) => `at < ${mark}`, to);
    if (cursor !== undefined) {
      const [at = '', writer = '', seq = ''] = cursor.split(' ');
      values.push(at, writer, seq);
      const [first, second, third] = [values.length - 2, values.length - 1, values.length];
      where.push(`(at, writer, seq) < ($${first}, $${second}, $${third}::bigint)`);
    }
    values.push(limit + 1);
    const found = await this.link.query(
      `SELECT at, writer, seq, entry FROM vault_key.audit ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`}
       ORDER BY at DESC, writer DESC, seq DESC LIMIT $${values.length}::int`,
      values,
    );
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    return {
      entries: shown.map(({ entry }) => readEntry(entry as string)),
      ...(found.length > limit && last !== undefined
        ? { next: `${String(last['at'])} ${String(last['writer'])} ${String(last['seq'])}` }
        : {}),
    };
  }

  /** Walks the chain of each writer. */
  async verify(expected?: string): Promise<AuditVerdict> {
    const writers = await this.link.query(
      'SELECT id, count, mac, seal FROM vault_key.writers ORDER BY id',
    );
    let entries = 0;
    let isPassed = expected === undefined;
    const heads: string[] = [];
    for (const { id, count, mac, seal } of writers) {
      const head = { count: Number(count), mac: mac as string };
      const verdict = await this.#walk(id as string, { ...head, seal: seal as string }, expected);
      entries += verdict.entries;
      if (!verdict.ok) return { ...verdict, entries, reason: `${String(id)}: ${verdict.reason}` };
      isPassed ||= verdict.passed;
      heads.push(`${String(id)} ${head.count} ${head.mac}`);
    }
    if (!isPassed) {
      const reason = 'the log does not lead to the given head: rows were replaced or dropped';
      return { ok: false, entries, seq: entries, reason };
    }
    const [only] = writers;
    const head =
      writers.length === 1 ? (only?.['mac'] as string) : this.chain.next('', heads.join('\n'));
    return { ok: true, entries, head };
  }

  // eslint-disable-next-line require-yield
  async *rowsOf(): AsyncGenerator<ChainedEntry> {
    throw notFound('The rows of this segment are no longer in the store.');
  }

  async #walk(
    writer: string,
    head: AuditHead & { seal: string },
    expected: string | undefined,
  ): Promise<AuditVerdict & { passed: boolean }> {
    const walk = new AuditWalk(this.chain, undefined, { count: 0, mac: writer, heads: [] });
    let passed = false;
    for (let last = 0; ;) {
      const rows = await this.link.query(
        `SELECT seq, entry, mac FROM vault_key.audit WHERE writer = $1 AND seq > $2 AND seq <= $3
         ORDER BY seq LIMIT ${WALK_ROWS}`,
        [writer, last, head.count],
      );
      for (const { seq, entry, mac } of rows) {
        last = Number(seq);
        if (mac === expected) passed = true;
        if (!walk.take(last, entry as string, mac as string)) return { ...walk.end(head), passed };
      }
      if (rows.length < WALK_ROWS) return { ...walk.end(head), passed };
    }
  }
}
