import type { LoggedEvent } from '../events/event';
import { eventId, placeOfEvent } from '../events/event-id';
import type { EventPlace } from '../events/event-id';
import { retryDelay } from './retry-times';
import type { RetryTimes } from './retry-times';
import type { BehindSubject } from './webhook-state';

/** How many subjects may be behind before no new row is looked at. */
const MOST_BEHIND = 400;
/** Once the events of so many subjects have failed and none has arrived, the receiver counts as down. */
const DOWN_AFTER = 5;
const NEVER_TRIED = 'the receiver was down';

/** The subjects whose events wait, and whether the receiver is down: then one event at a time is tried. */
export class SubjectsBehind {
  readonly #subjects: Map<string, BehindSubject>;
  /** Those that have failed since an event last arrived. */
  readonly #failed = new Set<string>();
  #probes = 0;
  #probeAt = 0;

  constructor(
    known: readonly BehindSubject[],
    private readonly times: RetryTimes,
  ) {
    this.#subjects = new Map(known.map((each) => [each.subject, each]));
  }

  get all(): readonly BehindSubject[] {
    return [...this.#subjects.values()];
  }

  get isFull(): boolean {
    return this.#subjects.size >= MOST_BEHIND;
  }

  get isDown(): boolean {
    return this.#failed.size >= DOWN_AFTER;
  }

  has(subject: string): boolean {
    return this.#subjects.has(subject);
  }

  /** Whether an event may be tried at all. */
  mayTry(now: number): boolean {
    return !this.isDown || now >= this.#probeAt;
  }

  /** As {@link mayTry}, for an event that is tried then: where the receiver is down, the next one waits for its end. */
  takeTry(now: number): boolean {
    if (!this.mayTry(now)) return false;
    if (this.isDown) this.#probeAt = Infinity;
    return true;
  }

  /** Whether an event is past the time in which it is tried. */
  isLate(happenedAt: number, now: number): boolean {
    return now - happenedAt >= this.times.giveUpMs;
  }

  /** Those that are to be tried or parked now, the one that has waited longest first, and where each goes on. */
  due(now: number): Map<string, EventPlace> {
    const waiting = this.all
      .filter(({ nextAt }) => this.isDown || nextAt <= now)
      .sort((one, other) => one.nextAt - other.nextAt);
    const [first] = this.mayTry(now) ? waiting : [];
    const due = this.isDown
      ? waiting.filter((each) => each === first || this.isLate(each.happenedAt, now))
      : waiting;
    return new Map(due.map(({ subject, next }) => [subject, placeOf(next)]));
  }

  /** Why the event that a subject waits for has not arrived. */
  reasonOf(subject: string): string {
    return this.#subjects.get(subject)?.reason ?? NEVER_TRIED;
  }

  /** An event has arrived: what has failed before is worth another try. */
  arrived(subject: string, event: LoggedEvent, now: number): void {
    this.passed(subject, event);
    const entry = this.#subjects.get(subject);
    if (entry !== undefined) this.#subjects.set(subject, { ...entry, failures: 0 });
    if (this.isDown) {
      for (const each of this.all) this.#subjects.set(each.subject, { ...each, nextAt: now });
    }
    this.#failed.clear();
    this.#probes = 0;
    this.#probeAt = 0;
  }

  /** A subject goes on after an event. */
  passed(subject: string, event: LoggedEvent): void {
    const entry = this.#subjects.get(subject);
    if (entry === undefined) return;
    const { row, part } = placeOf(event.id);
    this.#subjects.set(subject, { ...entry, next: eventId({ row, part: part + 1 }) });
  }

  /** An event has failed: its subject waits for it. */
  failed(
    subject: string,
    event: LoggedEvent,
    why: { reason: string; retryAfterMs?: number },
    now: number,
  ): void {
    const { failures = 0 } = this.#subjects.get(subject) ?? {};
    const { reason, retryAfterMs = 0 } = why;
    this.#failed.add(subject);
    if (this.isDown) {
      this.#probes += 1;
      this.#probeAt = now + Math.max(retryAfterMs, retryDelay(this.#probes, this.times));
    }
    this.#put(subject, event, {
      failures: failures + 1,
      nextAt: now + Math.max(retryAfterMs, retryDelay(failures + 1, this.times)),
      reason,
    });
  }

  /** An event was not tried, since its time has not come. */
  wait(subject: string, event: LoggedEvent, now: number): void {
    const { failures = 0, nextAt = now, reason = NEVER_TRIED } = this.#subjects.get(subject) ?? {};
    this.#put(subject, event, { failures, nextAt, reason });
  }

  /** All events of a subject have arrived, or are parked. */
  caughtUp(subject: string): void {
    this.#subjects.delete(subject);
  }

  #put(
    subject: string,
    event: LoggedEvent,
    how: Pick<BehindSubject, 'failures' | 'nextAt' | 'reason'>,
  ): void {
    this.#subjects.set(subject, {
      subject,
      next: event.id,
      happenedAt: Date.parse(event.at),
      ...how,
    });
  }
}

function placeOf(id: string): EventPlace {
  return placeOfEvent(id) ?? { row: 0, part: 0 };
}
