import { amountUnknown } from '../../../pricing/amount';
import { idIn, objectIn, textIn } from '../vendor-object';
import type { VendorObject } from '../vendor-object';
import type { Bill, Pricing } from './bill';
import { amountIn, currencyIn, objectsIn } from './objects';
import { taxOnTop, taxRateOf } from './tax';
import type { TaxRate } from './tax';
import { larger } from './unit-price';

/**
 * What goes onto the next bill of a customer besides its own lines: what the customer owes, and the
 * items that wait for it. https://docs.stripe.com/billing/invoices/subscription
 *
 * @param subscription Of items that wait for a subscription, those of this one alone.
 */
export async function addWaiting(
  pricing: Pick<Pricing, 'objects'>,
  bill: Bill,
  customer: string,
  subscription: string | undefined,
  defaults: readonly TaxRate[],
): Promise<void> {
  const waiting = await pricing.objects.list('invoiceitems', { customer, pending: 'true' });
  for (const item of waiting) {
    const of = subscriptionIn(item);
    if (of !== undefined && of !== subscription) continue;
    const own = objectsIn(item, 'tax_rates').map(taxRateOf);
    const taxes = own.length === 0 ? defaults : own;
    const amount = amountIn(item, 'amount') ?? 0n;
    bill.addLine(amount, currencyIn(item, 'an invoice item'), taxes);
    const id = textIn(item, 'id');
    if (id !== undefined) bill.takeUp({ id, amount: amount + taxOnTop(amount, taxes) });
  }
  // The items say the currency where nothing else does.
  await addBalance(pricing, bill, customer);
}

/**
 * What a customer owes, which Stripe adds to the next bill in the same currency:
 * https://docs.stripe.com/billing/customer/balance.
 */
export async function addBalance(
  { objects }: Pick<Pricing, 'objects'>,
  bill: Bill,
  customer: string,
): Promise<void> {
  const owing = await objects.get('customers', customer, ['invoice_credit_balance']);
  if (owing['deleted'] === true) throw amountUnknown(`The customer ${customer} is deleted.`);
  const own = textIn(owing, 'currency')?.toLowerCase();
  const currency = bill.currency ?? own;
  const balance = own === undefined || own === currency ? amountIn(owing, 'balance') : 0n;
  // What the customer has in each currency: below 0 it is owed.
  const credits = objectIn(owing, 'invoice_credit_balance') ?? {};
  const owed = Object.keys(credits)
    .filter((each) => currency === undefined || each === currency)
    .map((each) => -(amountIn(credits, each) ?? 0n))
    .reduce(larger, balance ?? 0n);
  if (owed <= 0n) return;
  if (currency === undefined) {
    throw amountUnknown(
      `The customer ${customer} owes something, in no currency that the vendor shows. Name the currency of the bill.`,
    );
  }
  bill.addLine(owed, currency, []);
}

/** The subscription whose bill an invoice item waits for. */
export function subscriptionIn(item: VendorObject): string | undefined {
  const parent = objectIn(objectIn(item, 'parent') ?? {}, 'subscription_details') ?? {};
  // Before version 2025-03-31 it was a field of the item's own.
  return idIn(parent, 'subscription') ?? idIn(item, 'subscription');
}
