import type { BrokerDialect } from './broker-client';

/** Where the broker is, and how to speak with it. */
export interface HttpBrokerClientOptions {
  /** The management API; `/v1/keys` is added. Or that of several brokers on one store. */
  url: string | readonly string[];
  /**
   * The proxy; `/{vendor}/…` is added. Of several brokers each has it at its own URL.
   *
   * @default `url`
   */
  proxyUrl?: string;
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
