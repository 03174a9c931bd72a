import { MessageChannel, Worker, receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { FailedWrite } from './inline-writer';
import type { StatementWriter } from './inline-writer';
import type { Write } from './pending-writes';
import { WRITER_PROGRAM } from './writer-thread';
import type { ThreadBatch, WriterAnswer, WriterRequest, WriterSetup } from './writer-thread';

/** How long a close waits for the batch that is being written. */
const CLOSE_MS = 30_000;
/** How long it waits for a thread that is still being started. */
const START_MS = 2_000;

interface Waiting {
  writes: readonly Write[];
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** The code of the failure where the thread has ended before the store was closed. */
export const WRITER_ENDED = 'WRITER_ENDED';

/** What a thread writes to. */
export interface ThreadFile {
  /** An absolute path. */
  file: string;
  /** Where the SQLite driver's module is. */
  driver: string;
  /** What `owner` in the file says. */
  owner: string;
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
  /** Of the statements that the thread has been given. */
  readonly #numbers = new Map<string, number>();
  #isReady = false;
  #isClosing = false;
  #ended: Error | undefined;

  constructor(
    { file, driver, owner }: ThreadFile,
    private readonly start: ThreadStart,
  ) {
    const { port1, port2 } = new MessageChannel();
    const [, program] = process.argv;
    const setup: WriterSetup = {
      file,
      driver,
      program,
      owner,
      port: port2,
      closed: this.#closed,
    };
    this.#worker = new Worker(WRITER_PROGRAM, {
      eval: true,
      // What the process is started with (a preload, the kind of its input) is not meant for it.
      execArgv: [],
      name: 'vault-key-store',
      workerData: setup,
      transferList: [port2],
    });
    this.#port = port1;
    this.#port.on('message', (answer: WriterAnswer) => this.#take(answer));
    // It keeps a process alive while its start, or an answer, is waited for: see #take.
    this.#worker.unref();
    this.#worker.on('error', (error: Error) => this.#end(error));
    this.#worker.on('exit', () =>
      this.#end(new Error('the thread that writes has ended: start the broker again')),
    );
  }

  /** Takes over: from now on no other connection of the broker's writes. */
  begin(): void {
    this.#port.postMessage({ begin: true } satisfies WriterRequest);
  }

  write(writes: readonly Write[]): Promise<void> {
    return this.#ask(this.#batchOf(writes), writes) as Promise<void>;
  }

  pragma(text: string): Promise<unknown> {
    return this.#ask({ pragma: text }, []);
  }

  close(): void {
    if (this.#ended !== undefined) return;
    this.#isClosing = true;
    this.#port.postMessage({ close: true } satisfies WriterRequest);
    // One that could not start may never say so, and its end is not heard while this thread waits.
    Atomics.wait(this.#closed, 0, 0, this.#isReady ? CLOSE_MS : START_MS);
    // What the thread said before it has closed is true, though nobody was told yet.
    for (;;) {
      const answer = receiveMessageOnPort(this.#port) as { message: WriterAnswer } | undefined;
      if (answer === undefined) break;
      this.#take(answer.message);
    }
    this.#end(new Error('the store is closed'));
    this.#port.close();
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
      if (this.#waiting.length === 0) this.#port.unref();
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

  /** What was being written may be written or not, and nothing is written after it. */
  #end(reason: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = Object.assign(reason, { code: WRITER_ENDED });
    this.#port.unref();
    if (!this.#isReady && !this.#isClosing) this.start.onFailedStart(reason);
    for (const { reject } of this.#waiting.splice(0)) reject(new FailedWrite(undefined, reason));
  }
}
