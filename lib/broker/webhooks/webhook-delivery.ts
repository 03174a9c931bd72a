import type { LoggedEvent } from '../events/event';
import type { EventFeed } from '../events/event-feed';
import { isAfter, placeOfEvent } from '../events/event-id';
import type { EventPlace } from '../events/event-id';
import type { LogSlice } from '../events/log-tail';
import type { WebhookStates } from '../ledger/webhook-states';
import { bySubject } from './delivery-order';
import { Ending } from './ending';
import { inTurns } from './in-turns';
import { messageId } from './message-id';
import type { RetryTimes } from './retry-times';
import { SubjectsBehind } from './subjects-behind';
import { SENT_AT_ONCE } from './webhook-sender';
import type { WebhookSender } from './webhook-sender';
import type { ParkedEvent, WebhookState } from './webhook-state';
import type { Webhook, WebhookKind } from './webhook.options';

/** How often it is looked at what is to be tried again. */
const LOOK_MS = 250;
/** How often it is noted at least that rows had nothing to send. */
const SAVE_MS = 5_000;

/** What a delivery works with. */
export interface DeliveryParts {
  webhook: Webhook;
  feed: EventFeed;
  states: WebhookStates;
  sender: WebhookSender;
  times: RetryTimes;
}

/**
 * Sends a webhook's events for as long as this process is the one that does. Those of one subject go one after
 * the other: where one fails, what follows of its subject waits, and the others go on.
 */
export class WebhookDelivery {
  /** The last row whose events have arrived, are parked, or wait for an earlier one of their subject. */
  #row: number;
  /** The last row that is being worked on: of subjects that are behind, the events up to here are theirs to catch up. */
  #taken: number;
  readonly #behind: SubjectsBehind;
  /** The subjects that have an event on its way. */
  readonly #busy = new Set<string>();
  #parked: ParkedEvent[] = [];
  #isStopped = false;
  #savedAt = performance.now();
  #saving: Promise<void> = Promise.resolve();
  readonly #ending = new Ending();

  constructor(
    private readonly parts: DeliveryParts,
    private readonly state: WebhookState,
  ) {
    this.#row = this.#taken = state.row;
    this.#behind = new SubjectsBehind(state.behind, parts.times);
  }

  /** Resolves once it is over: ended from outside, stopped by the receiver, or taken over by another process. */
  async run(): Promise<void> {
    const renewal = setInterval(() => void this.#save(), this.parts.states.ttlMs / 3).unref();
    try {
      await Promise.all([this.#goForward(), this.#catchUp()]);
      await this.#save(true);
    } finally {
      clearInterval(renewal);
    }
  }

  /** Whether its receiver wants no more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Nothing new leaves; what is on its way has to come to its end. */
  end(): void {
    this.#ending.end();
  }

  /** Looks at new rows, and sends their events, but for those of subjects that are behind. */
  async #goForward(): Promise<void> {
    const { feed } = this.parts;
    while (!this.#ending.isOver) {
      const slice = this.#behind.isFull ? undefined : await this.#slice(this.#row);
      const events = slice?.rows.flatMap((row) => this.#eventsOf(row)) ?? [];
      if (slice === undefined || this.#waitsInTheLog(events)) {
        await this.#ending.wait(feed.wait());
        continue;
      }
      this.#taken = slice.last;
      const own = [...bySubject(events)].filter(([subject]) => !this.#behind.has(subject));
      await inTurns(own, SENT_AT_ONCE, async ([subject, all]) => {
        if (await this.#sendAll(subject, all)) this.#behind.caughtUp(subject);
      });
      this.#row = slice.last;
      const isDue = performance.now() - this.#savedAt > SAVE_MS;
      if (events.length > 0 || (isDue && slice.rows.length > 0)) await this.#save();
      if (slice.isEnd) await this.#ending.wait(feed.wait());
    }
  }

  /** Tries again what has failed, with what waits behind it. */
  async #catchUp(): Promise<void> {
    const { feed } = this.parts;
    while (!this.#ending.isOver) {
      const due = this.#behind.due(feed.now());
      for (const [subject, { row }] of due) {
        if (this.#busy.has(subject) || row > this.#taken) due.delete(subject);
      }
      if (due.size === 0) {
        await this.#ending.waitFor(LOOK_MS);
        continue;
      }
      const rows = [...due.values()].map(({ row }) => row);
      await this.#catchUpFrom(Math.min(...rows) - 1, due);
      await this.#save();
    }
  }

  async #catchUpFrom(first: number, due: Map<string, EventPlace>): Promise<void> {
    let row = first;
    while (due.size > 0 && !this.#ending.isOver && row < this.#taken) {
      const slice = await this.#slice(row);
      if (slice === undefined) return;
      const last = Math.min(slice.last, this.#taken);
      const events = slice.rows
        .filter(({ seq }) => seq <= last)
        .flatMap((each) => this.#eventsOf(each));
      // In the order in which they are due.
      const own = bySubject(events);
      await inTurns([...due], SENT_AT_ONCE, async ([subject, from]) => {
        const all = (own.get(subject) ?? []).filter(({ id }) => !isBefore(id, from));
        if (!(await this.#sendAll(subject, all))) due.delete(subject);
      });
      row = last;
    }
    if (row < this.#taken) return;
    for (const subject of due.keys()) this.#behind.caughtUp(subject);
  }

  /**
   * Sends events of one subject, one after the other. Returns whether all of them have arrived or are parked;
   * else the subject waits for the first that has not.
   */
  async #sendAll(subject: string, events: readonly LoggedEvent[]): Promise<boolean> {
    this.#busy.add(subject);
    try {
      for (const event of events) if (!(await this.#sendOne(subject, event))) return false;
      return true;
    } finally {
      this.#busy.delete(subject);
    }
  }

  async #sendOne(subject: string, event: LoggedEvent): Promise<boolean> {
    const { feed, sender } = this.parts;
    const isLate = this.#behind.isLate(Date.parse(event.at), feed.now());
    if (this.#ending.isOver || !this.#behind.takeTry(feed.now())) {
      if (isLate && !this.#ending.isOver) return this.#park(subject, event);
      this.#behind.wait(subject, event, feed.now());
      return false;
    }
    const attempt = await sender.send(messageId(this.state.stream, event.id), event);
    if (attempt.outcome === 'delivered') {
      this.#behind.arrived(subject, event, feed.now());
      return true;
    }
    if (attempt.outcome === 'gone') {
      this.#isStopped = true;
      this.end();
      this.#behind.wait(subject, event, feed.now());
      return false;
    }
    this.#behind.failed(subject, event, attempt, feed.now());
    return isLate ? this.#park(subject, event) : false;
  }

  #park(subject: string, event: LoggedEvent): true {
    const reason = this.#behind.reasonOf(subject);
    const kind = event.kind as WebhookKind;
    this.#parked.push({ id: event.id, kind, reason, parkedAt: this.parts.feed.now() });
    this.#behind.passed(subject, event);
    return true;
  }

  /** Whether events need no room elsewhere: their receiver is down, and they may still be tried. */
  #waitsInTheLog(events: readonly LoggedEvent[]): boolean {
    const now = this.parts.feed.now();
    if (this.#behind.mayTry(now)) return false;
    return events.some(({ at }) => !this.#behind.isLate(Date.parse(at), now));
  }

  #eventsOf(row: LogSlice['rows'][number]): LoggedEvent[] {
    const { kinds } = this.parts.webhook;
    return this.parts.feed
      .eventsOf([row])
      .filter(({ kind }) => kinds.includes(kind as WebhookKind));
  }

  async #slice(row: number): Promise<LogSlice | undefined> {
    try {
      return await this.parts.feed.after(row);
    } catch {
      // The store does not answer, and is asked again.
      await this.#ending.wait(this.parts.feed.wait());
      return undefined;
    }
  }

  #save(isLast = false): Promise<void> {
    return (this.#saving = this.#saving.then(() => this.#saveNow(isLast)));
  }

  async #saveNow(isLast: boolean): Promise<void> {
    const { states, webhook } = this.parts;
    const parked = this.#parked;
    this.#parked = [];
    const progress = {
      row: this.#row,
      behind: this.#behind.all,
      isStopped: this.#isStopped,
      parked,
    };
    try {
      const isOurs = await states.save(webhook.name, progress, isLast);
      this.#savedAt = performance.now();
      if (!isOurs) this.end();
    } catch {
      // It is noted with what comes next. What is lost by then is sent twice.
      this.#parked = [...parked, ...this.#parked];
    }
  }
}

function isBefore(id: string, place: EventPlace): boolean {
  const own = placeOfEvent(id);
  return own !== undefined && isAfter(place, own);
}
