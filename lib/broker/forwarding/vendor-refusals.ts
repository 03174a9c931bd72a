import { BrokerRefusal } from '../refusal';
import type { ExchangeEnd } from './exchange';

/** The refusal in place of an answer that must not be relayed. */
export function refusedAnswer(status: number): BrokerRefusal | undefined {
  if (status >= 300 && status < 400) {
    return new BrokerRefusal(
      'vendor_redirect',
      'The vendor answered with a redirect, which is never followed; what became of the call is not known.',
    );
  }
  if (status === 401) {
    return new BrokerRefusal(
      'vendor_rejected_credentials',
      "The vendor did not accept the account's secret key. Nothing was charged.",
    );
  }
  return undefined;
}

/** What a caller is told where no answer came. */
export function unanswered(end: ExchangeEnd | undefined): BrokerRefusal {
  if (end?.kind === 'failed' && !end.sent) {
    return new BrokerRefusal(
      'vendor_unreachable',
      'The vendor could not be reached. Nothing was sent, so nothing was charged.',
    );
  }
  const timedOut = end?.kind === 'failed' && end.timedOut;
  return new BrokerRefusal(
    'vendor_outcome_unknown',
    `The call was sent, but ${timedOut ? 'no answer came in time' : 'the connection broke before an answer came'}: it may have been executed. Retry only with the same Idempotency-Key.`,
    {},
    {},
    timedOut ? 504 : 502,
  );
}

/** What a caller is told where the broker itself failed after the call had left. */
export function answerLost(): BrokerRefusal {
  return new BrokerRefusal(
    'vendor_outcome_unknown',
    'The call was sent, but the broker failed before it could relay the answer: it may have been executed. Retry only with the same Idempotency-Key.',
  );
}

/** Why a call has no whole answer, for the audit log; `null` where it has one. */
export function reasonOf(end: ExchangeEnd): string | null {
  if (end.kind === 'complete') return null;
  if (end.kind === 'cut') return 'the answer was cut short';
  if (!end.sent) return 'nothing was sent';
  return end.timedOut ? 'no answer came in time' : 'the connection broke before an answer';
}
