import type { LoggedEvent } from './event';
import { eventsOf } from './events-of-row';
import type { LogSlice, LogTail } from './log-tail';

/** How long after a commit the log is read: commits that come meanwhile are read with it. */
const GAP_MS = 100;
/** How often the log is looked at where nothing tells that it has grown. */
const POLL_MS = 1_000;
/** How many rows are read at once. */
const SLICE_ROWS = 200;
/** How far back replay goes. */
const KEPT_ROWS = 1_000_000;
const KEPT_MS = 7 * 86_400_000;

/**
 * The end of the log for all who follow it: they wait together, and read each slice once. While nobody
 * follows, nothing is read.
 */
export class EventFeed {
  /** Where a person answers an approval, where that is known. */
  approvalUrl: (id: string) => string | undefined = () => undefined;
  #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Infinity;
  #shared: { after: number; slice: Promise<LogSlice> } | undefined;
  /** Whether this process has written since those who waited were woken. */
  #hasGrown = false;
  #isClosed = false;

  constructor(private readonly log: LogTail) {
    log.onWritten = () => {
      this.#hasGrown = true;
      this.#wakeWithin(GAP_MS);
    };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isStoreFailing(): boolean {
    return this.log.isFailing;
  }

  now(): number {
    return this.log.now();
  }

  lastRow(): Promise<number> {
    return this.log.lastRow();
  }

  /** The events that rows tell. */
  eventsOf(rows: LogSlice['rows']): LoggedEvent[] {
    return rows.flatMap((row) => eventsOf(row, this.approvalUrl));
  }

  /** Rows after one. Rejects where the store does not answer. */
  after(row: number): Promise<LogSlice> {
    if (this.#shared?.after === row) return this.#shared.slice;
    const slice = this.log.after(row, SLICE_ROWS);
    const shared = { after: row, slice };
    this.#shared = shared;
    const forget = (): void => {
      if (this.#shared === shared) this.#shared = undefined;
    };
    slice.then(forget, forget);
    return slice;
  }

  /** The row after which replay begins at the earliest: what is older has left the outbox. */
  async floor(): Promise<number> {
    const last = await this.log.lastRow();
    let low = Math.max(0, last - KEPT_ROWS);
    let high = last;
    const oldest = new Date(this.log.now() - KEPT_MS).toISOString();
    // Rows are in the order in which they were written, but for the length of a call.
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [row] = (await this.log.after(middle, 1)).rows;
      if (row === undefined || row.at >= oldest) high = middle;
      else low = row.seq;
    }
    return low;
  }

  /** Resolves where there may be more rows than before, at the latest after a second. */
  wait(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#wakeWithin(this.#hasGrown ? GAP_MS : POLL_MS);
    });
  }

  /** Nothing is waited for any more: who follows reads what is there, and ends. */
  close(): void {
    this.#isClosed = true;
    // What is being read may have begun before the last rows.
    this.#shared = undefined;
    this.#wake();
  }

  #wakeWithin(ms: number): void {
    if (this.#waiting.length === 0) return;
    const dueAt = performance.now() + ms;
    if (dueAt >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => this.#wake(), ms).unref();
  }

  #wake(): void {
    clearTimeout(this.#timer);
    this.#dueAt = Infinity;
    this.#hasGrown = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each();
  }
}
