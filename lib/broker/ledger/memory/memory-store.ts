import { randomBytes } from 'node:crypto';
import { AuditChain } from '../../audit/audit-chain';
import { Clock } from '../../clock';
import type { StoreClock } from '../../clock';
import { isLive } from '../../keys/key';
import type { KeyRecord } from '../../keys/key';
import { notFound, storeUnavailable } from '../../refusal';
import type { Book } from '../book';
import type { StoreCopy, StoreState } from '../records';
import type { AuditQueries, KeptWork, Queries, Store, StoreCounts, StoreHooks } from '../store';
import { MemoryAuditLog } from './memory-audit-log';
import { MemoryBook } from './memory-book';
import { MemoryQueries } from './memory-queries';

/**
 * A store that ends with its process: each work is a transaction of its own, in the order in which
 * works were asked for. It shows what a store has to do, and runs the model test of the rules.
 */
export class MemoryStore implements Store {
  readonly #clock: StoreClock;
  readonly #book = new MemoryBook((id) => this.#hooks?.unwrittenKey(id));
  readonly #log = new MemoryAuditLog(this.#book, new AuditChain(randomBytes(32).toString('hex')));
  readonly #queries = new MemoryQueries(this.#book);
  #hooks: StoreHooks | undefined;
  #waiting: (() => void)[] = [];
  /** What failed so far: it is tried again with what follows. */
  #kept: KeptWork[] = [];
  #commits = 0;
  isClosed = false;

  constructor({ clock = new Clock() }: { clock?: StoreClock } = {}) {
    this.#clock = clock;
  }

  attach(hooks: StoreHooks): void {
    this.#hooks = hooks;
  }

  run<T>(work: (book: Book) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.isClosed) return reject(storeUnavailable());
      if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
      this.#waiting.push(() => {
        let result: T;
        try {
          result = this.#book.transact(() => this.#do(work));
        } catch (error) {
          this.#hooks?.rolledBack();
          return reject(error as Error);
        }
        this.#commits += 1;
        this.#hooks?.committed();
        resolve(result);
      });
    });
  }

  runSoon<T>(work: (book: Book) => T): Promise<T> {
    return this.run(work);
  }

  async keep(kept: KeptWork): Promise<boolean> {
    try {
      await this.run((book) => kept.work(book));
    } catch (error) {
      this.#kept.push(kept);
      kept.onKept?.(error as Error);
      return false;
    }
    kept.onWritten?.();
    return true;
  }

  async read<T>(work: (book: Book) => T): Promise<T> {
    this.#flush();
    return this.#do(work);
  }

  peek<T>(work: (book: Book) => T): T {
    return this.#do(work);
  }

  now(): number {
    return this.#clock.now();
  }

  async checkpoint(): Promise<Queries> {
    this.#flush();
    return this.#queries;
  }

  async auditLog(): Promise<AuditQueries> {
    this.#flush();
    return this.#log;
  }

  async counts(): Promise<StoreCounts> {
    this.#flush();
    const openHolds = { held: 0, unknown: 0 };
    for (const { state } of this.#book.holds.values()) {
      if (state === 'held' || state === 'unknown') openHolds[state] += 1;
    }
    const live = [...this.#book.keys.keys()].filter((id) => {
      const key = this.#book.key(id);
      return key !== undefined && isLive(key, this.now());
    });
    const { length: liveKeys } = live;
    return { liveKeys, openHolds, commits: this.#commits, decisions: this.#commits };
  }

  keyByTokenHash(hash: string): KeyRecord | undefined {
    for (const { id, tokenHash, revokedAt } of this.#book.keys.values()) {
      if (tokenHash === hash) return revokedAt === undefined ? this.#book.key(id) : undefined;
    }
    return undefined;
  }

  get isFailing(): boolean {
    return this.isClosed;
  }

  async state(): Promise<StoreState> {
    await this.run(() => undefined);
    return { kind: 'memory', durability: 'none' };
  }

  async copy(): Promise<StoreCopy> {
    throw notFound('The store is in memory: there is no file to copy.');
  }

  async close(): Promise<void> {
    this.#flush();
    this.isClosed = true;
  }

  #do<T>(work: (book: Book) => T): T {
    this.#book.now = this.#clock.now();
    return work(this.#book);
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const transaction of waiting) transaction();
    if (waiting.length === 0) return;
    const kept = this.#kept;
    this.#kept = [];
    for (const each of kept) void this.keep(each);
  }
}
