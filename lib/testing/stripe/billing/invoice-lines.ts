import type { Price, TaxRate } from '../catalogue/catalogue-objects';
import { newId } from '../new-id';
import type { InvoiceItem, InvoiceLine, Period, Pricing } from './billing-objects';

type LineOrder = Pick<InvoiceLine, 'amount' | 'period'> & Partial<InvoiceLine>;

export function makeLine(order: LineOrder): InvoiceLine {
  return {
    id: newId('il_'),
    description: null,
    discountable: true,
    discounts: [],
    invoiceItem: null,
    metadata: {},
    price: null,
    proration: false,
    quantity: '1',
    subscription: null,
    subscriptionItem: null,
    taxRates: null,
    unitAmountDecimal: order.price?.unit_amount_decimal ?? null,
    ...order,
  };
}

/** The line that an invoice item becomes once it is on an invoice. */
export function lineOfItem(item: InvoiceItem, price: Price | null): InvoiceLine {
  const subscription = (
    item.parent?.['subscription_details'] as Record<string, string> | undefined
  )?.['subscription'];
  return makeLine({
    amount: item.amount,
    description: item.description,
    discountable: item.discountable,
    discounts: item.discounts,
    invoiceItem: item.id,
    metadata: item.metadata,
    period: item.period,
    price,
    proration: item.proration,
    quantity: item.quantity_decimal,
    subscription: subscription ?? null,
    taxRates: ratesOrDefault(item.tax_rates),
    unitAmountDecimal: item.pricing?.unit_amount_decimal ?? null,
  });
}

/** No rates of its own: the invoice's default ones. */
export function ratesOrDefault(rates: readonly TaxRate[]): readonly TaxRate[] | null {
  return rates.length === 0 ? null : rates;
}

export function pricingOf(price: Price | null, unitAmountDecimal: string | null): Pricing | null {
  if (price === null) return null;
  return {
    price_details: { price: price.id, product: price.product },
    type: 'price_details',
    unit_amount_decimal: unitAmountDecimal,
  };
}

export function parentOf(line: InvoiceLine): Record<string, unknown> {
  const proration = { invoice_item: line.invoiceItem, proration: line.proration };
  const details = {
    ...proration,
    proration_details: { credited_items: null },
    subscription: line.subscription,
  };
  return line.subscriptionItem === null
    ? {
        invoice_item_details: details,
        subscription_item_details: null,
        type: 'invoice_item_details',
      }
    : {
        invoice_item_details: null,
        subscription_item_details: { ...details, subscription_item: line.subscriptionItem },
        type: 'subscription_item_details',
      };
}

export function instant(at: number): Period {
  return { start: at, end: at };
}
