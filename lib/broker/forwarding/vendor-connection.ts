import type { Dispatcher } from 'undici';
import { untraced } from '../telemetry/trace';
import { ConnectionShares, DEFAULT_CONNECTIONS } from './connection-shares';
import type { ConnectionCaller, Release } from './connection-shares';
import { Exchange } from './exchange';
import type { ExchangeEnd, ExchangeHead, ExchangeRequest, ExchangeRules } from './exchange';
import { Pool, loadProxyAgent } from './undici';

const CONNECT_TIMEOUT_MS = 10_000;

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

/** An answer that was read as a whole. */
export interface WholeAnswer {
  status: number;
  headers: ExchangeHead['headers'];
  /** `undefined` where it was cut short, too large, or did not come in time. */
  body: Buffer | undefined;
}

/** How much of an answer is waited for. */
export interface AnswerLimits {
  /** From the sending to the last byte, in milliseconds. */
  withinMs: number;
  maxBytes: number;
}

/** Keep-alive connections to one vendor's API. Follows no redirects, retries nothing. */
export class VendorConnection {
  readonly #pool: Dispatcher;
  readonly #shares: ConnectionShares;
  private readonly timeoutMs: number;

  constructor(
    /** Where it leads. */
    readonly origin: string,
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

  /** Takes a connection as {@link reserve} does, where one is free at once. */
  reserveFree(caller: ConnectionCaller): Release | undefined {
    return this.#shares.reserveFree(caller);
  }

  /**
   * Sends a request. Resolves with the head of the answer, or with `undefined` where none came;
   * `onEnd` is called once, before the answer's body ends, with what became of the exchange. The
   * exchange is followed even where the answer's body is destroyed; the rest of it then has one
   * time-out to arrive. A body that is not read for a time-out is destroyed.
   */
  exchange(
    request: ExchangeRequest,
    capture: boolean,
    onEnd: (end: ExchangeEnd) => void,
  ): Promise<ExchangeHead | undefined> {
    return this.#dispatch(request, { answerMs: this.timeoutMs, capture, isFollowed: true }, onEnd);
  }

  /**
   * Sends a request that only reads, and resolves with its whole answer, or with the end of an exchange
   * that had none. What does not come in time is given up.
   */
  async read(
    request: ExchangeRequest,
    { withinMs, maxBytes }: AnswerLimits,
  ): Promise<WholeAnswer | ExchangeEnd> {
    const answerMs = Math.min(withinMs, this.timeoutMs);
    const began = performance.now();
    let end: ExchangeEnd | undefined;
    const rules = { answerMs, capture: false, isFollowed: false };
    const head = await this.#dispatch(request, rules, (ended) => (end = ended));
    if (head === undefined) {
      return end ?? { kind: 'failed', sent: true, timedOut: false, cause: 'no answer' };
    }
    const { status, headers, body } = head;
    const timer = setTimeout(() => body.drop(), answerMs - (performance.now() - began));
    try {
      return { status, headers, body: await body.bytes(maxBytes) };
    } finally {
      clearTimeout(timer);
    }
  }

  #dispatch(
    request: ExchangeRequest,
    rules: ExchangeRules,
    onEnd: (end: ExchangeEnd) => void,
  ): Promise<ExchangeHead | undefined> {
    return new Promise((resolve) => {
      const exchange = new Exchange(rules, onEnd, resolve);
      untraced(() =>
        this.#pool.dispatch(
          {
            origin: this.origin,
            method: request.method as Dispatcher.HttpMethod,
            path: request.path,
            headers: request.headers,
            body: request.body ?? null,
          },
          exchange,
        ),
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
