import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { SeededRandom } from '../support/seeded-random';
import { StoreFaults, watchStore } from './driver-faults';
import type { SharedFaults } from './driver-faults';
import { walState } from './store-copies';
import type { WalState } from './store-copies';

const NAME = 'vault-key-writer-faults';
/** How long the thread that writes waits for its copy. It is not made while the store is closed. */
const COPY_MS = 1_000;

/** Places in what the two threads share. */
const REQUEST = 0;
const ARE_COPIES_WANTED = 1;
const WAL_BEFORE = 2;
const IS_TORN = 3;

const NONE = 0;
const COPY = 1;
const END = 2;

interface Setup {
  file: string;
  seed: number;
  rate: number;
  faults: SharedFaults;
  shared: Int32Array;
}

/** Of ES2024. */
const { waitAsync } = Atomics as unknown as {
  waitAsync: (array: Int32Array, index: number, value: number) => { value: unknown };
};

/** A copy that the thread that writes asks for: it stands still meanwhile. */
export interface CopyRequest {
  /** Where the log ended before the COMMIT that has just run, where the copy is to be torn in it. */
  walBefore: number | undefined;
}

/** What the thread that writes shares with the round whose store it writes. */
export class WriterFaults {
  readonly #shared = new Int32Array(new SharedArrayBuffer(16));

  /**
   * @param rate How likely a copy is at a statement.
   * @param onRequest Makes a copy, at once.
   */
  constructor(
    private readonly seed: number,
    private readonly rate: number,
    private readonly faults: SharedFaults,
    private readonly onRequest: (request: CopyRequest) => void,
  ) {
    void this.#serve();
  }

  /** Has the thread that is started next for a store meet the faults. */
  watch(file: string): void {
    const { seed, rate, faults } = this;
    setEnvironmentData(NAME, { file, seed, rate, faults, shared: this.#shared } as never);
  }

  /** Whether the thread may stand still for a copy. */
  set areCopiesWanted(areThey: boolean) {
    Atomics.store(this.#shared, ARE_COPIES_WANTED, areThey ? 1 : 0);
  }

  end(): void {
    this.areCopiesWanted = false;
    this.#set(END);
  }

  async #serve(): Promise<void> {
    for (;;) {
      const request = Atomics.load(this.#shared, REQUEST);
      if (request === END) return;
      if (request === COPY) {
        const isTorn = Atomics.load(this.#shared, IS_TORN) === 1;
        const walBytes = Atomics.load(this.#shared, WAL_BEFORE);
        this.onRequest({ walBefore: isTorn ? walBytes : undefined });
        this.#set(NONE);
      }
      await waitAsync(this.#shared, REQUEST, NONE).value;
    }
  }

  #set(request: number): void {
    Atomics.store(this.#shared, REQUEST, request);
    Atomics.notify(this.#shared, REQUEST);
  }
}

/** To be called in the thread that writes, before it opens its store. */
export function watchFromThread(): void {
  const setup = getEnvironmentData(NAME) as unknown as Setup | undefined;
  if (setup === undefined) return;
  const { file, seed, rate, faults, shared } = setup;
  const random = new SeededRandom(seed);
  let before: WalState | undefined;
  const ask = (walBefore: number | undefined): void => {
    if (Atomics.load(shared, ARE_COPIES_WANTED) === 0) return;
    Atomics.store(shared, IS_TORN, walBefore === undefined ? 0 : 1);
    Atomics.store(shared, WAL_BEFORE, walBefore ?? 0);
    Atomics.store(shared, REQUEST, COPY);
    Atomics.notify(shared, REQUEST);
    Atomics.wait(shared, REQUEST, COPY, COPY_MS);
  };
  const watcher = (moment: 'before' | 'after', sql: string): void => {
    if (moment === 'before' && sql.startsWith('BEGIN')) before = walState(file);
    if (moment === 'after' && sql === 'COMMIT' && before !== undefined && random.chance(2 * rate)) {
      const now = walState(file);
      // A log that was begun again, or written to the main file, has no shorter self.
      const grew = now.walBytes > before.walBytes && now.mainChangedAt === before.mainChangedAt;
      if (grew) ask(before.walBytes);
    }
    if (random.chance(rate)) ask(undefined);
  };
  watchStore(file, new StoreFaults(new SeededRandom(seed + 1), watcher, faults));
}
