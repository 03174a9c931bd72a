import type { Brake } from './brake';
import type { BrakeScope } from '../../contract/scopes';

/** A brake as the management API shows it. */
export interface BrakeView {
  id: string;
  scope: BrakeScope;
  /** Whom it stops; absent for `all`. */
  target?: string;
  tenant_id?: string;
  reason: string;
  /** The operator that has set it, by name; `app` for the application. */
  set_by: string;
  created_at: string;
  /** Absent where it is active until it is lifted. */
  expires_at?: string;
  /** How many live keys it hit; null while they are being counted, which takes some seconds for a million. */
  hit: number | null;
}

export function brakeView(brake: Brake): BrakeView {
  return {
    id: brake.id,
    scope: brake.scope,
    ...(brake.scope === 'all' ? {} : { target: brake.target }),
    ...(brake.tenant === undefined ? {} : { tenant_id: brake.tenant }),
    reason: brake.reason,
    set_by: brake.setBy,
    created_at: new Date(brake.createdAt).toISOString(),
    ...(brake.expiresAt === undefined
      ? {}
      : { expires_at: new Date(brake.expiresAt).toISOString() }),
    hit: brake.hit ?? null,
  };
}
