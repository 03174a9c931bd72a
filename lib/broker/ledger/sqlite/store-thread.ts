import { MessageChannel, Worker, receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

/** How long a close waits for what the thread is doing. */
const CLOSE_MS = 30_000;
/** How long it waits for a thread that is still being started. */
const START_MS = 2_000;

/** The code of the failure where the thread has ended before the store was closed. */
export const THREAD_ENDED = 'WRITER_ENDED';

/** The file that a thread has a connection of its own to. */
export interface ThreadFile {
  /** An absolute path: the process may change its folder. */
  file: string;
  /** Where the SQLite driver's module is. */
  driver: string;
  /** What `owner` in the file says: the thread has opened the same one. */
  owner: string;
}

/** What the thread is given at its start. */
interface ThreadSetup extends ThreadFile {
  /** The file that the process was started with. */
  program: string | undefined;
  port: MessagePort;
  /** Set to 1 once the thread has freed the file, or could not open it. */
  closed: Int32Array;
}

/** Told of the start of a thread: one of the two. */
export interface ThreadStart {
  /** The thread has opened the file. */
  onReady: () => void;
  onFailedStart: (error: Error) => void;
}

/** `ready` comes first; the others come in the order in which they were asked for. */
type ThreadAnswer =
  | { ready: true }
  | { result: unknown }
  | { failure: { code: unknown; message: string; at?: number } };

/** What a thread could not do. */
export interface ThreadFailure extends Error {
  code?: unknown;
  /** Of a batch: the number of the statement. */
  at?: number;
}

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: ThreadFailure) => void;
}

/** A thread with a connection of its own to the store's file. It ends with {@link StoreThread.close}. */
export class StoreThread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  /** Set by the thread once it has freed the file. */
  readonly #closed = new Int32Array(new SharedArrayBuffer(4));
  /** In the order in which they were asked. */
  readonly #waiting: Waiting[] = [];
  #isReady = false;
  #isClosing = false;
  #ended: ThreadFailure | undefined;

  constructor(
    name: string,
    program: string,
    file: ThreadFile,
    private readonly start: ThreadStart,
  ) {
    const { port1, port2 } = new MessageChannel();
    const [, main] = process.argv;
    const setup: ThreadSetup = { ...file, program: main, port: port2, closed: this.#closed };
    this.#worker = new Worker(program, {
      eval: true,
      // What the process is started with (a preload, the kind of its input) is not meant for it.
      execArgv: [],
      name,
      workerData: setup,
      transferList: [port2],
    });
    this.#port = port1;
    this.#port.on('message', (answer: ThreadAnswer) => this.#take(answer));
    // It keeps a process alive while its start, or an answer, is waited for: see #take.
    this.#worker.unref();
    this.#worker.on('error', (error: Error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('it ended by itself')));
  }

  /** Asks for what the thread answers, after all that it was asked before. */
  ask(request: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended);
        return;
      }
      this.#waiting.push({ resolve, reject });
      // What was asked for is to be answered before the process ends.
      this.#port.ref();
      this.#port.postMessage(request);
    });
  }

  /** Tells what has no answer. */
  tell(request: string): void {
    this.#port.postMessage(request);
  }

  close(): void {
    if (this.#ended !== undefined) return;
    this.#isClosing = true;
    this.tell('close');
    // One that could not start may never say so, and its end is not heard while this thread waits.
    Atomics.wait(this.#closed, 0, 0, this.#isReady ? CLOSE_MS : START_MS);
    // What the thread said before it has closed is true, though nobody was told yet.
    for (;;) {
      const answer = receiveMessageOnPort(this.#port) as { message: ThreadAnswer } | undefined;
      if (answer === undefined) break;
      this.#take(answer.message);
    }
    this.#end(new Error('the store is closed'));
    this.#port.close();
  }

  #take(answer: ThreadAnswer): void {
    if ('ready' in answer) {
      this.#isReady = true;
      if (this.#waiting.length === 0) this.#port.unref();
      if (this.#ended === undefined) this.start.onReady();
      return;
    }
    const asked = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#port.unref();
    if (asked === undefined) return;
    if ('result' in answer) {
      asked.resolve(answer.result);
      return;
    }
    const { message, ...rest } = answer.failure;
    asked.reject(Object.assign(new Error(message), rest));
  }

  /** What was being done may be done or not, and nothing is done after it. */
  #end(reason: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = Object.assign(reason, { code: THREAD_ENDED });
    this.#port.unref();
    if (!this.#isReady && !this.#isClosing) this.start.onFailedStart(reason);
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }
}
