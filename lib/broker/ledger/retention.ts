import { setTimeout as wait } from 'node:timers/promises';
import type { AgingRows, Book } from './book';
import { cutPastDays, leave, oldSegment } from './rules/audit-segments';
import { AGING_TABLES, forget, oldRows } from './rules/retention';
import { SpendFold } from './spend-fold';
import type { Store } from './store';

/** How long after a start the first sweep begins, and how long after a sweep the next one. */
const FIRST_SWEEP_MS = 60_000;
const NEXT_SWEEP_MS = 300_000;
/** How long calls have the store to themselves between two turns of a sweep. */
const TURN_GAP_MS = 20;
/** How many turns a table has in one sweep: then the others have theirs. */
const MAX_TURNS = 5_000;

/**
 * Lets rows leave the store once nothing can refer to them, in turns of about a millisecond. What a turn
 * decides waits for a batch of other decisions, and needs no write of its own.
 */
export class Retention {
  #timer: NodeJS.Timeout | undefined;
  /** Where the next sweep goes on along a table; absent where it begins. */
  readonly #positions = new Map<keyof AgingRows, string>();
  #isClosed = false;
  readonly #fold: SpendFold;

  /** @param keptMs How long a row stays after its end, in milliseconds; at least two days. */
  constructor(
    private readonly store: Store,
    private readonly keptMs: number,
    /** Asked before each sweep by itself: of several processes that have a store one does it. */
    private readonly mayBegin: () => Promise<boolean> = () => Promise.resolve(true),
  ) {
    this.#fold = new SpendFold(store);
  }

  /** Sweeps from time to time, so long as something else holds on to it. */
  start(afterMs: number = FIRST_SWEEP_MS): void {
    // A timer must not keep a store that is forgotten.
    const itself = new WeakRef(this);
    this.#timer = setTimeout(() => void itself.deref()?.sweepAndGoOn(), afterMs);
    this.#timer.unref();
  }

  /** Walks along all tables, and where one is very long, along a part of it. Rejects where the store cannot be written. */
  async sweep(): Promise<void> {
    // It is short, and does not wait for tables that take hours.
    await this.#sweepLog();
    for (const table of AGING_TABLES) await this.#sweepTable(table);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  private async sweepAndGoOn(): Promise<void> {
    try {
      if (await this.mayBegin()) await this.sweep();
    } catch {
      // The store tells that it cannot be written; what is left is the next sweep's.
    }
    if (!this.#isClosed) this.start(NEXT_SWEEP_MS);
  }

  /** Cuts the log into days, and lets the rows of old segments go that were exported. */
  async #sweepLog(): Promise<void> {
    // No segment leaves before its spend is summed.
    await this.#fold.catchUp();
    await this.store.runSoon(cutPastDays);
    const isOld = (book: Book) => oldSegment(book, this.keptMs) !== undefined;
    while (await this.store.look(isOld)) {
      await this.store.runSoon((book) => {
        const segment = oldSegment(book, this.keptMs);
        if (segment !== undefined) leave(book, segment);
      });
    }
    while (!this.#isStopped && (await this.store.runSoon((book) => book.forgetLogRows()))) {
      await wait(TURN_GAP_MS, undefined, { ref: false });
    }
  }

  get #isStopped(): boolean {
    return this.#isClosed || this.store.isClosed;
  }

  async #sweepTable(table: keyof AgingRows): Promise<void> {
    for (let turns = 0; ; turns++) {
      const start = this.#positions.get(table);
      const { rows, next } = await this.store.look((book) =>
        oldRows(book, table, start, this.keptMs),
      );
      if (rows.length > 0) {
        await this.store.runSoon((book) => forget(book, oldRows(book, table, start, this.keptMs)));
      }
      if (next === undefined) this.#positions.delete(table);
      else this.#positions.set(table, next);
      if (next === undefined || turns === MAX_TURNS || this.#isStopped) return;
      await wait(TURN_GAP_MS, undefined, { ref: false });
    }
  }
}
