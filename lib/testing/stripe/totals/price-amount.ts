import type { CurrencyOption, Price, Tier } from '../catalogue/catalogue-objects';
import { StripeError } from '../stripe-error';
import { Exact } from './exact';

/**
 * What a price costs in a currency.
 *
 * @param param the parameter that named the price, for errors
 * @throws {StripeError} where the price has no amount in it
 */
export function optionIn(price: Price, currency: string, param: string): CurrencyOption {
  const option = price.currency_options[currency];
  if (option !== undefined) return option;
  throw StripeError.invalid(
    `The price specified only supports \`${Object.keys(price.currency_options).join('`, `')}\`. ` +
      `This doesn't match the expected currency: \`${currency}\`.`,
    { param },
  );
}

function unitOf(amount: string | null): Exact {
  return amount === null ? Exact.ZERO : Exact.of(amount);
}

/**
 * Tiers of a price for a quantity. Volume: the whole quantity at the tier that it reaches; graduated: each
 * unit at its own tier. The flat amount of the first tier counts for a quantity of 0 too.
 * https://docs.stripe.com/subscriptions/pricing-models/tiered-pricing
 */
function tiered(tiers: readonly Tier[], mode: Price['tiers_mode'], quantity: Exact): Exact {
  const whole = quantity.rounded();
  if (mode === 'volume') {
    const tier = tiers.find(({ up_to }) => up_to === null || whole <= up_to)!;
    return unitOf(tier.unit_amount_decimal).times(quantity).plus(unitOf(tier.flat_amount_decimal));
  }
  let sum = Exact.ZERO;
  let below = 0;
  for (const tier of tiers) {
    if (below > 0 && whole <= below) break;
    const last = Math.min(whole, tier.up_to ?? whole);
    sum = sum
      .plus(unitOf(tier.flat_amount_decimal))
      .plus(unitOf(tier.unit_amount_decimal).times(Exact.of(last - below)));
    if (tier.up_to === null) break;
    below = tier.up_to;
  }
  return sum;
}

/**
 * What a quantity of a price comes to, before it is rounded.
 *
 * @param quantity a whole number, or the digits of a decimal
 * @param custom the unit amount that a customer chose, where the price lets them
 */
export function exactAmount(
  price: Price,
  currency: string,
  quantity: number | string,
  param: string,
  custom?: number,
): Exact {
  const option = optionIn(price, currency, param);
  let units = Exact.of(quantity);
  if (price.transform_quantity !== null) {
    // https://docs.stripe.com/billing/subscriptions/usage-based/transform-quantities
    const { divide_by, round } = price.transform_quantity;
    const parts = units.over(Exact.of(divide_by));
    const below = parts.floored();
    const isWhole = Exact.of(below)
      .times(Exact.of(divide_by))
      .plus(units.times(Exact.of(-1)));
    units = Exact.of(round === 'up' && isWhole.floored() < 0 ? below + 1 : below);
  }
  if (option.tiers !== undefined) return tiered(option.tiers, price.tiers_mode, units);
  if (option.custom_unit_amount !== null) {
    return Exact.of(custom ?? option.custom_unit_amount.preset ?? 0).times(units);
  }
  return unitOf(option.unit_amount_decimal).times(units);
}

/**
 * What a line comes to. It is rounded once, after the quantity is multiplied:
 * https://docs.stripe.com/billing/subscriptions/decimal-amounts
 */
export function priceAmount(...of: Parameters<typeof exactAmount>): number {
  return exactAmount(...of).rounded();
}
