import type { FieldFault } from '../refusal';
/** A lease as the management API shows it. */
export interface LeaseView {
    id: string;
    ttl_seconds: number;
    /** When it lapses unless it is renewed before. */
    expires_at: string;
}
/** Reads the body of `POST /v1/leases`: how long a lease lasts after each renewal. */
export declare function parseLeaseRequest(body: unknown): {
    ttlMs: number;
} | {
    faults: FieldFault[];
};
export declare function leaseView(lease: {
    id: string;
    ttlMs: number;
    expiresAt: number;
}): LeaseView;
