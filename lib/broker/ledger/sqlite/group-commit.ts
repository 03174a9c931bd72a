import { BrokerRefusal, storeUnavailable } from '../../refusal';
import type { SqliteConnection } from './sqlite-driver';

/** How long a decision that nobody waits for may wait for one that somebody does. */
const MAX_WAIT_MS = 4;
const MAX_WAITING = 512;

interface Job {
  /** Reads and writes only the database, so that it can be run again after a rollback. */
  work: () => unknown;
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** What is to be done around each transaction. */
export interface CommitEdges {
  beforeCommit?: () => void;
  onCommit?: () => void;
  onRollback?: () => void;
  /** The disk has refused a transaction, and had not refused the one before it. */
  onFailure?: (reason: string) => void;
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
      this.#jobs.push({ work, resolve: resolve as (result: unknown) => void, reject });
      if (this.#jobs.length >= MAX_WAITING) this.#scheduled ??= setImmediate(() => this.flush());
      else this.#timer ??= setTimeout(() => this.flush(), MAX_WAIT_MS);
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
    const jobs = this.#jobs;
    if (jobs.length === 0) return;
    this.#jobs = [];
    if (this.#commit(jobs)) return;
    // One of them could not be done: each on its own, so that only that one fails.
    if (jobs.length > 1) for (const job of jobs) this.#commit([job]);
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
    this.#closed = true;
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
      if (jobs.length === 1) jobs[0]?.reject(refusal);
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
    const { code, message } = (cause ?? {}) as { code?: unknown; message?: string };
    if (this.#isTold || typeof code !== 'string' || !code.startsWith('SQLITE_')) return;
    this.#isTold = true;
    this.edges.onFailure?.(`${code}: ${message}`);
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
