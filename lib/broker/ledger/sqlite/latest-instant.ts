import { startOfHour } from '../../budgets/period';
import type { StoreClock } from '../../clock';
import type { AcceptedDoubts } from '../store-doubt';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection } from './sqlite-driver';

/** How far behind a machine's clock may be at a start. */
const MAX_BEHIND_MS = 300_000;
/** How old what is remembered may be while there are commits. */
const NOTED_EVERY_MS = 1_000;

/**
 * The time of a store. It remembers there how late it was: no start begins with a clock far behind, and with
 * one that is a little behind time goes on from what is remembered. So no hour comes back in which spend counts.
 */
export class LatestInstant implements StoreClock {
  #ahead = 0;
  #noted = -Infinity;
  /** What is noted once the transaction is committed. */
  #notedThen = -Infinity;

  constructor(
    private readonly connection: SqliteConnection,
    private readonly clock: StoreClock,
  ) {}

  /** @throws DoubtfulStoreError where the machine's clock is far behind. */
  check(file: string, doubts: AcceptedDoubts): void {
    const row = this.connection.prepare('SELECT latest FROM clock WHERE id = 1').get() as
      { latest: number } | undefined;
    const now = this.clock.now();
    if (row === undefined || row.latest <= now) return;
    if (row.latest - now <= MAX_BEHIND_MS) {
      this.#ahead = row.latest - now;
      return;
    }
    doubts.raise(
      'clock',
      `The store ${file} was in use at ${new Date(row.latest).toISOString()}, and this machine's clock says ${new Date(now).toISOString()}: keys that have expired would serve again. Set the clock right.`,
    );
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.clock.now() + this.#ahead;
  }

  /**
   * A batch is on its way.
   *
   * @param must Whether it has to write something, however little time has passed.
   */
  sent(writes: PendingWrites, must: boolean): void {
    const now = this.now();
    this.#notedThen = this.#noted;
    const isSoon = now - this.#noted < NOTED_EVERY_MS && startOfHour(now) <= this.#noted;
    if (isSoon && !must) return;
    writes.add('INSERT OR REPLACE INTO clock (id, latest) VALUES (1, ?)', [now]);
    this.#notedThen = now;
  }

  written(): void {
    this.#noted = this.#notedThen;
  }
}
