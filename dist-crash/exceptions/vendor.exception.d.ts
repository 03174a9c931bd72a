import { VaultKeyException } from './vault-key.exception';
/** What is known of an error the vendor answered with. */
export interface VendorExceptionInit {
    vendor: string;
    /** The status the vendor answered with. */
    vendorStatus: number;
    /** The vendor's own words. */
    vendorMessage?: string;
    /** The vendor's own code, such as `card_declined` or `resource_missing`. */
    vendorCode?: string;
    /** Why a card was declined, such as `insufficient_funds`. */
    declineCode?: string;
    /** The vendor's kind of error, such as `card_error`. */
    type?: string;
    /** The vendor's parameter at fault. */
    param?: string;
    /** The vendor's id of the request, to quote to its support. */
    requestId?: string;
    /** The `Idempotency-Key` the call went out with. */
    idempotencyKey?: string;
}
/**
 * The vendor answered with an error of its own, such as a declined card. Its 400, 402, 404, 409 and
 * 422 are kept, all else is answered as 502; `vendor_error`, with the vendor's `code`.
 */
export declare class VendorException extends VaultKeyException {
    readonly vendor: string;
    /** The status the vendor answered with. */
    readonly vendorStatus: number;
    /** The vendor's own code, such as `card_declined` or `resource_missing`. */
    readonly vendorCode?: string;
    /** Why a card was declined, such as `insufficient_funds`. */
    readonly declineCode?: string;
    /** The vendor's kind of error, such as `card_error`. */
    readonly type?: string;
    /** The vendor's id of the request, to quote to its support. */
    readonly requestId?: string;
    constructor(init: VendorExceptionInit);
}
