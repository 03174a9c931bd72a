import { priceOf } from '../catalogue/make-price';
import { makeShippingRate, shippingAmount, shippingRateData } from '../catalogue/shipping-rates';
import { automaticTax, count, listOf, object, quantity } from '../nested-params';
import {
  allUnmodelled,
  currency,
  feeAmount,
  flag,
  hash,
  metadata,
  oneOf,
  required,
  text,
  texts,
  unsettableText,
} from '../param-rules';
import type { StripeAccount } from '../stripe-account';
import { StripeError } from '../stripe-error';
import type { CheckoutOrder, OptionalItem, OrderLine } from './checkout-objects';
import { adjustableOf, adjustableQuantity } from './order-lines';

const optionalItem = object({
  adjustable_quantity: adjustableQuantity,
  price: required(text),
  quantity: required(quantity),
});

export const shippingOption = object({
  shipping_rate: text,
  shipping_rate_data: shippingRateData,
});

const paymentData = object({
  application_fee_amount: feeAmount,
  capture_method: oneOf('automatic', 'automatic_async', 'manual'),
  description: unsettableText,
  metadata,
  on_behalf_of: text,
  receipt_email: text,
  setup_future_usage: oneOf('off_session', 'on_session'),
  shipping: hash,
  statement_descriptor: text,
  statement_descriptor_suffix: text,
  transfer_data: hash,
  transfer_group: text,
});

const subscriptionData = object({
  billing_cycle_anchor: count,
  default_tax_rates: texts,
  description: text,
  metadata,
  on_behalf_of: text,
  proration_behavior: oneOf('create_prorations', 'none'),
  transfer_data: hash,
  trial_end: count,
  trial_period_days: count,
  trial_settings: hash,
  ...allUnmodelled(
    'application_fee_percent',
    'billing_cycle_anchor_config',
    'billing_mode',
    'invoice_settings',
    'pending_invoice_item_interval',
  ),
});

/** What sessions and payment links both take. */
export const sellRules = {
  allow_promotion_codes: flag,
  automatic_tax: automaticTax,
  billing_address_collection: oneOf('auto', 'required'),
  currency,
  metadata,
  on_behalf_of: text,
  optional_items: listOf(optionalItem),
  payment_intent_data: paymentData,
  shipping_options: listOf(shippingOption),
  submit_type: oneOf('auto', 'book', 'donate', 'pay', 'subscribe'),
  subscription_data: subscriptionData,
  ...allUnmodelled(
    'consent_collection',
    'custom_fields',
    'custom_text',
    'customer_creation',
    'invoice_creation',
    'managed_payments',
    'name_collection',
    'payment_method_collection',
    'payment_method_options',
    'phone_number_collection',
    'shipping_address_collection',
    'tax_id_collection',
  ),
};

interface Sold {
  optional_items?: ReturnType<(typeof optionalItem)['read']>[] | undefined;
  payment_intent_data?: object | undefined;
  shipping_options?: ReturnType<(typeof shippingOption)['read']>[] | undefined;
  subscription_data?: object | undefined;
}

/** What is sold, with all that a customer may add. */
export function orderOf(
  account: StripeAccount,
  given: Sold,
  lines: readonly OrderLine[],
  code: string,
): CheckoutOrder {
  const optional = (given.optional_items ?? []).map((item, index): OptionalItem => ({
    adjustable: adjustableOf(item.adjustable_quantity),
    price: priceOf(account, { price: item.price }, `optional_items[${index}]`),
    quantity: item.quantity,
  }));
  const shippingRates = (given.shipping_options ?? []).map((option, index) => {
    const at = `shipping_options[${index}]`;
    const rate =
      option.shipping_rate_data === undefined
        ? account.catalogue.shippingRates.get(
            option.shipping_rate ?? '',
            `${at}[shipping_rate]`,
            400,
          )
        : makeShippingRate(
            account,
            option.shipping_rate_data,
            `${at}[shipping_rate_data][fixed_amount]`,
          );
    shippingAmount(rate, code, `${at}[shipping_rate]`);
    return rate.id;
  });
  return {
    lines,
    optional,
    payment: { ...given.payment_intent_data },
    shippingRates,
    subscription: { ...given.subscription_data },
  };
}

/**
 * Which mode lines can be sold in: https://docs.stripe.com/api/checkout/sessions/create
 *
 * @throws {StripeError} for lines that the mode cannot sell
 */
export function assertMode(lines: readonly OrderLine[], mode: string): void {
  const recurs = lines.some(({ price }) => price.recurring !== null);
  if (mode === 'payment' && recurs) {
    throw StripeError.invalid(
      'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.',
      { param: 'line_items' },
    );
  }
  if (mode === 'subscription' && !recurs) {
    throw StripeError.invalid(
      'You must provide at least one recurring price in `subscription` mode when using prices.',
      { param: 'line_items' },
    );
  }
  if (lines.length > 1 && lines.some(({ price }) => price.custom_unit_amount !== null)) {
    throw StripeError.invalid(
      'A price with `custom_unit_amount` must be the only line item, without optional items.',
      { param: 'line_items' },
    );
  }
}

export function shippingOptionsOf(
  account: StripeAccount,
  rates: readonly string[],
  code: string,
): { shipping_amount: number; shipping_rate: string }[] {
  return rates.map((id) => ({
    shipping_amount: shippingAmount(
      account.catalogue.shippingRates.get(id, 'shipping_rate'),
      code,
      'shipping_options',
    ),
    shipping_rate: id,
  }));
}
