import { join } from 'node:path';
import { setEnvironmentData } from 'node:worker_threads';

const SLOW = 0;
const FULL = 1;
const FAILURES = 2;

/** Where a store writes to: it takes a batch when the test says so, or not at all. */
export class TestDisk {
  /** The SQLite driver on this disk, for the thread that is started next. */
  readonly driver = join(__dirname, 'slow-driver.js');
  readonly #state = new Int32Array(new SharedArrayBuffer(12));
  #waiting: (() => void)[] = [];

  constructor() {
    setEnvironmentData('vault-key-test-disk', this.#state as never);
  }

  get isFull(): boolean {
    return Atomics.load(this.#state, FULL) === 1;
  }

  set isFull(isFull: boolean) {
    Atomics.store(this.#state, FULL, isFull ? 1 : 0);
  }

  /** Has so many batches fail, and then no more. */
  failNext(count: number): void {
    Atomics.store(this.#state, FAILURES, count);
  }

  /** Passes no batch on until {@link catchUp}. */
  slowDown(): void {
    Atomics.store(this.#state, SLOW, 1);
  }

  catchUp(): void {
    Atomics.store(this.#state, SLOW, 0);
    Atomics.notify(this.#state, SLOW);
    for (const go of this.#waiting.splice(0)) go();
  }

  /** For a store without a driver. */
  async write(): Promise<void> {
    if (Atomics.load(this.#state, SLOW) === 1) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const left = Atomics.load(this.#state, FAILURES);
    if (left > 0) Atomics.store(this.#state, FAILURES, left - 1);
    if (this.isFull || left > 0) throw new Error('the disk is full');
  }
}
