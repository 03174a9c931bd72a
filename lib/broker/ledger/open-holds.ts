import type { MicroUsd } from '../../contract/usd';
import type { Cause } from '../operators/actor';
import { invalidFields, notFound } from '../refusal';
import type { Book } from './book';
import type { KeptSettlements, Settlement } from './kept-settlements';
import type { Hold, HoldFilter, Page, PageRequest } from './records';
import { endByOperator, isExecuted } from './rules/settlement';
import { tellGrowth } from './rules/thresholds';
import type { Thresholds } from './rules/thresholds';
import type { Store } from './store';

/** Holds as operators see and end them. */
export class OpenHolds {
  constructor(
    private readonly store: Store,
    private readonly kept: KeptSettlements,
    private readonly thresholds: Thresholds,
  ) {}

  async list(filter: HoldFilter, page: PageRequest): Promise<Page<Hold>> {
    const queries = await this.store.checkpoint();
    const stranded = await this.store.read((book) =>
      this.kept.holdIds.filter((id) => {
        const hold = book.hold(id);
        return hold !== undefined && this.kept.hasStranded(book, hold);
      }),
    );
    return queries.holds(filter, page, stranded);
  }

  end(callId: string, settledMicros: MicroUsd | undefined, cause: Cause): Promise<Hold> {
    // A call that ends after this has an answer that the operator does not know.
    const waiting = this.kept.waitingFor(callId);
    return this.store.run((book) => {
      const hold = book.hold(callId);
      if (hold === undefined) throw notFound('There is no hold of that id.');
      this.#checkCanEnd(book, hold, waiting);
      const ended = endByOperator(book, hold, settledMicros, cause);
      tellGrowth(book, { hold, settledMicros: ended.settledMicros }, this.thresholds);
      return ended;
    });
  }

  /** @throws BrokerRefusal 422 for a hold that an operator may not end, or not now. */
  #checkCanEnd(book: Book, hold: Hold, waiting: ReadonlySet<Settlement>): void {
    const isOpen = hold.state === 'unknown' || hold.state === 'held';
    if (isOpen && isExecuted(book, hold)) {
      const message =
        'names a hold whose call the vendor has executed: it is settled once the other calls under it are written';
      throw invalidFields([{ field: 'id', message }]);
    }
    if (isOpen && this.kept.callsInFlight(book, hold, waiting) === 0) return;
    const message = isOpen
      ? 'names a hold that has a call in flight, whose answer will tell. Try again once the call has ended'
      : `names a hold that is ${hold.state} already`;
    throw invalidFields([{ field: 'id', message }]);
  }
}
