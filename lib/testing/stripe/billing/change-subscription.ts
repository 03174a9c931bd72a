import type { Execution } from '../endpoint';
import { newId } from '../new-id';
import { StripeError } from '../stripe-error';
import type { Exact } from '../totals/exact';
import type { Invoice, InvoiceItem, Subscription, SubscriptionItem } from './billing-objects';
import { chargeInvoice, finalizeInvoice, voidInvoice } from './collect-invoice';
import { pricingOf } from './invoice-lines';
import { listOf } from './make-invoice';
import { intervalsAfter, isSameCycle, partLeft } from './periods';
import { draftOf, periodLine } from './subscription-invoices';
import { exactItem, isMetered, leftAfterPercentages, periodOf } from './subscription-items';

export interface SubscriptionChange {
  readonly behaviour: string;
  /** Begins all periods again now. */
  readonly cycleNow: boolean;
  readonly prorate: 'always_invoice' | 'create_prorations' | 'none';
  readonly prorationDate: number | undefined;
}

/**
 * A pending invoice item for a part of a period. The amount is rounded to the minor unit:
 * https://docs.stripe.com/billing/subscriptions/prorations
 */
function prorate(
  { account }: Execution,
  subscription: Subscription,
  item: SubscriptionItem,
  part: Exact,
  from: number,
  kind: 'Remaining' | 'Unused',
): InvoiceItem {
  const size = exactItem(item, subscription.currency)
    .times(part)
    .times(leftAfterPercentages(account, subscription, item))
    .rounded();
  const amount = kind === 'Unused' ? -size : size;
  const now = account.now();
  const name = account.catalogue.products.find(item.price.product)?.name ?? item.price.product;
  return account.billing.invoiceItems.add({
    id: newId('ii_'),
    object: 'invoiceitem',
    amount,
    created: now,
    currency: subscription.currency,
    customer: subscription.customer,
    date: now,
    description: `${kind} time on ${item.quantity ?? 1} × ${name} after ${new Date(from * 1000).toUTCString().slice(5, 16)}`,
    discountable: false,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: subscription.metadata,
    parent: {
      subscription_details: { subscription: subscription.id, subscription_item: item.id },
      type: 'subscription_details',
    },
    period: { start: from, end: item.current_period_end },
    pricing: pricingOf(item.price, item.price.unit_amount_decimal),
    proration: true,
    quantity: item.quantity ?? 1,
    quantity_decimal: String(item.quantity ?? 1),
    tax_rates: item.tax_rates,
    test_clock: null,
  });
}

/** A subscription as it was before a change. */
export interface Saved {
  readonly fields: Partial<Subscription>;
  readonly items: readonly SubscriptionItem[];
}

export function saved(subscription: Subscription): Saved {
  const { items, ...fields } = subscription;
  return { fields, items: items.data.map((item) => ({ ...item })) };
}

function restore(subscription: Subscription, { fields, items }: Saved): void {
  Object.assign(subscription, fields, { items: listOf(items, subscription.items.url) });
}

/** What a change comes to before it is billed. */
export interface Prorations {
  /** Invoice items that wait for an invoice. */
  readonly made: readonly InvoiceItem[];
  /** Items that begin a period now. */
  readonly restarted: readonly SubscriptionItem[];
}

/** Credits what is not used of a subscription's old items, and bills what is left of the period for the new ones. */
export function prorations(
  run: Execution,
  subscription: Subscription,
  before: Saved,
  change: SubscriptionChange,
): Prorations {
  const now = run.account.now();
  const from = change.prorationDate ?? now;
  const items = subscription.items.data;
  const made: InvoiceItem[] = [];
  const restarted: SubscriptionItem[] = [];
  const counts = change.prorate !== 'none' && before.fields.status !== 'trialing';
  for (const old of before.items) {
    const item = items.find(({ id }) => id === old.id);
    const isChanged =
      item === undefined ||
      item.price.id !== old.price.id ||
      item.quantity !== old.quantity ||
      change.cycleNow;
    if (!isChanged) continue;
    const newCycle =
      item !== undefined &&
      (change.cycleNow || !isSameCycle(item.price.recurring!, old.price.recurring!));
    if (counts) {
      const part = partLeft(periodOf(old), from);
      if (!isMetered(old)) made.push(prorate(run, subscription, old, part, from, 'Unused'));
      if (item !== undefined && !newCycle && !isMetered(item)) {
        made.push(prorate(run, subscription, item, part, from, 'Remaining'));
      }
    }
    if (newCycle) restarted.push(item);
  }
  for (const item of items.filter(({ id }) => !before.items.some((old) => old.id === id))) {
    if (!counts || isMetered(item) || change.cycleNow) continue;
    const whole = {
      start: intervalsAfter(item.current_period_end, item.price.recurring!, -1),
      end: item.current_period_end,
    };
    made.push(prorate(run, subscription, item, partLeft(whole, from), from, 'Remaining'));
  }
  for (const item of restarted) {
    item.current_period_start = now;
    item.current_period_end = intervalsAfter(now, item.price.recurring!, 1);
    subscription.billing_cycle_anchor = now;
  }
  return { made, restarted };
}

/**
 * Puts a subscription's new items in force. What they come to is billed at once where a period begins again or the
 * call says so, else with the next invoice.
 *
 * @param before the subscription as it was, which it is again where `behaviour` says that an invoice must be paid
 * @throws {StripeError} 402 for a decline under `error_if_incomplete`
 */
export function applyChange(
  run: Execution,
  subscription: Subscription,
  before: Saved,
  change: SubscriptionChange,
): void {
  const { made, restarted } = prorations(run, subscription, before, change);
  if (restarted.length === 0 && change.prorate !== 'always_invoice') return;
  const lines = restarted.map((item) =>
    periodLine(run.account, subscription, item, periodOf(item)),
  );
  if (lines.length === 0 && made.length === 0) return;
  const invoice = draftOf(run, subscription, 'subscription_update', lines);
  if (subscription.collection_method === 'send_invoice') return;
  finalizeInvoice(run, invoice);
  if (invoice.status === 'paid') return;
  collect(run, subscription, invoice, before, change, made);
}

function collect(
  run: Execution,
  subscription: Subscription,
  invoice: Invoice,
  before: Saved,
  { behaviour }: SubscriptionChange,
  made: readonly InvoiceItem[],
): void {
  if (behaviour === 'default_incomplete') {
    subscription.status = 'past_due';
    return;
  }
  try {
    chargeInvoice(run, invoice);
  } catch (error) {
    if (!(error instanceof StripeError)) throw error;
    if (behaviour === 'allow_incomplete') {
      subscription.status = 'past_due';
      return;
    }
    const wanted = subscription.items.data.map(({ id, price, quantity }) => ({
      id,
      price,
      quantity,
    }));
    restore(subscription, before);
    if (behaviour === 'pending_if_incomplete') {
      subscription.latest_invoice = invoice.id;
      subscription.pending_update = {
        billing_cycle_anchor: null,
        expires_at: run.account.now() + 23 * 3600,
        subscription_items: wanted,
        trial_end: null,
        trial_from_plan: null,
      };
      return;
    }
    voidInvoice(run.account, invoice);
    for (const item of made) run.account.billing.invoiceItems.remove(item.id);
    throw error;
  }
}

/** Ends a subscription: what is not used may be credited, and what is pending billed now. */
export function endSubscription(
  run: Execution,
  subscription: Subscription,
  how: { invoiceNow: boolean; prorate: boolean },
): void {
  const { account } = run;
  const now = account.now();
  if (how.prorate && subscription.status !== 'trialing') {
    for (const item of subscription.items.data.filter((each) => !isMetered(each))) {
      prorate(run, subscription, item, partLeft(periodOf(item), now), now, 'Unused');
    }
  }
  subscription.status = 'canceled';
  subscription.canceled_at = now;
  subscription.ended_at = now;
}
