import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  read as readCallback,
  rmSync,
  write,
} from 'node:fs';
import { promisify } from 'node:util';
import type { StoreCopy } from '../records';
import type { FileWriter } from './file-writer';
import { syncFolder } from '../../sync-folder';
import { asWhole } from './store-file';

const CHUNK_BYTES = 1_048_576;
/** How long the reader of a copy may pause: meanwhile the `-wal` grows. */
const STANDSTILL_MS = 60_000;

const readAt = promisify(readCallback);
const writeAll = promisify(write);

/**
 * Copies a store that is in use. All that is committed is brought into the file, which then stays as
 * it is until the copy is read: what is committed meanwhile is in the `-wal` alone.
 */
export class StoreCopier {
  #last: Promise<void> = Promise.resolve();
  #endLast = (): void => {};
  #isStopped = false;

  /** @param handle Of the file, opened before it was locked: closing any other would free the lock. */
  constructor(
    private readonly writer: FileWriter,
    private readonly handle: number,
  ) {}

  /** Begins a copy, once the one before it is done. */
  async begin(): Promise<StoreCopy> {
    let done = (): void => {};
    const before = this.#last;
    this.#last = new Promise((resolve) => (done = resolve));
    await before;
    if (this.#isStopped) {
      done();
      throw brokenOff();
    }
    const { writer } = this;
    const life = new CopyLife(() => {
      writer.releaseWalCheckpoints();
      done();
    });
    this.#endLast = () => life.end();
    try {
      await writer.handOver();
      if (this.#isStopped) throw brokenOff();
      await writer.holdWalCheckpoints();
      const [result] = (await writer.pragma('wal_checkpoint(TRUNCATE)')) as [{ busy: number }];
      if (result.busy !== 0) throw new Error('the store is being read by another program');
      life.check();
      // The file itself: what is committed from now on is in the -wal.
      const { size: bytes } = fstatSync(this.handle);
      return { bytes, chunks: this.#chunks(bytes, life), end: () => life.end() };
    } catch (error) {
      life.end();
      throw error;
    }
  }

  /** Breaks off the copy that is on its way, and all that wait: the file is about to be closed. */
  stop(): void {
    this.#isStopped = true;
    this.#endLast();
  }

  async *#chunks(bytes: number, life: CopyLife): AsyncGenerator<Buffer> {
    try {
      for (let at = 0; at < bytes;) {
        life.check();
        const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, bytes - at));
        const { bytesRead } = await readAt(this.handle, chunk, 0, chunk.length, at);
        life.check();
        if (bytesRead !== chunk.length) throw new Error('the store ended before its last page');
        life.goOn();
        yield at === 0 ? asWhole(chunk) : chunk;
        at += chunk.length;
      }
    } finally {
      life.end();
    }
  }
}

function brokenOff(): Error {
  return new Error('the copy was broken off: it was not read for a minute, or the broker stops');
}

/** How long the file has to stay as it is for a copy. */
class CopyLife {
  #timer: NodeJS.Timeout;
  #isOver = false;

  constructor(private readonly onEnd: () => void) {
    this.#timer = this.#newTimer();
  }

  check(): void {
    if (this.#isOver) throw brokenOff();
  }

  goOn(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#newTimer();
  }

  end(): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    this.#isOver = true;
    this.onEnd();
  }

  #newTimer(): NodeJS.Timeout {
    return setTimeout(() => this.end(), STANDSTILL_MS).unref();
  }
}

/**
 * Writes a copy to a new file, which is whole or not there.
 *
 * @throws Error where there is a file of that name, or the copy cannot be written.
 */
export async function writeCopy(
  { bytes, chunks }: Omit<StoreCopy, 'end'>,
  file: string,
): Promise<void> {
  const handle = openSync(file, 'wx', 0o600);
  let written = 0;
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length;) {
        at += (await writeAll(handle, chunk, at, chunk.length - at)).bytesWritten;
      }
      written += chunk.length;
    }
    if (written !== bytes) throw new Error(`only ${written} of ${bytes} bytes came`);
    fsyncSync(handle);
  } catch (error) {
    closeSync(handle);
    rmSync(file, { force: true });
    throw error;
  }
  closeSync(handle);
  syncFolder(file);
}
