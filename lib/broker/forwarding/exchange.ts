import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { AnswerBody } from './answer-body';
import type { BodySource } from './answer-body';

/** More of an answer than this is not read for what it says of money. */
const MAX_CAPTURE_BYTES = 1_048_576;

/** One request as it leaves: the path goes byte for byte as given. */
export interface ExchangeRequest {
  method: string;
  path: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
}

/** The head of an answer, and its body as it comes. */
export interface ExchangeHead {
  status: number;
  headers: IncomingHttpHeaders;
  body: AnswerBody;
}

/** How an exchange ended, told exactly once, whether or not anyone still reads the answer. */
export type ExchangeEnd =
  /** The whole answer came; `body` where it was captured and not too large. */
  | { kind: 'complete'; status: number; headers: IncomingHttpHeaders; body?: Buffer }
  /** The head came, the body was cut short. */
  | { kind: 'cut'; status: number; headers: IncomingHttpHeaders }
  /**
   * No head came. `sent` is false where nothing can have reached the other side; `cause` is the code of
   * what failed, without a secret.
   */
  | { kind: 'failed'; sent: boolean; timedOut: boolean; cause: string };

/** How an exchange goes. Times in milliseconds. */
export interface ExchangeRules {
  /** How long it may wait for a connection; a part of `answerMs` where it is absent. */
  connectMs?: number;
  /** How long it may wait for the head of the answer. */
  answerMs: number;
  /** Whether its end tells the body. */
  capture: boolean;
  /**
   * Whether it is followed to its end where nobody reads the answer: then a reader that pauses, and the rest
   * after the reader is gone, have `answerMs` each.
   */
  isFollowed: boolean;
}

/** One request over a connection of undici's, and its answer. */
export class Exchange implements Dispatcher.DispatchHandler, BodySource {
  readonly readTimeoutMs: number | undefined;
  /** Why no head came, as undici says it. It may name a proxy with its credentials: not to be shown. */
  error: NodeJS.ErrnoException | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #sent = false;
  #timedOut = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #body: AnswerBody | undefined;
  #ended = false;
  #captured: Buffer[] | undefined;
  #capturedBytes = 0;
  /** For the connection and the head first, then for what is left after the reader. */
  #timer: NodeJS.Timeout | undefined;
  #lastTurn: NodeJS.Immediate | undefined;

  /**
   * @param onEnd Called once, before the answer's body ends.
   * @param onHead Called once, with `undefined` where no head came.
   */
  constructor(
    private readonly rules: ExchangeRules,
    private readonly onEnd: (end: ExchangeEnd) => void,
    private readonly onHead: (head: ExchangeHead | undefined) => void,
  ) {
    if (rules.isFollowed) this.readTimeoutMs = rules.answerMs;
    if (rules.capture) this.#captured = [];
    this.#arm(rules.connectMs ?? rules.answerMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Given up while it waited for a connection: it must not leave any more.
    if (this.#ended || this.#timedOut) {
      controller.abort(new Error('the call has ended'));
      return;
    }
    this.#sent = true;
    if (this.rules.connectMs !== undefined) this.#arm(this.rules.answerMs);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return;
    this.#disarm();
    this.#status = status;
    this.#headers = headers;
    this.#body = new AnswerBody(this);
    this.onHead({ status, headers, body: this.#body });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#captured !== undefined) {
      this.#capturedBytes += chunk.length;
      if (this.#capturedBytes > MAX_CAPTURE_BYTES) this.#captured = undefined;
      else this.#captured.push(chunk);
    }
    this.#body?.push(chunk);
  }

  onResponseEnd(): void {
    this.#disarm();
    if (this.#ended) return;
    this.#ended = true;
    this.onEnd({
      kind: 'complete',
      status: this.#status,
      headers: this.#headers,
      ...(this.#captured === undefined ? {} : { body: whole(this.#captured) }),
    });
    this.#body?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.error = error;
    this.#fail(causeOf(error));
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  /** Nobody reads the rest: it is dropped, so that what it says of money is known, or is not waited for. */
  drain(): void {
    if (this.#ended) return;
    if (!this.rules.isFollowed) {
      this.#controller?.abort(new Error('the answer is no longer read'));
      return;
    }
    this.#disarm();
    this.#timer = setTimeout(
      () => this.#controller?.abort(new Error('the answer did not end in time')),
      this.rules.answerMs,
    );
    this.#controller?.resume();
  }

  #arm(ms: number): void {
    this.#disarm();
    const end = (): void => {
      this.#timedOut = true;
      if (this.#controller === undefined) this.#fail('no connection in time');
      else this.#controller.abort(new Error('no answer in time'));
    };
    this.#timer = setTimeout(() => {
      // What has not left by now must not leave any more.
      if (this.#controller === undefined && this.rules.connectMs === undefined) end();
      // A process that was busy hears of its timers first, and then of what has come meanwhile.
      else this.#lastTurn = setImmediate(end);
    }, ms);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#lastTurn);
  }

  #fail(cause: string): void {
    this.#disarm();
    if (this.#ended) return;
    this.#ended = true;
    if (this.#body === undefined) {
      this.onEnd({ kind: 'failed', sent: this.#sent, timedOut: this.#timedOut, cause });
      this.onHead(undefined);
    } else {
      this.onEnd({ kind: 'cut', status: this.#status, headers: this.#headers });
      this.#body.cut(this.rules.isFollowed ? undefined : this.error);
    }
  }
}

function whole(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
}

/** The code of an error: its words may hold what a proxy or a vendor has sent. */
function causeOf(error: NodeJS.ErrnoException): string {
  const proxyStatus = /^Proxy response \((\d{3})\)/.exec(error.message)?.[1];
  if (proxyStatus !== undefined) return `the proxy answered ${proxyStatus}`;
  const { code, cause } = error;
  return code ?? (cause as NodeJS.ErrnoException | undefined)?.code ?? error.name;
}
