import { amountUnknown, invalidAmount } from '../../../pricing/amount';
import { objectIn, textIn } from '../vendor-object';
import type { VendorObject } from '../vendor-object';
import type { Bill, Pricing } from './bill';
import { decimal } from './decimal';
import type { Fields } from './fields';
import { amountIn, strange, objectsIn } from './objects';
import { taxOnTop, taxRates } from './tax';
import type { TaxRate } from './tax';
import { catalogPrice, inlinePrice, larger } from './unit-price';
import type { UnitPrice } from './unit-price';

/** Checkout's own, where an item is adjustable and names no maximum. */
export const MOST_ADJUSTABLE = 99n;

/**
 * Puts the items of a body on a bill: each a `price` or `price_data`, a `quantity`, `tax_rates`.
 *
 * @param currency The one that the document is in, where that is known.
 * @param defaults The taxes of items that name none.
 */
export async function addItems(
  { objects }: Pick<Pricing, 'objects'>,
  bill: Bill,
  items: readonly Fields[],
  currency: string | undefined,
  defaults: readonly TaxRate[] = [],
): Promise<void> {
  const read = await Promise.all(
    items.map(async (item) => ({
      item,
      price: await priceIn(item, objects, currency),
      taxes: await taxesIn(item, objects, defaults),
    })),
  );
  for (const { item, price, taxes } of read) {
    const quantity = item.count('quantity') ?? 1n;
    bill.addItem(price, decimal(quantity), taxes, fieldOf(item));
    const adjustable = item.map('adjustable_quantity');
    if (adjustable?.flag('enabled') !== true) continue;
    const amount = price.amountFor(decimal(quantity));
    bill.addAdjustable(
      'adjustable_quantity',
      price,
      adjustable.count('maximum') ?? MOST_ADJUSTABLE,
      amount + taxOnTop(amount, taxes),
      taxes,
      adjustable.nameOf('enabled'),
    );
  }
}

/** What a customer may take on top of the items: `optional_items` of Checkout and payment links. */
export async function addOptionalItems(
  { objects }: Pick<Pricing, 'objects'>,
  bill: Bill,
  items: readonly Fields[],
  currency: string | undefined,
): Promise<void> {
  for (const item of items) {
    const price = await priceIn(item, objects, currency);
    const adjustable = item.map('adjustable_quantity');
    const given = item.count('quantity') ?? 1n;
    const isAdjustable = adjustable?.flag('enabled') === true;
    const most = isAdjustable ? (adjustable.count('maximum') ?? MOST_ADJUSTABLE) : given;
    bill.addAdjustable('optional_items', price, most > given ? most : given, 0n, [], fieldOf(item));
  }
}

/** The costliest of the ways to ship that a customer may choose from, in the currency of the items. */
export async function addShipping(
  { objects }: Pick<Pricing, 'objects'>,
  bill: Bill,
  options: readonly Fields[],
): Promise<void> {
  const { currency } = bill;
  let costliest: { amount: bigint; field: string } | undefined;
  for (const option of options) {
    const data = option.map('shipping_rate_data')?.map('fixed_amount');
    const id = option.text('shipping_rate');
    const amount =
      id === undefined
        ? inlineShipping(data, currency)
        : await shownShipping(id, objects, currency);
    const field = option.nameOf(id === undefined ? 'shipping_rate_data' : 'shipping_rate');
    if (costliest === undefined || amount > costliest.amount) costliest = { amount, field };
  }
  if (costliest !== undefined)
    bill.addAtMost('shipping_options', costliest.amount, costliest.field);
}

/** The costliest of the ways to ship that a document has already. */
export function addShownShipping(bill: Bill, shown: VendorObject, currency: string): void {
  const amounts = objectsIn(shown, 'shipping_options').map(
    (option) => amountIn(option, 'shipping_amount') ?? 0n,
  );
  if (amounts.length > 0) bill.addLine(amounts.reduce(larger), currency, []);
}

/** The price that an item names or has. */
async function priceIn(
  item: Fields,
  objects: Pricing['objects'],
  currency: string | undefined,
): Promise<UnitPrice> {
  const id = item.text('price');
  const data = item.map('price_data');
  if ((id === undefined) === (data === undefined)) {
    const name = item.nameOf('price');
    throw invalidAmount(name, `${name} or its price_data must be given, and not both.`);
  }
  if (id !== undefined) return catalogPrice(id, objects, currency);
  const price = inlinePrice(data ?? item);
  if (price.amountFor(decimal(1n)) < 0n) {
    const name = item.nameOf('price_data');
    throw invalidAmount(name, `${name} must not be below 0.`);
  }
  return price;
}

/** The taxes of an item: its own, or else the document's. */
export async function taxesIn(
  item: Fields,
  objects: Pricing['objects'],
  defaults: readonly TaxRate[],
): Promise<readonly TaxRate[]> {
  const own = item.texts('tax_rates');
  return own.length === 0 ? defaults : taxRates(own, objects);
}

/**
 * Refuses a change of an item, or of a bill, by its taxes: they multiply with what another call may set
 * at the same moment, so what both come to is held by neither.
 */
export function keepTaxes(
  change: Fields,
  field: 'tax_rates' | 'tax_amounts' | 'default_tax_rates',
): void {
  if (!change.has(field)) return;
  const name = change.nameOf(field);
  throw amountUnknown(
    `${name} changes the taxes of what is there already, which cannot be priced. Leave ${name} out, or make a new item or bill with these taxes.`,
  );
}

/**
 * Refuses a change of an item that names its price or its quantity alone: what the other one is may be
 * changed by another call before this one arrives.
 *
 * @param prices What a price may be named by.
 */
export function keepTogether(
  change: Fields,
  prices: readonly string[],
  quantities: readonly string[] = ['quantity'],
): void {
  const hasPrice = prices.some((name) => change.has(name));
  if (hasPrice === quantities.some((name) => change.has(name))) return;
  const [price = '', quantity = ''] = [prices[0], quantities[0]].map((name) =>
    change.nameOf(name ?? ''),
  );
  throw amountUnknown(
    hasPrice
      ? `The change names the price of an item and not its quantity, which another call may change meanwhile, so it cannot be priced. Name ${quantity} too.`
      : `The change names ${quantity} and not the price of the item, which another call may change meanwhile, so it cannot be priced. Name ${price} too.`,
  );
}

function fieldOf(item: Fields): string {
  return item.nameOf(item.has('price') ? 'price' : 'price_data');
}

function inlineShipping(fixed: Fields | undefined, currency: string | undefined): bigint {
  const amount = fixed?.count('amount');
  const named = fixed?.text('currency')?.toLowerCase();
  if (amount === undefined || (currency !== undefined && named !== currency)) {
    throw invalidAmount(
      'shipping_options',
      'Each of shipping_options must name a shipping_rate, or a fixed_amount in the currency of the call.',
    );
  }
  return amount;
}

async function shownShipping(
  id: string,
  objects: Pricing['objects'],
  currency: string | undefined,
): Promise<bigint> {
  const rate = await objects.get('shipping_rates', id, ['fixed_amount.currency_options']);
  const fixed = objectIn(rate, 'fixed_amount') ?? {};
  const own = textIn(fixed, 'currency');
  const terms =
    currency === undefined || currency === own
      ? fixed
      : (objectIn(objectIn(fixed, 'currency_options') ?? {}, currency) ?? {});
  const amount = amountIn(terms, 'amount');
  if (amount === undefined) {
    throw strange(`the shipping rate ${id}`, `fixed_amount in ${currency ?? 'any currency'}`);
  }
  return amount;
}
