import { invalidAmount } from '../../../pricing/amount';
import type { Price } from '../../../pricing/price';
import { idIn } from '../vendor-object';
import { Bill } from './bill';
import type { Pricing } from './bill';
import { subscriptionIn } from './customers';
import type { Decimal } from './decimal';
import { addCreditTakenOff, addInvoiceLine } from './invoice-lines';
import { openInvoice } from './invoices';
import { amountIn, currencyIn, objectsIn } from './objects';
import { subscriptionOf } from './subscriptions';
import { taxRateOf, hasAutomaticTax } from './tax';
import type { TaxRate } from './tax';
import { currencyNamed } from './unit-price';

const HARMLESS = /^(?:metadata|description|period|expand)$/;

/** The bill that an item goes onto. */
interface NextBill {
  currency: string | undefined;
  taxes: readonly TaxRate[];
  hasAutomaticTax: boolean;
}

/**
 * `POST invoiceitems`: its amount, on the invoice that it names. One that names none waits for the
 * customer's next bill, which may charge by itself, and is held by itself until then.
 */
export async function newInvoiceItem(pricing: Pricing): Promise<Price> {
  const { body } = pricing;
  const invoice = body.text('invoice');
  const next = await nextBill(pricing, {
    invoice,
    subscription: body.text('subscription'),
    customer: body.text('customer'),
  });
  const currency = body.has('currency') ? currencyNamed(body) : next.currency;
  const bill = new Bill(pricing, next.currency ?? currency);
  await addInvoiceLine(pricing, bill, body, { currency, taxes: next.taxes });
  bill.addAutomaticTax(next.hasAutomaticTax, 'customer');
  return invoice === undefined ? bill.asNew() : bill.asNewLines(invoice);
}

/** `POST invoiceitems/*`: what it comes to beyond what it was. */
export async function changedInvoiceItem(pricing: Pricing): Promise<Price> {
  const { body, objects, id } = pricing;
  if (body.names().every((name) => HARMLESS.test(name))) return { kind: 'free' };
  const item = await objects.get('invoiceitems', id);
  const invoice = idIn(item, 'invoice');
  const next = await nextBill(pricing, {
    invoice,
    subscription: subscriptionIn(item),
    customer: idIn(item, 'customer'),
  });
  const currency = currencyIn(item, 'an invoice item');
  const bill = new Bill(pricing, currency);
  await addInvoiceLine(pricing, bill, body, { currency, taxes: next.taxes, before: item });
  // Of one that a coupon takes off, all may come onto the bill.
  if (!body.has('discountable')) bill.less(amountIn(item, 'amount') ?? 0n);
  addCreditTakenOff(bill, item, next.taxes);
  bill.addAutomaticTax(next.hasAutomaticTax, 'invoiceitems');
  return bill.asAddition(invoice ?? id);
}

/** `DELETE invoiceitems/*`: nothing, unless it was a credit. */
export async function deletedInvoiceItem(pricing: Pricing): Promise<Price> {
  const { objects, id } = pricing;
  const item = await objects.get('invoiceitems', id);
  const amount = amountIn(item, 'amount') ?? 0n;
  if (amount >= 0n) return { kind: 'free' };
  const currency = currencyIn(item, 'an invoice item');
  const bill = new Bill(pricing, currency);
  const next = await nextBill(pricing, {
    invoice: idIn(item, 'invoice'),
    subscription: subscriptionIn(item),
    customer: idIn(item, 'customer'),
  });
  addCreditTakenOff(bill, item, next.taxes);
  return bill.asAddition(idIn(item, 'invoice') ?? id);
}

async function nextBill(
  pricing: Pricing,
  {
    invoice,
    subscription,
    customer,
  }: Record<'invoice' | 'subscription' | 'customer', string | undefined>,
): Promise<NextBill> {
  if (invoice !== undefined) return openInvoice(pricing, invoice);
  if (subscription !== undefined) return subscriptionOf(pricing, subscription);
  if (customer === undefined) throw invalidAmount('customer', 'customer must be given.');
  // It goes onto the bill of whichever of the customer's subscriptions is charged first.
  const all = await pricing.objects.list('subscriptions', { customer });
  const taxes = all.map((each) => objectsIn(each, 'default_tax_rates').map(taxRateOf));
  return {
    currency: undefined,
    taxes: taxes.toSorted((one, other) => (onTop(one) < onTop(other) ? 1 : -1))[0] ?? [],
    hasAutomaticTax: all.some(hasAutomaticTax),
  };
}

function onTop(rates: readonly TaxRate[]): Decimal {
  return rates.reduce((sum, { percent, isIncluded }) => sum + (isIncluded ? 0n : percent), 0n);
}
