import type { AuditChain, AuditHead } from '../../audit/audit-chain';
import { renumbered } from '../../audit/audit-entry';
import { BEGIN } from './schema-names';
import type { PgLink, PgValues } from './pg-link';

/** How many rows are given their places in one transaction. */
const SEALED_ROWS = 500;

interface TailRow {
  writer: string;
  seq: number;
  position: string;
  entry: string;
  mac: string;
}

/** A row that a writer has chained is not what it wrote: it gets no place in the log of all. */
export class TailFault extends Error {
  constructor(
    readonly writer: string,
    readonly seq: number,
  ) {
    super(`row ${seq} of the writer ${writer} is not what was written`);
    this.name = 'TailFault';
  }
}

/**
 * Gives the rows that each writer has chained by itself their places in one log of all: writers do not
 * wait for each other, and the log has one order, one chain and one head all the same. Any instance
 * does it, one at a time.
 */
export class LogSealer {
  #sealing: Promise<void> | undefined;

  constructor(
    private readonly link: PgLink,
    private readonly chain: AuditChain,
  ) {}

  /**
   * Resolves once all rows that were written before have their places.
   *
   * @throws TailFault where a row was changed from outside.
   */
  async seal(): Promise<void> {
    // What is under way may have begun before those rows were written.
    await this.#sealing?.catch(() => {});
    await (this.#sealing ??= this.#sealAll().finally(() => (this.#sealing = undefined)));
  }

  async #sealAll(): Promise<void> {
    while (await this.#sealSome());
  }

  /** Returns whether there may be more. */
  async #sealSome(): Promise<boolean> {
    const { link } = this;
    const within = link.generation;
    const query = (text: string, values?: PgValues) => link.query(text, values, within);
    try {
      await query(BEGIN);
      const [head] = await query(
        'SELECT count, mac FROM vault_key.audit_head WHERE id = 1 FOR UPDATE',
      );
      const found = await query(
        `SELECT writer, seq, position, entry, mac FROM vault_key.audit_tails
         ORDER BY position LIMIT ${SEALED_ROWS}`,
      );
      const rows = found.map((row): TailRow => ({
        writer: row['writer'] as string,
        seq: Number(row['seq']),
        position: row['position'] as string,
        entry: row['entry'] as string,
        mac: row['mac'] as string,
      }));
      const writers = await this.#headsOf(rows, query);
      const sealed = this.#sealed(
        { count: Number(head?.['count']), mac: head?.['mac'] as string },
        writers,
        rows,
      );
      if (rows.length > 0) {
        await query('SELECT vault_key.seal_1($1::text::jsonb)', [JSON.stringify(sealed)]);
      }
      await query('COMMIT');
      return rows.length === SEALED_ROWS;
    } catch (error) {
      await link.query('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  /** How far the chains of the rows' writers are in the log of all. */
  async #headsOf(
    rows: readonly TailRow[],
    query: PgLink['query'],
  ): Promise<Map<string, AuditHead>> {
    const ids = [...new Set(rows.map(({ writer }) => writer))];
    const heads = new Map(ids.map((id): [string, AuditHead] => [id, { count: 0, mac: id }]));
    const found = await query(
      'SELECT writer, count, mac, seal FROM vault_key.audit_writers WHERE writer = ANY ($1::text[])',
      [ids],
    );
    for (const { writer, count, mac, seal } of found) {
      const head = { count: Number(count), mac: mac as string };
      if (this.chain.seal(head) !== seal) throw new TailFault(writer as string, head.count);
      heads.set(writer as string, head);
    }
    return heads;
  }

  #sealed(head: AuditHead, writers: Map<string, AuditHead>, rows: readonly TailRow[]) {
    const { chain } = this;
    let { count, mac } = head;
    const sealed = rows.map((row) => {
      const before = writers.get(row.writer) ?? { count: 0, mac: row.writer };
      const isNext = row.seq === before.count + 1;
      if (!isNext || chain.next(before.mac, row.entry) !== row.mac) {
        throw new TailFault(row.writer, before.count + 1);
      }
      writers.set(row.writer, { count: row.seq, mac: row.mac });
      count += 1;
      const entry = renumbered(row.entry, count);
      mac = chain.next(mac, entry);
      return { seq: count, entry, mac };
    });
    const heads = [...writers].map(([writer, each]) => ({
      writer,
      ...each,
      seal: chain.seal(each),
    }));
    const positions = rows.map(({ position }) => position);
    return {
      rows: sealed,
      positions,
      writers: heads,
      count,
      mac,
      seal: chain.seal({ count, mac }),
    };
  }
}
