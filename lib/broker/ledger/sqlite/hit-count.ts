import type { Brake } from '../../brakes/brake';
import { scopeOf } from './key-search';
import type { KeySearch, LiveKey, LivePosition } from './key-search';

/** How many live keys are looked at before other work has its turn: about a millisecond. */
const SLICE_KEYS = 500;
/** As long as a slice takes, so that other calls have half of the time. */
const PAUSE_MS = 1;

/** What the count needs of the ledger. */
export interface HitCountLedger {
  isHit: (key: LiveKey, brake: Brake, now: number) => boolean;
  /** Takes the result of a count that took longer than one slice. */
  note: (brake: Brake, hit: number) => void;
}

/** Counts how many live keys each brake has hit, in slices between which other work is done. */
export class HitCount {
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(
    private readonly search: KeySearch,
    private readonly ledger: HitCountLedger,
  ) {}

  /**
   * @param before How many are hit already that no search finds.
   * @returns How many it is, where one slice tells; else it is noted once it is known.
   */
  begin(brake: Brake, now: number, before: number): number | undefined {
    return this.#goOn(brake, now, { expiresAt: now, rowid: Number.MAX_SAFE_INTEGER }, before);
  }

  /** The brake was lifted. */
  end(brakeId: string): void {
    clearTimeout(this.#timers.get(brakeId));
    this.#timers.delete(brakeId);
  }

  close(): void {
    for (const id of this.#timers.keys()) this.end(id);
  }

  #goOn(brake: Brake, now: number, from: LivePosition, before: number): number | undefined {
    this.#timers.delete(brake.id);
    try {
      const { keys, next } = this.search.live(scopeOf(brake), from, now, SLICE_KEYS);
      const hit = before + keys.filter((key) => this.ledger.isHit(key, brake, now)).length;
      if (next !== undefined) {
        const timer = setTimeout(() => this.#goOn(brake, now, next, hit), PAUSE_MS);
        this.#timers.set(brake.id, timer.unref());
        return undefined;
      }
      this.ledger.note(brake, hit);
      return hit;
    } catch {
      // The store cannot be read: the brake is in force all the same, and its count stays open.
      return undefined;
    }
  }
}
