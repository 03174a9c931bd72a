import { HttpStatus } from '@nestjs/common';
import { knownDetails } from './known-details';
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

const KEPT: ReadonlySet<number> = new Set([400, 402, 404, 409, 422]);

/**
 * The vendor answered with an error of its own, such as a declined card. Its 400, 402, 404, 409 and
 * 422 are kept, all else is answered as 502; `vendor_error`, with the vendor's `code`.
 */
export class VendorException extends VaultKeyException {
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

  constructor(init: VendorExceptionInit) {
    super({
      code: 'vendor_error',
      message: messageOf(init),
      status: KEPT.has(init.vendorStatus) ? init.vendorStatus : HttpStatus.BAD_GATEWAY,
      retryable: false,
      details: knownDetails({
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

function messageOf(init: VendorExceptionInit): string {
  const codes = [init.vendorCode, init.declineCode].filter((code) => code !== undefined);
  const kind = codes.length === 0 ? '' : ` (${codes.join(', ')})`;
  const words = init.vendorMessage ?? 'it gave no reason';
  const end = /[.!?]$/.test(words) ? '' : '.';
  const next =
    init.vendorStatus >= 500
      ? ' It may have been executed all the same: look it up at the vendor before doing it again.'
      : '';
  return `${init.vendor} answered ${init.vendorStatus}${kind}: ${words}${end}${next}`;
}
