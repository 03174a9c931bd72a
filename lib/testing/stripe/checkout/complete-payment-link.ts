import type { Execution } from '../endpoint';
import type { CheckoutSession, PaymentLink } from './checkout-objects';
import { completeSession } from './complete-checkout';
import type { CheckoutChoices } from './complete-checkout';
import { makeSession } from './make-session';

/**
 * A customer opens a payment link and completes its session. Once the link's limit of completed sessions is reached
 * it is not active any more: https://docs.stripe.com/payment-links/customize#limit-the-number-of-payments
 */
export function completeLink(
  run: Execution,
  link: PaymentLink,
  choices: CheckoutChoices,
): CheckoutSession {
  const { account } = run;
  if (!link.active) throw new Error(`The payment link ${link.id} is not active.`);
  const order = account.checkout.orders.get(link.id)!;
  const recurs = order.lines.some(({ price }) => price.recurring !== null);
  const session = makeSession(account, {
    allow_promotion_codes: link.allow_promotion_codes,
    automatic_tax: { enabled: link.automatic_tax.enabled },
    currency: link.currency,
    customer: null,
    discounts: [],
    metadata: { ...link.metadata },
    mode: recurs ? 'subscription' : 'payment',
    order: { ...order },
    paymentLink: link.id,
    uiMode: 'hosted_page',
  });
  completeSession(run, session, choices);
  const limited = link.restrictions?.completed_sessions;
  if (limited !== undefined) {
    limited.count += 1;
    if (limited.count >= limited.limit) link.active = false;
  }
  return session;
}
