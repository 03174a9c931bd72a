import { REFUSALS } from '../contract/refusal-codes';
import type { RefusalCode } from '../contract/refusal-codes';

/** One bad field of a management request. */
export interface FieldIssue {
  field: string;
  message: string;
}

/**
 * An answer of the broker's own in place of the vendor's. Its body has one shape, which the Stripe
 * SDK reads as a Stripe error (`error`) and Keybrake's readers know (the top level).
 */
export class BrokerRefusal extends Error {
  /** The HTTP status of the answer. */
  readonly status: number;
  readonly code: RefusalCode;
  /** What the body says beside `code` and `message`. JSON values only, never a secret. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  /** @param status Where it is not that of the code. */
  constructor(
    code: RefusalCode,
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
    status: number = REFUSALS[code][0],
  ) {
    super(message);
    this.name = 'BrokerRefusal';
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.headers = headers;
  }

  /** The JSON body, as bytes on the wire. */
  toBody(): string {
    return JSON.stringify({
      error: {
        type: 'vault_key_error',
        code: this.code,
        message: this.message,
        param: null,
        ...this.fields,
      },
      code: this.code,
      ...this.fields,
    });
  }

  /** The headers of the answer, lower case, without `content-length`. */
  toHeaders(): Record<string, string> {
    return {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'stripe-should-retry': 'false',
      'x-vault-key-verdict': this.code,
      ...this.headers,
    };
  }
}

/** The one answer for every way in which a vault key can be wrong: nothing tells them apart. */
export function invalidKey(credentialSent: boolean): BrokerRefusal {
  return new BrokerRefusal(
    'invalid_key',
    'The vault key is missing or not valid for this call.',
    {},
    { 'www-authenticate': credentialSent ? 'Bearer error="invalid_token"' : 'Bearer' },
  );
}

/** A management request with bad fields, every one of them named. */
export function invalidFields(faults: readonly FieldIssue[]): BrokerRefusal {
  const list = faults.map(({ field, message }) => `${field} ${message}`.trim()).join('; ');
  return new BrokerRefusal('invalid_request', `The request is not valid: ${list}.`, {
    fields: faults,
  });
}

/** A request that cannot be read: it is not HTTP, not JSON, or not in UTF-8. */
export function malformedRequest(message: string): BrokerRefusal {
  return new BrokerRefusal('invalid_request', message, {}, {}, 400);
}

/** An active brake stops the key, or would stop it. */
export function brakedBy(scope: string, reason: string): BrokerRefusal {
  return new BrokerRefusal('braked', `An operator has stopped this ${scope}: ${reason}`, {
    scope,
    reason,
  });
}

/** The store could not take the decision, so nothing was done. */
export function storeUnavailable(cause?: unknown, howLong = 'right now'): BrokerRefusal {
  const refusal = new BrokerRefusal(
    'store_unavailable',
    `The ledger cannot be written ${howLong}, so nothing was forwarded.`,
  );
  refusal.cause = cause;
  return refusal;
}

/** A key above the key of a call is gone, and its cap with it: no call of that key can be decided. */
export function parentMissing(parentId: string): BrokerRefusal {
  return new BrokerRefusal(
    'store_unavailable',
    `The key ${parentId}, whose cap this key counts against, is not in the store, so nothing was forwarded. Issue a new key.`,
  );
}

/** The decision could be taken but not written down, so it was not taken. */
export function auditUnavailable(cause?: unknown): BrokerRefusal {
  const refusal = new BrokerRefusal(
    'audit_unavailable',
    'The audit log cannot be written right now, so nothing was forwarded.',
  );
  refusal.cause = cause;
  return refusal;
}

/** The caller went away in mid-request. It is counted, and shown to no one: the answer has no reader. */
export function callerGone(cause?: unknown): BrokerRefusal {
  const refusal = new BrokerRefusal(
    'caller_gone',
    'The caller went away before the whole request had arrived, so nothing was forwarded.',
  );
  refusal.cause = cause;
  return refusal;
}

/** Nothing is there. */
export function notFound(message: string): BrokerRefusal {
  return new BrokerRefusal('not_found', message);
}

/** The path is there, but takes other methods. */
export function methodNotAllowed(allowed: readonly string[]): BrokerRefusal {
  const allow = [...new Set(allowed)].join(', ');
  return new BrokerRefusal('method_not_allowed', `This path takes ${allow}.`, {}, { allow });
}

/** The broker admits nothing more. */
export function shuttingDown(): BrokerRefusal {
  return new BrokerRefusal(
    'overloaded',
    'The broker is shutting down.',
    {},
    { 'retry-after': '1' },
  );
}
