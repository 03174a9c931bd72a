import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { AnswerBody } from './answer-body';
import type { BodySource } from './answer-body';
import { ConnectionShares, DEFAULT_CONNECTIONS } from './connection-shares';
import type { ConnectionCaller, Release } from './connection-shares';
import { Pool, loadProxyAgent } from './undici';

/** More of an answer than this is not read for what it says of money. */
const MAX_CAPTURE_BYTES = 1_048_576;
const CONNECT_TIMEOUT_MS = 10_000;

/** One request as it leaves for the vendor: the path goes byte for byte as given. */
export interface VendorRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** The head of the vendor's answer, and its body as it comes. */
export interface VendorHead {
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
   * No head came. `sent` is false where nothing can have reached the vendor; `cause` is the code of
   * what failed, without a secret.
   */
  | { kind: 'failed'; sent: boolean; timedOut: boolean; cause: string };

/** How a vendor's API is reached. */
export interface VendorConnectionOptions {
  timeoutMs: number;
  /** How many connections there may be at once. */
  connections?: number;
  /** How many of them one key may have, where that is less than its share. */
  maxPerKey?: number;
  /** The proxy between, for an `https:` vendor. It may hold credentials. */
  proxy?: URL;
}

/** Keep-alive connections to one vendor's API. Follows no redirects, retries nothing. */
export class VendorConnection {
  readonly #pool: Dispatcher;
  readonly #shares: ConnectionShares;
  private readonly timeoutMs: number;

  constructor(
    private readonly origin: string,
    { timeoutMs, connections = DEFAULT_CONNECTIONS, maxPerKey, proxy }: VendorConnectionOptions,
  ) {
    this.timeoutMs = timeoutMs;
    this.#shares = new ConnectionShares(connections, maxPerKey);
    const connectMs = Math.min(CONNECT_TIMEOUT_MS, timeoutMs);
    const options = { connections, pipelining: 1, headersTimeout: 0, bodyTimeout: timeoutMs };
    // Said here, so that no NODE_TLS_REJECT_UNAUTHORIZED in the environment unsays it.
    const tls = { timeout: connectMs, rejectUnauthorized: true };
    this.#pool =
      proxy === undefined
        ? new Pool(origin, { ...options, connect: tls })
        : new (loadProxyAgent())({
            ...options,
            uri: proxy.href,
            requestTls: tls,
            proxyTls: tls,
            // A proxy that takes the connection and says nothing more must not keep it.
            clientFactory: (to, pool) => new Pool(to, { ...pool, headersTimeout: connectMs }),
          });
  }

  /**
   * Takes a connection for one exchange; it is the caller's to give back when the exchange ends.
   *
   * @throws BrokerRefusal 503 `overloaded` where none is free within a second, also by rejecting.
   */
  reserve(caller: ConnectionCaller): Release | Promise<Release> {
    return this.#shares.reserve(caller);
  }

  /**
   * Sends a request. Resolves with the head of the answer, or with `undefined` where none came;
   * `onEnd` is called once, before the answer's body ends, with what became of the exchange. The
   * exchange is followed even where the answer's body is destroyed; the rest of it then has one
   * time-out to arrive. A body that is not read for a time-out is destroyed.
   */
  exchange(
    request: VendorRequest,
    capture: boolean,
    onEnd: (end: ExchangeEnd) => void,
  ): Promise<VendorHead | undefined> {
    return new Promise((resolve) => {
      const exchange = new VendorExchange(this.timeoutMs, capture, onEnd, resolve);
      this.#pool.dispatch(
        {
          origin: this.origin,
          method: request.method as Dispatcher.HttpMethod,
          path: request.path,
          headers: request.headers,
          body: request.body ?? null,
        },
        exchange,
      );
    });
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }
}

class VendorExchange implements Dispatcher.DispatchHandler, BodySource {
  #controller: Dispatcher.DispatchController | undefined;
  #sent = false;
  #timedOut = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #body: AnswerBody | undefined;
  #ended = false;
  #captured: Buffer[] | undefined;
  #capturedBytes = 0;
  /** For the head first, then for what is left after the reader. */
  #timer: NodeJS.Timeout;

  constructor(
    readonly readTimeoutMs: number,
    capture: boolean,
    private readonly onEnd: (end: ExchangeEnd) => void,
    private readonly onHead: (head: VendorHead | undefined) => void,
  ) {
    if (capture) this.#captured = [];
    this.#timer = setTimeout(() => {
      this.#timedOut = true;
      if (this.#controller === undefined) this.#fail('no connection in time');
      else this.#controller.abort(new Error('the vendor did not answer in time'));
    }, readTimeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Given up while it waited for a connection: it must not leave any more.
    if (this.#ended) controller.abort(new Error('the call has ended'));
    else this.#sent = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return;
    clearTimeout(this.#timer);
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
    clearTimeout(this.#timer);
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
    this.#fail(causeOf(error));
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  /** The rest flows and is dropped, so that the call can be settled. */
  drain(): void {
    if (this.#ended) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#controller?.abort(new Error('the vendor did not end its answer in time')),
      this.readTimeoutMs,
    );
    this.#controller?.resume();
  }

  #fail(cause: string): void {
    clearTimeout(this.#timer);
    if (this.#ended) return;
    this.#ended = true;
    if (this.#body === undefined) {
      this.onEnd({ kind: 'failed', sent: this.#sent, timedOut: this.#timedOut, cause });
      this.onHead(undefined);
    } else {
      this.onEnd({ kind: 'cut', status: this.#status, headers: this.#headers });
      this.#body.cut();
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
