import type { Dispatcher } from 'undici';
import { ConnectionShares, DEFAULT_CONNECTIONS } from './connection-shares';
import type { ConnectionCaller, Release } from './connection-shares';
import { Exchange } from './exchange';
import type { ExchangeEnd, ExchangeHead, ExchangeRequest } from './exchange';
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
    request: ExchangeRequest,
    capture: boolean,
    onEnd: (end: ExchangeEnd) => void,
  ): Promise<ExchangeHead | undefined> {
    return new Promise((resolve) => {
      const rules = { answerMs: this.timeoutMs, capture, isFollowed: true };
      const exchange = new Exchange(rules, onEnd, resolve);
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
