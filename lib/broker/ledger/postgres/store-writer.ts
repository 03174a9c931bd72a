import { randomBytes } from 'node:crypto';
import type { AuditChain, AuditHead } from '../../audit/audit-chain';
import type { BookWriter } from './book-parts';
import { LostBatches } from './pg-errors';
import type { PgLink } from './pg-link';

/** Writers that have ended leave the store with what it keeps: after two days at least. */
const LEAVES_MS = 2 * 86_400_000;

/** Where the store has a writer. */
interface StoredWriter extends AuditHead {
  /** How many batches it has written. */
  batch: number;
  /** Whether it has ended, or was declared dead. */
  isClosed: boolean;
  isTaken?: boolean;
}

/**
 * This instance among those that write to the store: it has a chain of the audit log of its own, and
 * lives so long as it says so. One that was declared dead goes on as another.
 */
export class StoreWriter implements BookWriter {
  #id = '';
  #stripe = 0;
  #head: AuditHead = { count: 0, mac: '' };
  #batch = 0;
  /** When the store last knew it, by the machine's clock, which goes on while a process is paused. */
  #knownAt = Date.now();

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
    this.#knownAt = Date.now();
  }

  /** Begins as a writer that the store has not seen before. Throws as {@link hasArrived}. */
  async register(): Promise<void> {
    if (this.#id !== '') await this.retire();
    const id = `w_${randomBytes(10).toString('hex')}`;
    // Each chain begins with what names its writer: no row of one passes for another's.
    const head = { count: 0, mac: id };
    const [row] = await this.link.query(
      'SELECT vault_key.register_1($1, $2, $3, $4::pg_catalog.int8) AS stripe',
      [this.chain.proof, id, this.chain.seal(head), this.ttlMs],
    );
    this.#id = id;
    this.#stripe = Number(row?.['stripe']);
    this.#head = head;
    this.#batch = 0;
    this.#knownAt = Date.now();
  }

  /** Says that it lives. Returns false where it was declared dead, or the store is behind. */
  async beat(): Promise<boolean> {
    const batch = this.#batch;
    const found = await this.#ask(
      'SELECT vault_key.beat_1($1, $2, $3::pg_catalog.int8) AS writer',
      this.ttlMs,
    );
    return found !== null && found.batch >= batch && !found.isClosed;
  }

  /**
   * Finds out what became of a batch whose connection was lost. One that has not arrived never will: it
   * counts on the number that is taken here.
   *
   * @throws LostBatches where the store is behind what it has acknowledged to this instance.
   */
  async hasArrived(head: AuditHead): Promise<boolean> {
    const batch = this.#batch;
    const found = await this.#ask(
      'SELECT vault_key.take_turn_1($1, $2, $3::pg_catalog.int8) AS writer',
      batch,
    );
    checkBatches(batch, found);
    // It is taken, by this question or by one before it whose answer was lost.
    if (found.isTaken === true || found.batch === batch + 2) {
      this.#batch = batch + 2;
      return false;
    }
    const isNext = found.batch === batch + 1;
    if (!isNext || found.count !== head.count || found.mac !== head.mac) return false;
    this.written(head);
    return true;
  }

  /** Ends: nothing is in flight here any more. Throws as {@link hasArrived}. */
  async retire(): Promise<void> {
    const batch = this.#batch;
    const found = await this.#ask('SELECT vault_key.retire_1($1, $2) AS writer');
    // One that was away for so long has left the store, which has lost nothing by that.
    if (found === null && Date.now() - this.#knownAt > LEAVES_MS) return;
    checkBatches(batch, found);
  }

  async #ask(statement: string, ...more: number[]): Promise<StoredWriter | null> {
    const [row] = await this.link.query(statement, [this.chain.proof, this.#id, ...more]);
    const found = row?.['writer'] as StoredWriter | null;
    if (found !== null) this.#knownAt = Date.now();
    return found;
  }
}

/** A store that was put back, by a failover or from a backup, has lost what it had acknowledged. */
function checkBatches(known: number, found: StoredWriter | null): asserts found is StoredWriter {
  const stored = found?.batch ?? 0;
  if (found === null || stored < known) throw new LostBatches(known - stored);
}
