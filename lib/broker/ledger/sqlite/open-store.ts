import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Log } from '../../log';
import { AuditChain } from '../../audit/audit-chain';
import type { StoreClock } from '../../clock';
import { StoreInUseError } from '../store-doubt';
import type { AcceptedDoubts } from '../store-doubt';
import { beginLog } from './audit-table';
import { chainKeyBeside, passingChainKey } from './chain-key';
import type { ChainKey } from './chain-key';
import { checkNotMoved } from './moved-mark';
import { checkNotOpenHere, noteOpen } from './process-stores';
import { createSchema, hasSchema } from './schema';
import { LatestInstant } from './latest-instant';
import { FileWriter } from './file-writer';
import { InlineWriter } from './inline-writer';
import type { StatementWriter } from './inline-writer';
import { driverPath, openConnection } from './sqlite-driver';
import type { SqliteConnection } from './sqlite-driver';
import { StoreCopier } from './store-copy';
import {
  WHOLE,
  WITH_WAL,
  checkNewFile,
  checkParts,
  createFile,
  hasContent,
  readHolder,
  removeHolder,
  writeHolder,
} from './store-file';

const CACHE_KIB = 16_384;
/** How long a connection waits for a moment in which another one needs the file for itself. */
const BUSY_MS = 1_000;
/** A disk that fails now and then takes the second attempt. */
const CLOSE_ATTEMPTS = 10;

/** How a store is opened. */
export interface StoreSettings {
  /** What the audit log is chained with; beside the file where it is not given. */
  auditKey?: string | undefined;
  /** The doubts that are meant. */
  doubts: AcceptedDoubts;
  clock: StoreClock;
  /** Takes the lines of the log, without their ends. */
  log: Log;
  /** Where the SQLite driver's module is, for the thread that writes. */
  driver?: string | undefined;
  /** Whether it is opened to be moved: it has to be there, and may have been marked as moved. */
  isMoving?: boolean | undefined;
}

/** A store that this process has for itself. */
export interface OpenStore {
  readonly connection: SqliteConnection;
  /** What its audit log is chained with. */
  readonly chain: AuditChain;
  /** Whether that is another key than before, as an operator wanted. */
  readonly isRekeyed: boolean;
  readonly latest: LatestInstant;
  readonly writer: StatementWriter;
  /** Absent in memory. */
  readonly copier?: StoreCopier;
  /**
   * Leaves one file, free for the next broker, in this process too. Does nothing a second time.
   *
   * @throws Error where the disk does not take it. Then the `-wal` beside the file has the rest, and
   *   the store stays locked until the process ends.
   */
  readonly close: () => void;
  /** As {@link close}, of a store whose opening has failed: never throws. */
  readonly abandon: () => void;
}

/**
 * Opens a store, locks it for this process, and gives a new one its tables.
 *
 * @throws StoreInUseError where a broker has it.
 * @throws DoubtfulStoreError where it may not be the store that was left.
 * @throws Error where it cannot be opened, or was made by another version.
 */
export function openStore(file: string, settings: StoreSettings): OpenStore {
  // The process may change its folder before the file is opened again, by the thread that writes.
  if (file !== ':memory:') return openFile(resolve(file), settings);
  const connection = openConnection(file);
  connection.pragma(`cache_size = -${CACHE_KIB}`);
  const { auditKey } = settings;
  const key = auditKey === undefined ? passingChainKey() : configuredKey(auditKey);
  const chain = new AuditChain(key.text);
  begin(connection, chain);
  return {
    connection,
    chain,
    isRekeyed: false,
    latest: new LatestInstant(connection, settings.clock),
    writer: new InlineWriter(connection),
    close: once(() => closeStore(connection)),
    abandon: () => connection.close(),
  };
}

/** As {@link OpenStore.close}, for a connection of any kind. */
export function closeStore(connection: SqliteConnection): void {
  endLog(connection);
  // The driver's close() keeps connection and lock until its statements are collected as garbage.
  connection.pragma('locking_mode = NORMAL');
  connection.prepare('SELECT COUNT(*) FROM sqlite_schema').get();
  connection.close();
}

/** Brings all of a store into its file, and removes the `-wal`. */
function endLog(connection: SqliteConnection): void {
  // First everything, then the word that this was everything.
  connection.pragma('wal_checkpoint(TRUNCATE)');
  connection.pragma(`application_id = ${WHOLE}`);
  connection.pragma('wal_checkpoint(TRUNCATE)');
  connection.pragma('journal_mode = DELETE');
}

function openFile(file: string, settings: StoreSettings): OpenStore {
  const { auditKey, doubts, clock, log, driver, isMoving = false } = settings;
  checkNotOpenHere(file);
  const wasEmpty = !hasContent(file);
  if (wasEmpty && isMoving) throw noStore(file);
  if (wasEmpty) checkNewFile(file, doubts);
  let connection: SqliteConnection | undefined;
  let handle: number | undefined;
  try {
    createFile(file);
    handle = openSync(file, 'r');
    if (!wasEmpty) checkParts(file, handle, doubts);
    connection = openConnection(file);
    lock(connection, wasEmpty);
    const hasLog = hasSchema(connection, file);
    if (!hasLog && isMoving) throw noStore(file);
    if (!isMoving) checkNotMoved(connection, file, doubts);
    const key = auditKey === undefined ? chainKeyBeside(file, hasLog) : configuredKey(auditKey);
    const chain = new AuditChain(key.text);
    const isRekeyed = hasLog && !hasOwnHead(connection, chain, key, file, doubts);
    if (!hasLog) begin(connection, chain);
    key.keep();
    const latest = new LatestInstant(connection, clock);
    latest.check(file, doubts);
    const owner = share(connection, file);
    connection.pragma(`application_id = ${WITH_WAL}`);
    connection.pragma('wal_checkpoint(TRUNCATE)');
    writeHolder(file);
    const place = { file, driver: driver ?? driverPath(), owner };
    const writer = new FileWriter(connection, place, log);
    const copier = new StoreCopier(writer, handle);
    const close = closerOf(file, connection, handle, { copier, writer });
    const abandon = (): void => void tryToClose(close);
    return { connection, chain, isRekeyed, latest, writer, copier, close, abandon };
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    const isBusy = typeof code === 'string' && code.startsWith('SQLITE_BUSY');
    const mine = connection;
    const isFree = mine === undefined || isBusy || tryToClose(() => closeStore(mine));
    if (!isFree || isBusy) mine?.close();
    // Where another thread of this process has the lock, to close the file would free it.
    const holder = isBusy ? readHolder(file) : undefined;
    if (handle !== undefined && isFree && holder?.pid !== process.pid) closeSync(handle);
    if (isBusy) throw new StoreInUseError(file, holder);
    if (error instanceof Error && code === undefined) throw error;
    const why =
      code === 'ENOENT'
        ? `there is no folder ${dirname(file)}: make it, or mount its volume`
        : (error as Error).message;
    throw new Error(`The store ${file} cannot be opened: ${why}`);
  }
}

/** Whether a store that could not be opened could be closed. */
function tryToClose(close: () => void): boolean {
  for (let left = CLOSE_ATTEMPTS; left > 0; left--) {
    try {
      close();
      return true;
    } catch {
      // What is told is why the store could not be opened.
    }
  }
  return false;
}

function closerOf(
  file: string,
  connection: SqliteConnection,
  handle: number,
  { copier, writer }: { copier: StoreCopier; writer: FileWriter },
): () => void {
  const close = once(() => {
    copier.stop();
    writer.close();
    closeStore(connection);
    noteClosed();
    removeHolder(file);
    closeSync(handle);
  });
  const noteClosed = noteOpen(file, close);
  return close;
}

/** Does a work until it is done, and then no more. */
function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}

/**
 * Locks a store: a second process fails here, and not at its first write. Without a prepared statement
 * (`pragma` makes one): a connection that has had one closes when that is collected as garbage, and
 * until then its lock would keep out the next attempt of this process.
 */
function lock(connection: SqliteConnection, wasEmpty: boolean): void {
  connection.exec('PRAGMA busy_timeout = 0');
  connection.exec('PRAGMA locking_mode = EXCLUSIVE');
  connection.exec('PRAGMA synchronous = FULL');
  connection.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
  if (!wasEmpty) connection.exec('PRAGMA journal_mode = WAL');
  connection.exec('BEGIN EXCLUSIVE');
  connection.exec('COMMIT');
  connection.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
}

/**
 * Lets another connection of this process have the store too. Another broker is kept out all the same:
 * it begins with a lock that cannot be shared.
 *
 * @returns What the file says of its owner.
 * @throws StoreInUseError where another broker has taken the store meanwhile.
 */
function share(connection: SqliteConnection, file: string): string {
  const token = randomUUID();
  connection.exec('BEGIN IMMEDIATE');
  connection.prepare('INSERT OR REPLACE INTO owner (id, token) VALUES (1, ?)').run(token);
  connection.exec('COMMIT');
  // SQLite shares no log that it has begun to write for one connection alone.
  endLog(connection);
  connection.pragma('locking_mode = NORMAL');
  connection.prepare('SELECT COUNT(*) FROM sqlite_schema').get();
  connection.pragma('journal_mode = WAL');
  connection.exec('BEGIN IMMEDIATE');
  connection.exec('COMMIT');
  const owner = connection.prepare('SELECT token FROM owner').get() as { token: string };
  if (owner.token !== token) throw new StoreInUseError(file, readHolder(file));
  return token;
}

function noStore(file: string): Error {
  return new Error(`There is no store in ${file}: name the file that the broker has used.`);
}

/** Gives a new store its tables and the head of its log. */
function begin(connection: SqliteConnection, chain: AuditChain): void {
  createSchema(connection, () => {
    connection.pragma(`application_id = ${WHOLE}`);
    beginLog(connection, chain);
  });
}

function configuredKey(text: string): ChainKey {
  return { text, origin: 'the audit key that is configured', keep: () => {} };
}

/** @throws DoubtfulStoreError where the head of the log is not sealed with the key, and nobody accepts that. */
function hasOwnHead(
  connection: SqliteConnection,
  chain: AuditChain,
  { origin }: ChainKey,
  file: string,
  doubts: AcceptedDoubts,
): boolean {
  const head = connection.prepare('SELECT count, mac, seal FROM audit_head WHERE id = 1').get() as
    { count: number; mac: string; seal: string } | undefined;
  if (head !== undefined && chain.seal(head) === head.seal) return true;
  doubts.raise(
    'other-audit-key',
    `The head of the audit log in ${file} is not sealed with ${origin}: the key is another one, or the log was changed. Give the key that the store was made with: with another one the log never verifies again.`,
  );
  return false;
}
