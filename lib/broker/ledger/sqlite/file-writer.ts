import { InlineWriter } from './inline-writer';
import type { StatementWriter } from './inline-writer';
import type { Write } from './pending-writes';
import type { SqliteConnection } from './sqlite-driver';
import { ThreadWriter } from './thread-writer';
import type { ThreadFile } from './thread-writer';

/** A store that is hardly written needs no thread of its own. */
const THREAD_AFTER_BATCHES = 16;

/** Writes the batches of a file: on the thread that opened it at first, and then on one of its own. */
export class FileWriter implements StatementWriter {
  readonly #inline: InlineWriter;
  #current: StatementWriter;
  #thread: ThreadWriter | undefined;
  /** The thread has opened the file, and writes nothing yet. */
  #ready: ThreadWriter | undefined;
  /** What was set last, by the name of the pragma: it holds for the thread too. */
  readonly #settings = new Map<string, string>();
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
  }

  write(writes: readonly Write[]): void | Promise<void> {
    this.#batches += 1;
    if (this.#batches === THREAD_AFTER_BATCHES) void this.handOver();
    this.#takeOver();
    return this.#current.write(writes);
  }

  pragma(text: string): unknown {
    const [name = '', value] = text.split(' = ');
    if (value !== undefined) this.#settings.set(name, text);
    return this.#current.pragma(text);
  }

  /** Resolves once it writes on the thread where it stays. */
  handOver(): Promise<void> {
    return (this.#handedOver ??= new Promise((resolve) => {
      this.#thread = new ThreadWriter(this.file, {
        onReady: (thread) => {
          this.#ready = thread;
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
    // A thread that has ended writes nothing any more.
    for (const text of this.#settings.values()) thread.pragma(text).catch(() => {});
  }
}
