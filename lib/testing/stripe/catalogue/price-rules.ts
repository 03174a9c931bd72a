import { count, decimal, mapOf, object, listOf, unitAmount } from '../nested-params';
import {
  currency,
  flag,
  metadata,
  oneOf,
  optional,
  required,
  text,
  texts,
  allUnmodelled,
} from '../param-rules';
import type { Params } from '../param-rules';
import { StripeError } from '../stripe-error';
import type { CurrencyOption, CustomUnitAmount, Recurring, Tier } from './catalogue-objects';

export const taxBehavior = oneOf('exclusive', 'inclusive', 'unspecified');

export const interval = oneOf('day', 'month', 'week', 'year');

export const customUnitAmount = object({
  enabled: required(flag),
  maximum: unitAmount,
  minimum: unitAmount,
  preset: unitAmount,
});

const tier = object({
  flat_amount: unitAmount,
  flat_amount_decimal: decimal,
  unit_amount: unitAmount,
  unit_amount_decimal: decimal,
  up_to: required(
    optional((value, name): number | null => (value === 'inf' ? null : count.read(value, name))),
  ),
});

export const amountRules = {
  custom_unit_amount: customUnitAmount,
  tiers: listOf(tier),
  unit_amount: unitAmount,
  unit_amount_decimal: decimal,
};

export const currencyOptions = mapOf(object({ ...amountRules, tax_behavior: taxBehavior }));

export const recurring = object({
  interval: required(interval),
  interval_count: count,
  meter: text,
  trial_period_days: count,
  usage_type: oneOf('licensed', 'metered'),
});

export const productData = object({
  active: flag,
  description: text,
  id: text,
  images: texts,
  metadata,
  name: required(text),
  statement_descriptor: text,
  tax_code: text,
  unit_label: text,
  ...allUnmodelled('tax_details'),
});

/** A price that is written where it is used, and not looked up. */
export const priceData = object({
  currency: required(currency),
  product: text,
  product_data: productData,
  recurring: object({ interval: required(interval), interval_count: count }),
  tax_behavior: taxBehavior,
  unit_amount: unitAmount,
  unit_amount_decimal: decimal,
});

export type PriceData = ReturnType<(typeof priceData)['read']>;

type Amounts = Partial<Params<typeof amountRules>>;

/** @throws {StripeError} where both forms of an amount are given */
function amountOf(
  whole: number | undefined,
  written: string | undefined,
  name: string,
): { whole: number | null; written: string | null } {
  if (whole !== undefined && written !== undefined) {
    throw StripeError.invalid(
      `You may only specify one of these parameters: ${name}, ${name}_decimal.`,
      { param: name },
    );
  }
  if (whole !== undefined) return { whole, written: String(whole) };
  if (written === undefined) return { whole: null, written: null };
  // The whole number is shown where there is one: https://docs.stripe.com/billing/subscriptions/decimal-amounts
  const isWhole = /^-?\d+(?:\.0+)?$/.test(written);
  return { whole: isWhole ? Math.trunc(Number(written)) : null, written };
}

export function unitAmountsOf(params: {
  unit_amount?: number | undefined;
  unit_amount_decimal?: string | undefined;
}): { unit_amount: number | null; unit_amount_decimal: string | null } {
  const { whole, written } = amountOf(
    params.unit_amount,
    params.unit_amount_decimal,
    'unit_amount',
  );
  return { unit_amount: whole, unit_amount_decimal: written };
}

/** @throws {StripeError} where the tiers have no order or no end */
function tiersOf(tiers: Amounts['tiers'], name: string): Tier[] | undefined {
  if (tiers === undefined) return undefined;
  let last = 0;
  for (const [index, { up_to }] of tiers.entries()) {
    const isLast = index === tiers.length - 1;
    if ((up_to === null) !== isLast || (up_to !== null && up_to <= last)) {
      throw StripeError.invalid(
        'Tiers must be listed in ascending order of `up_to`, and the last one must have `up_to` set to `inf`.',
        { param: name },
      );
    }
    last = up_to ?? last;
  }
  return tiers.map((given) => {
    const unit = unitAmountsOf(given);
    const flat = amountOf(given.flat_amount, given.flat_amount_decimal, 'flat_amount');
    if (unit.unit_amount_decimal === null && flat.written === null) {
      throw StripeError.invalid('Each tier must have a `unit_amount` or a `flat_amount`.', {
        param: name,
      });
    }
    return {
      flat_amount: flat.whole,
      flat_amount_decimal: flat.written,
      ...unit,
      up_to: given.up_to,
    };
  });
}

function customOf(given: Amounts['custom_unit_amount']): CustomUnitAmount | null {
  if (given === undefined || !given.enabled) return null;
  return {
    maximum: given.maximum ?? null,
    minimum: given.minimum ?? null,
    preset: given.preset ?? null,
  };
}

/** What one currency costs, as it was given. */
export function currencyOptionOf(
  given: Amounts & { tax_behavior?: CurrencyOption['tax_behavior'] | undefined },
  name: string,
): CurrencyOption {
  const option: CurrencyOption = {
    custom_unit_amount: customOf(given.custom_unit_amount),
    tax_behavior: given.tax_behavior ?? 'unspecified',
    tiers: tiersOf(given.tiers, 'tiers'),
    ...unitAmountsOf(given),
  };
  const ways = [option.custom_unit_amount, option.tiers ?? null, option.unit_amount_decimal];
  if (ways.filter((way) => way !== null).length !== 1) {
    throw StripeError.invalid(
      'You must specify exactly one of `unit_amount`, `unit_amount_decimal`, `custom_unit_amount` or `tiers`.',
      { code: 'parameter_missing', param: name },
    );
  }
  return option;
}

export function recurringOf(
  given: ReturnType<(typeof recurring)['read']> | undefined,
): Recurring | null {
  if (given === undefined) return null;
  return {
    interval: given.interval,
    interval_count: given.interval_count ?? 1,
    meter: given.meter ?? null,
    trial_period_days: given.trial_period_days ?? null,
    usage_type: given.usage_type ?? 'licensed',
  };
}
