import { WalCheckpoints } from './wal-checkpoints';
import { InlineWriter } from './inline-writer';
import type { StatementWriter } from './inline-writer';
import type { Write } from './pending-writes';
import type { SqliteConnection } from './sqlite-driver';
import type { ThreadFile } from './store-thread';
import { ThreadWriter } from './thread-writer';

/** A store that is hardly written needs no thread of its own. */
const THREAD_AFTER_BATCHES = 16;
/** How many pages the `-wal` has when the connection that writes moves them into the file. */
const OWN_CHECKPOINT_PAGES = 1_000;
/** The same while another thread does it: only where that one does not keep up. */
const LAST_CHECKPOINT_PAGES = 4_000;

/** Writes the batches of a file: on the thread that opened it at first, and then on one of its own. */
export class FileWriter implements StatementWriter {
  readonly #inline: InlineWriter;
  #current: StatementWriter;
  #thread: ThreadWriter | undefined;
  /** The thread has opened the file, and writes nothing yet. */
  #ready: ThreadWriter | undefined;
  readonly #checkpoints: WalCheckpoints;
  /** Whether another thread moves pages into the file. */
  #hasCheckpoints = false;
  #isHeld = false;
  #handedOver: Promise<void> | undefined;
  #batches = 0;

  /** @param log Takes the lines of the log, without their ends. */
  constructor(
    connection: SqliteConnection,
    private readonly file: ThreadFile,
    private readonly log: (line: string) => void,
  ) {
    this.#inline = new InlineWriter(connection);
    this.#current = this.#inline;
    this.#checkpoints = new WalCheckpoints(
      file,
      () => {
        this.#hasCheckpoints = true;
        this.#setOwnCheckpoints();
      },
      (error) =>
        this.log(
          `the store ${file.file} moves its -wal into the file on the thread that writes, which delays calls: no other thread could be started (${error.message})`,
        ),
    );
  }

  write(writes: readonly Write[]): void | Promise<void> {
    this.#batches += 1;
    if (this.#batches === THREAD_AFTER_BATCHES) void this.handOver();
    this.#takeOver();
    if (this.#current !== this.#inline) this.#checkpoints.wrote(writes.length);
    return this.#current.write(writes);
  }

  pragma(text: string): unknown {
    return this.#current.pragma(text);
  }

  /**
   * Resolves once nothing is moved from the `-wal` into the file, until {@link FileWriter.releaseWalCheckpoints}:
   * the file stays as it is while it is copied.
   */
  async holdWalCheckpoints(): Promise<void> {
    this.#isHeld = true;
    await this.#checkpoints.hold();
    await this.#setOwnCheckpoints();
  }

  releaseWalCheckpoints(): void {
    this.#isHeld = false;
    this.#checkpoints.release();
    this.#setOwnCheckpoints();
  }

  /** Resolves once it writes on the thread where it stays. */
  handOver(): Promise<void> {
    return (this.#handedOver ??= new Promise((resolve) => {
      this.#thread = new ThreadWriter(this.file, {
        onReady: () => {
          this.#ready = this.#thread;
          this.#takeOver();
          resolve();
        },
        onFailedStart: (error) => {
          this.log(
            `the store ${this.file.file} is written on the application's own thread, which waits for the disk: no other thread could be started (${error.message})`,
          );
          resolve();
        },
      });
    }));
  }

  close(): void {
    this.#checkpoints.close();
    this.#thread?.close();
    this.#ready = undefined;
    this.#current = this.#inline;
  }

  #takeOver(): void {
    const thread = this.#ready;
    if (thread === undefined) return;
    try {
      // What another program has written before, only this thread can tell.
      if (this.#inline.hasForeignWrite) return;
    } catch {
      // It cannot be told now: the next batch asks again.
      return;
    }
    this.#ready = undefined;
    thread.begin();
    this.#current = thread;
    this.#setOwnCheckpoints();
  }

  /** Has the connection that writes make its own checkpoints when they are due. */
  #setOwnCheckpoints(): unknown {
    const pages = this.#hasCheckpoints ? LAST_CHECKPOINT_PAGES : OWN_CHECKPOINT_PAGES;
    const set = this.#current.pragma(`wal_autocheckpoint = ${this.#isHeld ? 0 : pages}`);
    // A thread that has ended writes nothing any more.
    if (set instanceof Promise) set.catch(() => {});
    return set;
  }
}
