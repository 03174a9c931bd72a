import { FailedWrite } from './inline-writer';
import type { StatementWriter } from './inline-writer';
import type { Write } from './pending-writes';
import { WRITER_PROGRAM } from './store-programs';
import { StoreThread, THREAD_ENDED } from './store-thread';
import type { ThreadFailure, ThreadFile, ThreadStart } from './store-thread';

/** Statements that are written in one transaction. */
interface ThreadBatch {
  /** The texts that the thread has not been given before: each has the next number, from 0 on. */
  texts: readonly string[];
  writes: readonly (readonly [number: number, values: Write[1]])[];
}

/**
 * Writes on a thread of its own: while the disk flushes, the application's event loop goes on. The
 * thread has the one connection that writes.
 */
export class ThreadWriter implements StatementWriter {
  readonly #thread: StoreThread;
  /** Of the statements that the thread has been given. */
  readonly #numbers = new Map<string, number>();

  constructor(file: ThreadFile, start: ThreadStart) {
    this.#thread = new StoreThread('vault-key-store', WRITER_PROGRAM, file, start);
  }

  /** Takes over: from now on no other connection of the broker's writes. */
  begin(): void {
    this.#thread.tell('begin');
  }

  async write(writes: readonly Write[]): Promise<void> {
    try {
      await this.#thread.ask(this.#batchOf(writes));
    } catch (error) {
      throw failedWrite(error as ThreadFailure, writes);
    }
  }

  async pragma(text: string): Promise<unknown> {
    try {
      return await this.#thread.ask({ pragma: text });
    } catch (error) {
      throw failedWrite(error as ThreadFailure, []);
    }
  }

  close(): void {
    this.#thread.close();
  }

  /** A text that was sent once goes by its number: to copy it with each batch would cost more than the rest. */
  #batchOf(writes: readonly Write[]): ThreadBatch {
    const texts: string[] = [];
    const numbered = writes.map(([sql, values]) => {
      let number = this.#numbers.get(sql);
      if (number === undefined) {
        number = this.#numbers.size;
        this.#numbers.set(sql, number);
        texts.push(sql);
      }
      return [number, values] as const;
    });
    return { texts, writes: numbered };
  }
}

function failedWrite(error: ThreadFailure, writes: readonly Write[]): FailedWrite {
  if (error.code === THREAD_ENDED) return new FailedWrite(undefined, writerEnded(error));
  const [sql] = (error.at === undefined ? undefined : writes[error.at]) ?? [];
  return new FailedWrite(sql, error);
}

/** What was on its way may be written or not: only a start reads the file again. */
function writerEnded({ message }: Error): Error {
  return Object.assign(
    new Error(`the thread that writes is gone (${message}): start the broker again`),
    { code: THREAD_ENDED },
  );
}
