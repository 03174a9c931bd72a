import type { BrokerDialect } from './broker-client';

/** Where the broker is, and how to speak with it. */
export interface HttpBrokerClientOptions {
  /** The management API; `/v1/keys` is added. */
  url: string;
  /** The proxy; `/{vendor}/…` is added. */
  proxyUrl: string;
  /** The management token. */
  token: string;
  dialect: BrokerDialect;
  /**
   * Milliseconds a proxied call may wait for its answer: the broker's own vendor time-out, and some
   * more.
   *
   * @default 85_000
   */
  callTimeoutMs?: number;
  /**
   * Milliseconds until a connection is open.
   *
   * @default 2_000
   */
  connectTimeoutMs?: number;
  /**
   * Milliseconds an issue or a revocation may take, once the connection is open.
   *
   * @default 5_000
   */
  answerTimeoutMs?: number;
}
