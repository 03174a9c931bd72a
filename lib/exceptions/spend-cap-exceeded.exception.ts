import { HttpStatus } from '@nestjs/common';
import type { OpenUnion } from '../contract/open-union';
import type { BudgetPeriod } from '../contract/budget-periods';
import type { CapScope } from '../contract/scopes';
import { knownDetails } from './known-details';
import { dollarsText } from '../contract/usd';
import { VaultKeyException } from './vault-key.exception';

/** What is known of a cap that a call would have passed. All sums in USD. */
export interface SpendCapExceededInit {
  /** Whose cap it is: `key`, `parent`, or a budget's `tenant`, `user`, `run`, `tool`, `vendor`. */
  scope?: OpenUnion<CapScope>;
  cap?: number;
  /** What has been spent under the cap. */
  spent?: number;
  /** What calls in flight have reserved. */
  held?: number;
  /** What the refused call would have cost. */
  requested?: number;
  /** What is left. */
  remaining?: number;
  /** When a budget resets: ISO 8601, UTC. A key's own cap never does. */
  resetsAt?: string;
  /** What a budget counts, where that is not the day: `week`, `month`, `24h`. */
  period?: OpenUnion<BudgetPeriod>;
}

/**
 * The call would have passed a spend cap, so it was not sent to the vendor. Answered as 402
 * `spend_cap_exceeded`; the same call will be refused again.
 */
export class SpendCapExceededException extends VaultKeyException {
  /** Whose cap it is: `key`, `parent`, or a budget's `tenant`, `user`, `run`, `tool`, `vendor`. */
  readonly scope: OpenUnion<CapScope>;
  /** USD; absent where the broker did not say. */
  readonly cap?: number;
  /** USD; absent where the broker did not say. */
  readonly spent?: number;
  /** USD; absent where the broker did not say. */
  readonly remaining?: number;
  /** When a budget resets: ISO 8601, UTC. */
  readonly resetsAt?: string;
  /** What a budget counts, where that is not the day: `week`, `month`, `24h`. */
  readonly period?: OpenUnion<BudgetPeriod>;

  constructor(init: SpendCapExceededInit = {}) {
    const scope = init.scope ?? 'key';
    super({
      code: 'spend_cap_exceeded',
      message: messageOf(scope, init),
      status: HttpStatus.PAYMENT_REQUIRED,
      retryable: false,
      details: knownDetails({
        scope,
        cap: init.cap,
        spent: init.spent,
        held: init.held,
        requested: init.requested,
        remaining: init.remaining,
        resetsAt: init.resetsAt,
        period: init.period,
      }),
    });
    this.scope = scope;
    this.cap = init.cap;
    this.spent = init.spent;
    this.remaining = init.remaining;
    this.resetsAt = init.resetsAt;
    this.period = init.period;
  }
}

function messageOf(scope: string, init: SpendCapExceededInit): string {
  const owner = scope === 'key' ? 'of this invocation' : `of this ${scope}`;
  const known = [
    init.spent === undefined ? undefined : `${dollarsText(init.spent)} is spent`,
    init.held === undefined || init.held === 0
      ? undefined
      : `${dollarsText(init.held)} is reserved by calls in flight`,
    init.remaining === undefined ? undefined : `${dollarsText(init.remaining)} is left`,
    init.requested === undefined ? undefined : `this call asks for ${dollarsText(init.requested)}`,
  ].filter((part) => part !== undefined);
  const cap = init.cap === undefined ? '' : ` of ${dollarsText(init.cap)}`;
  const sums = known.length === 0 ? '' : ` (${known.join(', ')})`;
  const next =
    init.resetsAt === undefined
      ? 'ask a person before spending more'
      : `wait until ${init.resetsAt}, or ask a person before spending more`;
  return `The spend cap${cap} ${owner} does not allow this call${sums}. Nothing was sent to the vendor. Do not repeat the call: ${next}.`;
}
