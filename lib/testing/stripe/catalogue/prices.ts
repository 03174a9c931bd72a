import { endpoint, listEndpoint } from '../endpoint';
import type { Endpoint } from '../endpoint';
import { mergeMetadata } from '../metadata';
import { count, object, unsettable } from '../nested-params';
import {
  currency,
  flag,
  metadata,
  oneOf,
  required,
  text,
  texts,
  unsettableText,
} from '../param-rules';
import type { StripeAccount } from '../stripe-account';
import { StripeError } from '../stripe-error';
import type { Price } from './catalogue-objects';
import { makePrice, makeProduct } from './make-price';
import {
  amountRules,
  currencyOptionOf,
  currencyOptions,
  productData,
  recurring,
  recurringOf,
  taxBehavior,
} from './price-rules';

/** @throws {StripeError} where another price has the key and does not give it up */
function takeLookupKey(account: StripeAccount, key: string | undefined, transfer: boolean): void {
  if (key === undefined) return;
  const [holder] = account.catalogue.prices.all((price) => price.lookup_key === key);
  if (holder === undefined) return;
  if (!transfer) {
    throw StripeError.invalid(
      `A price (\`${holder.id}\`) already uses that lookup key. You can transfer the lookup key by setting \`transfer_lookup_key\`.`,
      { param: 'lookup_key' },
    );
  }
  holder.lookup_key = null;
}

function optionsOf(given: ReturnType<(typeof currencyOptions)['read']> | undefined) {
  return Object.fromEntries(
    Object.entries(given ?? {}).map(([code, option]) => [
      currency.read(code, `currency_options[${code}]`),
      currencyOptionOf(option, `currency_options[${code}]`),
    ]),
  );
}

export const priceEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/prices',
    'price',
    {
      ...amountRules,
      active: flag,
      billing_scheme: oneOf('per_unit', 'tiered'),
      currency: required(currency),
      currency_options: currencyOptions,
      lookup_key: text,
      metadata,
      nickname: text,
      product: text,
      product_data: productData,
      recurring,
      tax_behavior: taxBehavior,
      tiers_mode: oneOf('graduated', 'volume'),
      transfer_lookup_key: flag,
      transform_quantity: object({
        divide_by: required(count),
        round: required(oneOf('down', 'up')),
      }),
    },
    ({ account }, params) => {
      const isTiered = params.tiers !== undefined || params.billing_scheme === 'tiered';
      if (isTiered && (params.tiers === undefined || params.billing_scheme !== 'tiered')) {
        throw StripeError.invalid(
          'You must specify `tiers` and set `billing_scheme` to `tiered` together.',
          { param: params.tiers === undefined ? 'tiers' : 'billing_scheme' },
        );
      }
      if (isTiered !== (params.tiers_mode !== undefined)) {
        throw StripeError.invalid(
          isTiered
            ? 'You must specify `tiers_mode` when `billing_scheme=tiered`.'
            : '`tiers_mode` can only be set when `billing_scheme=tiered`.',
          { param: 'tiers_mode' },
        );
      }
      if (isTiered && params.transform_quantity !== undefined) {
        throw StripeError.invalid('`transform_quantity` cannot be combined with `tiers`.', {
          param: 'transform_quantity',
        });
      }
      if (params.custom_unit_amount?.enabled === true && params.recurring !== undefined) {
        throw StripeError.invalid('`custom_unit_amount` cannot be used with recurring prices.', {
          param: 'custom_unit_amount',
        });
      }
      if ((params.product === undefined) === (params.product_data === undefined)) {
        throw StripeError.invalid('You must specify exactly one of `product` and `product_data`.', {
          code: 'parameter_missing',
          param: 'product',
        });
      }
      const own = currencyOptionOf(params, 'unit_amount');
      const others = optionsOf(params.currency_options);
      const product =
        params.product === undefined
          ? undefined
          : account.catalogue.products.get(params.product, 'product', 400).id;
      takeLookupKey(account, params.lookup_key, params.transfer_lookup_key === true);
      return makePrice(account, {
        ...own,
        active: params.active,
        currency: params.currency,
        currencyOptions: others,
        lookupKey: params.lookup_key,
        metadata: params.metadata,
        nickname: params.nickname,
        product: product ?? makeProduct(account, params.product_data!).id,
        recurring: recurringOf(params.recurring),
        tiersMode: params.tiers_mode,
        transformQuantity: params.transform_quantity,
      });
    },
  ),

  endpoint('GET', '/v1/prices/:id', 'price', {}, ({ account, id }) =>
    account.catalogue.prices.get(id, 'price'),
  ),

  endpoint(
    'POST',
    '/v1/prices/:id',
    'price',
    {
      active: flag,
      currency_options: unsettable(currencyOptions),
      lookup_key: text,
      metadata,
      nickname: unsettableText,
      tax_behavior: taxBehavior,
      transfer_lookup_key: flag,
    },
    ({ account, id }, params) => {
      const price = account.catalogue.prices.get(id, 'price');
      const others = optionsOf(params.currency_options ?? undefined);
      const { tax_behavior: behavior } = params;
      if (
        behavior !== undefined &&
        price.tax_behavior !== 'unspecified' &&
        behavior !== price.tax_behavior
      ) {
        throw StripeError.invalid(
          'The `tax_behavior` of a price cannot be changed once it is `exclusive` or `inclusive`.',
          { param: 'tax_behavior' },
        );
      }
      takeLookupKey(account, params.lookup_key, params.transfer_lookup_key === true);
      if (behavior !== undefined) price.tax_behavior = behavior;
      if (params.active !== undefined) price.active = params.active;
      if (params.currency_options !== undefined) {
        const own = price.currency_options[price.currency]!;
        const kept = params.currency_options === null ? {} : price.currency_options;
        price.currency_options = { ...kept, ...others, [price.currency]: own };
      }
      if (params.lookup_key !== undefined) price.lookup_key = params.lookup_key;
      price.metadata = mergeMetadata(price.metadata, params.metadata);
      if (params.nickname !== undefined) price.nickname = params.nickname;
      return price;
    },
  ),

  listEndpoint<Price>('/v1/prices', 'price', (account) => account.catalogue.prices, [
    'active',
    'currency',
    'product',
    'type',
    {
      name: 'lookup_keys',
      rule: texts,
      matches: ({ lookup_key: key }, wanted) =>
        key !== null && (wanted as readonly string[]).includes(key),
    },
  ]),
];
