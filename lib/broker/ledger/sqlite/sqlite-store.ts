import type { Log } from '../../log';
import { Clock } from '../../clock';
import type { StoreClock } from '../../clock';
import { UnexpectedErrors } from '../../metrics/unexpected-errors';
import type { KeyRecord } from '../../keys/key';
import { auditUnavailable, notFound, storeUnavailable } from '../../refusal';
import type { BrokerRefusal } from '../../refusal';
import { Batches } from '../batches';
import type { Book } from '../book';
import type { StoreCopy, StoreState } from '../records';
import { cutOff, endFlights } from '../rules/lost-calls';
import type { AuditQueries, KeptWork, Queries, Store, StoreCounts, StoreHooks } from '../store';
import { AcceptedDoubts } from '../store-doubt';
import { AuditTable, isLogStatement } from './audit-table';
import { checkBalances } from './balance-check';
import { BrakeTable } from './brake-table';
import { BudgetTable } from './budget-table';
import { CachedTable } from './cached-table';
import { HoldTable } from './hold-table';
import { FOREIGN_WRITE, FailedWrite } from './inline-writer';
import { KeyTable } from './key-table';
import { LEASES } from '../tables/lease-rows';
import { NOTES } from '../tables/note-rows';
import { RAISES } from '../tables/raise-rows';
import { openStore } from './open-store';
import type { OpenStore, StoreSettings } from './open-store';
import { OpenCallTable } from './open-call-table';
import { OperationTable } from './operation-table';
import { PendingWrites } from './pending-writes';
import { closeWhenForgotten } from './process-stores';
import { RedoLog } from './redo-log';
import { SqliteBook } from './sqlite-book';
import { SqliteQueries } from './sqlite-queries';
import { THREAD_ENDED } from './store-thread';
import { WholeTable } from './whole-table';

const DURABILITY = ['off', 'normal', 'full', 'extra'];

/** How a store is opened; what is not given is as for a store of its own. */
export interface SqliteStoreSettings extends Partial<StoreSettings> {
  /** Takes the lines of the log, without their ends. */
  log?: Log | undefined;
}

/** The tables of a store that decides nothing meanwhile. */
export type StoreContents = Pick<OpenStore, 'connection' | 'chain'>;

/**
 * A store in one SQLite file, or in memory. One broker has the file, which a thread of its own writes;
 * every acknowledged decision is on the disk (`synchronous=FULL`).
 */
export class SqliteStore implements Store {
  readonly canPeek = true;
  readonly #log: Log;
  readonly #file: OpenStore;
  readonly #batches: Batches;
  readonly #keys: KeyTable;
  readonly #holds: HoldTable;
  readonly #operations: OperationTable;
  readonly #openCalls: OpenCallTable;
  readonly #auditLog: AuditTable;
  readonly #redo: RedoLog;
  readonly #book: SqliteBook;
  readonly #clock: StoreClock;
  readonly #queries: Queries;
  #hooks: StoreHooks | undefined;

  /**
   * @param file A path, or `:memory:`.
   * @throws StoreInUseError where a broker has the file.
   * @throws DoubtfulStoreError where it may not be the store that was left.
   * @throws Error where it cannot be opened, or is of a newer version.
   */
  constructor(file: string, settings: SqliteStoreSettings = {}) {
    const { clock = new Clock(), doubts = new AcceptedDoubts(), log = silent } = settings;
    const unexpected = new UnexpectedErrors(log);
    this.#log = log;
    this.#file = openStore(file, { ...settings, clock, doubts, log });
    const { connection, chain, latest, writer } = this.#file;
    this.#clock = latest;
    try {
      const writes = new PendingWrites();
      const leases = new WholeTable(connection, writes, LEASES);
      const budgets = new BudgetTable(connection, writes);
      const raises = new WholeTable(connection, writes, RAISES);
      const brakes = new BrakeTable(connection, writes);
      this.#auditLog = new AuditTable(connection, writes, chain);
      this.#keys = new KeyTable(connection, writes, leases);
      this.#holds = new HoldTable(connection, writes);
      this.#operations = new OperationTable(connection, writes);
      this.#openCalls = new OpenCallTable(connection, writes);
      const notes = new CachedTable(connection, writes, NOTES);
      this.#book = new SqliteBook(
        {
          keys: this.#keys,
          leases,
          holds: this.#holds,
          operations: this.#operations,
          openCalls: this.#openCalls,
          notes,
          budgets,
          raises,
          brakes,
          log: this.#auditLog,
        },
        (id) => this.#hooks?.unwrittenKey(id),
        (row, more) => this.#hooks?.logged(row, more),
      );
      this.#queries = new SqliteQueries(connection, {
        book: this.#book,
        keys: this.#keys,
      });
      this.#redo = new RedoLog(connection, writes, [
        this.#keys.table,
        ...this.#holds.tables,
        this.#operations.table,
        this.#openCalls,
        notes,
      ]);
      const parts = [
        this.#redo,
        this.#keys,
        this.#holds,
        leases.undo,
        budgets.table.undo,
        raises.undo,
        brakes.table.undo,
        this.#auditLog.segments.table.undo,
        this.#auditLog,
      ];
      this.#batches = new Batches(
        {
          write: () => {
            this.#hooks?.sent();
            for (const part of parts) part.sent();
            latest.sent(writes, this.#batches.failed);
            const batch = writes.take();
            return batch.length === 0 ? false : writer.write(batch);
          },
          written: () => {
            latest.written();
            for (const part of parts) part.written();
            this.#hooks?.written();
          },
          undone: () => {
            this.#hooks?.undone();
            for (const part of parts) part.undone();
            writes.clear();
          },
          lost: () => {
            this.#hooks?.lost();
            for (const part of parts) part.lost();
            writes.clear();
          },
        },
        {
          refusalOf,
          nameOf: codeOf,
          onUnexpected: (error) => unexpected.note(error),
          onFailure: (reason) =>
            log(
              `the store ${file} cannot be written (${reason}): until it can, calls are refused`,
              'error',
            ),
          onRecovery: () => log(`the store ${file} can be written again`, 'info'),
        },
        // Without a disk there is no flush that others could share.
        file === ':memory:' ? 0 : undefined,
      );
      if (!this.#redo.isClean) this.#batches.runNow(() => this.#redo.checkpoint());
      if (this.#file.isRekeyed) this.#batches.runNow(() => this.#auditLog.segments.reseal());
      checkBalances(connection, file, doubts, latest.now());
      this.#endFlights();
      this.#keys.beginCount(latest.now());
    } catch (error) {
      this.#file.abandon();
      throw error;
    }
    closeWhenForgotten(this, this.#file.close);
  }

  attach(hooks: StoreHooks): void {
    this.#hooks = hooks;
  }

  run<T>(work: (book: Book) => T): Promise<T> {
    return this.#batches.run(() => this.#do(work));
  }

  runSoon<T>(work: (book: Book) => T): Promise<T> {
    return this.#batches.runSoon(() => this.#do(work));
  }

  hurry(): void {
    this.#batches.hurry();
  }

  keep({ work, ...told }: KeptWork): Promise<boolean> {
    return this.#batches.keep({ work: () => this.#do(work), ...told });
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
    await this.#checkpoint();
    return this.#queries;
  }

  async auditLog(): Promise<AuditQueries> {
    await this.#batches.flush();
    return this.#auditLog;
  }

  /** What a move reads: the tables, once they say all that is decided. */
  async contents(): Promise<StoreContents> {
    await this.#checkpoint();
    const { connection, chain } = this.#file;
    return { connection, chain };
  }

  async counts(): Promise<StoreCounts> {
    await this.#batches.flush();
    return {
      liveKeys: this.#keys.counts(this.now()).live,
      ...this.#holds.openCounts,
      ...this.#batches.figures,
    };
  }

  keyByTokenHash(hash: string): KeyRecord | undefined {
    return this.#keys.byTokenHash(hash);
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
    await this.#batches.run(() => undefined);
    const [{ synchronous }] = (await this.#file.writer.pragma('synchronous')) as [
      { synchronous: number },
    ];
    return { kind: 'sqlite', durability: DURABILITY[synchronous] ?? String(synchronous) };
  }

  async copy(): Promise<StoreCopy> {
    const { copier } = this.#file;
    if (copier === undefined) throw notFound('The store is in memory: there is no file to copy.');
    await this.#batches.flush();
    return copier.begin();
  }

  async close(): Promise<void> {
    try {
      await this.#checkpoint();
    } catch {
      // The redo log has it: the broker that opens the store next writes it to the tables.
    }
    await this.#batches.close();
    try {
      this.#file.close();
    } catch (error) {
      this.#log(
        `the store could not be closed as one file (${(error as Error).message}): the -wal beside it has the rest, keep the two together`,
      );
    }
  }

  #do<T>(work: (book: Book) => T): T {
    this.#book.now = this.#clock.now();
    return work(this.#book);
  }

  /** What was in flight when the last process ended is in flight no more. */
  #endFlights(): void {
    const inFlight = this.#operations.inFlight();
    const open = this.#openCalls.all;
    if (inFlight.length > 0 || open.length > 0) {
      this.#batches.runNow(() => {
        this.#do((book) => {
          inFlight.forEach((each) => endFlights(book, each));
          open.forEach(({ callId, row }) => cutOff(book, callId, row));
        });
        this.#redo.checkpoint();
      });
    }
    this.#holds.markAllUnknown();
    this.#operations.forgetFlights();
    this.#redo.evict();
  }

  /** Has the tables say all that is decided. */
  async #checkpoint(): Promise<void> {
    await this.#batches.flush();
    if (!this.#redo.isClean) await this.#batches.atOnce(() => this.#redo.checkpoint());
  }
}

/** Of no instance: a log is kept by the writer, and must not keep a store that is forgotten. */
function silent(): void {}

/** What is answered where a batch could not be written. */
function refusalOf(error: unknown): BrokerRefusal | undefined {
  if (!(error instanceof FailedWrite)) return undefined;
  if (OWN_CODES.has((error.cause as { code?: unknown }).code as string)) {
    return storeUnavailable(error.cause, 'until the broker is started again');
  }
  const isOfLog = error.sql !== undefined && isLogStatement(error.sql);
  return isOfLog ? auditUnavailable(error.cause) : storeUnavailable(error.cause);
}

/** Failures of the store's own, which end with the next start alone. */
const OWN_CODES: ReadonlySet<string> = new Set([FOREIGN_WRITE, THREAD_ENDED]);

/** The name of an error of the store's file. */
function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  const isOfFile = typeof code === 'string' && (OWN_CODES.has(code) || code.startsWith('SQLITE_'));
  return isOfFile ? code : undefined;
}
