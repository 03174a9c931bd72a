import type { StoreClock } from './clock';
import type { Log } from './log';
import type { RetryTimes } from './webhooks/retry-times';

/** What a broker is given by the process that it runs in. */
export interface BrokerHost {
  /**
   * Takes the lines of the log, without their ends, and how much each matters.
   *
   * @default nothing is logged
   */
  log?: Log;
  /**
   * @default the machine's clock at the start, and the monotonic one from there
   * @internal
   */
  clock?: StoreClock;
  /**
   * Where the SQLite driver's module is, for the thread that writes.
   *
   * @default where `libsql` is found
   * @internal
   */
  driver?: string;
  /**
   * When events are sent again that webhooks have not taken.
   *
   * @default from a second to 15 minutes, for 3 days
   * @internal
   */
  webhookTimes?: RetryTimes;
  /**
   * How long a start waits for another broker that has the store, in milliseconds.
   *
   * @default 10,000
   */
  storeWaitMs?: number;
  /**
   * Whether a later broker of this process may have the store: then this one is closed.
   *
   * @default it may not
   */
  givesWay?: () => boolean;
}
