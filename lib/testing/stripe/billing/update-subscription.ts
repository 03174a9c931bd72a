import type { Price, TaxRate } from '../catalogue/catalogue-objects';
import { redeem } from '../catalogue/discounts';
import { priceOf } from '../catalogue/make-price';
import type { PriceData } from '../catalogue/price-rules';
import { taxRatesOf } from '../catalogue/tax-rates';
import type { Execution } from '../endpoint';
import { mergeMetadata } from '../metadata';
import { newId } from '../new-id';
import type { Params } from '../param-rules';
import type { StripeAccount } from '../stripe-account';
import { StripeError } from '../stripe-error';
import { optionIn } from '../totals/price-amount';
import type { Subscription, SubscriptionItem } from './billing-objects';
import { applyChange, saved } from './change-subscription';
import type { SubscriptionChange } from './change-subscription';
import { extraLines } from './extra-lines';
import { listOf } from './make-invoice';
import { pricingOf } from './invoice-lines';
import { periodAt } from './periods';
import { assertItem, makeItem } from './subscription-items';
import type { ItemOrder } from './subscription-items';
import type { changedItem, subscriptionRules } from './subscription-rules';

interface GivenItem {
  discounts?: Parameters<typeof redeem>[1] | undefined;
  metadata?: Record<string, string> | null | undefined;
  plan?: string | undefined;
  price?: string | undefined;
  price_data?: PriceData | undefined;
  quantity?: number | undefined;
  tax_rates?: readonly string[] | null | undefined;
}

export function itemOrder(
  account: StripeAccount,
  given: GivenItem,
  at: string,
  customer: string,
): ItemOrder {
  const price = priceOf(account, { ...given, price: given.price ?? given.plan }, at);
  const order: ItemOrder = {
    discounts: redeem(account, given.discounts, { customer }, price.currency),
    metadata: mergeMetadata({}, given.metadata),
    price,
    quantity: given.quantity,
    taxRates: taxRatesOf(account, given.tax_rates, `${at}[tax_rates]`),
  };
  assertItem(order, at);
  return order;
}

export function itemOrders(
  account: StripeAccount,
  given: readonly GivenItem[],
  customer: string,
): ItemOrder[] {
  return given.map((item, index) => itemOrder(account, item, `items[${index}]`, customer));
}

/** An item of a subscription that is under way: its period is the running one of the subscription's cycle. */
export function addItem(
  account: StripeAccount,
  subscription: Subscription,
  order: ItemOrder,
): SubscriptionItem {
  const now = account.now();
  const end =
    subscription.trial_end !== null && subscription.trial_end > now
      ? subscription.trial_end
      : periodAt(subscription.billing_cycle_anchor, order.price.recurring!, now).end;
  return makeItem(account, subscription.id, order, { start: now, end });
}

export interface ItemChange {
  readonly discounts?: readonly string[];
  readonly metadata?: Record<string, string> | null | undefined;
  readonly price?: Price;
  readonly quantity?: number | undefined;
  readonly taxRates?: readonly TaxRate[];
}

export function changeItem(
  item: SubscriptionItem,
  change: ItemChange,
  currency: string,
  at: string,
): SubscriptionItem {
  const price = change.price ?? item.price;
  if (change.price !== undefined) {
    optionIn(price, currency, `${at}[price]`);
    // A new price begins with a quantity of 1, unless it is given: https://docs.stripe.com/api/subscriptions/update
    const quantity = change.quantity ?? item.quantity ?? 1;
    assertItem({ ...item, price, quantity: change.quantity, taxRates: [] }, at);
    const metered = price.recurring?.usage_type === 'metered';
    const { quantity: _, ...rest } = item;
    Object.assign(item, rest, { price });
    if (metered) delete item.quantity;
    else item.quantity = quantity;
  } else if (change.quantity !== undefined) {
    assertItem({ ...item, quantity: change.quantity, taxRates: [] }, at);
    item.quantity = change.quantity;
  }
  if (change.discounts !== undefined) Object.assign(item, { discounts: change.discounts });
  if (change.metadata !== undefined) item.metadata = mergeMetadata(item.metadata, change.metadata);
  if (change.taxRates !== undefined) item.tax_rates = change.taxRates;
  return item;
}

type Update = Params<Omit<typeof subscriptionRules, 'automatic_tax'>> & {
  automatic_tax?: { enabled?: boolean | undefined } | undefined;
  billing_cycle_anchor?: 'now' | 'unchanged' | undefined;
  cancel_at?: number | string | undefined;
  items?: ReturnType<(typeof changedItem)['read']>[] | undefined;
  pause_collection?: Record<string, unknown> | null | undefined;
  proration_date?: number | undefined;
};

/** The items that a change leaves a subscription with; the subscription itself is as it was. */
export function newItems(
  account: StripeAccount,
  subscription: Subscription,
  given: Update['items'],
) {
  const items = subscription.items.data.map((item) => ({ ...item }));
  const kept = new Map(items.map((item) => [item.id, item]));
  for (const [index, change] of (given ?? []).entries()) {
    const at = `items[${index}]`;
    if (change.id === undefined) {
      const order = itemOrder(account, change, at, subscription.customer);
      optionIn(order.price, subscription.currency, `${at}[price]`);
      const item = addItem(account, subscription, order);
      kept.set(item.id, item);
      continue;
    }
    const item = kept.get(change.id);
    if (item === undefined) {
      throw StripeError.missing('subscription_item', change.id, `${at}[id]`, 400);
    }
    if (change.deleted === true) {
      kept.delete(change.id);
      continue;
    }
    const price = change.price ?? change.plan;
    changeItem(
      item,
      {
        metadata: change.metadata,
        quantity: change.quantity,
        ...(price === undefined && change.price_data === undefined
          ? {}
          : { price: priceOf(account, { ...change, price }, at) }),
        ...(change.tax_rates === undefined
          ? {}
          : { taxRates: taxRatesOf(account, change.tax_rates, `${at}[tax_rates]`) }),
      },
      subscription.currency,
      at,
    );
  }
  if (kept.size === 0) {
    throw StripeError.invalid(
      'A subscription must have at least one active plan. All plans on the subscription would be deleted by this update. ' +
        'If you want to cancel a subscription, please use the cancel endpoint.',
      { param: 'items' },
    );
  }
  return [...kept.values()];
}

/** @throws {StripeError} where the change is invalid, or an invoice that must be paid is not */
export function updateSubscription(
  run: Execution,
  subscription: Subscription,
  params: Update,
): Subscription {
  const { account } = run;
  const before = saved(subscription);
  const items = newItems(account, subscription, params.items);
  const taxRates =
    params.default_tax_rates === undefined
      ? undefined
      : taxRatesOf(account, params.default_tax_rates, 'default_tax_rates');
  const method =
    params.default_payment_method === undefined
      ? undefined
      : account.paymentMethod(params.default_payment_method, subscription.customer).shown.id;
  const extra = extraLines(account, params.add_invoice_items, subscription.currency);

  if (params.discounts !== undefined) {
    const { customer, id, currency } = subscription;
    subscription.discounts = redeem(
      account,
      params.discounts,
      { customer, subscription: id },
      currency,
    );
  }
  if (params.automatic_tax?.enabled !== undefined) {
    subscription.automatic_tax = {
      ...subscription.automatic_tax,
      enabled: params.automatic_tax.enabled,
    };
  }
  if (params.cancel_at_period_end !== undefined) {
    subscription.cancel_at_period_end = params.cancel_at_period_end;
    subscription.canceled_at = params.cancel_at_period_end ? account.now() : null;
  }
  if (params.cancel_at !== undefined) {
    subscription.cancel_at = typeof params.cancel_at === 'number' ? params.cancel_at : null;
  }
  if (params.collection_method !== undefined)
    subscription.collection_method = params.collection_method;
  if (params.days_until_due !== undefined) subscription.days_until_due = params.days_until_due;
  if (method !== undefined) subscription.default_payment_method = method;
  if (taxRates !== undefined) subscription.default_tax_rates = taxRates;
  if (params.description !== undefined) subscription.description = params.description;
  subscription.metadata = mergeMetadata(subscription.metadata, params.metadata);
  if (params.pause_collection !== undefined)
    subscription.pause_collection = params.pause_collection;
  if (params.transfer_data !== undefined) subscription.transfer_data = params.transfer_data;
  if (params.trial_settings) subscription.trial_settings = params.trial_settings;
  subscription.items = listOf(items, subscription.items.url);

  let cycleNow = params.billing_cycle_anchor === 'now';
  if (typeof params.trial_end === 'number') {
    subscription.trial_end = params.trial_end;
    subscription.trial_start ??= account.now();
    subscription.status = 'trialing';
    subscription.billing_cycle_anchor = params.trial_end;
    for (const item of items) item.current_period_end = params.trial_end;
  } else if (params.trial_end === 'now' && before.fields.status === 'trialing') {
    subscription.trial_end = account.now();
    subscription.status = 'active';
    cycleNow = true;
  }
  // What is added waits for the next invoice, as a pending invoice item would.
  for (const line of extra) {
    account.billing.invoiceItems.add({
      id: newId('ii_'),
      object: 'invoiceitem',
      amount: line.amount,
      created: account.now(),
      currency: subscription.currency,
      customer: subscription.customer,
      date: account.now(),
      description: line.description,
      discountable: line.discountable,
      discounts: line.discounts,
      invoice: null,
      livemode: false,
      metadata: line.metadata,
      parent: {
        subscription_details: { subscription: subscription.id },
        type: 'subscription_details',
      },
      period: line.period,
      pricing: pricingOf(line.price, line.unitAmountDecimal),
      proration: false,
      quantity: Number(line.quantity ?? 1),
      quantity_decimal: line.quantity ?? '1',
      tax_rates: line.taxRates ?? [],
      test_clock: null,
    });
  }
  const change: SubscriptionChange = {
    behaviour: params.payment_behavior ?? 'allow_incomplete',
    cycleNow,
    prorate: params.proration_behavior ?? 'create_prorations',
    prorationDate: params.proration_date,
  };
  applyChange(run, subscription, before, change);
  return subscription;
}
