import type { HoldRecord } from './ledger';
import type { HoldState } from './operation';
/** A hold as the management API shows it. */
export interface HoldView {
    /** Of the call it was taken for, as in the audit log. */
    id: string;
    key_id: string;
    vendor: string;
    /** The connected account. */
    account?: string;
    /** The vendor's object, where it is known. */
    object_id: string | null;
    state: HoldState;
    held_usd: number;
    settled_usd: number;
    idempotency_key_hash: string | null;
    created_at: string;
    ended_at: string | null;
}
export declare function holdView(hold: HoldRecord): HoldView;
