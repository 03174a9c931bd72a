import type { AppBudgets } from '../budgets/budget';
import type { CapView } from '../budgets/budget-view';
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
    lease?: {
        id: string;
        expiresAt: number;
    };
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
export declare function isLive(key: KeyRecord, now: number): boolean;
export declare function statusOf({ key, braked }: KeyWithBalance, now: number): KeyStatus;
export declare function viewOf(found: KeyWithBalance, now: number): KeyView;
/** The application's own daily caps as the management API shows them. */
export declare function usdOf(budgets: AppBudgets): Record<string, number>;
