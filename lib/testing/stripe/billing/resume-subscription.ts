import type { Execution } from '../endpoint';
import type { Subscription } from './billing-objects';
import { chargeInvoice, finalizeInvoice, tryCharge } from './collect-invoice';
import { intervalsAfter } from './periods';
import { draftOf, periodLine } from './subscription-invoices';
import { periodOf } from './subscription-items';

/**
 * Takes a paused subscription up again. By default its cycle begins now, and a whole period is billed:
 * https://docs.stripe.com/api/subscriptions/resume
 */
export function resumeSubscription(
  run: Execution,
  subscription: Subscription,
  how: {
    billing_cycle_anchor?: 'now' | 'unchanged' | undefined;
    payment_behavior?: string | undefined;
  },
): Subscription {
  const { account } = run;
  const now = account.now();
  if (how.billing_cycle_anchor === 'unchanged') {
    subscription.status = 'active';
    return subscription;
  }
  subscription.billing_cycle_anchor = now;
  for (const item of subscription.items.data) {
    item.current_period_start = now;
    item.current_period_end = intervalsAfter(now, item.price.recurring!, 1);
  }
  const lines = subscription.items.data.map((item) =>
    periodLine(account, subscription, item, periodOf(item)),
  );
  const invoice = draftOf(run, subscription, 'subscription_update', lines);
  finalizeInvoice(run, invoice);
  if (invoice.status !== 'paid' && subscription.collection_method === 'charge_automatically') {
    if (how.payment_behavior === 'resume_on_payment_attempt') {
      subscription.status = tryCharge(run, invoice) === undefined ? 'active' : 'past_due';
      return subscription;
    }
    chargeInvoice(run, invoice);
  }
  subscription.status = 'active';
  return subscription;
}
