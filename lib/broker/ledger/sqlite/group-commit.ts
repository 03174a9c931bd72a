import { BrokerRefusal, storeUnavailable } from '../../refusal';
import type { SqliteConnection } from './sqlite-driver';

interface Job {
  /** Reads and writes only the database, so that it can be run again after a rollback. */
  work: () => unknown;
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/**
 * Runs decisions one after the other, those that wait in one turn of the event loop in one
 * transaction: one flush to the disk serves them all. A promise resolves after its COMMIT.
 */
export class GroupCommit {
  #jobs: Job[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  #closed = false;
  #commits = 0;
  #decisions = 0;

  /** @param edges What is to be done before each COMMIT, and where jobs did not come to pass. */
  constructor(
    private readonly connection: SqliteConnection,
    private readonly edges: { beforeCommit?: () => void; onRollback?: () => void } = {},
  ) {}

  run<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(storeUnavailable());
        return;
      }
      this.#jobs.push({ work, resolve: resolve as (result: unknown) => void, reject });
      this.#scheduled ??= setImmediate(() => this.flush());
    });
  }

  /** Commits what waits, now: a read that follows sees it. */
  flush(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const jobs = this.#jobs;
    if (jobs.length === 0) return;
    this.#jobs = [];
    if (this.#commit(jobs)) return;
    // One of them could not be done: each on its own, so that only that one fails.
    if (jobs.length > 1) for (const job of jobs) this.#commit([job]);
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
      if (jobs.length === 1) {
        jobs[0]?.reject(error instanceof BrokerRefusal ? error : storeUnavailable(error));
      }
      return false;
    }
    this.#commits += 1;
    this.#decisions += jobs.length;
    jobs.forEach((job, i) => job.resolve(results[i]));
    return true;
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
