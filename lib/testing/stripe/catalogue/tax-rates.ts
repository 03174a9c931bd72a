import { endpoint, listEndpoint } from '../endpoint';
import type { Endpoint } from '../endpoint';
import { mergeMetadata } from '../metadata';
import { percentage } from '../nested-params';
import { flag, metadata, required, text } from '../param-rules';
import { newId } from '../new-id';
import type { StripeAccount } from '../stripe-account';
import { StripeError } from '../stripe-error';
import type { TaxRate } from './catalogue-objects';

const words = {
  active: flag,
  country: text,
  description: text,
  jurisdiction: text,
  metadata,
  state: text,
  tax_type: text,
};

const MOST = 5;

/**
 * The tax rates that a parameter names, five at most:
 * https://docs.stripe.com/invoicing/taxes/tax-rates
 */
export function taxRatesOf(
  account: StripeAccount,
  ids: readonly string[] | null | undefined,
  name: string,
): TaxRate[] {
  if (ids === null || ids === undefined) return [];
  if (ids.length > MOST) {
    throw StripeError.invalid(`You can only add up to ${MOST} tax rates.`, { param: name });
  }
  return ids.map((id, index) => {
    const rate = account.catalogue.taxRates.get(id, `${name}[${index}]`, 400);
    if (!rate.active) {
      throw StripeError.invalid(
        `The tax rate ${id} cannot be added because it has been archived.`,
        { param: `${name}[${index}]` },
      );
    }
    return rate;
  });
}

export const taxRateEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/tax_rates',
    'tax_rate',
    {
      ...words,
      display_name: required(text),
      inclusive: required(flag),
      percentage: required(percentage),
    },
    ({ account }, params) =>
      account.catalogue.taxRates.add({
        id: newId('txr_'),
        object: 'tax_rate',
        active: params.active ?? true,
        country: params.country ?? null,
        created: account.now(),
        description: params.description ?? null,
        display_name: params.display_name,
        effective_percentage: null,
        flat_amount: null,
        inclusive: params.inclusive,
        jurisdiction: params.jurisdiction ?? null,
        jurisdiction_level: null,
        livemode: false,
        metadata: mergeMetadata({}, params.metadata),
        percentage: Number(params.percentage),
        rate_type: 'percentage',
        state: params.state ?? null,
        tax_type: params.tax_type ?? null,
      }),
  ),

  endpoint('GET', '/v1/tax_rates/:id', 'tax_rate', {}, ({ account, id }) =>
    account.catalogue.taxRates.get(id, 'id'),
  ),

  endpoint(
    'POST',
    '/v1/tax_rates/:id',
    'tax_rate',
    { ...words, display_name: text },
    ({ account, id }, params) => {
      const rate = account.catalogue.taxRates.get(id, 'id');
      const { metadata: change, ...fields } = params;
      for (const [name, value] of Object.entries(fields)) {
        if (value !== undefined) Object.assign(rate, { [name]: value });
      }
      rate.metadata = mergeMetadata(rate.metadata, change);
      return rate;
    },
  ),

  listEndpoint<TaxRate>('/v1/tax_rates', 'tax_rate', (account) => account.catalogue.taxRates, [
    'active',
    'inclusive',
  ]),
];
