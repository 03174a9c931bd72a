import type { Log } from '../log';
import { BrokerRefusal, auditUnavailable, storeUnavailable } from '../refusal';
import { BatchNotes } from './batch-notes';
import type { Book } from './book';
import type { CallEnd, Decision, Hold } from './records';
import { finish } from './rules/settlement';
import { tellGrowth } from './rules/thresholds';
import type { Thresholds } from './rules/thresholds';
import type { Store } from './store';

/** Settlements of this many calls may wait for the store; then no more calls are admitted. */
const MAX_KEPT = 10_000;

/** A settlement until it is written. */
export interface Settlement {
  end: CallEnd;
  /** When the call ended, however late that is written. */
  endedAt: number;
  /** The settlements on the same object that came before it, and wait too. */
  before: readonly Settlement[];
  state: 'waiting' | 'in a batch' | 'written';
}

/**
 * Settlements that the store has not taken yet. They are kept until it does: meanwhile their holds
 * count, and no call is under way on them. Those on one object are written in their order, whichever
 * of them the store takes first: a cancel gives back nothing of a payment that is not settled yet.
 */
export class KeptSettlements {
  /** Settlements of calls that have ended and are in no batch yet, by the hold they shared. */
  readonly #waiting = new Map<string, Set<Settlement>>();
  readonly #kept = new Set<CallEnd>();
  /** Those among them whose audit row could not be written. */
  readonly #unlogged = new Set<CallEnd>();
  /** The last settlement of those that wait, by the vendor's object that it speaks of. */
  readonly #lastOn = new Map<string, Settlement>();
  readonly #begun = new BatchNotes<Settlement>();
  /** How many were kept since the store last took all. */
  #keptInAll = 0;

  constructor(
    private readonly store: Store,
    private readonly log: Log,
    private readonly thresholds: Thresholds,
  ) {}

  /** Settlements that could not be written so far. */
  get count(): number {
    return this.#kept.size;
  }

  /**
   * Writes a settlement with the next transaction that passes.
   *
   * @returns Once it is written, or kept.
   */
  async add(end: CallEnd): Promise<void> {
    const settlement = this.#queue(end);
    await this.store.keep({
      work: (book) => this.#write(book, settlement),
      onWritten: () => this.#forget(end),
      onKept: (error) => this.#remember(end, error),
    });
  }

  /** An admission turns out to be written whose caller was refused, since the store did not answer: nothing was sent. */
  takeBack(decision: Decision): void {
    if (!decision.admitted) return;
    const audit = { reason: 'the store did not say in time that the call was admitted' };
    void this.add({ call: decision.call, outcome: { ending: 'released', isUnsent: true }, audit });
  }

  sent(): void {
    this.#begun.sent();
  }

  written(): void {
    for (const settlement of this.#begun.written()) {
      settlement.state = 'written';
      settlement.before = [];
      for (const name of objectsOf(settlement.end)) {
        if (this.#lastOn.get(name) === settlement) this.#lastOn.delete(name);
      }
    }
  }

  undone(): void {
    this.#wait(this.#begun.undone());
  }

  lost(): void {
    this.#wait(this.#begun.lost());
  }

  /** @throws BrokerRefusal 503 where no call may be admitted: so many wait, or the audit log takes no row. */
  checkRoom(): void {
    if (this.#unlogged.size > 0) throw auditUnavailable();
    if (this.#kept.size >= MAX_KEPT) throw storeUnavailable();
  }

  /** Whether a hold is held though every call on it has ended. */
  hasStranded(book: Book, hold: Hold): boolean {
    return hold.state === 'held' && this.callsInFlight(book, hold) === 0;
  }

  /** The settlements of a hold that are not written at this moment: a batch that has one may be lost. */
  waitingFor(holdId: string): ReadonlySet<Settlement> {
    const begun = this.#begun.all.filter(({ end }) => end.call.holdId === holdId);
    return new Set([...(this.#waiting.get(holdId) ?? []), ...begun]);
  }

  /**
   * How many calls are in flight on an open hold.
   *
   * @param waiting The settlements of those that have ended; by default, all there are now.
   */
  callsInFlight(
    book: Book,
    { callId, vendor, state, idempotencyKeyHash }: Hold,
    waiting = this.waitingFor(callId),
  ): number {
    const operation =
      idempotencyKeyHash === null ? undefined : book.operation(vendor, idempotencyKeyHash);
    const own = state === 'held' ? 1 : 0;
    const begun = operation?.holdId === callId ? operation.inFlight : own;
    const ended = [...waiting].filter((each) => each.state === 'waiting').length;
    return Math.max(0, begun - ended);
  }

  /** The holds whose settlements wait. */
  get holdIds(): string[] {
    return [...this.#waiting.keys()];
  }

  /** To be called once nothing is written any more. */
  closed(): void {
    if (this.#kept.size === 0) return;
    this.log(
      `the store is closed, and the settlements of ${this.#kept.size} calls could not be written: their holds are unknown at the next start`,
    );
  }

  #queue(end: CallEnd): Settlement {
    const names = objectsOf(end);
    const before = names.flatMap((name) => this.#lastOn.get(name) ?? []);
    const settlement: Settlement = { end, endedAt: this.store.now(), before, state: 'waiting' };
    for (const name of names) this.#lastOn.set(name, settlement);
    this.#addWaiting(settlement);
    return settlement;
  }

  #write(book: Book, settlement: Settlement): void {
    if (settlement.state !== 'waiting') return;
    for (const each of settlement.before) this.#write(book, each);
    tellGrowth(book, finish(book, settlement.end, settlement.endedAt), this.thresholds);
    settlement.state = 'in a batch';
    this.#begun.add(settlement);
    this.#removeWaiting(settlement);
  }

  #wait(settlements: readonly Settlement[]): void {
    for (const settlement of settlements) {
      settlement.state = 'waiting';
      this.#addWaiting(settlement);
    }
  }

  #addWaiting(settlement: Settlement): void {
    const { holdId } = settlement.end.call;
    if (holdId === undefined) return;
    const waiting = this.#waiting.get(holdId) ?? new Set();
    this.#waiting.set(holdId, waiting.add(settlement));
  }

  #removeWaiting(settlement: Settlement): void {
    const { holdId = '' } = settlement.end.call;
    const waiting = this.#waiting.get(holdId);
    waiting?.delete(settlement);
    if (waiting?.size === 0) this.#waiting.delete(holdId);
  }

  #remember(end: CallEnd, error: Error): void {
    const isOfLog = error instanceof BrokerRefusal && error.code === 'audit_unavailable';
    if (isOfLog) this.#unlogged.add(end);
    else this.#unlogged.delete(end);
    if (this.#kept.has(end)) return;
    this.#kept.add(end);
    this.#keptInAll += 1;
    if (this.#keptInAll > 1) return;
    const cause = error.cause instanceof Error ? error.cause : error;
    this.log(
      `the settlement of ${end.call.callId} could not be written to the store (${cause.message}); it is kept, with those that follow, and written with the next transaction that passes`,
    );
  }

  #forget(end: CallEnd): void {
    this.#unlogged.delete(end);
    if (!this.#kept.delete(end) || this.#kept.size > 0) return;
    this.log(`all settlements that were kept are written: ${this.#keptInAll}`, 'info');
    this.#keptInAll = 0;
  }
}

/** The vendor's objects that a settlement speaks of. */
function objectsOf({ call: { vendor, account }, outcome }: CallEnd): string[] {
  const { object } = outcome;
  if (object === undefined) return [];
  return [object.id, ...object.aliases].map((id) => `${vendor}/${account}/${id}`);
}
