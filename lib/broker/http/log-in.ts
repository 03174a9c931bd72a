import type { IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import { bearerToken } from '../forwarding/request-headers';
import { BrokerRefusal } from '../refusal';
import type { ManagementTokens } from './management-tokens';

const WINDOW_MS = 60_000;
const MAX_FAILURES = 30;
const MAX_ADDRESSES = 10_000;

/**
 * Tells a caller with the management token from all others. The token always gets in, however
 * often others at the same address have failed: no one there can keep an operator from a brake.
 */
export class LogIn {
  readonly #failures = new Map<string, { since: number; count: number }>();

  constructor(private readonly tokens: ManagementTokens) {}

  /** @throws BrokerRefusal 401, and 429 after too many of those. */
  check(req: IncomingMessage, now = performance.now()): void {
    const sent = req.headersDistinct['authorization'] ?? [];
    const token = sent.length === 1 ? bearerToken(sent[0]) : undefined;
    if (token !== undefined && this.tokens.has(token)) return;
    const wait = this.#countFailure(req.socket.remoteAddress ?? '', now);
    if (wait > 0) {
      throw new BrokerRefusal(
        'too_many_log_ins',
        'Too many requests from this address had no valid management token.',
        {},
        { 'retry-after': String(Math.ceil(wait / 1_000)) },
      );
    }
    throw new BrokerRefusal(
      'unauthorized',
      'The management API needs its token: Authorization: Bearer <KEYBRAKE_TOKEN>.',
      {},
      { 'www-authenticate': 'Bearer' },
    );
  }

  /** How long the address has to wait before it is told anything but to wait. */
  #countFailure(address: string, now: number): number {
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
