import { VaultKeyException } from './vault-key.exception';
/** What is known of a cap that a call would have passed. All sums in USD. */
export interface SpendCapExceededInit {
    /** Whose cap it is: `key`, `parent`, or a budget's `tenant`, `user`, `run`, `tool`, `vendor`. */
    scope?: string;
    cap?: number;
    /** What has been spent under the cap. */
    spent?: number;
    /** What calls in flight have reserved. */
    held?: number;
    /** What the refused call would have cost. */
    requested?: number;
    /** What is left. */
    remaining?: number;
    /** When a budget starts afresh: ISO 8601, UTC. A key's own cap never does. */
    resetsAt?: string;
}
/**
 * The call would have passed a spend cap, so it was not sent to the vendor. Answered as 402
 * `spend_cap_exceeded`; the same call will be refused again.
 */
export declare class SpendCapExceededException extends VaultKeyException {
    /** Whose cap it is: `key`, `parent`, or a budget's `tenant`, `user`, `run`, `tool`, `vendor`. */
    readonly scope: string;
    /** USD; absent where the broker did not say. */
    readonly cap?: number;
    /** USD; absent where the broker did not say. */
    readonly spent?: number;
    /** USD; absent where the broker did not say. */
    readonly remaining?: number;
    /** When a budget starts afresh: ISO 8601, UTC. */
    readonly resetsAt?: string;
    constructor(init?: SpendCapExceededInit);
}
