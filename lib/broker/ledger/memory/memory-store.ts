import { randomBytes } from 'node:crypto';
import { AuditChain } from '../../audit/audit-chain';
import { Clock } from '../../clock';
import type { StoreClock } from '../../clock';
import { isLive } from '../../keys/key';
import type { KeyRecord } from '../../keys/key';
import { UnexpectedErrors } from '../../metrics/unexpected-errors';
import { notFound } from '../../refusal';
import { Batches } from '../batches';
import type { Book } from '../book';
import type { StoreCopy, StoreState } from '../records';
import type { AuditQueries, KeptWork, Queries, Store, StoreCounts, StoreHooks } from '../store';
import { MemoryAuditLog } from './memory-audit-log';
import { MemoryBook } from './memory-book';
import { MemoryQueries } from './memory-queries';

export interface MemoryStoreSettings {
  clock?: StoreClock;
  /** Where batches are written to, if anywhere: rejects where one could not be. */
  write?: () => void | Promise<void>;
  /** Takes the lines of the log, without their ends. */
  log?: (line: string) => void;
}

/**
 * A store that ends with its process. It shows what a store has to do, and runs the model test of the
 * rules.
 */
export class MemoryStore implements Store {
  readonly canPeek = true;
  readonly #clock: StoreClock;
  readonly #book = new MemoryBook(
    (id) => this.#hooks?.unwrittenKey(id),
    new AuditChain(randomBytes(32).toString('hex')),
    (row, more) => this.#hooks?.logged(row, more),
  );
  readonly #log = new MemoryAuditLog(this.#book);
  readonly #queries = new MemoryQueries(this.#book);
  readonly #batches: Batches;
  #hooks: StoreHooks | undefined;

  constructor({ clock = new Clock(), write = () => {}, log = () => {} }: MemoryStoreSettings = {}) {
    this.#clock = clock;
    const unexpected = new UnexpectedErrors(log);
    this.#batches = new Batches(
      {
        write: () => {
          this.#book.undo.sent();
          this.#hooks?.sent();
          return write();
        },
        written: () => {
          this.#book.undo.written();
          this.#hooks?.written();
        },
        undone: () => {
          this.#hooks?.undone();
          this.#book.undo.undone();
        },
        lost: () => {
          this.#hooks?.lost();
          this.#book.undo.lost();
        },
      },
      { onUnexpected: (error) => unexpected.note(error) },
    );
  }

  attach(hooks: StoreHooks): void {
    this.#hooks = hooks;
  }

  run<T>(work: (book: Book) => T): Promise<T> {
    return this.#atOnce(this.#batches.run(() => this.#do(work)));
  }

  runSoon<T>(work: (book: Book) => T): Promise<T> {
    return this.run(work);
  }

  hurry(): void {
    this.#batches.hurry();
  }

  keep({ work, ...told }: KeptWork): Promise<boolean> {
    return this.#atOnce(this.#batches.keep({ work: () => this.#do(work), ...told }));
  }

  async read<T>(work: (book: Book) => T): Promise<T> {
    await this.#batches.flush();
    return this.#do(work);
  }

  async look<T>(work: (book: Book) => T): Promise<T> {
    return this.#do(work);
  }

  peek<T>(work: (book: Book) => T): T {
    return this.#do(work);
  }

  now(): number {
    return this.#clock.now();
  }

  async checkpoint(): Promise<Queries> {
    await this.#batches.flush();
    return this.#queries;
  }

  async auditLog(): Promise<AuditQueries> {
    await this.#batches.flush();
    return this.#log;
  }

  async counts(): Promise<StoreCounts> {
    await this.#batches.flush();
    const openHolds = { held: 0, unknown: 0 };
    const openMicros = { held: 0, unknown: 0 };
    for (const { state, heldMicros } of this.#book.holds.values()) {
      if (state !== 'held' && state !== 'unknown') continue;
      openHolds[state] += 1;
      openMicros[state] += heldMicros;
    }
    const live = [...this.#book.keys.keys()].filter((id) => {
      const key = this.#book.key(id);
      return key !== undefined && isLive(key, this.now());
    });
    const { length: liveKeys } = live;
    return { liveKeys, openHolds, openMicros, ...this.#batches.figures };
  }

  keyByTokenHash(hash: string): KeyRecord | undefined {
    for (const { id, tokenHash, revokedAt } of this.#book.keys.values()) {
      if (tokenHash === hash) return revokedAt === undefined ? this.#book.key(id) : undefined;
    }
    return undefined;
  }

  get isFailing(): boolean {
    return this.#batches.failed;
  }

  get isLate(): boolean {
    return this.#batches.isLate;
  }

  get isClosed(): boolean {
    return this.#batches.closed;
  }

  async state(): Promise<StoreState> {
    await this.run(() => undefined);
    return { kind: 'memory', durability: 'none' };
  }

  async copy(): Promise<StoreCopy> {
    throw notFound('The store is in memory: there is no file to copy.');
  }

  close(): Promise<void> {
    return this.#batches.close();
  }

  /** There is no disk whose flush others could share. */
  #atOnce<T>(asked: Promise<T>): Promise<T> {
    queueMicrotask(() => this.#batches.hurry());
    return asked;
  }

  #do<T>(work: (book: Book) => T): T {
    this.#book.now = this.#clock.now();
    return work(this.#book);
  }
}
