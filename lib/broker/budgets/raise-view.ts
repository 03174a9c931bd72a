import { toUsd } from '../../contract/usd';
import type { BudgetScope } from '../../contract/scopes';
import type { Raise } from './raise';

/** A raise as the management API shows it. */
export interface RaiseView {
  id: string;
  scope: BudgetScope;
  /** The id whose caps it raises. */
  target: string;
  /** Empty: the keys without a tenant. Absent from a user's or a run's: each tenant. */
  tenant_id?: string;
  /** Of a run, as `tenant_id`. */
  user_id?: string;
  /** What it adds to every cap of the subject. */
  usd: number;
  reason: string;
  /** The operator who has set it. */
  set_by: string;
  created_at: string;
  expires_at: string;
}

export function raiseView(raise: Raise): RaiseView {
  return {
    id: raise.raiseId,
    scope: raise.scope,
    target: raise.id,
    ...(raise.tenant === undefined ? {} : { tenant_id: raise.tenant }),
    ...(raise.user === undefined ? {} : { user_id: raise.user }),
    usd: toUsd(raise.micros),
    reason: raise.reason,
    set_by: raise.setBy,
    created_at: new Date(raise.createdAt).toISOString(),
    expires_at: new Date(raise.expiresAt).toISOString(),
  };
}
