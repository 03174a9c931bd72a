import { setImmediate as nextTurn } from 'node:timers/promises';
import { foldSpend, spendCursor } from './rules/spend';
import { SpendTurn } from './rules/spend-sums';
import type { AuditQueries, Store } from './store';

/** How many rows of the log are read before other work has its turn: about a millisecond of work. */
const SLICE_ROWS = 250;
/** What one transaction adds at most, but for one slice: rows of the log, and rows of spend that change. */
const TURN_ROWS = 5_000;
const TURN_SPENDS = 200;
/** How long after a start, and after a fold, the next one begins by itself. */
const EVERY_MS = 10_000;

/**
 * Adds the rows of the audit log to the rows of spend, in the background and in turns: each changes the
 * rows of spend, and how far into the log they go, in one transaction. So each row of the log is in them
 * once, whatever ends the process, and whichever processes do it.
 */
export class SpendFold {
  #underWay: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(private readonly store: Store) {}

  /** Folds from time to time, so long as something else holds on to it. */
  start(): void {
    // A timer must not keep a store that is forgotten.
    const itself = new WeakRef(this);
    this.#timer = setTimeout(() => void itself.deref()?.foldAndGoOn(), EVERY_MS);
    this.#timer.unref();
  }

  /** Resolves once all rows that were written before are in the rows of spend. Rejects where these cannot be written. */
  async catchUp(): Promise<void> {
    // What is under way may have read the end of the log before those rows were written.
    await this.#underWay?.catch(() => {});
    await (this.#underWay ??= this.#foldAll().finally(() => (this.#underWay = undefined)));
  }

  /** Resolves once the turn under way is over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#underWay?.catch(() => {});
  }

  private async foldAndGoOn(): Promise<void> {
    try {
      await this.catchUp();
    } catch {
      // The store tells that it cannot be written; what is left is the next fold's.
    }
    if (!this.#isClosed) this.start();
  }

  async #foldAll(): Promise<void> {
    const log = await this.store.auditLog();
    for (let isEnd = false; !isEnd && !this.#isClosed && !this.store.isClosed;) {
      const turn = new SpendTurn(await this.store.look(spendCursor));
      isEnd = await gather(log, turn);
      if (turn.last === turn.after) return;
      const isFolded = await this.store.run((book) => foldSpend(book, turn));
      // Where another process was first, this one goes on after it.
      isEnd &&= isFolded;
    }
  }
}

/** Returns whether it has come to the end of the log. */
async function gather(log: AuditQueries, turn: SpendTurn): Promise<boolean> {
  for (let rows = 0; rows < TURN_ROWS && turn.size < TURN_SPENDS; rows += SLICE_ROWS) {
    const { rows, last, isEnd } = await log.after(turn.last, SLICE_ROWS);
    for (const row of rows) turn.add(row);
    turn.last = last;
    if (isEnd) return true;
    await nextTurn();
  }
  return false;
}
