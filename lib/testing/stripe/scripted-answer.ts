import { idempotencyKeyOf } from './received-call';
import type { StripeAnswer } from './stripe-answer';
import type { StripeCall } from './stripe-book';
import { StripeError } from './stripe-error';
import type { AnswerFault } from './stripe-script';
import { declineOf } from './test-cards';

/** Whether a scripted answer is kept under the call's `Idempotency-Key`. */
export function isSaved(fault: AnswerFault, call: StripeCall): boolean {
  return idempotencyKeyOf(call) !== undefined && (fault.saved ?? fault.status === 500);
}

/** What a script has the vendor answer. */
export function scriptedAnswer(fault: AnswerFault, call: StripeCall): StripeAnswer {
  const { body = defaultBody(fault.status) } = fault;
  return {
    status: fault.status,
    body:
      typeof body === 'string'
        ? body
        : body instanceof Uint8Array
          ? Buffer.from(body)
          : JSON.stringify(body),
    // Repeating a call whose failure is stored only repeats the failure, and Stripe says so.
    headers: {
      ...(isSaved(fault, call) ? { 'stripe-should-retry': 'false' } : {}),
      ...fault.headers,
    },
  };
}

/** What an error is for the caller. */
export function answerTo(error: unknown): StripeAnswer {
  if (error instanceof StripeError) {
    return { status: error.status, body: JSON.stringify(error.toBody()) };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    status: 500,
    body: JSON.stringify(
      new StripeError(500, 'api_error', `The offline Stripe itself failed: ${message}`).toBody(),
    ),
  };
}

function defaultBody(status: number): unknown {
  if (status < 300) return {};
  if (status < 400) return '';
  if (status === 402) {
    const { code, declineCode, message } = declineOf('generic_decline');
    return new StripeError(402, 'card_error', message, {
      code,
      decline_code: declineCode,
    }).toBody();
  }
  if (status === 429) {
    return new StripeError(429, 'invalid_request_error', 'Request rate limit exceeded.', {
      code: 'rate_limit',
    }).toBody();
  }
  return status < 500
    ? new StripeError(status, 'invalid_request_error', `A scripted ${status}.`).toBody()
    : new StripeError(status, 'api_error', 'An unknown error occurred.').toBody();
}
