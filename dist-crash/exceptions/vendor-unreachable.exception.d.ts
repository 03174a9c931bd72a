import { VaultKeyException } from './vault-key.exception';
/**
 * The vendor could not be reached, so nothing was sent to it. Answered as 502
 * `vendor_unreachable`; the same call may be tried again.
 */
export declare class VendorUnreachableException extends VaultKeyException {
    constructor(init?: {
        vendor?: string;
        cause?: unknown;
    });
}
