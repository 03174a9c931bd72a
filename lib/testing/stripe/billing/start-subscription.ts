import type { TaxRate } from '../catalogue/catalogue-objects';
import { redeem } from '../catalogue/discounts';
import type { Execution } from '../endpoint';
import { newId } from '../new-id';
import { StripeError } from '../stripe-error';
import { Exact } from '../totals/exact';
import type { Invoice, InvoiceLine, Subscription } from './billing-objects';
import {
  chargeInvoice,
  finalizeInvoice,
  methodFor,
  noMethod,
  voidInvoice,
} from './collect-invoice';
import { discardDraft, listOf } from './make-invoice';
import { intervalsAfter, partLeft, periodAt } from './periods';
import { draftOf, periodLine } from './subscription-invoices';
import { isMetered, makeItem } from './subscription-items';
import type { ItemOrder } from './subscription-items';

export interface SubscriptionOrder {
  readonly automaticTax?: boolean | undefined;
  readonly backdateStartDate?: number | undefined;
  readonly behaviour?: string | undefined;
  readonly billingCycleAnchor?: number | undefined;
  readonly billingMode?: 'classic' | 'flexible' | undefined;
  readonly cancelAt?: number | undefined;
  readonly cancelAtPeriodEnd?: boolean | undefined;
  readonly collectionMethod?: 'charge_automatically' | 'send_invoice' | undefined;
  readonly currency: string;
  readonly customer: string;
  readonly daysUntilDue?: number | undefined;
  readonly defaultPaymentMethod?: string | null;
  readonly defaultTaxRates?: readonly TaxRate[];
  readonly description?: string | null | undefined;
  readonly discounts?: Parameters<typeof redeem>[1];
  /** Lines of the first invoice alone. */
  readonly extraLines?: readonly InvoiceLine[];
  readonly items: readonly ItemOrder[];
  readonly metadata?: Record<string, string>;
  readonly onBehalfOf?: string | undefined;
  readonly prorate?: boolean | undefined;
  readonly transferData?: Record<string, unknown> | null | undefined;
  readonly trialEnd?: number | undefined;
  readonly trialSettings?: Record<string, unknown> | null | undefined;
}

/** What of the first invoice is for the time before now: whole periods, and a part of one. */
function backdatedLines(
  { account }: Execution,
  subscription: Subscription,
  start: number,
  now: number,
): InvoiceLine[] {
  return subscription.items.data
    .filter((item) => !isMetered(item))
    .map((item) => {
      const every = item.price.recurring!;
      let periods = 0;
      while (intervalsAfter(now, every, -periods - 1) >= start) periods += 1;
      const first = {
        start: intervalsAfter(now, every, -periods - 1),
        end: intervalsAfter(now, every, -periods),
      };
      const part = partLeft(first, start).plus(Exact.of(periods));
      return { ...periodLine(account, subscription, item, { start, end: now }, part) };
    });
}

/** The lines that bill the items ahead: a whole period, the part up to an anchor, or nothing in a trial. */
function firstLines(
  { account }: Execution,
  subscription: Subscription,
  anchor: number | undefined,
  prorate: boolean,
): InvoiceLine[] {
  return subscription.items.data.map((item) => {
    const period = { start: item.current_period_start, end: item.current_period_end };
    if (subscription.trial_end !== null) {
      return { ...periodLine(account, subscription, item, period, Exact.ZERO) };
    }
    if (anchor === undefined) return periodLine(account, subscription, item, period);
    const whole = periodAt(anchor, item.price.recurring!, period.start);
    const part = prorate ? partLeft(whole, period.start) : Exact.ZERO;
    return periodLine(account, subscription, item, period, part);
  });
}

/**
 * Begins a subscription, with its first invoice final and, as Stripe does by default, charged at once:
 * https://docs.stripe.com/api/subscriptions/create
 *
 * @throws {StripeError} where it cannot begin; nothing is left of it then
 */
export function startSubscription(run: Execution, order: SubscriptionOrder): Subscription {
  const { account } = run;
  const now = account.now();
  const id = newId('sub_');
  const collection = order.collectionMethod ?? 'charge_automatically';
  if (collection === 'send_invoice' && order.daysUntilDue === undefined) {
    throw StripeError.invalid(
      "If you specify collection_method='send_invoice', you must specify days_until_due.",
      { code: 'parameter_missing', param: 'days_until_due' },
    );
  }
  const { billingCycleAnchor: anchor, backdateStartDate: backdated, trialEnd } = order;
  if (anchor !== undefined && anchor <= now) {
    throw StripeError.invalid('billing_cycle_anchor cannot be in the past.', {
      param: 'billing_cycle_anchor',
    });
  }
  if (backdated !== undefined && backdated > now) {
    throw StripeError.invalid('backdate_start_date must be in the past.', {
      param: 'backdate_start_date',
    });
  }
  const first = order.items.map(({ price }) => {
    const every = price.recurring!;
    if (trialEnd !== undefined) return { start: now, end: trialEnd };
    if (anchor === undefined) return { start: now, end: intervalsAfter(now, every, 1) };
    return { start: now, end: periodAt(anchor, every, now).end };
  });
  const subscription: Subscription = {
    id,
    object: 'subscription',
    application: null,
    automatic_tax: { disabled_reason: null, enabled: order.automaticTax ?? false, liability: null },
    billing_cycle_anchor: trialEnd ?? anchor ?? now,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: null, type: order.billingMode ?? 'flexible' },
    cancel_at: order.cancelAt ?? null,
    cancel_at_period_end: order.cancelAtPeriodEnd ?? false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, reason: null },
    collection_method: collection,
    created: now,
    currency: order.currency,
    customer: order.customer,
    days_until_due: order.daysUntilDue ?? null,
    default_payment_method: order.defaultPaymentMethod ?? null,
    default_source: null,
    default_tax_rates: order.defaultTaxRates ?? [],
    description: order.description ?? null,
    discounts: redeem(
      account,
      order.discounts,
      { customer: order.customer, subscription: id },
      order.currency,
    ),
    ended_at: null,
    items: listOf(
      order.items.map((item, index) => makeItem(account, id, item, first[index]!)),
      `/v1/subscription_items?subscription=${id}`,
    ),
    latest_invoice: null,
    livemode: false,
    metadata: order.metadata ?? {},
    on_behalf_of: order.onBehalfOf ?? null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: 'off',
    },
    pending_update: null,
    schedule: null,
    start_date: backdated ?? now,
    status: 'incomplete',
    test_clock: null,
    transfer_data: order.transferData ?? null,
    trial_end: trialEnd ?? null,
    trial_settings: order.trialSettings ?? {
      end_behavior: { missing_payment_method: 'create_invoice' },
    },
    trial_start: trialEnd === undefined ? null : now,
  };
  account.billing.subscriptions.add(subscription);
  const lines = [
    ...(backdated === undefined || trialEnd !== undefined
      ? []
      : backdatedLines(run, subscription, backdated, now)),
    ...firstLines(run, subscription, anchor, order.prorate !== false),
    ...(order.extraLines ?? []),
  ];
  const invoice = draftOf(run, subscription, 'subscription_create', lines);
  try {
    begin(run, subscription, invoice, order.behaviour ?? 'allow_incomplete');
  } catch (error) {
    account.billing.subscriptions.remove(id);
    if (invoice.status === 'open') voidInvoice(account, invoice);
    discardDraft(account, invoice);
    throw error;
  }
  return subscription;
}

function begin(run: Execution, subscription: Subscription, invoice: Invoice, how: string): void {
  const started = subscription.trial_end === null ? 'active' : 'trialing';
  if (subscription.collection_method === 'send_invoice') {
    subscription.status = started;
    return;
  }
  const needsMethod = invoice.amount_due > 0 && how !== 'default_incomplete';
  if (needsMethod && methodFor(run.account, invoice) === null) throw noMethod();
  finalizeInvoice(run, invoice);
  if (invoice.status === 'paid') {
    subscription.status = started;
    return;
  }
  if (how === 'default_incomplete') return;
  try {
    chargeInvoice(run, invoice);
  } catch (error) {
    // A first invoice that cannot be paid leaves the subscription incomplete, unless an error is asked for.
    if (!(error instanceof StripeError) || how === 'error_if_incomplete') throw error;
    return;
  }
  subscription.status = started;
}
