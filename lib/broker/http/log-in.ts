import type { IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import { bearerToken } from '../forwarding/request-headers';
import type { Actor } from '../operators/actor';
import type { Operators } from '../operators/operators';
import { BrokerRefusal } from '../refusal';
import type { ManagementTokens } from './management-tokens';

const WINDOW_MS = 60_000;
const MAX_FAILURES = 30;
const MAX_ADDRESSES = 10_000;

/**
 * Tells who asks by the token that is sent: the application or an operator. A valid token always gets in, however
 * often others at the same address have failed: no one there can keep an operator from a brake.
 */
export class LogIn {
  readonly #failures = new Map<string, { since: number; count: number }>();

  constructor(
    private readonly tokens: ManagementTokens,
    private readonly operators: Operators,
  ) {}

  /** @throws BrokerRefusal 401, and 429 after too many of those. */
  actorOf(req: IncomingMessage, now = performance.now()): Actor {
    const sent = req.headersDistinct['authorization'] ?? [];
    const token = sent.length === 1 ? bearerToken(sent[0]) : undefined;
    const { remoteAddress } = req.socket;
    if (token !== undefined) {
      const operator = this.operators.byToken(token, remoteAddress);
      if (this.tokens.has(token)) return this.operators.app(remoteAddress);
      if (operator !== undefined) return operator;
    }
    const wait = this.#countFailure(remoteAddress ?? '', now);
    if (wait > 0) {
      throw new BrokerRefusal(
        'too_many_log_ins',
        'Too many requests from this address had no valid token.',
        {},
        { 'retry-after': String(Math.ceil(wait / 1_000)) },
      );
    }
    throw new BrokerRefusal(
      'unauthorized',
      "The management API needs a token, KEYBRAKE_TOKEN or an operator's: Authorization: Bearer <token>.",
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
