import { storeUnavailable } from '../refusal';
import type { BrokerRefusal } from '../refusal';
import { BatchFailures } from './batch-failures';
import type { BatchSignals } from './batch-failures';
import { newBatch } from './batch';
import type { Batch, Decided } from './batch';
import { KeptJobs } from './kept-jobs';
import type { Job } from './kept-jobs';

/** How long a batch without a waiting caller may wait for a decision that has one. */
const PATIENCE_MS = 50;
/** How many decisions may wait for it. */
const MAX_PATIENT = 512;
/** How many decisions on top of a batch that is being written a failure has decided again. */
const MAX_ON_TOP = 10_000;

/** A batch that is not written by then is late. */
const LATE_MS = 1_000;

/** Work that is kept until it is written. */
export interface BoundWork {
  work: () => void;
  /** Called in the moment in which its batch is written. */
  onWritten?: () => void;
  /** Called for each attempt that failed. */
  onKept?: (error: Error) => void;
}

/** What a store does for the batches of its decisions. */
export interface BatchWriter {
  /**
   * What was decided since the last call is one batch: takes it to where it lasts. Meanwhile the next one may
   * begin, if it returns a promise. Throws, or rejects, where it could not be written.
   *
   * @returns False where nothing had to be written, which says nothing of that place.
   */
  write(): void | false | Promise<void>;
  /** The batch that was being written is written. */
  written(): void;
  /** What was decided since the last `write` comes to nothing. */
  undone(): void;
  /** The batch that was being written comes to nothing, and all that was decided on top of it. */
  lost(): void;
}

/**
 * Runs decisions one after the other, those of two turns of the event loop in one batch: one flush to
 * the disk serves them all. While a batch is being written the next one is decided on top of it; where
 * it fails, both are decided again on what was written before. A promise resolves once what its work
 * has decided is written.
 */
export class Batches {
  #jobs: Job[] = [];
  /** Groups that are tried each on its own, before all others. */
  #doubtful: (readonly Job[])[] = [];
  #decided: Decided | undefined;
  #writing: Batch | undefined;
  #isGoing = false;
  #scheduled: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Whether what is decided has waited long enough. */
  #isDue = false;
  #closed = false;
  #failed = false;
  readonly #failures: BatchFailures;
  #written = 0;
  #decisions = 0;
  readonly #kept = new KeptJobs((job) => {
    this.#doubtful.push([job]);
    this.go();
  });

  constructor(
    private readonly writer: BatchWriter,
    private readonly signals: BatchSignals = {},
    private readonly patienceMs = PATIENCE_MS,
  ) {
    this.#failures = new BatchFailures(signals);
  }

  /** Writes with what else is asked for in this turn of the event loop and the next. */
  run<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(storeUnavailable());
        return;
      }
      this.#jobs.push({ work, resolve: resolve as (result: unknown) => void, reject });
      // A turn more, for what has already arrived at the process and would need the next batch.
      this.#scheduled ??= setImmediate(() => {
        this.#scheduled = setImmediate(() => this.go());
      });
    });
  }

  /**
   * As {@link run}, but its batch may wait some milliseconds for decisions that have a waiting caller,
   * so as to need no write of its own.
   */
  runSoon<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(storeUnavailable());
        return;
      }
      const told = { resolve: resolve as (result: unknown) => void, reject };
      this.#addPatient({ work, ...told, isPatient: true });
    });
  }

  /**
   * As {@link runSoon}, for what must not be lost: where it cannot be written it is kept, and is
   * written right before the next batch that passes, by a timer, or at the close.
   *
   * @returns Once it was tried for the first time: whether it is written.
   */
  keep({ work, onWritten, onKept }: BoundWork): Promise<boolean> {
    return new Promise((resolve) => {
      const job: Job = {
        work,
        resolve: () => {
          onWritten?.();
          resolve(true);
        },
        reject: (error) => {
          onKept?.(error);
          resolve(false);
        },
        isKept: true,
        isPatient: true,
      };
      if (this.#closed) job.reject(storeUnavailable());
      else this.#addPatient(job);
    });
  }

  /** Does work in a batch of its own, at once, after all that waits. For a writer that writes at once. */
  runNow<T>(work: () => T): T {
    let outcome: { result: T } | { error: Error } | undefined;
    this.go();
    this.#doubtful.push([
      {
        work,
        resolve: (result) => (outcome = { result: result as T }),
        reject: (error) => (outcome = { error }),
      },
    ]);
    this.go();
    if (outcome !== undefined && 'result' in outcome) return outcome.result;
    throw outcome?.error ?? storeUnavailable();
  }

  /** As {@link run}, without waiting for others. */
  atOnce<T>(work: () => T, isMark?: true): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ work, resolve: resolve as (result: unknown) => void, reject, isMark });
      this.go();
    });
  }

  /**
   * Writes what waits, now. Resolves once all that was asked for before is written, or has failed.
   *
   * @returns False where the place that it is written to does not answer.
   */
  async flush(): Promise<boolean> {
    this.go();
    if (this.#isIdle) return true;
    // What is asked for after it has no part in it.
    return this.atOnce(() => undefined, true).then(
      () => true,
      () => false,
    );
  }

  /** Whether the last attempt to write failed: nothing may be taken for done before its time. */
  get failed(): boolean {
    return this.#failed || this.#closed;
  }

  /** Whether what was decided more than a second ago is still not written. */
  get isLate(): boolean {
    const since = this.#writing?.since ?? this.#decided?.since;
    return since !== undefined && performance.now() - since > LATE_MS;
  }

  /** Whether nothing is written any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** How many batches were written, and how many decisions they carried. */
  get figures(): { commits: number; decisions: number } {
    return { commits: this.#written, decisions: this.#decisions };
  }

  /** Takes no more work, and writes what waits and what was kept. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
    for (const job of this.#kept.close()) this.#doubtful.push([job]);
    await this.flush();
  }

  get #isIdle(): boolean {
    return (
      this.#writing === undefined &&
      this.#decided === undefined &&
      this.#jobs.length === 0 &&
      this.#doubtful.length === 0
    );
  }

  #addPatient(job: Job): void {
    this.#jobs.push(job);
    this.#scheduled ??= setImmediate(() => this.go());
  }

  /** Writes what waits, without waiting for it to be written. */
  hurry(): void {
    this.#isDue = true;
    this.go();
  }

  /** Decides and writes all that can be decided and written now. */
  go(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    // It is called again from within, by what is told of a batch.
    if (this.#isGoing) return;
    this.#isGoing = true;
    try {
      while (this.#step());
    } finally {
      this.#isGoing = false;
    }
  }

  /** Returns whether there may be more to do at once. */
  #step(): boolean {
    if (this.#writing?.isInDoubt === true) return false;
    const [first] = this.#doubtful;
    if (first !== undefined) {
      if (this.#writing !== undefined) return false;
      if (this.#decided !== undefined) {
        this.#send(false);
        return true;
      }
      this.#doubtful.shift();
      if (this.#decide(first)) this.#send(true);
      return true;
    }
    // So many on top of a batch that is being written are enough.
    const isFull = this.#writing !== undefined && (this.#decided?.jobs.length ?? 0) >= MAX_ON_TOP;
    if (this.#jobs.length > 0 && !isFull) {
      // One of those that are kept shows whether the store can be written again.
      const kept = this.#kept.probe();
      if (kept !== undefined) {
        this.#doubtful.push([kept]);
        return true;
      }
      const jobs = this.#jobs;
      this.#jobs = [];
      this.#decide(jobs);
    }
    if (this.#writing !== undefined || this.#decided === undefined) return false;
    if (!this.#decided.isUrgent && !this.#isDue && this.#decided.jobs.length < MAX_PATIENT) {
      this.#timer ??= setTimeout(() => this.hurry(), this.patienceMs);
      return false;
    }
    this.#send(false);
    return true;
  }

  /** Runs works on top of what is decided already. Returns whether there is anything to write. */
  #decide(jobs: readonly Job[]): boolean {
    let left = jobs;
    while (left.length > 0) {
      const batch = (this.#decided ??= newBatch());
      const failed = this.#runAll(batch, left);
      if (failed === undefined) return true;
      // One of them could not be done: the others are decided again, without it.
      this.writer.undone();
      this.#decided = undefined;
      const others = [...batch.jobs, ...left.slice(left.indexOf(failed.job) + 1)];
      this.#fell([failed.job], this.#failures.refusalOf(failed.error));
      left = others;
    }
    return false;
  }

  #runAll(batch: Decided, jobs: readonly Job[]): { job: Job; error: unknown } | undefined {
    for (const job of jobs) {
      try {
        batch.results.push(job.work());
      } catch (error) {
        return { job, error };
      }
      batch.jobs.push(job);
      if (job.isPatient !== true) batch.isUrgent = true;
    }
    return undefined;
  }

  #send(isInDoubt: boolean): void {
    if (this.#decided === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isDue = false;
    const batch = { ...this.#decided, isInDoubt };
    if (batch.jobs.every(({ isMark }) => isMark === true)) {
      this.#decided = undefined;
      this.writer.undone();
      for (const { resolve } of batch.jobs) resolve(undefined);
      return;
    }
    this.#writing = batch;
    this.#decided = undefined;
    if (!isInDoubt) this.#kept.sent();
    let written: void | false | Promise<void>;
    try {
      written = this.writer.write();
    } catch (error) {
      this.#failedToWrite(batch, error);
      return;
    }
    if (written === undefined || written === false) {
      this.#wrote(batch, written !== false);
      return;
    }
    void written.then(
      () => this.#wrote(batch),
      (error: unknown) => this.#failedToWrite(batch, error),
    );
  }

  #wrote({ jobs, results }: Batch, hasPassed = true): void {
    this.#writing = undefined;
    this.writer.written();
    this.#decisions += jobs.length;
    jobs.forEach((job, i) => job.resolve(results[i]));
    if (hasPassed) {
      this.#failed = false;
      this.#written += 1;
      const kept = this.#kept.written();
      if (kept.length > 0) this.#doubtful.push(kept);
    } else if (jobs.some(({ isKept }) => isKept === true)) {
      // What was kept had been written already, with other work: the next one shows more.
      const next = this.#kept.next();
      if (next !== undefined) this.#doubtful.push([next]);
    }
    // It can be written again once what was kept is written too.
    const isWell = !this.#failed && this.#kept.isEmpty && this.#doubtful.length === 0;
    if (isWell) this.#failures.passed();
    // The next one is on its way before those who have waited for this one go on.
    this.go();
  }

  #failedToWrite(batch: Batch, error: unknown): void {
    this.#writing = undefined;
    this.writer.lost();
    // What was decided on top of it was told to nobody: it is decided again.
    const onTop = this.#decided?.jobs ?? [];
    this.#decided = undefined;
    this.#jobs = [...onTop, ...this.#jobs];
    const refusal = this.#failures.refusalOf(error);
    if (this.signals.isOfWholeStore?.(error) === true) {
      const waiting = this.signals.isStalled?.(error) === true ? this.#takeWaiting() : [];
      for (const job of [...batch.jobs, ...waiting]) this.#fail(job, refusal);
    } else this.#fell(batch.jobs, refusal);
    this.go();
  }

  /** What waits behind a batch: it has waited for as long, and is not to wait for the next one as well. */
  #takeWaiting(): Job[] {
    const waiting = [...this.#doubtful.flat(), ...this.#jobs];
    this.#doubtful = [];
    this.#jobs = [];
    return waiting;
  }

  /** Several have failed together: each is tried on its own, so that only those fail that have to. */
  #fell(jobs: readonly Job[], refusal: BrokerRefusal): void {
    const [only] = jobs;
    if (jobs.length === 1 && only !== undefined) this.#fail(only, refusal);
    else this.#doubtful = [...jobs.map((job) => [job]), ...this.#doubtful];
  }

  #fail(job: Job, refusal: BrokerRefusal): void {
    const hasPassed = job.failedAt !== undefined && this.#written > job.failedAt;
    job.failedAt = this.#written;
    // What was asked for was wrong, or fails while others pass: that says nothing of the store.
    if (refusal.status === 503 && !hasPassed) this.#failed = true;
    job.reject(refusal);
    if (job.isKept === true) this.#kept.add(job, hasPassed);
  }
}
