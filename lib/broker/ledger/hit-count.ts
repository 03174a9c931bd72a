import type { Brake } from '../brakes/brake';
import type { LiveKey, LivePosition, Queries } from './store';

/** How many live keys are looked at before other work has its turn: about a millisecond. */
const SLICE_KEYS = 500;
/** As long as a slice takes, so that other calls have half of the time. */
const PAUSE_MS = 1;

/** What the count needs of the ledger. */
export interface HitCountLedger {
  /** How many of some live keys a brake stops. */
  countHit: (keys: readonly LiveKey[], brake: Brake, now: number) => number | Promise<number>;
  /** Takes the result of a count. */
  note: (brake: Brake, hit: number) => void;
}

/** Counts how many live keys each brake has hit, in slices between which other work is done. */
export class HitCount {
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #isClosed = false;

  constructor(private readonly ledger: HitCountLedger) {}

  /**
   * @param before How many are hit already that no query finds.
   * @returns How many it is, where one slice tells; else it is noted once it is known.
   */
  begin(queries: Queries, brake: Brake, now: number, before: number): Promise<number | undefined> {
    return this.#goOn({ queries, brake, now }, undefined, before);
  }

  /** The brake was lifted. */
  end(brakeId: string): void {
    clearTimeout(this.#timers.get(brakeId));
    this.#timers.delete(brakeId);
  }

  close(): void {
    this.#isClosed = true;
    for (const id of this.#timers.keys()) this.end(id);
  }

  async #goOn(
    count: { queries: Queries; brake: Brake; now: number },
    from: LivePosition | undefined,
    before: number,
  ): Promise<number | undefined> {
    const { queries, brake, now } = count;
    this.#timers.delete(brake.id);
    try {
      const { keys, next } = await queries.liveKeys(brake, from, now, SLICE_KEYS);
      const hit = before + (await this.ledger.countHit(keys, brake, now));
      if (next === undefined) {
        this.ledger.note(brake, hit);
        return hit;
      }
      if (this.#isClosed) return undefined;
      const timer = setTimeout(() => void this.#goOn(count, next, hit), PAUSE_MS);
      this.#timers.set(brake.id, timer.unref());
    } catch {
      // The store cannot be read: the brake is in force all the same, and its count stays open.
    }
    return undefined;
  }
}
