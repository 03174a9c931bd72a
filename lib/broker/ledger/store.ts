import type { AuditVerdict } from '../audit/audit-chain';
import type { AuditEntry, AuditRow } from '../audit/audit-entry';
import type { AuditSegment } from '../audit/audit-segment';
import type { Brake } from '../brakes/brake';
import type { AppLayer, BudgetSubject } from '../budgets/budget';
import type { MicroUsd } from '../../contract/usd';
import type { LogSlice } from '../events/log-tail';
import type { Subject } from '../keys/subject';
import type { KeyRecord, KeyWithBalance } from '../keys/key';
import type { Book } from './book';
import type { NoteKind, NoteOf, NoteRange } from './notes';
import type {
  AuditFilter,
  HoldFilter,
  Hold,
  KeyFilter,
  Page,
  PageRequest,
  StoreCopy,
  StoreState,
} from './records';

/** What a store tells the ledger that is built on it. */
export interface StoreHooks {
  /** A key that was given out and is in no book yet: a book has to find it too. */
  unwrittenKey(id: string): KeyRecord | undefined;
  /** A row of the audit log is a part of the batch that is being decided. */
  logged(row: AuditRow, more: Partial<AuditRow> | undefined): void;
  /** The batch that is being decided is on its way: what is noted from now on belongs to the next one. */
  sent(): void;
  /** The oldest batch on its way is durable: what its works have noted is true from now on. */
  written(): void;
  /** The batch that is being decided came to nothing: its works may be run again. */
  undone(): void;
  /** The same is so of all batches that are not written: what was decided on top of one is void too. */
  lost(): void;
}

/** Work that the store keeps until it is written. */
export interface KeptWork {
  work: (book: Book) => void;
  /** Called in the moment of its commit: whatever is read from then on sees it. */
  onWritten?: () => void;
  /** Called for each attempt that failed. */
  onKept?: (error: Error) => void;
}

/** Counts that a store keeps, so that none of them takes a look at every row. */
export interface StoreCounts {
  liveKeys: number;
  openHolds: { held: number; unknown: number };
  /** What those holds hold. */
  openMicros: { held: MicroUsd; unknown: MicroUsd };
  /** Since the process began. */
  commits: number;
  /** What those commits carried: decisions that waited together share one. */
  decisions: number;
}

/**
 * What a database has to do for a ledger: run rules on a book, and answer queries. Every work does
 * nothing but read and change its book, so that it may be run again after a rollback.
 */
export interface Store {
  /** To be called once, before anything else. */
  attach(hooks: StoreHooks): void;
  /**
   * Runs work in a transaction, with other work or alone. Resolves once it is durable.
   *
   * @param onFoundWritten Called where the promise was rejected for want of an answer from the store, and the
   * work turns out to be written.
   */
  run<T>(work: (book: Book) => T, onFoundWritten?: (result: T) => void): Promise<T>;
  /** As {@link run}, but is decided at once and may wait some milliseconds for other work to be written. */
  runSoon<T>(work: (book: Book) => T): Promise<T>;
  /** Has work that waits for other work written now. */
  hurry(): void;
  /**
   * As {@link runSoon}, for what must not be lost: where it cannot be written it is kept, and written
   * with the next transaction that passes, by a timer, or at the close.
   *
   * @returns Once it was tried for the first time: whether it is written.
   */
  keep(kept: KeptWork): Promise<boolean>;
  /** Reads what all work asked for so far has left. */
  read<T>(work: (book: Book) => T): Promise<T>;
  /**
   * The store's clock as this process knows it, in epoch milliseconds: for what is asked outside of a
   * work, whose own instant is `book.now`.
   */
  now(): number;
  /** Reads without waiting for work that is on its way. */
  look<T>(work: (book: Book) => T): Promise<T>;
  /** Whether one process alone has the store, with all that is decided in its memory. */
  readonly canPeek: boolean;
  /** As {@link look}, at once. To be called only where {@link canPeek} says so. */
  peek<T>(work: (book: Book) => T): T;
  /** Makes everything that is decided searchable; the queries are reachable through it alone. */
  checkpoint(): Promise<Queries>;
  /** The audit log with the rows of all work asked for so far. */
  auditLog(): Promise<AuditQueries>;
  counts(): Promise<StoreCounts>;
  keyByTokenHash(hash: string): KeyRecord | undefined | Promise<KeyRecord | undefined>;
  /** Whether the last transaction failed, or the store is closed: nothing counts before it is written. */
  readonly isFailing: boolean;
  /** Whether what was decided more than a second ago is not durable yet. */
  readonly isLate: boolean;
  readonly isClosed: boolean;
  /** Rejects where the store cannot take a decision. */
  state(): Promise<StoreState>;
  /** Begins a copy, which has to be ended, read or not. Rejects where there is nothing to copy. */
  copy(): Promise<StoreCopy>;
  /** Writes what it can, and ends. Never rejects. */
  close(): Promise<void>;
}

/** A live key, as far as brakes and budgets look at it. */
export interface LiveKey {
  id: string;
  vendor: string;
  subject: Subject;
}

/** Some live keys of a walk over many; `next` is where the walk goes on. */
export interface LiveSlice<Position> {
  keys: readonly LiveKey[];
  next?: Position;
}

/** A key that carries budgets of the application's. */
export interface BudgetedKey extends AppLayer {
  position: number;
  vendor: string;
  subject: Subject;
}

/** What a list of keys is asked for. */
export interface KeyListRequest {
  filter: KeyFilter;
  page: PageRequest;
  now: number;
  /** The active brakes. */
  brakes: readonly Brake[];
  /** The key as it is shown; `undefined` where the list leaves it out. */
  show: (book: Book, id: string) => KeyWithBalance | undefined;
}

/** A position in a walk over the live keys. What it holds is the store's affair. */
export type LivePosition = Readonly<Record<string, number>>;

/** What is asked of all rows. No query does all its work in one turn of the event loop. */
export interface Queries {
  /** Newest first. A page may have fewer keys than its limit, or none, where the way to the next is long. */
  keys(request: KeyListRequest): Promise<Page<KeyWithBalance>>;
  /** Live keys, among them all that a brake stops; of all where none is given. */
  liveKeys(
    among: Brake | undefined,
    from: LivePosition | undefined,
    now: number,
    limit: number,
  ): Promise<LiveSlice<LivePosition>>;
  /** Live keys of one id, within any tenant, the newest first. */
  liveKeysOf(
    scope: 'tenant' | 'user' | 'run' | 'tool',
    id: string,
    from: number | undefined,
    now: number,
    limit: number,
  ): Promise<LiveSlice<number>>;
  /** What the newest key of a subject carries; `undefined` where the subject has no key. */
  newestBudgets(subject: BudgetSubject): Promise<AppLayer | undefined>;
  /** Whether a key at or after a position that was live after an instant carries a budget of a subject's. */
  hasNewerBudget(subject: BudgetSubject, position: number, liveAfter: number): Promise<boolean>;
  /** Keys before a position that carry budgets and were live after an instant, the newest first. */
  keysWithBudgets(
    position: number | undefined,
    liveAfter: number,
  ): Promise<{ keys: readonly BudgetedKey[]; steps: number; next?: number }>;
  /** The subjects of an id that have had a key, up to a limit: of a user in each tenant, of a run of each user too. */
  subjectsOf(scope: 'user' | 'run', id: string, limit: number): Promise<readonly BudgetSubject[]>;
  /**
   * Newest first.
   *
   * @param stranded The ids of holds that are `held` while no call is under way on them: they are
   *   listed with those that are `unknown`, since they can be ended like them.
   */
  holds(filter: HoldFilter, page: PageRequest, stranded: readonly string[]): Promise<Page<Hold>>;
  /** Notes of one kind in the order of their names. */
  notes<Kind extends NoteKind>(kind: Kind, range: NoteRange): Promise<readonly NoteOf<Kind>[]>;
}

/** A row of the audit log, and the chain's value at it. */
export interface ChainedEntry {
  entry: AuditEntry;
  mac: string;
}

/** What is asked of the audit log. */
export interface AuditQueries {
  /** The rows, newest first. A page may be short, or empty, where the way to the next is long. */
  rows(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEntry>>;
  /** Rows after one, the oldest first. What was changed from outside so that it cannot be read is left out. */
  after(row: number, limit: number): Promise<LogSlice>;
  /** The number of the last row; 0 where the log is empty. */
  lastRow(): Promise<number>;
  /** Walks the chain, in slices between which other work is done. */
  verify(head?: string): Promise<AuditVerdict>;
  /** The rows of a segment, the oldest first, read in slices. */
  rowsOf(segment: AuditSegment): AsyncIterable<ChainedEntry>;
}
