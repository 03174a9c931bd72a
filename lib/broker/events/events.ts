import { EventFeed } from './event-feed';
import { endOfRow, eventId, placeOfEvent } from './event-id';
import { checkEventQuery } from './event-query';
import type { EventQuery } from './event-query';
import { EventReader } from './event-reader';
import type { LogTail } from './log-tail';

/**
 * What happens in the broker, as it happens: calls, refusals, budgets that are nearly spent, brakes. Events are
 * read from the audit log, so that nothing is done for them while nobody reads.
 */
export class Events {
  /** @internal */
  readonly feed: EventFeed;
  readonly #readers = new Set<EventReader>();

  /** @internal */
  constructor(log: LogTail) {
    this.feed = new EventFeed(log);
  }

  /**
   * Reads events, from now on or after one that was read before. Replay goes back 7 days, or 1,000,000
   * rows of the audit log.
   *
   * @returns What gives them one by one, for as long as it is read.
   * @throws BrokerRefusal 422 with everything wrong with the query, or 503.
   */
  async open(query: EventQuery = {}): Promise<EventReader> {
    checkEventQuery(query);
    const { id, isLive } = await this.#startOf(query.after);
    const reader = new EventReader(this.feed, query, id, isLive);
    this.#readers.add(reader);
    void reader.done.then(() => this.#readers.delete(reader));
    return reader;
  }

  /** Each reader has what there is by now, and ends. @internal */
  async close(): Promise<void> {
    this.feed.close();
    await Promise.all([...this.#readers].map((reader) => reader.done));
  }

  async #startOf(after: string | undefined): Promise<{ id: string; isLive: boolean }> {
    const last = await this.feed.lastRow();
    const end = { id: eventId(endOfRow(last)), isLive: true };
    const place = after === undefined ? undefined : placeOfEvent(after);
    // An id of another store may be of a row that is not there yet.
    if (after === undefined || place === undefined || place.row > last) return end;
    const floor = await this.feed.floor();
    const id = place.row < floor ? eventId(endOfRow(floor)) : after;
    return { id, isLive: false };
  }
}
