import { performance } from 'node:perf_hooks';
import type { AuditRow } from '../audit/audit-entry';
import { BatchNotes } from './batch-notes';
import type { Book } from './book';
import type { Store } from './store';

const ROW_EVERY_MS = 1_000;
/** An agent chooses the path it asks for, and parts of what is said of it. */
const MAX_TEXT = 256;

/** Refusals of one kind under one key since their last row. */
interface Unwritten {
  since: number;
  count: number;
  micros: number | null;
  last: AuditRow | undefined;
}

/** What a batch does to the kinds, once it is written. */
type Note =
  | { did: 'begin'; name: string }
  | { did: 'merge'; name: string; row: AuditRow }
  | { did: 'write'; name: string; count: number; micros: number | null };

/**
 * The audit rows of refusals: for each kind and key one at once, and then at most one a second with
 * the count and the sum of those since. So an agent that is refused in a loop fills no disk. What
 * is not written yet is lost by a crash alone: it is written at the close, and again after a
 * failure.
 */
export class RefusalRows {
  /** By key and kind, the one whose row is the oldest first. */
  readonly #kinds = new Map<string, Unwritten>();
  readonly #notes = new BatchNotes<Note>();
  /** What is noted and not written, by kind. */
  #noted = new Map<string, Set<Note['did']>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly store: Pick<Store, 'run' | 'runSoon' | 'isClosed'>) {}

  /** Resolves once the row is durable, or where it is merged. */
  record(row: AuditRow): Promise<void> {
    const kind = this.#kinds.get(nameOf(row));
    if (kind === undefined) return this.store.run((book) => this.write(book, row));
    merge(kind, row);
    return Promise.resolve();
  }

  /** As {@link record}, in the batch that is being decided. */
  write(book: Pick<Book, 'log'>, row: AuditRow): void {
    const name = nameOf(row);
    if (this.#kinds.has(name) || this.#isNoted('begin', name)) {
      this.#note({ did: 'merge', name, row });
      return;
    }
    this.#note({ did: 'begin', name });
    book.log(row, { ...cut(row), count: 1 });
  }

  sent(): void {
    this.#notes.sent();
  }

  written(): void {
    const since = performance.now();
    for (const note of this.#notes.written()) {
      if (note.did === 'begin') {
        this.#kinds.set(note.name, { since, count: 0, micros: null, last: undefined });
        continue;
      }
      const kind = this.#kinds.get(note.name);
      if (kind === undefined) continue;
      if (note.did === 'merge') {
        merge(kind, note.row);
        continue;
      }
      kind.since = since;
      kind.count -= note.count;
      if (kind.count === 0) kind.micros = null;
      else if (note.micros !== null) kind.micros = (kind.micros ?? 0) - note.micros;
      // The one whose row is the oldest stays first.
      this.#kinds.delete(note.name);
      this.#kinds.set(note.name, kind);
    }
    this.#countNotes();
    this.#arm();
  }

  undone(): void {
    this.#notes.undone();
    this.#countNotes();
  }

  lost(): void {
    this.#notes.lost();
    this.#countNotes();
  }

  /**
   * Writes everything down, for the last time.
   *
   * @throws BrokerRefusal 503.
   */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      if ([...this.#kinds.values()].some(({ count }) => count > 0)) {
        await this.store.run((book) => this.#writeThoseBefore(book, Infinity));
      }
    } finally {
      clearTimeout(this.#timer);
    }
  }

  #arm(delayMs?: number): void {
    const [oldest] = this.#kinds.values();
    if (oldest === undefined || this.#timer !== undefined) return;
    const due = oldest.since + ROW_EVERY_MS - performance.now();
    this.#timer = setTimeout(() => this.#writeDue(), delayMs ?? Math.max(0, due)).unref();
  }

  #writeDue(): void {
    const before = performance.now() - ROW_EVERY_MS;
    let isDue = false;
    for (const [name, { since, count }] of this.#kinds) {
      if (since > before) break;
      if (count > 0) isDue = true;
      else if (!this.#noted.has(name)) this.#kinds.delete(name);
    }
    const isWritten = isDue
      ? this.store.runSoon((book) => this.#writeThoseBefore(book, before))
      : Promise.resolve();
    isWritten.then(
      () => this.#armAgain(),
      // It is not lost: the count is kept, and written as soon as the store can be.
      () => this.#armAgain(ROW_EVERY_MS),
    );
  }

  #armAgain(delayMs?: number): void {
    this.#timer = undefined;
    if (!this.store.isClosed) this.#arm(delayMs);
  }

  #note(note: Note): void {
    this.#notes.add(note);
    this.#count(note);
  }

  #count({ did, name }: Note): void {
    const noted = this.#noted.get(name) ?? new Set();
    this.#noted.set(name, noted.add(did));
  }

  #countNotes(): void {
    this.#noted = new Map();
    for (const note of this.#notes.all) this.#count(note);
  }

  #isNoted(did: Note['did'], name: string): boolean {
    return this.#noted.get(name)?.has(did) === true;
  }

  #writeThoseBefore(book: Pick<Book, 'log'>, before: number): void {
    for (const [name, { since, count, micros, last }] of this.#kinds) {
      if (since > before) break;
      if (count === 0 || last === undefined || this.#isNoted('write', name)) continue;
      const one = count === 1 ? {} : { ...NOT_OF_SEVERAL, requested_micros: micros };
      book.log(last, { ...cut(last), ...one, count });
      this.#note({ did: 'write', name, count, micros });
    }
  }
}

/** What one row cannot say of several refusals; of the rest it says what is true of the last one. */
const NOT_OF_SEVERAL = { call_id: null, idempotency_key_hash: null, amount: null, currency: null };

function nameOf(row: AuditRow): string {
  return `${row.key_id} ${row.verdict}`;
}

function merge(kind: Unwritten, row: AuditRow): void {
  kind.count += 1;
  kind.last = row;
  const { requested_micros: micros = null } = row;
  if (micros !== null) kind.micros = (kind.micros ?? 0) + micros;
}

function cut({ path, reason }: AuditRow): Partial<AuditRow> {
  return { path: cutText(path), reason: cutText(reason) };
}

function cutText(text: string | null = null): string | null {
  if (text === null || text.length <= MAX_TEXT) return text;
  return `${text.slice(0, MAX_TEXT - 1).toWellFormed()}…`;
}
