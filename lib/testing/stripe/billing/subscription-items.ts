import type { Price, TaxRate } from '../catalogue/catalogue-objects';
import { newId } from '../new-id';
import type { StripeAccount } from '../stripe-account';
import { StripeError } from '../stripe-error';
import type { Metadata } from '../stripe-objects';
import { Exact } from '../totals/exact';
import { exactAmount } from '../totals/price-amount';
import { couponsOf } from '../catalogue/discounts';
import type { Period, Subscription, SubscriptionItem } from './billing-objects';

export interface ItemOrder {
  readonly discounts: readonly string[];
  readonly metadata: Metadata;
  readonly price: Price;
  readonly quantity: number | undefined;
  readonly taxRates: readonly TaxRate[];
}

/** @throws {StripeError} for a price that is for one time, or a quantity where usage is metered */
export function assertItem(order: ItemOrder, at: string): void {
  if (order.price.recurring === null) {
    throw StripeError.invalid(
      'The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.',
      { param: `${at}[price]` },
    );
  }
  if (order.price.recurring.usage_type === 'metered' && order.quantity !== undefined) {
    throw StripeError.invalid(
      'You cannot set the quantity for metered prices. Report usage instead.',
      { param: `${at}[quantity]` },
    );
  }
}

export function makeItem(
  account: StripeAccount,
  subscription: string,
  order: ItemOrder,
  period: Period,
): SubscriptionItem {
  const metered = order.price.recurring?.usage_type === 'metered';
  return {
    id: newId('si_'),
    object: 'subscription_item',
    billing_thresholds: null,
    created: account.now(),
    current_period_end: period.end,
    current_period_start: period.start,
    discounts: order.discounts,
    metadata: order.metadata,
    price: order.price,
    ...(metered ? {} : { quantity: order.quantity ?? 1 }),
    subscription,
    tax_rates: order.taxRates,
  };
}

export function periodOf(item: SubscriptionItem): Period {
  return { start: item.current_period_start, end: item.current_period_end };
}

export function isMetered(item: SubscriptionItem): boolean {
  return item.price.recurring?.usage_type === 'metered';
}

/** What an item costs for a whole period, exactly; metered ones are billed behind, by what was used. */
export function exactItem(item: SubscriptionItem, currency: string): Exact {
  if (isMetered(item)) return Exact.ZERO;
  return exactAmount(item.price, currency, item.quantity ?? 1, 'items');
}

/**
 * What the percentages on a subscription leave of an amount. Prorations show them in their amount, and take no
 * further discount: https://docs.stripe.com/billing/subscriptions/prorations
 */
export function leftAfterPercentages(
  account: StripeAccount,
  subscription: Subscription,
  item: SubscriptionItem,
): Exact {
  return couponsOf(account, [...item.discounts, ...subscription.discounts]).reduce(
    (left, { coupon }) =>
      coupon.percent_off === null
        ? left
        : left.times(Exact.of(100).plus(Exact.of(String(-coupon.percent_off)))).over(Exact.of(100)),
    Exact.of(1),
  );
}
