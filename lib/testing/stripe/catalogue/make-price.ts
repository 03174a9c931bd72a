import { mergeMetadata } from '../metadata';
import { newId } from '../new-id';
import type { StripeAccount } from '../stripe-account';
import { StripeError } from '../stripe-error';
import type { CurrencyOption, Price, Product, Recurring } from './catalogue-objects';
import { currencyOptionOf } from './price-rules';
import type { PriceData, productData } from './price-rules';

type ProductData = ReturnType<(typeof productData)['read']>;

export function makeProduct(
  account: StripeAccount,
  given: ProductData & { url?: string },
): Product {
  const id = given.id ?? newId('prod_');
  if (account.catalogue.products.find(id) !== undefined) {
    throw StripeError.invalid(`Product already exists.`, { code: 'resource_already_exists' });
  }
  const now = account.now();
  return account.catalogue.products.add({
    id,
    object: 'product',
    active: given.active ?? true,
    created: now,
    default_price: null,
    description: given.description ?? null,
    images: given.images ?? [],
    livemode: false,
    marketing_features: [],
    metadata: mergeMetadata({}, given.metadata),
    name: given.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: given.statement_descriptor ?? null,
    tax_code: given.tax_code ?? null,
    type: 'service',
    unit_label: given.unit_label ?? null,
    updated: now,
    url: given.url ?? null,
  });
}

export interface PriceOrder extends CurrencyOption {
  readonly active?: boolean | undefined;
  readonly currency: string;
  readonly currencyOptions?: Record<string, CurrencyOption>;
  readonly lookupKey?: string | undefined;
  readonly metadata?: Record<string, string> | null | undefined;
  readonly nickname?: string | undefined;
  readonly product: string;
  readonly recurring: Recurring | null;
  readonly tiersMode?: 'graduated' | 'volume' | undefined;
  readonly transformQuantity?: Price['transform_quantity'] | undefined;
}

export function makePrice(account: StripeAccount, order: PriceOrder): Price {
  const own: CurrencyOption = {
    custom_unit_amount: order.custom_unit_amount,
    tax_behavior: order.tax_behavior,
    tiers: order.tiers,
    unit_amount: order.unit_amount,
    unit_amount_decimal: order.unit_amount_decimal,
  };
  return account.catalogue.prices.add({
    id: newId('price_'),
    object: 'price',
    active: order.active ?? true,
    billing_scheme: order.tiers === undefined ? 'per_unit' : 'tiered',
    created: account.now(),
    currency: order.currency,
    currency_options: { ...order.currencyOptions, [order.currency]: own },
    custom_unit_amount: own.custom_unit_amount,
    livemode: false,
    lookup_key: order.lookupKey ?? null,
    metadata: mergeMetadata({}, order.metadata),
    nickname: order.nickname ?? null,
    product: order.product,
    recurring: order.recurring,
    tax_behavior: own.tax_behavior,
    tiers: own.tiers,
    tiers_mode: order.tiersMode ?? null,
    transform_quantity: order.transformQuantity ?? null,
    type: order.recurring === null ? 'one_time' : 'recurring',
    unit_amount: own.unit_amount,
    unit_amount_decimal: own.unit_amount_decimal,
  });
}

/** The price that a call writes in place of an id. It is not for use by others, so it is not active. */
export function inlinePrice(account: StripeAccount, given: PriceData, name: string): Price {
  if ((given.product === undefined) === (given.product_data === undefined)) {
    throw StripeError.invalid(
      `You must specify exactly one of \`${name}[product]\` and \`${name}[product_data]\`.`,
      { code: 'parameter_missing', param: `${name}[product]` },
    );
  }
  const amounts = currencyOptionOf(given, name);
  const product =
    given.product === undefined
      ? makeProduct(account, given.product_data!).id
      : account.catalogue.products.get(given.product, `${name}[product]`, 400).id;
  return makePrice(account, {
    ...amounts,
    active: false,
    currency: given.currency,
    product,
    recurring:
      given.recurring === undefined
        ? null
        : {
            interval: given.recurring.interval,
            interval_count: given.recurring.interval_count ?? 1,
            meter: null,
            trial_period_days: null,
            usage_type: 'licensed',
          },
  });
}

/**
 * The price that a line names or writes.
 *
 * @param at the line, for errors: `line_items[0]`
 */
export function priceOf(
  account: StripeAccount,
  line: { price?: string | undefined; price_data?: PriceData | undefined },
  at: string,
): Price {
  if (line.price !== undefined && line.price_data !== undefined) {
    throw StripeError.invalid(
      `You may only specify one of these parameters: ${at}[price], ${at}[price_data].`,
      { param: `${at}[price]` },
    );
  }
  if (line.price_data !== undefined) {
    return inlinePrice(account, line.price_data, `${at}[price_data]`);
  }
  if (line.price === undefined) {
    throw StripeError.invalid(
      `You must specify either \`${at}[price]\` or \`${at}[price_data]\`.`,
      { code: 'parameter_missing', param: `${at}[price]` },
    );
  }
  const price = account.catalogue.prices.get(line.price, `${at}[price]`, 400);
  if (!price.active) {
    throw StripeError.invalid(
      'The price specified is inactive. This field only accepts active prices.',
      {
        param: `${at}[price]`,
      },
    );
  }
  return price;
}
