/** What Stripe's `error.type` may be in an answer of this vendor. */
export type StripeErrorType =
  'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';

interface StripeErrorFields {
  code?: string;
  param?: string;
  [field: string]: unknown;
}

/** A refusal in Stripe's own shape: `{ "error": { "type", "code", "message", "param", … } }`. */
export class StripeError extends Error {
  constructor(
    readonly status: number,
    readonly type: StripeErrorType,
    message: string,
    readonly fields: StripeErrorFields = {},
  ) {
    super(message);
    this.name = 'StripeError';
  }

  static invalid(message: string, fields?: StripeErrorFields): StripeError {
    return new StripeError(400, 'invalid_request_error', message, fields);
  }

  /** An id in the path that names nothing is a 404; one in a parameter is a 400. */
  static missing(what: string, id: string, param: string, status: 400 | 404): StripeError {
    return new StripeError(status, 'invalid_request_error', `No such ${what}: '${id}'`, {
      code: 'resource_missing',
      param,
    });
  }

  static unrecognizedUrl(method: string, path: string): StripeError {
    return new StripeError(
      404,
      'invalid_request_error',
      `Unrecognized request URL (${method}: ${path}). If you are trying to list objects, remove the trailing slash. ` +
        'If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier in your code.',
    );
  }

  toBody(): { error: Record<string, unknown> } {
    const { code } = this.fields;
    return {
      error: {
        ...this.fields,
        ...(code === undefined ? {} : { doc_url: docUrl(code) }),
        message: this.message,
        type: this.type,
      },
    };
  }
}

function docUrl(code: string): string {
  return `https://docs.stripe.com/error-codes/${code.replaceAll('_', '-')}`;
}
