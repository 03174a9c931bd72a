import type { Execution } from '../endpoint';
import type { StripeAccount } from '../stripe-account';
import { Exact } from '../totals/exact';
import { exactAmount } from '../totals/price-amount';
import type {
  Invoice,
  InvoiceLine,
  Period,
  Subscription,
  SubscriptionItem,
} from './billing-objects';
import { lineOfItem, makeLine, ratesOrDefault } from './invoice-lines';
import { makeInvoice } from './make-invoice';
import { exactItem, isMetered } from './subscription-items';

/** Invoice items that wait for the next invoice of a customer, or of one subscription; they are put on it. */
export function takePendingLines(
  account: StripeAccount,
  customer: string,
  currency: string,
  subscription: string | null,
): { lines: InvoiceLine[]; attach: (invoice: string) => void } {
  const items = account.billing.invoiceItems.all((item) => {
    const of = (item.parent?.['subscription_details'] as { subscription: string } | undefined)
      ?.subscription;
    return (
      item.invoice === null &&
      item.customer === customer &&
      item.currency === currency &&
      (of === undefined || subscription === null || of === subscription)
    );
  });
  return {
    lines: items.map((item) =>
      lineOfItem(
        item,
        account.catalogue.prices.find(item.pricing?.price_details.price ?? '') ?? null,
      ),
    ),
    attach: (invoice) => {
      for (const item of items) item.invoice = invoice;
    },
  };
}

function nameOf(account: StripeAccount, item: SubscriptionItem): string {
  const name = account.catalogue.products.find(item.price.product)?.name ?? item.price.product;
  return `${item.quantity ?? 0} × ${name}`;
}

/**
 * The line that bills an item for a period ahead.
 *
 * @param part how much of a whole period it is; all by default
 */
export function periodLine(
  account: StripeAccount,
  subscription: Subscription,
  item: SubscriptionItem,
  period: Period,
  part = Exact.of(1),
): InvoiceLine {
  return makeLine({
    amount: exactItem(item, subscription.currency).times(part).rounded(),
    description: nameOf(account, item),
    discounts: item.discounts,
    metadata: subscription.metadata,
    period,
    price: item.price,
    quantity: isMetered(item) ? '0' : String(item.quantity ?? 1),
    subscription: subscription.id,
    subscriptionItem: item.id,
    taxRates: ratesOrDefault(item.tax_rates),
  });
}

/** The line that bills what was used of a metered item in the period behind; the usage begins again at 0. */
export function usageLine(
  account: StripeAccount,
  subscription: Subscription,
  item: SubscriptionItem,
  period: Period,
): InvoiceLine {
  const used = account.billing.usage.get(item.id) ?? 0;
  account.billing.usage.delete(item.id);
  return makeLine({
    amount: exactAmount(item.price, subscription.currency, used, 'items').rounded(),
    description: nameOf(account, item),
    discounts: item.discounts,
    metadata: subscription.metadata,
    period,
    price: item.price,
    quantity: String(used),
    subscription: subscription.id,
    subscriptionItem: item.id,
    taxRates: ratesOrDefault(item.tax_rates),
  });
}

/** The discounts on a subscription that still count; a coupon for one time is used up by its first invoice. */
function liveDiscounts(account: StripeAccount, subscription: Subscription): string[] {
  return subscription.discounts.filter((id) => {
    const discount = account.catalogue.discounts.find(id);
    return discount !== undefined && (discount.end === null || discount.end > account.now());
  });
}

/** An invoice of a subscription, in draft, with what waits for it. */
export function draftOf(
  { account }: Execution,
  subscription: Subscription,
  reason: string,
  lines: readonly InvoiceLine[],
): Invoice {
  const pending = takePendingLines(
    account,
    subscription.customer,
    subscription.currency,
    subscription.id,
  );
  const discounts = liveDiscounts(account, subscription);
  const invoice = makeInvoice(account, {
    autoAdvance: true,
    automaticTax: subscription.automatic_tax.enabled,
    billingReason: reason,
    collectionMethod: subscription.collection_method,
    currency: subscription.currency,
    customer: subscription.customer,
    daysUntilDue: subscription.days_until_due,
    defaultTaxRates: subscription.default_tax_rates,
    discounts,
    lines: [...pending.lines, ...lines],
    onBehalfOf: subscription.on_behalf_of,
    parent: {
      quote_details: null,
      subscription_details: { metadata: subscription.metadata, subscription: subscription.id },
      type: 'subscription_details',
    },
  });
  pending.attach(invoice.id);
  subscription.latest_invoice = invoice.id;
  subscription.discounts = discounts.filter((id) => {
    const coupon = account.catalogue.coupons.find(
      account.catalogue.discounts.find(id)?.source.coupon ?? '',
    );
    return coupon?.duration !== 'once';
  });
  return invoice;
}
