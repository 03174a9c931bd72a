import type { AuditChain, AuditHead } from '../../audit/audit-chain';
import { renumbered } from '../../audit/audit-entry';
import { BEGIN } from './schema-names';
import type { PgLink, PgValues } from './pg-link';

/** How many rows are given their places in one transaction. */
const SEALED_ROWS = 500;

interface TailRow {
  writer: string;
  seq: number;
  position: number;
  entry: string;
  mac: string;
}

/** What the store's function tells of the tails. */
interface FoundTails {
  head: AuditHead;
  rows: readonly TailRow[];
  writers: readonly (AuditHead & { writer: string; seal: string })[];
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
      const [row = {}] = await query('SELECT vault_key.tails_1($1, $2::pg_catalog.int4) AS found', [
        this.chain.proof,
        SEALED_ROWS,
      ]);
      const { head, rows, writers } = row['found'] as FoundTails;
      const sealed = this.#sealed(head, this.#headsOf(rows, writers), rows);
      if (rows.length > 0) {
        await query('SELECT vault_key.seal_1($1::pg_catalog.text::pg_catalog.jsonb)', [
          JSON.stringify(sealed),
        ]);
      }
      await query('COMMIT');
      return rows.length === SEALED_ROWS;
    } catch (error) {
      await link.query('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  /** How far the chains of the rows' writers are in the log of all. */
  #headsOf(rows: readonly TailRow[], found: FoundTails['writers']): Map<string, AuditHead> {
    const heads = new Map(rows.map(({ writer }) => [writer, { count: 0, mac: writer }]));
    for (const { writer, count, mac, seal } of found) {
      const head = { count, mac };
      if (this.chain.seal(head) !== seal) throw new TailFault(writer, count);
      heads.set(writer, head);
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
      proof: chain.proof,
      rows: sealed,
      positions,
      writers: heads,
      count,
      mac,
      seal: chain.seal({ count, mac }),
    };
  }
}
