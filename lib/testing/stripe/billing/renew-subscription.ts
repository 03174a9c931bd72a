import type { Execution } from '../endpoint';
import type { Invoice, Subscription } from './billing-objects';
import { endSubscription } from './change-subscription';
import { finalizeInvoice, methodFor, tryCharge } from './collect-invoice';
import { discardDraft } from './make-invoice';
import { periodAt } from './periods';
import { draftOf, periodLine, usageLine } from './subscription-invoices';
import { isMetered, periodOf } from './subscription-items';

const LIVE = ['active', 'past_due', 'trialing', 'unpaid'];

/** When a subscription bills again; `undefined` where it does no more. */
export function nextBilling(subscription: Subscription): number | undefined {
  if (!LIVE.includes(subscription.status)) return undefined;
  const ends = subscription.items.data.map((item) => item.current_period_end);
  const next = Math.min(...ends);
  return subscription.cancel_at === null ? next : Math.min(next, subscription.cancel_at);
}

/** Final and, where it charges by itself, charged. */
export function collectNow(run: Execution, invoice: Invoice): boolean {
  finalizeInvoice(run, invoice);
  if (invoice.status === 'paid' || invoice.collection_method === 'send_invoice') return true;
  return tryCharge(run, invoice) === undefined;
}

/** What happens at the end of a period: the next one is billed, or the subscription ends or pauses. */
export function renew(run: Execution, subscription: Subscription): void {
  const { account } = run;
  const now = account.now();
  const isOver =
    subscription.cancel_at_period_end ||
    (subscription.cancel_at !== null && subscription.cancel_at <= now);
  const due = subscription.items.data.filter((item) => item.current_period_end <= now);
  const used = due
    .filter(isMetered)
    .map((item) => usageLine(account, subscription, item, periodOf(item)));
  if (isOver) {
    endSubscription(run, subscription, { invoiceNow: true, prorate: false });
    if (used.length > 0) collectNow(run, draftOf(run, subscription, 'subscription_cycle', used));
    return;
  }
  const wasTrial = subscription.status === 'trialing';
  for (const item of due) {
    item.current_period_start = item.current_period_end;
    const { billing_cycle_anchor: anchor } = subscription;
    item.current_period_end = periodAt(anchor, item.price.recurring!, item.current_period_end).end;
  }
  const lines = [
    ...used,
    ...due.map((item) => periodLine(account, subscription, item, periodOf(item))),
  ];
  const invoice = draftOf(run, subscription, 'subscription_cycle', lines);
  const behaviour = (
    subscription.trial_settings['end_behavior'] as { missing_payment_method?: string } | undefined
  )?.missing_payment_method;
  const lacksMethod =
    wasTrial &&
    subscription.collection_method === 'charge_automatically' &&
    methodFor(account, invoice) === null;
  if (lacksMethod && (behaviour === 'pause' || behaviour === 'cancel')) {
    discardDraft(account, invoice);
    subscription.latest_invoice = null;
    if (behaviour === 'pause') subscription.status = 'paused';
    else endSubscription(run, subscription, { invoiceNow: false, prorate: false });
    return;
  }
  const isPaid = collectNow(run, invoice);
  if (subscription.pause_collection !== null) return;
  subscription.status = isPaid ? 'active' : 'past_due';
}
