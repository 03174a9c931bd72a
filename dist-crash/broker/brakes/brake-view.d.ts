import type { Brake, BrakeScope } from './brake';
/** A brake as the management API shows it. */
export interface BrakeView {
    id: string;
    scope: BrakeScope;
    /** Whom it stops; absent for `all`. */
    target?: string;
    tenant_id?: string;
    reason: string;
    created_at: string;
    /** Absent where it stands until it is lifted. */
    expires_at?: string;
    /** How many live keys it hit; null while they are being counted, which takes some seconds for a million. */
    hit: number | null;
}
export declare function brakeView(brake: Brake): BrakeView;
