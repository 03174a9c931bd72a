import type { MicroUsd } from '../../contract/usd';
import type { OperatorRole } from '../operators/actor';
import type { RuleSubject } from './budget';

/** What an operator has added to every cap of a subject, until it expires or is ended. */
export interface Raise extends RuleSubject {
  raiseId: string;
  micros: MicroUsd;
  reason: string;
  /** Who has set it, by the name of the operator, and the role they had. */
  setBy: string;
  role: OperatorRole;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** At most the midnight (UTC) after it was set. */
  expiresAt: number;
}

/** A raise as it is asked for: it begins, and expires, by the store's clock. */
export interface RaiseOrder extends RuleSubject {
  raiseId: string;
  micros: MicroUsd;
  reason: string;
  lifeMs: number;
}

/** Whether a raise has not ended by itself. */
export function isActive({ expiresAt }: Raise, now: number): boolean {
  return expiresAt > now;
}
