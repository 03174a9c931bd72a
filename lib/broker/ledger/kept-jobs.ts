/** How long what was kept waits for a batch that is written before it tries by itself. */
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 1_000;

/** A decision that is asked for. */
export interface Job {
  /** Reads and changes only the store's rows, so that it can be run again. */
  work: () => unknown;
  /** Called in the moment in which its batch is written. */
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
  /** Whether it does nothing, and only tells when those before it are done. */
  isMark?: true | undefined;
  /** Whether nobody waits until it is written. */
  isPatient?: true;
  /** Whether it is kept where it cannot be written; {@link Job.reject} says only that it is. */
  isKept?: true;
  /** How many batches had been written when it last failed. */
  failedAt?: number;
}

/** Decisions that could not be written, and must not be lost. */
export class KeptJobs {
  /** They are tried before the next batch, and once one is written. */
  #waiting: Job[] = [];
  /** What failed by itself while others passed: it is tried again by the timer alone. */
  #setAside: Job[] = [];
  /** Whether one was tried since the last batch. */
  #hasProbed = false;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #isClosed = false;

  /** @param retry Tries one by itself. */
  constructor(private readonly retry: (job: Job) => void) {}

  /** @param hasPassed Whether a batch was written since it failed the last time. */
  add(job: Job, hasPassed: boolean): void {
    (hasPassed ? this.#setAside : this.#waiting).push(job);
    this.#retryLater();
  }

  /** Whether all that was kept is written, or is being tried. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#setAside.length === 0;
  }

  /** One that is to be tried before the next batch, where none was yet. */
  probe(): Job | undefined {
    if (this.#hasProbed) return undefined;
    const first = this.#waiting.shift();
    if (first !== undefined) this.#hasProbed = true;
    return first;
  }

  /** The next one that is to be tried. */
  next(): Job | undefined {
    return this.#waiting.shift();
  }

  /** A batch of other decisions is on its way: before the next one, another may be tried. */
  sent(): void {
    this.#hasProbed = false;
  }

  /** A batch is written: those that are to be tried now. */
  written(): readonly Job[] {
    const jobs = this.#waiting;
    this.#waiting = [];
    if (jobs.length === 0 && this.#setAside.length === 0) this.#retryMs = FIRST_RETRY_MS;
    return jobs;
  }

  /** Ends the timer: all that are left, to be tried for the last time. */
  close(): readonly Job[] {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    return [...this.#waiting.splice(0), ...this.#setAside.splice(0)];
  }

  #retryLater(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#waiting.push(...this.#setAside.splice(0));
      const first = this.#waiting.shift();
      if (first !== undefined) this.retry(first);
      if (this.#waiting.length > 0 || this.#setAside.length > 0) this.#retryLater();
    }, this.#retryMs).unref();
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }
}
