import type { IncomingMessage } from 'node:http';
import { bearerToken } from '../forwarding/request-headers';
import type { Actor } from '../operators/actor';
import type { Operators } from '../operators/operators';
import { BrokerRefusal } from '../refusal';
import type { FailedLogIns } from './failed-log-ins';
import type { ManagementTokens } from './management-tokens';

/**
 * Tells who asks by the token that is sent: the application or an operator. A valid token always gets in, however
 * often others at the same address have failed: no one there can keep an operator from a brake.
 */
export class LogIn {
  constructor(
    private readonly tokens: ManagementTokens,
    private readonly operators: Operators,
    private readonly failures: FailedLogIns,
  ) {}

  /**
   * @param isAttempt Whether a request without a token is one that failed.
   * @throws BrokerRefusal 401, and 429 after too many of those.
   */
  actorOf(req: IncomingMessage, isAttempt = true): Actor {
    const [sent, ...more] = authorizationsOf(req);
    const token = more.length === 0 ? bearerToken(sent) : undefined;
    const { remoteAddress } = req.socket;
    if (token !== undefined) {
      const operator = this.operators.byToken(token, remoteAddress);
      if (this.tokens.has(token)) return this.operators.app(remoteAddress);
      if (operator !== undefined) return operator;
    }
    if (isAttempt || sent !== undefined) this.failures.count(remoteAddress);
    throw new BrokerRefusal(
      'unauthorized',
      "The token is missing or not valid: the management API takes KEYBRAKE_TOKEN or an operator's, as Authorization: Bearer <token>.",
      {},
      { 'www-authenticate': 'Bearer' },
    );
  }
}

/** Of several, no one can say which is meant. */
function authorizationsOf({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter(
    (_text, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'authorization',
  );
}
