import type { VaultKeyExceptionCode } from './exception-code';
import { knownDetails } from './known-details';
import { VaultKeyException } from './vault-key.exception';
import type { VaultKeyExceptionDetails } from './vault-key.exception';

/**
 * The call was refused before it reached the vendor: by the broker, whose status and code are kept,
 * or on this side because an argument is not of the form it must have (`param` names it). A limit that
 * does not let it pass is named by `details.limit`; of those `rate_limited` alone may be tried again.
 */
export class CallRefusedException extends VaultKeyException {
  /** The argument that is at fault, where it is one. */
  readonly param?: string;
  /** Seconds to wait before trying again, where waiting helps: `rate_limited`. */
  readonly retryAfter?: number;

  constructor(init: {
    /** 400–599. */
    status: number;
    /** Such as `invalid_amount`, `amount_unknown`, `limit_exceeded`. */
    code: VaultKeyExceptionCode;
    message: string;
    param?: string;
    /** Seconds after which the same call may pass: it is retryable then, and only then. */
    retryAfter?: number;
    details?: VaultKeyExceptionDetails;
    cause?: unknown;
  }) {
    super({
      code: init.code,
      message: init.message,
      status: init.status,
      retryable: init.retryAfter !== undefined,
      details: knownDetails({
        ...init.details,
        param: init.param,
        retryAfter: init.retryAfter,
      }),
      cause: init.cause,
    });
    this.param = init.param;
    this.retryAfter = init.retryAfter;
  }

  /**
   * The refusal of a call for one of its arguments: 400, nothing sent.
   *
   * @param rule What it must be, as a clause: `must be a whole number`.
   * @param code @default 'invalid_request'
   */
  static forArgument(param: string, rule: string, code = 'invalid_request'): CallRefusedException {
    return new CallRefusedException({
      status: 400,
      code,
      message: `The call was not sent: ${param} ${rule}.`,
      param,
    });
  }

  /** There is no such brake to lift. */
  static noSuchBrake(id: string): CallRefusedException {
    return new CallRefusedException({
      status: 404,
      code: 'not_found',
      message: `There is no active brake with the id ${JSON.stringify(id.slice(0, 64))}: it was never set, was lifted or has expired.`,
    });
  }
}
