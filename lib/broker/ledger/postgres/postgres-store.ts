import type { Log } from '../../log';
import { AuditChain } from '../../audit/audit-chain';
import type { StoreClock } from '../../clock';
import type { KeyRecord } from '../../keys/key';
import { UnexpectedErrors } from '../../metrics/unexpected-errors';
import { notFound, storeUnavailable } from '../../refusal';
import { Batches } from '../batches';
import type { Book } from '../book';
import type { StoreCopy, StoreState } from '../records';
import type { AuditQueries, KeptWork, Queries, Store, StoreCounts, StoreHooks } from '../store';
import type { FoundRow } from '../tables/table-form';
import type { FoundSlice } from './aging-tables';
import { keyOf } from './loaded-rows';
import { LogSealer, TailFault } from './log-sealer';
import { migrate } from './migrator';
import { loadPgDriver } from './pg-driver';
import type { PgDriver } from './pg-driver';
import { asRefusal, codeOf, isOfWholeStore, isStalled } from './pg-errors';
import { PgLink, refusing } from './pg-link';
import { poolDriver } from './pg-pool';
import type { PooledStore } from './pg-pool';
import { PostgresAuditLog } from './postgres-audit-log';
import { PastDays } from './past-days';
import type { PostgresBook } from './postgres-book';
import { PostgresQueries } from './postgres-queries';
import { Reaper } from './reaper';
import { checkServer } from './server-check';
import { ServerClock } from './server-clock';
import { startError } from './start-errors';
import { StoreBatches } from './store-batches';
import { storeCounts } from './store-counts';
import type { AskedWork } from './batch-doubt';
import { StoreWriter } from './store-writer';
import { WantedRows } from './wanted-rows';

/** How long an instance lives that does not say so. */
const TTL_MS = 15_000;
/** How often rows leave at most. */
const SWEEP_EVERY_MS = 240_000;
/** How often a look asks for more rows. */
const MAX_LOOKS = 16;

export interface PostgresStoreSettings {
  /** The key of the audit log, the same for all instances. */
  auditKey: string;
  /** Decides in place of the server's clock: for tests. */
  clock?: StoreClock;
  /** How long an instance lives that does not say so, in milliseconds; 15,000 by default. */
  ttlMs?: number;
  driver?: PgDriver;
  /** Takes the lines of the log, without their ends. */
  log?: Log;
}

/**
 * A store in PostgreSQL, which any number of processes have: what one of them decides holds for all. A
 * batch locks what it decides on, decides here, and is written with its commit.
 */
export class PostgresStore implements Store {
  readonly canPeek = false;
  readonly #batches: Batches;
  readonly #writer: StoreWriter;
  readonly #works: StoreBatches;
  readonly #reader: PgLink;
  readonly #link: PgLink;
  readonly #queries: PostgresQueries;
  readonly #auditLog: PostgresAuditLog;
  readonly #reaper: Reaper;
  readonly #sealLink: PgLink;
  /** Of what may take long: nothing that a call waits for goes over it. */
  readonly #queryLink: PgLink;
  /** The same, with refusals in place of the server's errors. */
  readonly #searched: Pick<PgLink, 'query'>;
  readonly #sealer: LogSealer;
  readonly #unexpected: UnexpectedErrors;
  readonly #log: Log;
  /** The fault of the log that was told. */
  #toldTail: string | undefined;
  #hooks: StoreHooks | undefined;
  /** What the batch that is being gathered has been asked for, and the rows it looks at. */
  #asked: AskedWork[] = [];
  #wanted = new WantedRows();
  #timer: NodeJS.Timeout | undefined;
  #isBeating = false;
  readonly #serverClock: ServerClock;

  /**
   * @param place The URL of the database, or a pool that leads to it.
   * @throws PgDriverError where the package `pg` is not installed.
   * @throws Error where the server cannot be reached, or the store is not this broker's.
   */
  static async open(
    place: string | PooledStore,
    settings: PostgresStoreSettings,
  ): Promise<PostgresStore> {
    const store = new PostgresStore(place, settings);
    try {
      await checkServer(store.#link, store.#reader, settings.log ?? (() => {}));
      await migrate(store.#link, store.chain);
      await store.#writer.register();
      await store.#serverClock.read();
    } catch (error) {
      const links = [store.#link, store.#reader, store.#sealLink, store.#queryLink];
      await Promise.all(links.map((link) => link.close()));
      throw startError(place, error);
    }
    store.#beat();
    return store;
  }

  private readonly chain: AuditChain;
  private readonly clock: StoreClock | undefined;

  private constructor(place: string | PooledStore, settings: PostgresStoreSettings) {
    const { auditKey, clock, ttlMs = TTL_MS, log = () => {} } = settings;
    const { driver = typeof place === 'string' ? loadPgDriver() : poolDriver(place.pool) } =
      settings;
    const url = typeof place === 'string' ? place : '';
    this.#unexpected = new UnexpectedErrors(log);
    this.#log = log;
    this.clock = clock;
    this.chain = new AuditChain(auditKey);
    this.#link = new PgLink(driver, url);
    this.#reader = new PgLink(driver, url);
    this.#serverClock = new ServerClock(this.#reader);
    this.#writer = new StoreWriter(this.#reader, this.chain, ttlMs);
    this.#queryLink = new PgLink(driver, url);
    this.#works = new StoreBatches({
      link: this.#link,
      reader: this.#reader,
      writer: this.#writer,
      chain: this.chain,
      clock,
      serverClock: this.#serverClock,
      pastDays: new PastDays(this.#queryLink, this.chain),
      hooks: {
        undone: () => this.#hooks?.undone(),
        sent: () => this.#hooks?.sent(),
        lost: () => this.#hooks?.lost(),
        logged: (row, more) => this.#hooks?.logged(row, more),
      },
    });
    this.#searched = refusing(this.#queryLink);
    this.#queries = new PostgresQueries(this.#searched, (work) => this.look(work));
    this.#sealLink = new PgLink(driver, url);
    this.#sealer = new LogSealer(this.#sealLink, this.chain);
    this.#auditLog = new PostgresAuditLog(this.#searched, this.chain, this.#sealer);
    this.#reaper = new Reaper(
      this.#reader,
      this.#writer,
      this.chain.proof,
      (work) => this.#run(work),
      async () => {
        this.#works.noteDeath();
        await this.#run(() => undefined);
      },
    );
    this.#batches = new Batches(
      {
        write: () => {
          const [asked, wanted] = [this.#asked, this.#wanted];
          this.#forget();
          return this.#works.write(asked, wanted);
        },
        written: () => this.#hooks?.written(),
        undone: () => this.#forget(),
        lost: () => this.#forget(),
      },
      {
        nameOf: (error) => codeOf(error),
        isOfWholeStore,
        isStalled,
        onUnexpected: (error) => this.#unexpected.note(error),
        onFailure: (reason) =>
          log(`the store cannot be written (${reason}): until it can, calls are refused`, 'error'),
        onRecovery: () => log('the store can be written again', 'info'),
      },
      0,
    );
  }

  attach(hooks: StoreHooks): void {
    this.#hooks = hooks;
  }

  run<T>(work: (book: Book) => T, onFoundWritten?: (result: T) => void): Promise<T> {
    return this.#run(work, onFoundWritten);
  }

  runSoon<T>(work: (book: Book) => T): Promise<T> {
    return this.#run(work);
  }

  hurry(): void {
    this.#batches.hurry();
  }

  keep({ work, ...told }: KeptWork): Promise<boolean> {
    return this.#batches.keep({ work: () => this.#ask(work), ...told });
  }

  async read<T>(work: (book: Book) => T): Promise<T> {
    await this.#flush();
    return this.look(work);
  }

  async look<T>(work: (book: Book) => T): Promise<T> {
    const wanted = new WantedRows();
    const slices = new Map<string, FoundSlice>();
    try {
      let loaded = await this.#works.read(this.#reader, wanted);
      for (let looks = 0; looks < MAX_LOOKS; looks++) {
        const book = this.#works.book(loaded, wanted, slices);
        let outcome: { result: T } | { error: unknown };
        try {
          outcome = { result: work(book) };
        } catch (error) {
          outcome = { error };
        }
        this.#hooks?.undone();
        if (!book.isIncomplete) {
          if ('error' in outcome) throw outcome.error;
          return outcome.result;
        }
        await this.#works.find(this.#reader, wanted, slices);
        loaded = await this.#works.read(this.#reader, wanted);
      }
    } catch (error) {
      throw asRefusal(error);
    }
    throw new Error('a look at the store asks for more and more rows');
  }

  peek(): never {
    throw new Error('a store in PostgreSQL has no row in memory');
  }

  now(): number {
    return this.clock?.now() ?? this.#serverClock.now();
  }

  async checkpoint(): Promise<Queries> {
    await this.#flush();
    return this.#queries;
  }

  async auditLog(): Promise<AuditQueries> {
    await this.#flush();
    await this.#sealer.seal().catch((error: unknown) => {
      this.#noteTail(error);
      if (isStalled(error)) throw asRefusal(error);
    });
    return this.#auditLog;
  }

  async counts(): Promise<StoreCounts> {
    await this.#flush();
    return storeCounts(this.#searched, this.now(), this.#batches.figures);
  }

  async keyByTokenHash(hash: string): Promise<KeyRecord | undefined> {
    try {
      const [row] = await this.#reader.query('SELECT vault_key.key_1($1::pg_catalog.text) AS key', [
        hash,
      ]);
      const found = row?.['key'] as FoundRow | null | undefined;
      if (found == null) return undefined;
      const key = keyOf(found);
      this.#works.remember(key);
      return key;
    } catch (error) {
      throw asRefusal(error);
    }
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
    await this.#run(() => undefined);
    // A server may answer, and write nothing.
    const isLive = await this.#writer.beat().catch((error: unknown) => {
      throw asRefusal(error);
    });
    if (!isLive) throw storeUnavailable();
    return { kind: 'postgres', durability: 'full' };
  }

  async copy(): Promise<StoreCopy> {
    throw notFound(
      'The store is in PostgreSQL, which has backups of its own: there is no file to copy.',
    );
  }

  /** Whether this instance is the one that lets rows leave now: one at a time does. Old writers leave with that. */
  async maySweep(keptMs: number): Promise<boolean> {
    const [row] = await this.#reader.query(
      'SELECT vault_key.sweep_1($1, $2::pg_catalog.int8, $3::pg_catalog.int8) AS is_due',
      [this.chain.proof, SWEEP_EVERY_MS, keptMs],
    );
    return row?.['is_due'] === true;
  }

  /** Says that this instance lives, once: for tests, which do not wait for the timer. */
  beat(): Promise<void> {
    return this.#reaper.beat();
  }

  /** Ends what lapsed instances have left, once: for tests, which do not wait for the timer. */
  reap(): Promise<void> {
    return this.#reaper.sweep();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#batches.close();
    await this.#writer.retire().catch(() => {});
    await Promise.all(
      [this.#link, this.#reader, this.#sealLink, this.#queryLink].map((link) => link.close()),
    );
  }

  async #run<T>(work: (book: PostgresBook) => T, onFoundWritten?: (result: T) => void): Promise<T> {
    const { refusal, result } = await this.#batches.run(() =>
      this.#ask(work, onFoundWritten as (result: unknown) => void),
    );
    if (refusal !== undefined) throw refusal;
    return result as T;
  }

  /** Sees what a work will look at. What it comes to is decided once that is locked. */
  #ask(
    work: (book: PostgresBook) => unknown,
    onFoundWritten?: (result: unknown) => void,
  ): AskedWork {
    const asked = { work, onFoundWritten };
    this.#asked.push(asked);
    try {
      work(this.#works.book(undefined, this.#wanted));
    } catch {
      // For want of the rows that it asks for.
    }
    this.#hooks?.undone();
    return asked;
  }

  /** A server that does not answer a batch is asked for nothing more by who has waited for that. */
  async #flush(): Promise<void> {
    if (!(await this.#batches.flush())) throw storeUnavailable();
  }

  #forget(): void {
    this.#asked = [];
    this.#wanted = new WantedRows();
  }

  /** Calls go on: the log has their rows, and a verification tells of the fault. */
  #noteTail(error: unknown): void {
    if (!(error instanceof TailFault) || this.#toldTail === error.message) return;
    this.#toldTail = error.message;
    this.#log(`the audit log gets no further: ${error.message}`);
  }

  async #beatOnce(): Promise<void> {
    this.#isBeating = true;
    try {
      await this.#reaper.beat();
      await this.#serverClock.read();
      if (this.#works.isInDoubt) await this.#run(() => undefined);
    } catch {
      // The next one tries again; what a call needs of the store says so by itself.
    } finally {
      this.#isBeating = false;
    }
  }

  #beat(): void {
    this.#timer = setInterval(() => {
      if (!this.#isBeating) void this.#beatOnce();
      void this.#sealer.seal().catch((error: unknown) => this.#noteTail(error));
    }, this.#writer.ttlMs / 3).unref();
  }
}
