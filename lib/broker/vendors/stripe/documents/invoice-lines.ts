import { amountUnknown, invalidAmount } from '../../../pricing/amount';
import type { VendorObject } from '../vendor-object';
import type { Bill, Pricing } from './bill';
import { decimal, product } from './decimal';
import type { Decimal } from './decimal';
import type { Fields } from './fields';
import { keepTaxes, keepTogether, taxesIn } from './line-items';
import { amountIn, currencyIn, objectsIn } from './objects';
import { taxRateOf } from './tax';
import type { TaxRate } from './tax';
import { catalogPrice, inlinePrice } from './unit-price';

/** What a line of an invoice is besides what the body says. */
interface LineContext {
  /** The currency that the invoice is in, where that is known. */
  currency: string | undefined;
  /** The taxes of a line that names none. */
  taxes: readonly TaxRate[];
  /** The line before the call, where it is there already. */
  before?: VendorObject;
}

/** Puts one line on a bill that is written as invoice items and the lines of invoices are. */
export async function addInvoiceLine(
  { objects }: Pick<Pricing, 'objects'>,
  bill: Bill,
  line: Fields,
  { currency, taxes: defaults, before }: LineContext,
): Promise<void> {
  if (before !== undefined) {
    keepTaxes(line, 'tax_rates');
    keepTaxes(line, 'tax_amounts');
    if (!line.has('amount')) {
      keepTogether(
        line,
        ['unit_amount_decimal', 'pricing', 'price_data'],
        ['quantity', 'quantity_decimal'],
      );
    }
  }
  const taxes = await taxesIn(line, objects, taxesOf(before, defaults));
  for (const tax of line.list('tax_amounts')) {
    // Whether it comes on top is not asked: it is held.
    const amount = tax.count('amount') ?? 0n;
    if (currency !== undefined) bill.addLine(amount, currency, []);
  }
  const amount = line.decimal('amount');
  if (amount !== undefined) {
    if (hasQuantity(line)) {
      const name = line.nameOf('amount');
      throw invalidAmount(name, `${name} is for the whole line: leave its quantity out.`);
    }
    if (currency === undefined) throw noCurrency();
    bill.addLine(product(amount, decimal(1n)), currency, taxes);
    return;
  }
  const quantity = quantityOf(line);
  const id = line.map('pricing')?.text('price');
  const data = line.map('price_data');
  const unit = line.decimal('unit_amount_decimal', { decimals: true });
  const given = [id, data, unit].filter((each) => each !== undefined);
  if (given.length > 1) throw invalidAmount(null, 'A line must have one price.');
  if (id !== undefined) {
    bill.addItem(
      await catalogPrice(id, objects, currency),
      quantity,
      taxes,
      line.nameOf('pricing'),
    );
  } else if (data !== undefined) {
    bill.addItem(inlinePrice(data), quantity, taxes, line.nameOf('price_data'));
  } else if (unit !== undefined) {
    if (currency === undefined) throw noCurrency();
    bill.addLine(product(unit, quantity), currency, taxes);
  } else if (before !== undefined) {
    bill.addLine(amountIn(before, 'amount') ?? 0n, currencyIn(before, 'an invoice item'), taxes);
  } else {
    throw amountUnknown(
      'Each line needs an amount, a unit_amount_decimal, a price_data or a price, so that it can be priced.',
    );
  }
}

/** What a bill comes to more where a credit that it would have had is no longer on it. */
export function addCreditTakenOff(
  bill: Bill,
  before: VendorObject,
  defaults: readonly TaxRate[],
): void {
  const amount = amountIn(before, 'amount') ?? 0n;
  bill.addLine(-amount, currencyIn(before, 'an invoice item'), taxesOf(before, defaults));
}

/** The taxes of a line that is there already: its own, or else the bill's. */
function taxesOf(
  before: VendorObject | undefined,
  defaults: readonly TaxRate[],
): readonly TaxRate[] {
  const own = before === undefined ? [] : objectsIn(before, 'tax_rates').map(taxRateOf);
  return own.length === 0 ? defaults : own;
}

function hasQuantity(line: Fields): boolean {
  return line.has('quantity') || line.has('quantity_decimal');
}

function quantityOf(line: Fields): Decimal {
  const whole = line.count('quantity');
  const exact = line.decimal('quantity_decimal', { decimals: true });
  if (whole !== undefined && exact !== undefined) {
    throw invalidAmount('quantity', 'A line must have one quantity.');
  }
  if (exact !== undefined && exact < 0n) {
    throw invalidAmount('quantity_decimal', 'A quantity must not be below 0.');
  }
  if (whole !== undefined) return decimal(whole);
  return exact ?? decimal(1n);
}

function noCurrency() {
  return invalidAmount('currency', 'The call needs a currency, so that it can be priced.');
}
