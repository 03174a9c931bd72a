import { BrokerRefusal, storeUnavailable } from '../refusal';

/** What is told of a store that can be written, or cannot. */
export interface BatchSignals {
  /** What is answered where a batch could not be written, where it is not `store_unavailable`. */
  refusalOf?: (error: unknown) => BrokerRefusal | undefined;
  /** The name of an error of the place where batches are written; `undefined` of another error. */
  nameOf?: (error: unknown) => string | undefined;
  /** Whether no decision can be written for now: then those of a batch fail together. */
  isOfWholeStore?: (error: unknown) => boolean;
  /** Whether the place that is written to does not answer: who waits for the next batch fails with this one. */
  isStalled?: (error: unknown) => boolean;
  /** A batch could not be written, and the one before it could. */
  onFailure?: (reason: string) => void;
  /** Work failed by an error that is neither a refusal nor the store's. */
  onUnexpected?: (error: unknown) => void;
  /** A batch is written again. */
  onRecovery?: () => void;
}

/** What is answered where a batch fails, and what is logged: one line at the beginning, one at the end. */
export class BatchFailures {
  /** The name of the failure that is logged, until the store can be written again. */
  #told: string | undefined;

  constructor(private readonly signals: BatchSignals) {}

  /** What is answered to those who asked for what has failed. */
  refusalOf(error: unknown): BrokerRefusal {
    const refusal =
      error instanceof BrokerRefusal
        ? error
        : (this.signals.refusalOf?.(error) ?? storeUnavailable(error));
    this.#tell(refusal);
    return refusal;
  }

  /** A batch is written. */
  passed(): void {
    if (this.#told !== undefined) this.signals.onRecovery?.();
    this.#told = undefined;
  }

  #tell({ cause }: BrokerRefusal): void {
    if (cause === undefined) return;
    const name = this.signals.nameOf?.(cause);
    if (name === undefined) {
      this.signals.onUnexpected?.(cause);
      return;
    }
    if (this.#told === name) return;
    this.#told = name;
    this.signals.onFailure?.(`${name}: ${(cause as Error).message}`);
  }
}
