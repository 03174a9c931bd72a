import type { AppBudgets } from '../budgets/budget';
import type { CapView } from '../budgets/budget-view';
import { toUsd } from '../money/usd';
import type { MicroUsd } from '../money/usd';
import type { Subject } from './issue-request';

/** A key as the store keeps it: the token only as its hash. */
export interface KeyRecord {
  id: string;
  tokenHash: string;
  label: string;
  vendor: string;
  capMicros: MicroUsd;
  allowedEndpoints: readonly string[];
  subject: Subject;
  parentId?: string;
  /** The application's own layer of daily caps. */
  budgets: AppBudgets;
  /** The key dies with this lease. */
  lease?: { id: string; expiresAt: number };
  /** Milliseconds since the epoch, like every instant here. */
  createdAt: number;
  expiresAt: number;
  revokedAt?: number;
}

export type KeyStatus = 'active' | 'expired' | 'revoked' | 'braked';

/** What has been spent and what is held under a cap. */
export interface Balance {
  spent: MicroUsd;
  held: MicroUsd;
}

export interface KeyWithBalance {
  key: KeyRecord;
  balance: Balance;
  /** Whether a standing brake stops it. */
  braked: boolean;
}

/** A key as the management API shows it. */
export interface KeyView {
  id: string;
  label: string;
  vendor: string;
  daily_usd_cap: number;
  allowed_endpoints: readonly string[];
  subject: Subject;
  parent_id?: string;
  lease_id?: string;
  /** The application's own daily caps, in USD. */
  budgets?: Record<string, number>;
  status: KeyStatus;
  created_at: string;
  expires_at: string;
  revoked_at?: string;
  spent_usd: number;
  held_usd: number;
  remaining_usd: number;
}

/** What a key may know about itself: its view, and every other cap over it. */
export interface CurrentKeyView extends Omit<KeyView, 'budgets'> {
  budgets: readonly CapView[];
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

export function viewOf(found: KeyWithBalance, now: number): KeyView {
  const { key, balance } = found;
  return {
    id: key.id,
    label: key.label,
    vendor: key.vendor,
    daily_usd_cap: toUsd(key.capMicros),
    allowed_endpoints: key.allowedEndpoints,
    subject: key.subject,
    ...(key.parentId === undefined ? {} : { parent_id: key.parentId }),
    ...(key.lease === undefined ? {} : { lease_id: key.lease.id }),
    ...(Object.keys(key.budgets).length === 0 ? {} : { budgets: usdOf(key.budgets) }),
    status: statusOf(found, now),
    created_at: new Date(key.createdAt).toISOString(),
    expires_at: new Date(key.expiresAt).toISOString(),
    ...(key.revokedAt === undefined ? {} : { revoked_at: new Date(key.revokedAt).toISOString() }),
    spent_usd: toUsd(balance.spent),
    held_usd: toUsd(balance.held),
    remaining_usd: toUsd(key.capMicros - balance.spent - balance.held),
  };
}

/** The application's own daily caps as the management API shows them. */
export function usdOf(budgets: AppBudgets): Record<string, number> {
  return Object.fromEntries(
    Object.entries(budgets).map(([scope, micros]) => [scope, toUsd(micros)]),
  );
}
