import { Readable, pipeline } from 'node:stream';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createInflate, createUnzip } from 'node:zlib';
import type { Dispatcher, Pool as UndiciPool } from 'undici';
import { Pool } from '../broker/forwarding/undici';
import type { FlightLimits, OutgoingHeaders } from './flight';

/** One request; the path goes byte for byte as given. */
export interface RelayRequest {
  method: string;
  path: string;
  headers: OutgoingHeaders;
  body?: string | undefined;
}

/** The head of an answer and its body as it comes; or what became of a request that got none. */
export type Relayed =
  | { answered: true; status: number; headers: Record<string, string>; body: Readable }
  | {
      answered: false;
      sent: boolean;
      timedOut: boolean;
      /** Whether it waited for a connection until its time was over: all were in use. */
      queued: boolean;
      failure?: NodeJS.ErrnoException;
    };

const DECODERS: Readonly<Record<string, () => Transform>> = {
  br: createBrotliDecompress,
  deflate: createInflate,
  gzip: createUnzip,
  'x-gzip': createUnzip,
};

/** Kept connections to a broker's proxy, over undici. Follows no redirect, repeats nothing. */
export class RelayConnection {
  readonly #pool: UndiciPool;

  constructor(
    origin: string,
    private readonly limits: Pick<FlightLimits, 'connectMs' | 'answerMs'>,
    private readonly maxConnections: number,
  ) {
    this.#pool = new Pool(origin, {
      connections: maxConnections,
      pipelining: 1,
      headersTimeout: 0,
      // Does not run while the reader pauses.
      bodyTimeout: limits.answerMs,
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says: a vault key goes only where the certificate is valid.
      connect: { timeout: limits.connectMs, rejectUnauthorized: true },
    });
  }

  /** Never rejects. */
  send({ method, path, headers, body }: RelayRequest): Promise<Relayed> {
    return new Promise((resolve) => {
      const isFull = (): boolean => this.#pool.stats.running >= this.maxConnections;
      const flight = new RelayFlight(this.limits, isFull, resolve);
      this.#pool.dispatch(
        { method: method as Dispatcher.HttpMethod, path, headers, body: body ?? null },
        flight,
      );
    });
  }

  destroy(): Promise<void> {
    return this.#pool.destroy();
  }
}

class RelayFlight implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #sent = false;
  #timedOut = false;
  #ended = false;
  #body: Readable | undefined;
  /** For the connection first, then for the head. */
  #timer: NodeJS.Timeout | undefined;
  #lastTurn: NodeJS.Immediate | undefined;

  constructor(
    private readonly limits: Pick<FlightLimits, 'connectMs' | 'answerMs'>,
    private readonly isFull: () => boolean,
    private readonly onAnswer: (relayed: Relayed) => void,
  ) {
    this.#arm(limits.connectMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Given up while it waited for a connection: it must not leave any more.
    if (this.#timedOut) {
      controller.abort(new Error('The call has ended.'));
      return;
    }
    this.#sent = true;
    this.#arm(this.limits.answerMs);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#disarm();
    const body = new Readable({
      read: () => controller.resume(),
      destroy: (error, done) => {
        if (!this.#ended) controller.abort(error ?? new Error('The answer is no longer read.'));
        done(error);
      },
    });
    // An answer without a reader must not end the process when it breaks off.
    body.on('error', () => undefined);
    this.#body = body;
    const given: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) given[name] = Array.isArray(value) ? value.join(', ') : value;
    }
    this.onAnswer({ answered: true, status, headers: given, body: decoded(body, given) });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body?.push(chunk) === false) controller.pause();
  }

  onResponseEnd(): void {
    this.#ended = true;
    this.#body?.push(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#body === undefined) this.#fail(error);
    else this.#body.destroy(error);
  }

  #arm(ms: number): void {
    this.#disarm();
    const end = (): void => {
      this.#timedOut = true;
      if (this.#controller === undefined) this.#fail();
      else this.#controller.abort(new Error(`No answer within ${ms} ms.`));
    };
    this.#timer = setTimeout(() => {
      // A process that was busy hears of its timers first, and then of what has come meanwhile.
      this.#lastTurn = setImmediate(end);
    }, ms);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#lastTurn);
  }

  #fail(failure?: NodeJS.ErrnoException): void {
    this.#disarm();
    const timedOut = this.#timedOut || failure?.code === 'UND_ERR_CONNECT_TIMEOUT';
    this.onAnswer({
      answered: false,
      sent: this.#sent,
      timedOut,
      queued: timedOut && !this.#sent && this.isFull(),
      ...(failure === undefined ? {} : { failure }),
    });
  }
}

/** The body as it was before something on the way compressed it unasked. */
function decoded(body: Readable, headers: Record<string, string>): Readable {
  const decoder = DECODERS[headers['content-encoding']?.toLowerCase() ?? ''];
  if (decoder === undefined) return body;
  delete headers['content-encoding'];
  delete headers['content-length'];
  const plain = decoder();
  pipeline(body, plain, () => undefined);
  plain.on('error', () => undefined);
  return plain;
}
