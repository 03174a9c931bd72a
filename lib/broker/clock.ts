import { performance } from 'node:perf_hooks';

/** A step of the machine's clock that is told: NTP corrects smaller ones every day. */
const JUMP_MS = 5_000;

/** Where a {@link Clock} reads the time. */
export interface TimeSource {
  /** The machine's clock: epoch milliseconds. It can be set, forwards and backwards. */
  wall(): number;
  /** Milliseconds since any fixed instant. It never runs backwards. */
  monotonic(): number;
}

const MACHINE: TimeSource = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
};

/** What tells a store the time, in epoch milliseconds. */
export type StoreClock = Pick<Clock, 'now'>;

/**
 * A broker's time: the instant of its start, and what the monotonic clock has counted since. A
 * machine whose clock is set back brings no expired key and no lapsed lease back to life.
 */
export class Clock {
  readonly #start: number;
  readonly #startedAt: number;
  /** How far the machine's clock was ahead when that was last told. */
  #told = 0;

  /** @param log Takes one line for each jump of the machine's clock. */
  constructor(
    private readonly log: (line: string) => void = () => {},
    private readonly source: TimeSource = MACHINE,
  ) {
    this.#start = source.wall();
    this.#startedAt = source.monotonic();
  }

  /** Epoch milliseconds. */
  now(): number {
    const now = Math.floor(this.#start + this.source.monotonic() - this.#startedAt);
    const ahead = this.source.wall() - now;
    const jump = ahead - this.#told;
    if (Math.abs(jump) > JUMP_MS) {
      this.#told = ahead;
      this.log(
        `the machine's clock was set ${jump < 0 ? 'back' : 'forward'} by ${Math.round(Math.abs(jump) / 1_000)} s; the broker keeps its own time, ${new Date(now).toISOString()}, until it is started again`,
      );
    }
    return now;
  }
}
