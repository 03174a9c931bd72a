import { priceData } from '../catalogue/price-rules';
import {
  automaticTax,
  discountsOf,
  listOf,
  object,
  quantity,
  timestampOr,
  unsettable,
} from '../nested-params';
import { allUnmodelled, flag, hash, metadata, oneOf, text, texts } from '../param-rules';

export const behaviour = oneOf(
  'allow_incomplete',
  'default_incomplete',
  'error_if_incomplete',
  'pending_if_incomplete',
);

export const prorationBehaviour = oneOf('always_invoice', 'create_prorations', 'none');

export const addInvoiceItems = listOf(
  object({
    discountable: flag,
    discounts: discountsOf,
    metadata,
    price: text,
    price_data: priceData,
    quantity,
    tax_rates: unsettable(texts),
    ...allUnmodelled('period'),
  }),
);

const itemFields = {
  discounts: discountsOf,
  metadata,
  price: text,
  price_data: priceData,
  quantity,
  tax_rates: unsettable(texts),
  ...allUnmodelled('billing_thresholds', 'current_trial'),
};

export const newItem = object({ ...itemFields, plan: text });

export const changedItem = object({
  ...itemFields,
  clear_usage: flag,
  deleted: flag,
  id: text,
  plan: text,
});

export const subscriptionItemRules = itemFields;

/** What creating and changing a subscription both take. */
export const subscriptionRules = {
  add_invoice_items: addInvoiceItems,
  automatic_tax: automaticTax,
  cancel_at_period_end: flag,
  collection_method: oneOf('charge_automatically', 'send_invoice'),
  days_until_due: quantity,
  default_payment_method: text,
  default_tax_rates: unsettable(texts),
  description: unsettable(text),
  discounts: discountsOf,
  metadata,
  off_session: flag,
  payment_behavior: behaviour,
  proration_behavior: prorationBehaviour,
  transfer_data: hash,
  trial_end: timestampOr('now'),
  trial_settings: hash,
  ...allUnmodelled(
    'application_fee_percent',
    'billing_schedules',
    'billing_thresholds',
    'default_source',
    'invoice_settings',
    'payment_settings',
    'pending_invoice_item_interval',
    'trial_from_plan',
  ),
};
