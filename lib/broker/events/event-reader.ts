import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BrokerEvent } from './event';
import type { EventFeed } from './event-feed';
import { isAfter, placeOfEvent } from './event-id';
import type { EventPlace } from './event-id';
import { isMeant } from './event-query';
import type { EventQuery } from './event-query';

/** How many events wait for a reader. */
export const MAX_BUFFERED = 1_000;

/** How long a store that has failed must work until that is told: some of its transactions may still pass. */
const WORKS_AGAIN_MS = 2_000;

/** A reader has not taken its events for so long that more than 1,000 waited. */
export class SlowReaderError extends Error {
  constructor() {
    super(
      `more than ${MAX_BUFFERED} events waited for their reader: it may read on after the last`,
    );
    this.name = 'SlowReaderError';
  }
}

/**
 * Events for one reader, in their order. What was before it came is read as fast as it takes it; of what
 * happens from then on, 1,000 events wait for it at most.
 */
export class EventReader implements AsyncIterable<BrokerEvent> {
  readonly #buffered: BrokerEvent[] = [];
  /** The last row that was read, and after which of its events this begins. */
  #row: number;
  readonly #start: EventPlace | undefined;
  #isLive: boolean;
  /** When the store was last seen failing, by the monotonic clock. */
  #failingAt = -Infinity;
  #wasFailing = false;
  #end: { error?: Error } | undefined;
  #onChange: (() => void) | undefined;
  readonly #done: Promise<void>;

  /**
   * @param startId After which event it begins.
   * @param isLive Whether that is the last one there is.
   */
  constructor(
    private readonly feed: EventFeed,
    private readonly query: EventQuery,
    readonly startId: string,
    isLive: boolean,
  ) {
    this.#start = placeOfEvent(startId);
    this.#row = Math.max(0, (this.#start?.row ?? 0) - 1);
    this.#isLive = isLive;
    this.#done = this.#follow();
  }

  /** Resolves once it reads nothing more. */
  get done(): Promise<void> {
    return this.#done;
  }

  /** Ends it, with what has been read. */
  close(): void {
    this.#finish({});
  }

  /** @throws SlowReaderError */
  async *[Symbol.asyncIterator](): AsyncGenerator<BrokerEvent> {
    try {
      for (;;) {
        const event = this.#buffered.shift();
        if (event !== undefined) {
          this.#changed();
          yield event;
        } else if (this.#end === undefined) {
          await this.#change();
        } else {
          if (this.#end.error !== undefined) throw this.#end.error;
          return;
        }
      }
    } finally {
      this.close();
    }
  }

  async #follow(): Promise<void> {
    while (this.#end === undefined) {
      const isLast = this.feed.isClosed;
      this.#tellStore();
      // A store that does not answer is asked again.
      const isEnd = await this.#readOn().catch(() => true);
      if (isEnd && isLast) this.close();
      else if (isEnd) await this.feed.wait();
      // A reader that keeps up takes them before the next ones come.
      else await nextTurn();
    }
  }

  /** Returns whether there was nothing more. */
  async #readOn(): Promise<boolean> {
    const { rows, last, isEnd } = await this.feed.after(this.#row);
    for (const event of this.feed.eventsOf(rows)) {
      const place = placeOfEvent(event.id);
      const isBefore =
        this.#start !== undefined && place !== undefined && !isAfter(place, this.#start);
      if (!isBefore && isMeant(event, this.query)) await this.#offer(event);
    }
    this.#row = last;
    if (isEnd) this.#isLive = true;
    return isEnd;
  }

  /** Tells that the store has failed, and once it has worked for a while that it works again. */
  #tellStore(): void {
    const now = performance.now();
    if (this.feed.isStoreFailing) this.#failingAt = now;
    const isFailing = now - this.#failingAt < WORKS_AGAIN_MS;
    if (isFailing === this.#wasFailing) return;
    this.#wasFailing = isFailing;
    const event: BrokerEvent = {
      id: null,
      kind: 'failed_store',
      at: new Date(this.feed.now()).toISOString(),
      outcome: isFailing ? 'failed' : 'recovered',
    };
    if (!isMeant(event, this.query)) return;
    this.#buffered.push(event);
    this.#changed();
  }

  async #offer(event: BrokerEvent): Promise<void> {
    const isFull = (): boolean => this.#buffered.length >= MAX_BUFFERED;
    if (isFull() && this.#isLive) this.#finish({ error: new SlowReaderError() });
    while (isFull() && this.#end === undefined) {
      if (this.feed.isClosed) this.close();
      else await Promise.race([this.#change(), this.feed.wait()]);
    }
    if (this.#end !== undefined) return;
    this.#buffered.push(event);
    this.#changed();
  }

  #finish(end: { error?: Error }): void {
    this.#end ??= end;
    this.#changed();
  }

  /** Resolves with the next {@link #changed}: each side waits for the other. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      const others = this.#onChange;
      this.#onChange = () => {
        others?.();
        resolve();
      };
    });
  }

  #changed(): void {
    const tell = this.#onChange;
    this.#onChange = undefined;
    tell?.();
  }
}
