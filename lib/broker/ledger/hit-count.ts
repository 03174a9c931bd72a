import type { Brake } from '../brakes/brake';
import type { KeyRecord } from '../keys/key';
import { stops } from './rules/brakes';
import type { LivePosition, Queries, Store } from './store';
import type { UnwrittenKeys } from './unwritten-keys';

/** How many live keys are looked at before other work has its turn: about a millisecond. */
const SLICE_KEYS = 500;
/** As long as a slice takes, so that other calls have half of the time. */
const PAUSE_MS = 1;

/** Counts how many live keys each brake has hit, in slices between which other work is done. */
export class HitCount {
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #isClosed = false;

  constructor(
    private readonly store: Store,
    private readonly unwritten: UnwrittenKeys,
  ) {}

  /** @returns How many it is, where one slice tells; else it is noted once it is known. */
  async begin(brake: Brake, now: number): Promise<number | undefined> {
    try {
      const queries = await this.store.checkpoint();
      // Those whose write has failed so far are found by no query.
      const before = await this.#countHit(this.unwritten.live(now), brake, now);
      return await this.#goOn({ queries, brake, now }, undefined, before);
    } catch {
      return undefined;
    }
  }

  /** Counts where a crash has cut the count off. */
  async resume(): Promise<void> {
    const now = this.store.now();
    const brakes = await this.store.look((book) => book.brakes());
    for (const brake of brakes) if (brake.hit === undefined) void this.begin(brake, now);
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
      const hit = before + (await this.#countHit(keys, brake, now));
      if (next === undefined) {
        void this.store.runSoon((book) => book.noteBrakeHit(brake.id, hit)).catch(() => {});
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

  #countHit(
    keys: readonly Pick<KeyRecord, 'id' | 'vendor' | 'subject'>[],
    brake: Brake,
    now: number,
  ): Promise<number> {
    return this.store.look((book) => keys.filter((key) => stops(book, brake, key, now)).length);
  }
}
