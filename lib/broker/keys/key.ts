import type { KeyStatus } from '../../contract/states';
import type { AppLayer } from '../budgets/budget';
import type { MicroUsd } from '../../contract/usd';
import type { Limits } from '../limits/limits';
import type { Subject } from './subject';

/** A key as the store keeps it: the token only as its hash. */
export interface KeyRecord extends AppLayer {
  id: string;
  tokenHash: string;
  label: string;
  vendor: string;
  capMicros: MicroUsd;
  allowedEndpoints: readonly string[];
  subject: Subject;
  parentId?: string;
  /** What its calls must keep to beside its cap; those of the keys below it too. */
  limits?: Limits;
  /** The key dies with this lease. */
  lease?: { id: string; expiresAt: number };
  /** Milliseconds since the epoch, like every instant here. */
  createdAt: number;
  expiresAt: number;
  revokedAt?: number;
}

/** What counts against a cap. */
export interface Balance {
  spent: MicroUsd;
  held: MicroUsd;
  /** Spend that refunds take back, those in flight and unknown included: summed apart, under the same cap. */
  undone: MicroUsd;
}

/** A balance to which a change is added. */
export function addedTo({ spent, held, undone }: Balance, change: Partial<Balance>): Balance {
  return {
    spent: spent + (change.spent ?? 0),
    held: held + (change.held ?? 0),
    undone: undone + (change.undone ?? 0),
  };
}

export interface KeyWithBalance {
  key: KeyRecord;
  balance: Balance;
  /** Whether an active brake stops it. */
  braked: boolean;
}

/** Whether a key still serves calls, so long as no brake stops it. */
export function isLive(key: KeyRecord, now: number): boolean {
  return (
    key.revokedAt === undefined &&
    key.expiresAt > now &&
    (key.lease === undefined || key.lease.expiresAt > now)
  );
}

export function statusOf({ key, braked }: KeyWithBalance, now: number): KeyStatus {
  if (key.revokedAt !== undefined) return 'revoked';
  if (!isLive(key, now)) return 'expired';
  return braked ? 'braked' : 'active';
}
