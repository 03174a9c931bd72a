import { BrokerRefusal, storeUnavailable } from '../../refusal';
import type { SqliteConnection } from './sqlite-driver';
import type { KeptWork } from '../store';

/** How long a decision without a waiting caller may wait for one that has a caller. */
const MAX_WAIT_MS = 4;
const MAX_WAITING = 512;
/** How long what was kept waits for a transaction that passes before it tries by itself. */
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

interface Job {
  /** Reads and writes only the database, so that it can be run again after a rollback. */
  work: () => unknown;
  /** Called in the moment of its COMMIT. */
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
  /** Whether it is kept where it cannot be committed; {@link Job.reject} says only that it is. */
  isKept?: true;
}

/** As {@link KeptWork}, where the work has its book already. */
type BoundWork = Omit<KeptWork, 'work'> & { work: () => void };

/** What is to be done around each transaction. */
export interface CommitEdges {
  beforeCommit?: () => void;
  onCommit?: () => void;
  onRollback?: () => void;
  /** The disk has refused a transaction, and had not refused the one before it. */
  onFailure?: (reason: string) => void;
  /** Work failed by an error that is neither a refusal nor the driver's. */
  onUnexpected?: (error: unknown) => void;
  /** A transaction is on the disk again. */
  onRecovery?: () => void;
}

/**
 * Runs decisions one after the other, those of two turns of the event loop in one transaction: one
 * flush to the disk serves them all. A promise resolves after its COMMIT.
 */
export class GroupCommit {
  #jobs: Job[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #failed = false;
  /** Whether that was the disk, and not what one decision was about. */
  #isTold = false;
  #commits = 0;
  #decisions = 0;
  /** What could not be committed, and is committed before the next transaction that passes. */
  #kept: Job[] = [];
  /** What failed by itself while others passed: it is tried again by the timer alone. */
  #setAside: Job[] = [];
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;

  constructor(
    private readonly connection: SqliteConnection,
    private readonly edges: CommitEdges = {},
  ) {}

  /** Commits with what else is asked for in this turn of the event loop and the next. */
  run<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(storeUnavailable());
        return;
      }
      this.#jobs.push({ work, resolve: resolve as (result: unknown) => void, reject });
      // A turn more, for what has already arrived at the process and would need the next commit.
      this.#scheduled ??= setImmediate(() => {
        this.#scheduled = setImmediate(() => this.flush());
      });
    });
  }

  /** As {@link run}, but may wait a few milliseconds for the next commit, so as to need none of its own. */
  runSoon<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(storeUnavailable());
        return;
      }
      this.#addSoon({ work, resolve: resolve as (result: unknown) => void, reject });
    });
  }

  /**
   * As {@link runSoon}, for what must not be lost: where it cannot be committed it is kept, and is
   * committed right before the next transaction that passes, by a timer, or at the close.
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
      };
      if (this.#closed) job.reject(storeUnavailable());
      else this.#addSoon(job);
    });
  }

  /** Does work in a transaction of its own, at once, after all that waits. */
  runNow<T>(work: () => T): T {
    this.flush();
    let outcome: { result: T } | { error: Error } | undefined;
    this.#commit([
      {
        work,
        resolve: (result) => (outcome = { result: result as T }),
        reject: (error) => (outcome = { error }),
      },
    ]);
    if (outcome !== undefined && 'result' in outcome) return outcome.result;
    throw outcome?.error ?? storeUnavailable();
  }

  /** Commits what waits, now: a read that follows sees it. */
  flush(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#scheduled = undefined;
    this.#timer = undefined;
    this.#writeKept();
    const jobs = this.#jobs;
    if (jobs.length === 0) return;
    this.#jobs = [];
    // One of them could not be done: each on its own, so that only that one fails.
    if (!this.#commit(jobs) && jobs.length > 1) for (const job of jobs) this.#commit([job]);
    // The store has just been written, so what still fails does so by itself.
    if (!this.#failed && this.#kept.length > 0) this.#writeEach(this.#takeKept());
  }

  /** Whether the last attempt to commit failed: nothing may be taken for done before its time. */
  get failed(): boolean {
    return this.#failed || this.#closed;
  }

  /** Whether nothing is committed any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** How many commits there were, and how many decisions they carried. */
  get figures(): { commits: number; decisions: number } {
    return { commits: this.#commits, decisions: this.#decisions };
  }

  close(): void {
    this.flush();
    const kept = [...this.#takeKept(), ...this.#setAside];
    this.#setAside = [];
    for (const job of kept) this.#commit([job]);
    this.#closed = true;
    clearTimeout(this.#retry);
  }

  #addSoon(job: Job): void {
    this.#jobs.push(job);
    if (this.#jobs.length >= MAX_WAITING) this.#scheduled ??= setImmediate(() => this.flush());
    else this.#timer ??= setTimeout(() => this.flush(), MAX_WAIT_MS);
  }

  #takeKept(): Job[] {
    const kept = this.#kept;
    this.#kept = [];
    return kept;
  }

  /** Commits what was kept, where the store can be written again. */
  #writeKept(): void {
    const [first, ...rest] = this.#takeKept();
    if (first === undefined) return;
    // One alone shows whether it can, and costs little where it cannot; the next time it is another.
    if (!this.#commit([first])) this.#kept = [...rest, ...this.#kept];
    else if (rest.length > 0 && !this.#commit(rest)) this.#writeEach(rest);
  }

  /** Commits each on its own while the store can be written; what fails is set aside. */
  #writeEach(jobs: readonly Job[]): void {
    for (const job of jobs) this.#commit([job]);
    this.#setAside.push(...this.#takeKept());
    this.#failed = false;
  }

  #retryLater(): void {
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#kept.push(...this.#setAside);
      this.#setAside = [];
      this.flush();
      if (this.#kept.length > 0 || this.#setAside.length > 0) this.#retryLater();
      else this.#retryMs = FIRST_RETRY_MS;
    }, this.#retryMs).unref();
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }

  #commit(jobs: readonly Job[]): boolean {
    const results: unknown[] = [];
    try {
      this.connection.exec('BEGIN IMMEDIATE');
      for (const job of jobs) results.push(job.work());
      this.edges.beforeCommit?.();
      this.connection.exec('COMMIT');
    } catch (error) {
      this.#rollback();
      const refusal = error instanceof BrokerRefusal ? error : storeUnavailable(error);
      // What was asked for was wrong: that says nothing of the store.
      if (refusal.status === 503) this.#failed = true;
      this.#tellFailure(refusal);
      const [only] = jobs;
      if (jobs.length === 1 && only !== undefined) this.#fail(only, refusal);
      return false;
    }
    this.#failed = false;
    this.edges.onCommit?.();
    if (this.#isTold) this.edges.onRecovery?.();
    this.#isTold = false;
    this.#commits += 1;
    this.#decisions += jobs.length;
    jobs.forEach((job, i) => job.resolve(results[i]));
    return true;
  }

  #tellFailure({ cause }: BrokerRefusal): void {
    if (cause === undefined) return;
    const { code, message } = cause as { code?: unknown; message?: string };
    if (typeof code !== 'string' || !code.startsWith('SQLITE_')) {
      this.edges.onUnexpected?.(cause);
      return;
    }
    if (this.#isTold) return;
    this.#isTold = true;
    this.edges.onFailure?.(`${code}: ${message}`);
  }

  #fail(job: Job, refusal: BrokerRefusal): void {
    job.reject(refusal);
    if (job.isKept !== true) return;
    this.#kept.push(job);
    this.#retryLater();
  }

  #rollback(): void {
    try {
      this.connection.exec('ROLLBACK');
    } catch {
      // SQLite has already rolled back by itself (a full disk, an I/O error).
    }
    this.edges.onRollback?.();
  }
}
