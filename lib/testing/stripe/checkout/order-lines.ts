import { automaticRate } from '../catalogue/automatic-tax';
import { couponsOf } from '../catalogue/discounts';
import { priceOf } from '../catalogue/make-price';
import { priceData } from '../catalogue/price-rules';
import { taxRatesOf } from '../catalogue/tax-rates';
import { mergeMetadata } from '../metadata';
import { count, object, quantity } from '../nested-params';
import { flag, metadata, required, text, texts } from '../param-rules';
import { newId } from '../new-id';
import type { StripeAccount } from '../stripe-account';
import { StripeError } from '../stripe-error';
import { cartTotals } from '../totals/cart';
import type { CartTotals } from '../totals/cart';
import { optionIn, priceAmount } from '../totals/price-amount';
import type { AdjustableQuantity, LineItem, OrderLine } from './checkout-objects';

export const adjustableQuantity = object({
  enabled: required(flag),
  maximum: count,
  minimum: quantity,
});

export const checkoutLine = object({
  adjustable_quantity: adjustableQuantity,
  metadata,
  price: text,
  price_data: priceData,
  quantity,
  tax_rates: texts,
});

type GivenLine = ReturnType<(typeof checkoutLine)['read']>;

export function adjustableOf(
  given: ReturnType<(typeof adjustableQuantity)['read']> | undefined,
): AdjustableQuantity | null {
  if (given === undefined || !given.enabled) return null;
  return { enabled: true, maximum: given.maximum ?? 99, minimum: given.minimum ?? 0 };
}

/** @throws {StripeError} for a line that lacks a quantity, or has one where usage is metered */
export function orderLine(account: StripeAccount, given: GivenLine, at: string): OrderLine {
  const price = priceOf(account, given, at);
  const metered = price.recurring?.usage_type === 'metered';
  if (metered && given.quantity !== undefined) {
    throw StripeError.invalid('Quantity should not be specified where usage_type is `metered`.', {
      param: `${at}[quantity]`,
    });
  }
  if (!metered && given.quantity === undefined) {
    throw StripeError.invalid(`Quantity is required. Add \`quantity\` to \`${at}\``, {
      code: 'parameter_missing',
      param: `${at}[quantity]`,
    });
  }
  return {
    id: newId('li_'),
    adjustable: adjustableOf(given.adjustable_quantity),
    discounts: [],
    metadata: mergeMetadata({}, given.metadata),
    price,
    quantity: given.quantity ?? null,
    taxRates: taxRatesOf(account, given.tax_rates, `${at}[tax_rates]`),
  };
}

/**
 * The one currency of all lines.
 *
 * @param wanted another currency that every price has an amount in
 */
export function currencyOf(
  lines: readonly { readonly price: OrderLine['price'] }[],
  wanted: string | undefined,
  at = 'line_items',
): string {
  const currency = wanted ?? lines[0]!.price.currency;
  for (const [index, { price }] of lines.entries())
    optionIn(price, currency, `${at}[${index}][price]`);
  return currency;
}

/** What decides the totals of lines beside the lines. */
export interface Pricing {
  readonly currency: string;
  readonly discounts: readonly string[];
  /** Adds what automatic tax comes to. */
  readonly automaticTax?: boolean;
  /** Taxes for lines that have no rates of their own. */
  readonly defaultTaxRates?: OrderLine['taxRates'];
  /** Recurring lines cost nothing yet. */
  readonly trial?: boolean;
  /** The unit amount that the customer chose. */
  readonly customUnitAmount?: number | undefined;
}

export interface PricedOrder {
  readonly items: readonly LineItem[];
  readonly totals: CartTotals;
}

function ratesOf(account: StripeAccount, line: OrderLine, pricing: Pricing) {
  if (line.taxRates.length > 0) return line.taxRates;
  if (pricing.automaticTax === true) return automaticRate(account, line.price);
  return pricing.defaultTaxRates ?? [];
}

export function priceOrder(
  account: StripeAccount,
  lines: readonly OrderLine[],
  pricing: Pricing,
): PricedOrder {
  const { currency } = pricing;
  const cart = lines.map((line, index) => {
    const isFree =
      line.quantity === null || (pricing.trial === true && line.price.recurring !== null);
    return {
      amount: isFree
        ? 0
        : priceAmount(
            line.price,
            currency,
            line.quantity,
            `line_items[${index}][price]`,
            pricing.customUnitAmount,
          ),
      discountable: true,
      product: line.price.product,
      discounts: couponsOf(account, line.discounts),
      taxRates: ratesOf(account, line, pricing),
    };
  });
  const totals = cartTotals(cart, couponsOf(account, pricing.discounts), currency);
  const items = lines.map((line, index): LineItem => {
    const priced = totals.lines[index]!;
    return {
      id: line.id,
      object: 'item',
      adjustable_quantity: line.adjustable,
      amount_discount: priced.discounts.reduce((sum, { amount }) => sum + amount, 0),
      amount_subtotal: priced.subtotal,
      amount_tax: priced.taxes.reduce((sum, { amount }) => sum + amount, 0),
      amount_total: priced.total,
      currency,
      description: account.catalogue.products.find(line.price.product)?.name ?? null,
      metadata: line.metadata,
      price: line.price,
      quantity: line.quantity,
      taxes: priced.taxes.map(({ amount, rate }) => ({ amount, rate })),
    };
  });
  return { items, totals };
}
