import { invalidAmount } from '../../../pricing/amount';
import type { Price } from '../../../pricing/price';
import { textIn } from '../vendor-object';
import type { VendorObject } from '../vendor-object';
import { Bill } from './bill';
import type { Pricing } from './bill';
import { addBalance, addWaiting } from './customers';
import { addInvoiceLine, addCreditTakenOff } from './invoice-lines';
import { keepTaxes } from './line-items';
import { amountIn, currencyIn, objectsIn, strange } from './objects';
import { itemsOn } from './taken-up';
import { taxRateOf, taxRates, asksForAutomaticTax, hasAutomaticTax } from './tax';
import type { TaxRate } from './tax';
import { currencyNamed, larger } from './unit-price';

/** What leaves an invoice's total, and what becomes of it, as they are. */
const HARMLESS =
  /^(?:metadata|description|footer|custom_fields|days_until_due|due_date|number|rendering|statement_descriptor|shipping_details|account_tax_ids|effective_at|default_payment_method|expand)$/;

/** An invoice as lines are put on it. */
export interface OpenInvoice {
  id: string;
  currency: string;
  taxes: readonly TaxRate[];
  hasAutomaticTax: boolean;
}

/**
 * `POST invoices`: what waits for the customer's next bill, where it is taken up; what is added later
 * is held when it is added, so that a bill that charges by itself is held by then.
 */
export async function newInvoice(pricing: Pricing): Promise<Price> {
  const { body, objects } = pricing;
  const customer = body.text('customer');
  const subscription = body.text('subscription');
  if (customer === undefined) throw invalidAmount('customer', 'customer must be given.');
  const bill = new Bill(pricing, body.has('currency') ? currencyNamed(body) : undefined);
  const taxes = await taxRates(body.texts('default_tax_rates'), objects);
  bill.addAutomaticTax(asksForAutomaticTax(body));
  const behavior = body.text('pending_invoice_items_behavior') ?? 'exclude';
  if (behavior !== 'exclude' || subscription !== undefined) {
    await addWaiting(pricing, bill, customer, subscription, taxes);
  } else if (body.flag('auto_advance')) {
    await addBalance(pricing, bill, customer);
  }
  return bill.isEmpty ? { kind: 'free' } : bill.asNew();
}

/** `POST invoices/*`: what it charges in all, where the change may let it charge, or charge more. */
export async function changedInvoice(pricing: Pricing): Promise<Price> {
  const { body, id } = pricing;
  const stays = (name: string): boolean =>
    HARMLESS.test(name) || (name === 'auto_advance' && !body.flag(name));
  if (body.names().every(stays)) return { kind: 'free' };
  const shown = await invoiceShown(pricing, id);
  keepTaxes(body, 'default_tax_rates');
  return billOf(pricing, shown).asTotal(id);
}

/** `POST invoices/*‍/add_lines`: its new lines. */
export async function addedLines(pricing: Pricing): Promise<Price> {
  const { body, objects, id } = pricing;
  const invoice = await openInvoice(pricing, id);
  const { currency, taxes } = invoice;
  const bill = new Bill(pricing, currency);
  for (const line of body.list('lines')) {
    const waiting = line.text('invoice_item');
    const before = waiting === undefined ? undefined : await objects.get('invoiceitems', waiting);
    await addInvoiceLine(pricing, bill, line, { currency, taxes, ...(before && { before }) });
    if (before !== undefined) addCreditTakenOff(bill, before, taxes);
  }
  bill.addAutomaticTax(invoice.hasAutomaticTax, 'lines');
  return bill.asAddition(id);
}

/** `POST invoices/*‍/finalize` and `/send`: what it charges in all. */
export async function finalizedInvoice(pricing: Pricing): Promise<Price> {
  const { id } = pricing;
  return billOf(pricing, await invoiceShown(pricing, id)).asTotal(id);
}

/** `POST invoices/*‍/pay`: what is left to pay, unless it was paid elsewhere. */
export async function paidInvoice(pricing: Pricing): Promise<Price> {
  const { body, id } = pricing;
  if (body.flag('paid_out_of_band')) return { kind: 'free' };
  const shown = await invoiceShown(pricing, id);
  if (textIn(shown, 'status') === 'draft') return billOf(pricing, shown).asTotal(id);
  const remaining = amountIn(shown, 'amount_remaining');
  if (remaining === undefined) throw strange('an invoice', 'amount_remaining');
  const currency = currencyIn(shown, 'an invoice');
  const bill = new Bill(pricing, currency);
  bill.addLine(remaining, currency, []);
  for (const item of itemsOn(shown)) bill.takeUp(item);
  return bill.asTotal(id);
}

/** What is known of an invoice that gets lines. */
export async function openInvoice(pricing: Pricing, id: string): Promise<OpenInvoice> {
  const shown = await invoiceShown(pricing, id);
  return {
    id,
    currency: currencyIn(shown, 'an invoice'),
    taxes: objectsIn(shown, 'default_tax_rates').map(taxRateOf),
    hasAutomaticTax: hasAutomaticTax(shown),
  };
}

function invoiceShown({ objects }: Pricing, id: string): Promise<VendorObject> {
  return objects.get('invoices', id);
}

/** What an invoice charges once it is final: Stripe's own sum, with what a draft may still change. */
function billOf(pricing: Pricing, shown: VendorObject): Bill {
  const currency = currencyIn(shown, 'an invoice');
  const total = amountIn(shown, 'total');
  const due = amountIn(shown, 'amount_due');
  if (total === undefined || due === undefined) throw strange('an invoice', 'amount_due');
  const bill = new Bill(pricing, currency);
  const isDraft = textIn(shown, 'status') === 'draft';
  // What the customer owes is added once it is final, whether a draft shows it as due or not.
  const owed = isDraft ? larger(amountIn(shown, 'starting_balance') ?? 0n, 0n) : 0n;
  bill.addLine(larger(total + owed, due), currency, []);
  for (const item of itemsOn(shown)) bill.takeUp(item);
  if (!isDraft) return bill;
  // A coupon may have run out by then.
  for (const discount of objectsIn(shown, 'total_discount_amounts')) {
    bill.addLine(amountIn(discount, 'amount') ?? 0n, currency, []);
  }
  bill.addAutomaticTax(hasAutomaticTax(shown));
  return bill;
}
