import type { FlightLimits } from './flight';
import { KeptConnections } from './kept-connections';
import { RelayConnection } from './relay-connection';
import { baseOf } from './request-sender';
import type { BaseUrl } from './request-sender';

/**
 * How many vendor calls are with one broker at once. What is beyond waits for as long as a connection
 * may take, and is then given up, unsent.
 */
export const CALLS_AT_ONCE = 256;
/** So few that even a broker with little of a core answers the last of them in time. */
export const ISSUES_AT_ONCE = 64;
/** Leases, brakes and revocations do not wait behind new keys. */
const QUESTIONS_AT_ONCE = 32;

/** One broker that is a server: where it is, and the connections that are kept to it. */
export class BrokerConnections {
  readonly api: BaseUrl;
  readonly proxy: BaseUrl;
  readonly issues = new KeptConnections(ISSUES_AT_ONCE);
  readonly questions = new KeptConnections(QUESTIONS_AT_ONCE);
  readonly calls = new KeptConnections(CALLS_AT_ONCE);
  #relay: RelayConnection | undefined;

  constructor(url: string, proxyUrl: string = url) {
    this.api = baseOf(url);
    this.proxy = baseOf(proxyUrl);
  }

  /** What a vendor's own client sends over. */
  relay(limits: FlightLimits): RelayConnection {
    return (this.#relay ??= new RelayConnection(this.proxy.origin, limits, CALLS_AT_ONCE));
  }

  async close(): Promise<void> {
    this.issues.destroy();
    this.questions.destroy();
    this.calls.destroy();
    await this.#relay?.destroy();
  }
}
