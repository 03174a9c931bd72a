import type { AuditChain } from '../../audit/audit-chain';
import { startOfHour } from '../../budgets/period';
import type { StoreClock } from '../../clock';
import type { KeyRecord } from '../../keys/key';
import { BrokerRefusal } from '../../refusal';
import { takeBack, tellAsFailed } from './batch-doubt';
import type { AskedWork, Doubt } from './batch-doubt';
import { LoadedRows, NO_RULES } from './loaded-rows';
import type { FoundRows, Rules } from './loaded-rows';
import { codeOf, isConnectionLost, isStalled, mayPassAgain } from './pg-errors';
import { ANSWER_MS, inTime } from './pg-link';
import type { PgLink } from './pg-link';
import type { PastDays } from './past-days';
import { PostgresBook } from './postgres-book';
import type { ServerClock } from './server-clock';
import type { StoreWriter } from './store-writer';
import { BEGIN, FENCED } from './schema-names';
import { findSlice } from './aging-tables';
import type { FoundSlice } from './aging-tables';
import { WantedRows, nameOfSlice } from './wanted-rows';
import type { StoreHooks } from '../store';
import type { RowNames } from './wanted-rows';

/** How often a batch is run again that others have come before. */
const MAX_TRIES = 8;

/** How often a batch begins again because a work asks for more rows. */
const MAX_LOADS = 16;
/** Of how many keys it keeps what never changes. */
const MAX_KEYS = 10_000;

/** A work failed by an error that is neither a refusal nor the server's. */
class FailedWork extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'FailedWork';
  }
}

/** What a batch tells of its way. */
export interface BatchHooks {
  /** Its works have written a row to the log. */
  logged: StoreHooks['logged'];
  /** What its works have noted comes to nothing: they are run again. */
  undone(): void;
  /** It is on its way. */
  sent(): void;
  /** It was on its way, and came to nothing. */
  lost(): void;
}

type Slices = ReadonlyMap<string, FoundSlice>;

/** When a batch is decided, and when the store's hour began, where it begins a later one. */
interface BookTime {
  now: number;
  hourBegan?: number | undefined;
}

const NO_SLICES: Slices = new Map();

/** What batches are written with. */
export interface BatchParts {
  link: PgLink;
  /** For what is only looked at. */
  reader: PgLink;
  writer: StoreWriter;
  chain: AuditChain;
  hooks: BatchHooks;
  serverClock: ServerClock;
  pastDays: PastDays;
  /** Absent where the server's clock decides. */
  clock: StoreClock | undefined;
}

/** Runs works on rows that are locked, and writes what they have decided: two round trips a batch. */
export class StoreBatches {
  #rules: Rules = NO_RULES;
  /** The connection that has the transaction of the batch. */
  #within = 0;
  /** A batch that was sent, of which it is not known whether it has arrived. */
  #doubt: Doubt | undefined;
  #settling: Promise<boolean> | undefined;
  #rejoining: Promise<void> | undefined;
  /** Whether this instance was declared dead. */
  #mustRejoin = false;
  /** Works that are written, though their batch was taken for lost. */
  readonly #arrived = new WeakMap<object, AskedWork>();
  readonly #keys = new Map<string, KeyRecord>();

  constructor(private readonly parts: BatchParts) {}

  /** Keeps what never changes of a key. */
  remember(key: KeyRecord): void {
    if (this.#keys.size >= MAX_KEYS) this.#keys.clear();
    this.#keys.set(key.id, key);
  }

  /** A book that is only looked at: absent rows are noted as wanted. */
  book(
    loaded: LoadedRows | undefined,
    wanted: WantedRows,
    slices: Slices = NO_SLICES,
    { now, hourBegan }: BookTime = { now: this.#now },
  ): PostgresBook {
    const { writer, chain } = this.parts;
    return new PostgresBook({
      loaded,
      wanted,
      now,
      hourBegan,
      rules: loaded?.rules ?? this.#rules,
      writer,
      chain,
      knownKey: (id) => this.#keys.get(id),
      rememberKey: (key) => this.remember(key),
      logged: this.parts.hooks.logged,
      slices,
    });
  }

  /** Finds the slices that are wanted and not there yet, and has their rows wanted. */
  async find(link: PgLink, wanted: WantedRows, slices: Map<string, FoundSlice>): Promise<void> {
    for (const slice of wanted.slices) {
      const name = nameOfSlice(slice);
      if (!slices.has(name)) slices.set(name, await findSlice(link, slice, wanted));
    }
  }

  get #now(): number {
    return (this.parts.clock ?? this.parts.serverClock).now();
  }

  /** Reads rows as one statement sees them, without a lock. */
  async read(link: PgLink, wanted: WantedRows): Promise<LoadedRows> {
    const { rows } = wanted;
    const known = this.#rules;
    const arg = JSON.stringify({ ...rows, version: known.version, log: wanted.wantsLog });
    const [found] = await link.query(
      'SELECT vault_key.read_1($1::pg_catalog.text::pg_catalog.jsonb) AS found',
      [arg],
    );
    return this.#take(new LoadedRows(rows, found?.['found'] as FoundRows, known));
  }

  /** Whether it is not known of a batch whether it has arrived. */
  get isInDoubt(): boolean {
    return this.#doubt !== undefined;
  }

  /** This instance was declared dead: from its next batch on it is another. */
  noteDeath(): void {
    this.#mustRejoin = true;
  }

  /** @throws An error where the batch came to nothing. */
  async write(asked: readonly AskedWork[], wanted: WantedRows): Promise<void> {
    const { link, reader, hooks } = this.parts;
    const slices = new Map<string, FoundSlice>();
    const until = performance.now() + ANSWER_MS;
    const soon = <T>(asked: Promise<T>): Promise<T> => inTime(asked, until - performance.now());
    let loads = 0;
    link.limit();
    for (let tries = 1; ; tries++) {
      let book: PostgresBook | undefined;
      let isSent = false;
      let doubt: Doubt | undefined;
      try {
        // What is decided again must not have been written before.
        if (this.#doubt !== undefined) await soon(this.#settleDoubt());
        if (this.#mustRejoin) await soon(this.#rejoinIfDue());
        if (wanted.slices.length > 0) await soon(this.find(reader, wanted, slices));
        const loaded = await this.#load(wanted);
        book = this.#decide(asked, loaded, wanted, slices);
        if (book === undefined) {
          await link.query('ROLLBACK');
          if (++loads === MAX_LOADS) throw new FailedWork('a work asks for more and more rows');
          tries -= 1;
          continue;
        }
        const { changes } = book;
        hooks.sent();
        isSent = true;
        await this.#store(book, changes);
        return;
      } catch (error) {
        if (error instanceof FailedWork) {
          await link.query('ROLLBACK').catch(() => {});
          hooks.undone();
          throw error.cause ?? error;
        }
        if (isConnectionLost(error)) {
          link.drop();
          // Where nothing was to be written, nothing is lost; but who waits behind it waits no longer.
          const isEmpty = isSent && book?.changes === undefined;
          if (isEmpty && !isStalled(error)) return;
          if (isSent && !isEmpty && book !== undefined) {
            this.#doubt = doubt = { head: book.head, asked };
            if (await soon(this.#settleDoubt()).catch(() => false)) {
              for (const each of asked) this.#arrived.delete(each.work);
              return;
            }
          }
        } else {
          await link.query('ROLLBACK').catch(() => {});
        }
        if (isSent) hooks.lost();
        else hooks.undone();
        if (!mayPassAgain(error) || tries >= MAX_TRIES) {
          if (doubt !== undefined) tellAsFailed(doubt);
          throw error;
        }
        if (codeOf(error) === FENCED) this.#mustRejoin = true;
      }
    }
  }

  async #load(wanted: WantedRows): Promise<LoadedRows> {
    const { link, chain } = this.parts;
    for (;;) {
      const { rows } = wanted;
      // What the answer leaves out is as it was when it was asked for.
      const known = this.#rules;
      const arg = {
        ...rows,
        version: known.version,
        exclusive: wanted.isExclusive,
        log: wanted.wantsLog,
      };
      this.#within = link.generation;
      const begun = link.query(BEGIN, undefined, this.#within);
      const loading = link.query(
        'SELECT vault_key.load_1($1::pg_catalog.text::pg_catalog.jsonb) AS found',
        [JSON.stringify(arg)],
        this.#within,
      );
      loading.catch(() => {});
      await begun;
      const [row] = await loading;
      const found = row?.['found'] as FoundRows | { unopened: RowNames['names'] | null };
      if (!('unopened' in found)) return this.#take(new LoadedRows(rows, found, known));
      await link.query('ROLLBACK');
      await link.query(
        'SELECT vault_key.open_balances_1($1, $2::pg_catalog.text::pg_catalog.jsonb)',
        [chain.proof, JSON.stringify(found.unopened ?? [])],
      );
    }
  }

  #take(loaded: LoadedRows): LoadedRows {
    this.parts.serverClock.note(loaded.now);
    this.parts.pastDays.noteRead(loaded);
    // An answer that was late may be older than what is known.
    if (loaded.rules.version >= this.#rules.version) this.#rules = loaded.rules;
    for (const key of loaded.keys.values()) this.remember(key);
    return loaded;
  }

  /**
   * Runs the works one after the other; `undefined` where a row is missing. Those that are refused leave
   * nothing. What counts in a period is read whole, whatever clocks do: all batches on their way decide in
   * the store's hour, and one that begins the next waits for them, and is seen by every later one.
   */
  #decide(
    asked: readonly AskedWork[],
    loaded: LoadedRows,
    wanted: WantedRows,
    slices: Slices,
  ): PostgresBook | undefined {
    const { hooks } = this.parts;
    const now = Math.max(this.#now, loaded.hourBegan);
    const hour = startOfHour(now);
    const isLater = hour > loaded.hourBegan;
    if (isLater && !wanted.isExclusive) {
      wanted.isExclusive = true;
      return undefined;
    }
    const time: BookTime = { now, hourBegan: isLater ? hour : undefined };
    for (const each of asked) delete each.refusal;
    let left = asked;
    for (;;) {
      const book = this.book(loaded, wanted, slices, time);
      const refused = this.#runAll(book, left);
      if (book.isIncomplete) {
        hooks.undone();
        return undefined;
      }
      if (refused === undefined) return book;
      hooks.undone();
      left = left.filter((each) => each !== refused);
    }
  }

  #runAll(book: PostgresBook, asked: readonly AskedWork[]): AskedWork | undefined {
    for (const each of asked) {
      const before = this.#arrived.get(each.work);
      try {
        if (before === undefined) each.result = each.work(book);
        else this.#takeOver(each, before);
      } catch (error) {
        // What is thrown for want of a row says nothing.
        if (book.isIncomplete) continue;
        if (!(error instanceof BrokerRefusal)) throw new FailedWork('a work failed', error);
        each.refusal = error;
        return each;
      }
    }
    return undefined;
  }

  /** A work that was tried again is written already: what it notes beside its rows is noted now. */
  #takeOver(each: AskedWork, before: AskedWork): void {
    try {
      each.work(this.book(undefined, new WantedRows()));
    } catch {
      // For want of rows.
    }
    each.result = before.result;
    if (before.refusal !== undefined) throw before.refusal;
  }

  async #store(book: PostgresBook, changes: PostgresBook['changes']): Promise<void> {
    const { link, writer, chain } = this.parts;
    if (changes === undefined) {
      await link.query('COMMIT', undefined, this.#within);
      return;
    }
    const arg = {
      ...changes,
      proof: chain.proof,
      writer: writer.id,
      batch: writer.batch,
      ...book.head,
      seal: chain.seal(book.head),
      ttl: writer.ttlMs,
    };
    const storing = link.query(
      'SELECT vault_key.store_1($1::pg_catalog.text::pg_catalog.jsonb)',
      [JSON.stringify(arg)],
      this.#within,
    );
    const committing = link.query('COMMIT', undefined, this.#within);
    committing.catch(() => {});
    await storing;
    await committing;
    writer.written(book.head);
  }

  /** One that takes too long for a batch is waited for by the next one. */
  async #rejoinIfDue(): Promise<void> {
    if (!this.#mustRejoin || this.#doubt !== undefined) return;
    await (this.#rejoining ??= this.parts.writer
      .register()
      .then(() => void (this.#mustRejoin = false))
      .finally(() => (this.#rejoining = undefined)));
  }

  /** Finds out what became of a batch whose connection was lost. Throws while it cannot be told. */
  async #settleDoubt(): Promise<boolean> {
    if (this.#doubt === undefined) return false;
    return (this.#settling ??= this.#settle(this.#doubt).finally(
      () => (this.#settling = undefined),
    ));
  }

  async #settle(doubt: Doubt): Promise<boolean> {
    const hasArrived = await this.parts.writer.hasArrived(doubt.head);
    this.#doubt = undefined;
    doubt.hasArrived = hasArrived;
    if (!hasArrived) return false;
    for (const each of doubt.asked) this.#arrived.set(each.work, each);
    if (doubt.isToldAsFailed === true) takeBack(doubt);
    return true;
  }
}
