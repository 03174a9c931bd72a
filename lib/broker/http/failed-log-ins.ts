import { performance } from 'node:perf_hooks';
import { BrokerRefusal } from '../refusal';

const WINDOW_MS = 60_000;
const MAX_FAILURES = 30;
const MAX_ADDRESSES = 10_000;

/** Counts the log-ins that failed, by address: of too many in a minute no more is told than to wait. */
export class FailedLogIns {
  readonly #failures = new Map<string, { since: number; count: number }>();

  /**
   * Counts one.
   *
   * @throws BrokerRefusal 429 where there were too many.
   */
  count(address = '', now = performance.now()): void {
    const wait = this.#waitAfter(address, now);
    if (wait === 0) return;
    throw new BrokerRefusal(
      'too_many_log_ins',
      'Too many requests from this address had no valid token.',
      {},
      { 'retry-after': String(Math.ceil(wait / 1_000)) },
    );
  }

  #waitAfter(address: string, now: number): number {
    const known = this.#failures.get(address);
    if (known !== undefined && now - known.since < WINDOW_MS) {
      known.count += 1;
      return known.count > MAX_FAILURES ? known.since + WINDOW_MS - now : 0;
    }
    this.#failures.delete(address);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size >= MAX_ADDRESSES && oldest !== undefined) this.#failures.delete(oldest);
    this.#failures.set(address, { since: now, count: 1 });
    return 0;
  }
}
