"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.VendorException = void 0;
const common_1 = require("@nestjs/common");
const known_details_1 = require("./known-details");
const vault_key_exception_1 = require("./vault-key.exception");
const KEPT = new Set([400, 402, 404, 409, 422]);
/**
 * The vendor answered with an error of its own, such as a declined card. Its 400, 402, 404, 409 and
 * 422 are kept, all else is answered as 502; `vendor_error`, with the vendor's `code`.
 */
class VendorException extends vault_key_exception_1.VaultKeyException {
    vendor;
    /** The status the vendor answered with. */
    vendorStatus;
    /** The vendor's own code, such as `card_declined` or `resource_missing`. */
    vendorCode;
    /** Why a card was declined, such as `insufficient_funds`. */
    declineCode;
    /** The vendor's kind of error, such as `card_error`. */
    type;
    /** The vendor's id of the request, to quote to its support. */
    requestId;
    constructor(init) {
        super({
            code: 'vendor_error',
            message: messageOf(init),
            status: KEPT.has(init.vendorStatus) ? init.vendorStatus : common_1.HttpStatus.BAD_GATEWAY,
            retryable: false,
            details: (0, known_details_1.knownDetails)({
                vendor: init.vendor,
                vendorStatus: init.vendorStatus,
                code: init.vendorCode,
                declineCode: init.declineCode,
                type: init.type,
                param: init.param,
                requestId: init.requestId,
                idempotencyKey: init.vendorStatus >= 500 ? init.idempotencyKey : undefined,
            }),
        });
        this.vendor = init.vendor;
        this.vendorStatus = init.vendorStatus;
        this.vendorCode = init.vendorCode;
        this.declineCode = init.declineCode;
        this.type = init.type;
        this.requestId = init.requestId;
    }
}
exports.VendorException = VendorException;
function messageOf(init) {
    const codes = [init.vendorCode, init.declineCode].filter((code) => code !== undefined);
    const kind = codes.length === 0 ? '' : ` (${codes.join(', ')})`;
    const words = init.vendorMessage ?? 'it gave no reason';
    const end = /[.!?]$/.test(words) ? '' : '.';
    const next = init.vendorStatus >= 500
        ? ' It may have been executed all the same: look it up at the vendor before doing it again.'
        : '';
    return `${init.vendor} answered ${init.vendorStatus}${kind}: ${words}${end}${next}`;
}
