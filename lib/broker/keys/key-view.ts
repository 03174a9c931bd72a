import type { CapView } from '../budgets/budget-view';
import type { AppLayer } from '../budgets/budget';
import { wireCaps } from '../../contract/budget-periods';
import type { PeriodCaps, WireCaps } from '../../contract/budget-periods';
import { limitFields } from '../limits/limits-view';
import type { LimitsView } from '../limits/limits-view';
import { toUsd } from '../../contract/usd';
import { statusOf } from './key';
import type { KeyWithBalance } from './key';
import type { KeyStatus } from '../../contract/states';
import type { Subject } from './subject';
import { undoneView } from './undone-view';

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
  /** The application's own caps, in USD: a number is a cap of the day. */
  budgets?: Record<string, WireCaps>;
  /** Present where these refuse nothing, and what they would refuse is recorded. */
  budgets_mode?: 'shadow';
  limits?: LimitsView;
  /** A call after which its object may cost more needs an approval. */
  approve_above_usd?: number;
  status: KeyStatus;
  created_at: string;
  expires_at: string;
  revoked_at?: string;
  spent_usd: number;
  held_usd: number;
  /**
   * What its refunds take back of its own subject's spend, those in flight included: the cap bounds it by itself.
   * Absent where that is nothing.
   */
  undone_usd?: number;
  remaining_usd: number;
}

/** What a key may know about itself: its view, and every other cap over it. */
export interface CurrentKeyView extends Omit<KeyView, 'budgets'> {
  budgets: readonly CapView[];
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
    ...appLayerView(key),
    ...limitFields(key.limits),
    status: statusOf(found, now),
    created_at: new Date(key.createdAt).toISOString(),
    expires_at: new Date(key.expiresAt).toISOString(),
    ...(key.revokedAt === undefined ? {} : { revoked_at: new Date(key.revokedAt).toISOString() }),
    spent_usd: toUsd(balance.spent),
    held_usd: toUsd(balance.held),
    ...undoneView(balance.undone),
    remaining_usd: toUsd(key.capMicros - balance.spent - balance.held),
  };
}

/** The application's own caps as the management API shows them, and that they only record. */
export function appLayerView({ budgets, budgetsMode }: AppLayer): {
  budgets?: Record<string, WireCaps>;
  budgets_mode?: 'shadow';
} {
  const caps = Object.entries(budgets).map(([scope, micros]): [string, WireCaps] => {
    const usd = Object.entries(micros).map(([period, cap]) => [period, toUsd(cap)]);
    return [scope, wireCaps(Object.fromEntries(usd) as PeriodCaps)];
  });
  return {
    ...(caps.length === 0 ? {} : { budgets: Object.fromEntries(caps) }),
    ...(budgetsMode === undefined ? {} : { budgets_mode: budgetsMode }),
  };
}
