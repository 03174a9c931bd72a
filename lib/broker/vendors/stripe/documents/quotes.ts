import { amountUnknown } from '../../../pricing/amount';
import type { Price } from '../../../pricing/price';
import { idIn, objectIn, textIn } from '../vendor-object';
import type { VendorObject } from '../vendor-object';
import { Bill } from './bill';
import type { Pricing } from './bill';
import { addWaiting } from './customers';
import { amountIn, currencyIn, strange } from './objects';
import { taxRates, hasAutomaticTax } from './tax';
import { larger } from './unit-price';

/**
 * `POST quotes/*‍/accept`: what the quote says that is charged at first, and its first period. Coupons
 * are not trusted: what they take off is held too. https://docs.stripe.com/quotes
 */
export async function acceptedQuote(pricing: Pricing): Promise<Price> {
  const { objects, id } = pricing;
  const quote = await objects.get('quotes', id);
  const status = textIn(quote, 'status');
  if (status !== 'open') {
    // A draft may be changed between the look-up and the call.
    throw amountUnknown(
      `The quote ${id} is ${status ?? 'in no status that the broker can read'}, and only an open one keeps its price until it is accepted. Finalize it first: POST quotes/${id}/finalize.`,
    );
  }
  const lines = await objects.list(`quotes/${id}/line_items`, {});
  const currency = currencyIn(quote, 'a quote');
  const computed = objectIn(quote, 'computed') ?? {};
  const upfront = objectIn(computed, 'upfront');
  const recurring = objectIn(computed, 'recurring');
  if (upfront === undefined) throw strange('a quote', 'computed');
  const bill = new Bill(pricing, currency);
  if (recurring !== undefined) bill.recur();
  for (const line of lines) {
    const terms = objectIn(objectIn(line, 'price') ?? {}, 'recurring');
    if (terms?.['usage_type'] === 'metered') bill.addUnknown('metered', 'line_items');
    if (terms !== undefined) bill.recur();
  }
  const atFirst = larger(undiscounted(upfront), undiscounted(quote));
  const period = recurring === undefined ? 0n : undiscounted(recurring);
  // A trial, or a later start, puts the first period off: then it comes on top.
  const isLater = Object.values(objectIn(quote, 'subscription_data') ?? {}).some(
    (value) => typeof value === 'number' && value > 0,
  );
  bill.addLine(isLater ? atFirst + period : larger(atFirst, period), currency, []);
  bill.addAutomaticTax(hasAutomaticTax(quote));
  const customer = idIn(quote, 'customer');
  if (bill.isRecurring && customer !== undefined) {
    const named = quote['default_tax_rates'];
    const taxes = await taxRates(Array.isArray(named) ? named.map(String) : [], objects);
    await addWaiting(pricing, bill, customer, undefined, taxes);
  }
  return bill.asTotal(id);
}

/** A total of the quote's, with what coupons take off it. */
function undiscounted(totals: VendorObject): bigint {
  const total = amountIn(totals, 'amount_total');
  if (total === undefined) throw strange('a quote', 'amount_total');
  return total + (amountIn(objectIn(totals, 'total_details') ?? {}, 'amount_discount') ?? 0n);
}
