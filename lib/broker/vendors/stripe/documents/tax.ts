import { objectIn, textIn } from '../vendor-object';
import type { VendorObject } from '../vendor-object';
import { percentOf } from './decimal';
import type { Decimal } from './decimal';
import type { Fields } from './fields';
import { amountIn, decimalIn, strange } from './objects';
import type { Objects } from './objects';

/** One rate of an account's own, https://docs.stripe.com/billing/taxes/tax-rates. */
export interface TaxRate {
  percent: Decimal;
  /** Minor units on each line, in place of a percentage. */
  flat: bigint;
  /** Whether the price has it in it, so that nothing comes on top. */
  isIncluded: boolean;
}

/** The rates that a body names by their ids. */
export function taxRates(ids: readonly string[], objects: Objects): Promise<TaxRate[]> {
  return Promise.all(ids.map(async (id) => taxRateOf(await objects.get('tax_rates', id))));
}

/** A rate as the vendor shows it. */
export function taxRateOf(rate: VendorObject): TaxRate {
  const { inclusive } = rate;
  const percent = decimalIn(rate, 'percentage');
  if (typeof inclusive !== 'boolean') throw strange('a tax rate', 'inclusive');
  if (textIn(rate, 'rate_type') === 'flat_amount') {
    const flat = amountIn(objectIn(rate, 'flat_amount') ?? {}, 'amount');
    if (flat === undefined) throw strange('a tax rate', 'flat_amount');
    return { percent: 0n, flat, isIncluded: inclusive };
  }
  if (percent === undefined) throw strange('a tax rate', 'percentage');
  return { percent, flat: 0n, isIncluded: inclusive };
}

/**
 * What comes on top of a line. Where another rate is included, Stripe takes it out of the line first;
 * and it rounds each tax, or the sum of a bill's. Each of the whole line, rounded up, is never less.
 */
export function taxOnTop(amount: bigint, rates: readonly TaxRate[]): bigint {
  return rates
    .filter(({ isIncluded }) => !isIncluded)
    .reduce((sum, { percent, flat }) => sum + percentOf(percent, amount) + flat, 0n);
}

/** Whether a body has taxes added that Stripe reckons. */
export function asksForAutomaticTax(body: Fields): boolean {
  return body.map('automatic_tax')?.flag('enabled') === true;
}

/** The same of a document as the vendor shows it. */
export function hasAutomaticTax(shown: VendorObject): boolean {
  return objectIn(shown, 'automatic_tax')?.['enabled'] === true;
}
