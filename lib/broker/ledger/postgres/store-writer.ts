import { randomBytes } from 'node:crypto';
import type { AuditChain, AuditHead } from '../../audit/audit-chain';
import type { BookWriter } from './book-parts';
import type { PgLink } from './pg-link';

/** How many lines a balance has for instances that lock no other. */
const STRIPES = 15;

/**
 * This instance among those that write to the store: it has a chain of the audit log of its own, and
 * lives so long as it says so. One that was declared dead goes on as another.
 */
export class StoreWriter implements BookWriter {
  #id = '';
  #stripe = 0;
  #head: AuditHead = { count: 0, mac: '' };
  #batch = 0;

  constructor(
    private readonly link: PgLink,
    private readonly chain: AuditChain,
    readonly ttlMs: number,
  ) {}

  get id(): string {
    return this.#id;
  }

  get stripe(): number {
    return this.#stripe;
  }

  get head(): AuditHead {
    return this.#head;
  }

  /** How many batches it has written. */
  get batch(): number {
    return this.#batch;
  }

  /** A batch is written: the chain goes on from here. */
  written(head: AuditHead): void {
    this.#head = head;
    this.#batch += 1;
  }

  /** Begins as a writer that the store has not seen before. */
  async register(): Promise<void> {
    if (this.#id !== '') await this.retire();
    const id = `w_${randomBytes(10).toString('hex')}`;
    // Each chain begins with what names its writer: no row of one passes for another's.
    const head = { count: 0, mac: id };
    const stripe = await this.#leastUsedStripe();
    await this.link.query(
      `INSERT INTO vault_key.writers (id, stripe, batch, count, mac, seal, expires_at)
       VALUES ($1, $2, 0, 0, $3, $4, vault_key.now_ms() + $5::bigint)`,
      [id, stripe, head.mac, this.chain.seal(head), this.ttlMs],
    );
    this.#id = id;
    this.#stripe = stripe;
    this.#head = head;
    this.#batch = 0;
  }

  /** Says that it lives. Returns false where it was declared dead. */
  async beat(): Promise<boolean> {
    const rows = await this.link.query(
      `UPDATE vault_key.writers SET expires_at = vault_key.now_ms() + $2::bigint
       WHERE id = $1 AND closed_at IS NULL RETURNING id`,
      [this.#id, this.ttlMs],
    );
    return rows.length > 0;
  }

  /**
   * Finds out what became of a batch whose connection was lost. One that has not arrived never will: it
   * counts on the number that is taken here.
   */
  async hasArrived(head: AuditHead): Promise<boolean> {
    const taken = await this.link.query(
      'UPDATE vault_key.writers SET batch = batch + 1 WHERE id = $1 AND batch = $2 RETURNING id',
      [this.#id, this.#batch],
    );
    if (taken.length > 0) {
      this.#batch += 1;
      return false;
    }
    const [row] = await this.link.query(
      'SELECT batch, count, mac FROM vault_key.writers WHERE id = $1',
      [this.#id],
    );
    const isNext = Number(row?.['batch']) === this.#batch + 1;
    if (!isNext || Number(row?.['count']) !== head.count || row?.['mac'] !== head.mac) return false;
    this.written(head);
    return true;
  }

  /** Ends: nothing is in flight here any more. */
  async retire(): Promise<void> {
    await this.link.query(
      'UPDATE vault_key.writers SET closed_at = vault_key.now_ms() WHERE id = $1 AND closed_at IS NULL',
      [this.#id],
    );
  }

  async #leastUsedStripe(): Promise<number> {
    const rows = await this.link.query(
      `SELECT s.stripe, count(w.id) AS users FROM generate_series(1, ${STRIPES}) AS s(stripe)
       LEFT JOIN vault_key.writers w ON w.stripe = s.stripe AND w.closed_at IS NULL
       GROUP BY s.stripe ORDER BY users, random() LIMIT 1`,
    );
    return Number(rows[0]?.['stripe'] ?? 1);
  }
}
