import { endpoint, listEndpoint } from '../endpoint';
import type { Endpoint } from '../endpoint';
import { mergeMetadata } from '../metadata';
import { mapOf, object } from '../nested-params';
import {
  allUnmodelled,
  currency,
  flag,
  metadata,
  required,
  text,
  texts,
  unsettableText,
} from '../param-rules';
import { StripeError } from '../stripe-error';
import type { Product } from './catalogue-objects';
import { makePrice, makeProduct } from './make-price';
import { amountRules, currencyOptionOf, recurring, recurringOf, taxBehavior } from './price-rules';

const { tiers: _tiers, ...simpleAmounts } = amountRules;

const defaultPriceData = object({
  ...simpleAmounts,
  currency: required(currency),
  currency_options: mapOf(object({ ...amountRules, tax_behavior: taxBehavior })),
  metadata,
  recurring,
  tax_behavior: taxBehavior,
});

export const productEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/products',
    'product',
    {
      active: flag,
      default_price_data: defaultPriceData,
      description: text,
      id: text,
      images: texts,
      metadata,
      name: required(text),
      statement_descriptor: text,
      tax_code: text,
      unit_label: text,
      url: text,
      ...allUnmodelled(
        'marketing_features',
        'package_dimensions',
        'shippable',
        'tax_details',
        'type',
      ),
    },
    ({ account }, params) => {
      const { default_price_data: given, ...fields } = params;
      const amounts =
        given === undefined ? undefined : currencyOptionOf(given, 'default_price_data');
      const product = makeProduct(account, fields);
      if (given !== undefined && amounts !== undefined) {
        product.default_price = makePrice(account, {
          ...amounts,
          currency: given.currency,
          currencyOptions: Object.fromEntries(
            Object.entries(given.currency_options ?? {}).map(([code, option]) => [
              code,
              currencyOptionOf(option, `default_price_data[currency_options][${code}]`),
            ]),
          ),
          metadata: given.metadata,
          product: product.id,
          recurring: recurringOf(given.recurring),
        }).id;
      }
      return product;
    },
  ),

  endpoint('GET', '/v1/products/:id', 'product', {}, ({ account, id }) =>
    account.catalogue.products.get(id, 'id'),
  ),

  endpoint(
    'POST',
    '/v1/products/:id',
    'product',
    {
      active: flag,
      default_price: text,
      description: unsettableText,
      images: texts,
      metadata,
      name: text,
      statement_descriptor: text,
      tax_code: unsettableText,
      unit_label: unsettableText,
      url: unsettableText,
      ...allUnmodelled('marketing_features', 'package_dimensions', 'shippable', 'tax_details'),
    },
    ({ account, id }, params) => {
      const product = account.catalogue.products.get(id, 'id');
      if (params.default_price !== undefined) {
        product.default_price = account.catalogue.prices.get(
          params.default_price,
          'default_price',
          400,
        ).id;
      }
      if (params.active !== undefined) product.active = params.active;
      if (params.description !== undefined) product.description = params.description;
      if (params.images !== undefined) product.images = params.images;
      product.metadata = mergeMetadata(product.metadata, params.metadata);
      if (params.name !== undefined) product.name = params.name;
      if (params.statement_descriptor !== undefined) {
        product.statement_descriptor = params.statement_descriptor;
      }
      if (params.tax_code !== undefined) product.tax_code = params.tax_code;
      if (params.unit_label !== undefined) product.unit_label = params.unit_label;
      if (params.url !== undefined) product.url = params.url;
      product.updated = account.now();
      return product;
    },
  ),

  endpoint('DELETE', '/v1/products/:id', 'product', {}, ({ account, id }) => {
    const product = account.catalogue.products.get(id, 'id');
    if (account.catalogue.prices.all((price) => price.product === id).length > 0) {
      throw StripeError.invalid(
        'This product cannot be deleted because it has one or more user-created prices.',
      );
    }
    account.catalogue.products.remove(product.id);
    return { id, object: 'product', deleted: true };
  }),

  listEndpoint<Product>('/v1/products', 'product', (account) => account.catalogue.products, [
    'active',
    'url',
  ]),
];
