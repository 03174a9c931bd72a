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
  /** Milliseconds since the epoch, like every instant here. */
  createdAt: number;
  expiresAt: number;
  revokedAt?: number;
}

export type KeyStatus = 'active' | 'expired' | 'revoked';

/** What has been spent and what is held under a cap. */
export interface Balance {
  spent: MicroUsd;
  held: MicroUsd;
}

export interface KeyWithBalance {
  key: KeyRecord;
  balance: Balance;
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
  status: KeyStatus;
  created_at: string;
  expires_at: string;
  revoked_at?: string;
  spent_usd: number;
  held_usd: number;
  remaining_usd: number;
}

export function statusOf(key: KeyRecord, now: number): KeyStatus {
  if (key.revokedAt !== undefined) return 'revoked';
  return key.expiresAt <= now ? 'expired' : 'active';
}

export function viewOf({ key, balance }: KeyWithBalance, now: number): KeyView {
  return {
    id: key.id,
    label: key.label,
    vendor: key.vendor,
    daily_usd_cap: toUsd(key.capMicros),
    allowed_endpoints: key.allowedEndpoints,
    subject: key.subject,
    ...(key.parentId === undefined ? {} : { parent_id: key.parentId }),
    status: statusOf(key, now),
    created_at: new Date(key.createdAt).toISOString(),
    expires_at: new Date(key.expiresAt).toISOString(),
    ...(key.revokedAt === undefined ? {} : { revoked_at: new Date(key.revokedAt).toISOString() }),
    spent_usd: toUsd(balance.spent),
    held_usd: toUsd(balance.held),
    remaining_usd: toUsd(key.capMicros - balance.spent - balance.held),
  };
}
