import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { syncFolder } from '../../sync-folder';
import type { AcceptedDoubts } from '../store-doubt';

/**
 * Kept in `PRAGMA application_id`, in the header of the file: whether all that was committed is in
 * the file itself, or a `-wal` beside it has a part.
 */
export const WHOLE = 0x566b_4257;
export const WITH_WAL = 0x566b_422b;

/** Where these are in the header of a SQLite file. */
const HEADER_BYTES = 100;
const WRITE_VERSION = 18;
const READ_VERSION = 19;
const APPLICATION_ID = 68;
const IN_WAL_MODE = 2;
const IN_ROLLBACK_MODE = 1;

/** Whether a file is there, with at least one byte. */
export function hasContent(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/**
 * Makes an empty file that only its owner can read. It is made under another name: to close a file
 * frees it of all locks that this process has on it.
 */
export function createFile(file: string): void {
  if (existsSync(file)) return;
  const draft = `${file}.${process.pid}.new`;
  closeSync(openSync(draft, 'w', 0o600));
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(file);
}

/**
 * @throws DoubtfulStoreError where there is nothing in the file, and its neighbours say that there was.
 */
export function checkNewFile(file: string, doubts: AcceptedDoubts): void {
  for (const end of ['.audit-key', '-wal']) {
    if (!hasContent(file + end)) continue;
    doubts.raise(
      'new-file',
      `The store ${file} is ${existsSync(file) ? 'empty' : 'missing'}, and ${file}${end} of an earlier one is there: with a new store every cap would start again with nothing spent. Put the store back.`,
    );
  }
  // Frames of another store must not be taken for this one's.
  rmSync(`${file}-wal`, { force: true });
}

/**
 * @param handle Of the file, opened before the store is: to read it by another would free its locks.
 * @throws DoubtfulStoreError where a part of the store is missing beside it.
 * @throws Error where a part of another store is beside it.
 */
export function checkParts(file: string, handle: number, doubts: AcceptedDoubts): void {
  const wal = `${file}-wal`;
  // In this order: another process may be about to stop or to start.
  const sizeBefore = walSize(wal);
  const header = headerOf(handle);
  const sizeAfter = walSize(wal);
  if (header === undefined) return;
  const inWalMode = header[READ_VERSION] === IN_WAL_MODE;
  if (!inWalMode && sizeBefore !== undefined && sizeAfter !== undefined) {
    if (sizeBefore > 0 && sizeAfter > 0) {
      throw new Error(
        `The store ${file} was closed or copied as a whole, and ${wal} does not belong to it: move that file away.`,
      );
    }
    rmSync(wal, { force: true });
  }
  if (!inWalMode || sizeBefore !== undefined || sizeAfter !== undefined) return;
  if (header.readUInt32BE(APPLICATION_ID) === WHOLE) return;
  doubts.raise(
    'lost-wal',
    `The newest part of the store ${file} is missing: its broker did not close it, and there is no ${wal}. What was spent last is in that file: put it back.`,
  );
}

/** The header of a copy that is whole in one file. */
export function asWhole(header: Buffer): Buffer {
  const whole = Buffer.from(header);
  whole[WRITE_VERSION] = IN_ROLLBACK_MODE;
  whole[READ_VERSION] = IN_ROLLBACK_MODE;
  whole.writeUInt32BE(WHOLE, APPLICATION_ID);
  return whole;
}

/** Says beside the store which process has it, for one that would like to. */
export function writeHolder(file: string): void {
  try {
    writeFileSync(`${file}.pid`, `${process.pid} ${hostname()}\n`, { mode: 0o600 });
  } catch {
    // It serves a message alone.
  }
}

export function removeHolder(file: string): void {
  rmSync(`${file}.pid`, { force: true });
}

/** The process that has the store, as it says itself. */
export function readHolder(file: string): { pid: number; host: string } | undefined {
  try {
    const [, pid, host] = /^(\d+) (\S+)\n$/.exec(readFileSync(`${file}.pid`, 'utf8')) ?? [];
    return pid === undefined || host === undefined ? undefined : { pid: Number(pid), host };
  } catch {
    return undefined;
  }
}

function walSize(wal: string): number | undefined {
  return statSync(wal, { throwIfNoEntry: false })?.size;
}

function headerOf(handle: number): Buffer | undefined {
  const header = Buffer.alloc(HEADER_BYTES);
  return readSync(handle, header, 0, HEADER_BYTES, 0) === HEADER_BYTES ? header : undefined;
}
