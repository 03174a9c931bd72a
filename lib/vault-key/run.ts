import { enterRun } from './run-context';
import type { RunRecord } from './run-context';
import type { VaultKey } from './vault-key';

/** One run that has its key. Whoever opened it ends it, once. */
export class Run {
  readonly #record: RunRecord;
  readonly #onEnd: (() => void) | undefined;
  #ended = false;
  #keepers = 0;

  /** @param onEnd Absent where the key belongs to the run around this one, which ends it. */
  constructor(record: RunRecord, onEnd?: () => void) {
    this.#record = record;
    this.#onEnd = onEnd;
  }

  get key(): VaultKey {
    return this.#record.key;
  }

  /** The handler has settled. The key goes on until the run ends, with the response. */
  handled(): void {
    this.#record.handled = true;
  }

  /** Runs work in the context of this run. */
  enter<T>(work: () => T): T {
    return enterRun(this.#record, work);
  }

  /** Keeps the run open until what it gives is called: the run ends when the last of them was. */
  keepOpen(): () => void {
    this.#keepers++;
    let done = false;
    return () => {
      if (done) return;
      done = true;
      if (--this.#keepers === 0) this.end();
    };
  }

  /** The work is over: the key serves no further call, and its revocation is on its way. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd?.();
  }
}
