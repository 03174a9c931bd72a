import { VaultKeyException } from './vault-key.exception';
/**
 * The vendor takes no more calls for the moment. Answered as 429 `vendor_rate_limited`, with
 * `Retry-After` where the vendor gave one; the same call may be tried again.
 */
export declare class VendorRateLimitedException extends VaultKeyException {
    /** Seconds to wait before trying again, where the vendor said so. */
    readonly retryAfter?: number;
    constructor(init: {
        vendor?: string;
        /** Seconds. */
        retryAfter?: number;
        requestId?: string;
    });
}
