import type { Subject } from '../keys/issue-request';
/** What a brake stops. */
export declare const BRAKE_SCOPES: readonly ["tenant", "user", "run", "tool", "vendor", "key", "all"];
export type BrakeScope = (typeof BRAKE_SCOPES)[number];
/** A standing stop. */
export interface Brake {
    id: string;
    scope: BrakeScope;
    /** Whom it stops; empty for `all`. */
    target: string;
    /** Only within this tenant; a user or run is stopped in every tenant where it is absent. */
    tenant?: string;
    reason: string;
    /** Milliseconds since the epoch. */
    createdAt: number;
    expiresAt?: number;
    /** How many live keys it hit; absent until they are counted. */
    hit?: number;
}
/** Whom a key or a call is for. */
export interface BrakeSubject {
    /** Absent while the key is being issued. */
    keyIds?: readonly string[];
    vendor: string;
    subject: Subject;
}
/** The first standing brake over a subject. */
export declare function brakeOver(brakes: Iterable<Brake>, subject: BrakeSubject, now: number): Brake | undefined;
