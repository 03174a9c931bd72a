import { endpoint, listEndpoint } from '../endpoint';
import type { Endpoint } from '../endpoint';
import { mergeMetadata } from '../metadata';
import { mapOf, object, unitAmount } from '../nested-params';
import {
  allUnmodelled,
  currency,
  flag,
  hash,
  metadata,
  oneOf,
  required,
  text,
} from '../param-rules';
import { newId } from '../new-id';
import type { StripeAccount } from '../stripe-account';
import { StripeError } from '../stripe-error';
import type { ShippingRate } from './catalogue-objects';
import { taxBehavior } from './price-rules';

const fixedAmount = object({
  amount: required(unitAmount),
  currency: required(currency),
  currency_options: mapOf(
    object({ amount: required(unitAmount), ...allUnmodelled('tax_behavior') }),
  ),
});

const fields = {
  delivery_estimate: hash,
  display_name: required(text),
  fixed_amount: fixedAmount,
  metadata,
  tax_behavior: taxBehavior,
  tax_code: text,
  type: oneOf('fixed_amount'),
};

export const shippingRateData = object(fields);

export function makeShippingRate(
  account: StripeAccount,
  given: ReturnType<(typeof shippingRateData)['read']>,
  name: string,
): ShippingRate {
  if (given.fixed_amount === undefined) {
    throw StripeError.invalid(`Missing required param: ${name}.`, {
      code: 'parameter_missing',
      param: name,
    });
  }
  const { amount, currency: code, currency_options: others = {} } = given.fixed_amount;
  return account.catalogue.shippingRates.add({
    id: newId('shr_'),
    object: 'shipping_rate',
    active: true,
    created: account.now(),
    delivery_estimate: given.delivery_estimate ?? null,
    display_name: given.display_name,
    fixed_amount: {
      amount,
      currency: code,
      currency_options: {
        ...Object.fromEntries(
          Object.entries(others).map(([other, option]) => [other, { amount: option.amount }]),
        ),
        [code]: { amount },
      },
    },
    livemode: false,
    metadata: mergeMetadata({}, given.metadata),
    tax_behavior: given.tax_behavior ?? 'unspecified',
    tax_code: given.tax_code ?? null,
    type: 'fixed_amount',
  });
}

/** @throws {StripeError} where the rate has no amount in a currency */
export function shippingAmount(rate: ShippingRate, code: string, param: string): number {
  const option = rate.fixed_amount.currency_options[code];
  if (option !== undefined) return option.amount;
  throw StripeError.invalid(`The shipping rate ${rate.id} has no amount in ${code}.`, { param });
}

export const shippingRateEndpoints: Endpoint[] = [
  endpoint('POST', '/v1/shipping_rates', 'shipping_rate', fields, ({ account }, params) =>
    makeShippingRate(account, params, 'fixed_amount'),
  ),

  endpoint('GET', '/v1/shipping_rates/:id', 'shipping_rate', {}, ({ account, id }) =>
    account.catalogue.shippingRates.get(id, 'id'),
  ),

  endpoint(
    'POST',
    '/v1/shipping_rates/:id',
    'shipping_rate',
    { active: flag, metadata, tax_behavior: taxBehavior, ...allUnmodelled('fixed_amount') },
    ({ account, id }, params) => {
      const rate = account.catalogue.shippingRates.get(id, 'id');
      if (params.active !== undefined) rate.active = params.active;
      if (params.tax_behavior !== undefined) rate.tax_behavior = params.tax_behavior;
      rate.metadata = mergeMetadata(rate.metadata, params.metadata);
      return rate;
    },
  ),

  listEndpoint<ShippingRate>(
    '/v1/shipping_rates',
    'shipping_rate',
    (account) => account.catalogue.shippingRates,
    ['active'],
  ),
];
