import { MessageChannel, Worker, receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { FailedWrite } from './inline-writer';
import type { StatementWriter } from './inline-writer';
import type { Write } from './pending-writes';
import { runWriterThread } from './writer-thread';
import type { WriterAnswer, WriterRequest, WriterSetup } from './writer-thread';

/** How long a close waits for the batch that is being written. */
const CLOSE_MS = 30_000;

interface Waiting {
  writes: readonly Write[];
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** Told of the start of a thread: one of the two. */
export interface ThreadStart {
  /** The thread has opened the file. */
  onReady: (thread: ThreadWriter) => void;
  onFailedStart: (error: Error) => void;
}

/**
 * Writes on a thread of its own: while the disk flushes, the application's event loop goes on. The
 * thread has the one connection that writes; it ends with {@link ThreadWriter.close}.
 */
export class ThreadWriter implements StatementWriter {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  /** Set by the thread once it has freed the file. */
  readonly #closed = new Int32Array(new SharedArrayBuffer(4));
  /** In the order in which they were asked. */
  readonly #waiting: Waiting[] = [];
  #isReady = false;
  #isClosing = false;
  #ended: Error | undefined;

  /** @param driver Where the SQLite driver's module is. */
  constructor(
    file: string,
    driver: string,
    private readonly start: ThreadStart,
  ) {
    const { port1, port2 } = new MessageChannel();
    const setup: WriterSetup = { file, driver, port: port2, closed: this.#closed };
    // Its source, not its file: a bundle has one file, and a test none that Node.js could read.
    this.#worker = new Worker(`(${runWriterThread.toString()})(require)`, {
      eval: true,
      name: 'vault-key-store',
      workerData: setup,
      transferList: [port2],
    });
    this.#port = port1;
    this.#port.on('message', (answer: WriterAnswer) => this.#take(answer));
    // Neither keeps a process alive that has nothing to wait for.
    this.#port.unref();
    this.#worker.unref();
    this.#worker.on('error', (error: Error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('the thread that writes has ended')));
  }

  write(writes: readonly Write[]): Promise<void> {
    return this.#ask({ writes }, writes) as Promise<void>;
  }

  pragma(text: string): Promise<unknown> {
    return this.#ask({ pragma: text }, []);
  }

  close(): void {
    if (this.#ended !== undefined) return;
    this.#isClosing = true;
    this.#port.postMessage({ close: true } satisfies WriterRequest);
    Atomics.wait(this.#closed, 0, 0, CLOSE_MS);
    // What the thread said before it has closed is true, though nobody was told yet.
    for (;;) {
      const answer = receiveMessageOnPort(this.#port) as { message: WriterAnswer } | undefined;
      if (answer === undefined) break;
      this.#take(answer.message);
    }
    this.#end(new Error('the store is closed'));
    this.#port.close();
  }

  #ask(request: WriterRequest, writes: readonly Write[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(new FailedWrite(undefined, this.#ended));
        return;
      }
      this.#waiting.push({ writes, resolve, reject });
      // What was asked for is to be answered before the process ends.
      this.#port.ref();
      this.#port.postMessage(request);
    });
  }

  #take(answer: WriterAnswer): void {
    if ('ready' in answer) {
      this.#isReady = true;
      if (this.#ended === undefined) this.start.onReady(this);
      return;
    }
    const asked = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#port.unref();
    if (asked === undefined) return;
    if ('result' in answer) {
      asked.resolve(answer.result);
      return;
    }
    const { code, message, at } = answer.failure;
    const [sql] = (at === undefined ? undefined : asked.writes[at]) ?? [];
    asked.reject(new FailedWrite(sql, Object.assign(new Error(message), { code })));
  }

  /** What was being written may be written or not: nothing is decided on top of it. */
  #end(reason: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    if (!this.#isReady && !this.#isClosing) this.start.onFailedStart(reason);
    for (const { reject } of this.#waiting.splice(0)) reject(new FailedWrite(undefined, reason));
  }
}
