import type { DocumentCall } from '../documents/index';
import { free, priced, refused, refusedUnpriced } from './call-row';
import type { CallRow, CallRows } from './call-row';
import { DOCUMENT_PARAMETERS } from './document-parameters';
import { ADDRESS } from './shared-parameters';

const LINE_ITEMS = `
  line_items[]{price price_data{currency product recurring{interval interval_count} tax_behavior
  unit_amount unit_amount_decimal} quantity tax_rates[]}`;

const INVOICE_SETTINGS =
  'invoice_settings{custom_fields[]{name value} days_until_due description footer}';

/** What is billed: checkout sessions, payment links, invoices, subscriptions and quotes. */
export const DOCUMENTS: CallRows = {
  'POST checkout/sessions': byObjects('POST checkout/sessions', 'checkout/sessions/create'),
  'POST checkout/sessions/*': byObjects('POST checkout/sessions/*', 'checkout/sessions/update'),
  'POST checkout/sessions/*/expire': priced(
    'checkout/sessions/expire',
    { rule: 'cancel' },
    'expand[]',
  ),

  'POST payment_links': byObjects('POST payment_links', 'payment-link/create'),
  'POST payment_links/*': byObjects('POST payment_links/*', 'payment-link/update'),

  'POST invoices': byObjects('POST invoices', 'invoices/create'),
  // Before `invoices/*`, which it is one of by its form.
  'POST invoices/create_preview': free(
    'invoices/create_preview',
    `
    automatic_tax{enabled liability{account type}} currency customer customer_account
    customer_details{address{${ADDRESS}} shipping{address{${ADDRESS}} name phone}
    tax{ip_address} tax_exempt tax_ids[]{type value}} discounts[]{coupon discount
    promotion_code} expand[] invoice_items[]{amount currency description discountable
    discounts[]{coupon discount promotion_code} invoiceitem metadata{*} period{end start}
    price price_data{currency product tax_behavior unit_amount unit_amount_decimal} quantity
    quantity_decimal tax_behavior tax_code tax_rates[] unit_amount unit_amount_decimal}
    issuer{account type} on_behalf_of preview_mode schedule
    schedule_details{billing_mode{flexible{proration_discounts} type} end_behavior
    pause_schedules[]{key pause{pause_at{timestamp type}
    settings{bill_for{outstanding_usage_through{type} unused_time_from{type}}
    invoicing_behavior type}} resume{resume_at{duration{interval interval_count} timestamp
    type} settings{billing_cycle_anchor payment_behavior proration_behavior}}}
    phases[]{add_invoice_items[]{discountable discounts[]{coupon discount promotion_code}
    metadata{*} period{end{timestamp type} start{timestamp type}} price price_data{currency
    product tax_behavior unit_amount unit_amount_decimal} quantity tax_rates[]}
    application_fee_percent automatic_tax{enabled liability{account type}}
    billing_cycle_anchor billing_thresholds{amount_gte reset_billing_cycle_anchor}
    collection_method currency default_payment_method default_tax_rates[] description
    discounts[]{coupon discount promotion_code} duration{interval interval_count} end_date
    invoice_settings{account_tax_ids[] days_until_due issuer{account type}}
    items[]{billing_thresholds{usage_gte} discounts[]{coupon discount promotion_code}
    metadata{*} plan price price_data{currency product recurring{interval interval_count}
    tax_behavior unit_amount unit_amount_decimal} quantity tax_rates[]} metadata{*}
    on_behalf_of proration_behavior start_date transfer_data{amount_percent destination} trial
    trial_end} proration_behavior} subscription
    subscription_details{billing_cycle_anchor{timestamp type}
    billing_mode{flexible{proration_discounts} type} billing_schedules[]{applies_to[]{price
    type} bill_until{duration{interval interval_count} timestamp type} key} cancel_at
    cancel_at_period_end cancel_now default_tax_rates[] items[]{billing_thresholds{usage_gte}
    clear_usage current_trial{trial_offer} deleted discounts[]{coupon discount promotion_code}
    id metadata{*} plan price price_data{currency product recurring{interval interval_count}
    tax_behavior unit_amount unit_amount_decimal} quantity tax_rates[]} metadata{*}
    pause{bill_for{outstanding_usage_through{type} unused_time_from{type}} invoicing_behavior
    type} proration_behavior proration_date resume_at start_date trial_end}`,
  ),
  'POST invoices/*': byObjects('POST invoices/*', 'invoices/update'),
  'DELETE invoices/*': free('invoices/delete'),
  'POST invoices/*/add_lines': byObjects('POST invoices/*/add_lines', 'invoice-line-item/bulk'),
  'POST invoices/*/update_lines': refusedUnpriced(
    'invoice-line-item/invoices/update-lines/bulk',
    'it changes what a bill charges later',
  ),
  'POST invoices/*/remove_lines': refusedUnpriced(
    'invoice-line-item/invoices/remove-lines/bulk',
    'it may take a credit off a bill, which charges more later',
  ),
  'POST invoices/*/lines/*': refusedUnpriced(
    'invoice-line-item/update',
    'it changes what a bill charges later',
  ),
  'POST invoices/*/attach_payment': refusedUnpriced(
    'invoices/attach_payment',
    'it marks a bill as paid by a payment that may be larger or smaller',
  ),
  'POST invoices/*/finalize': byObjects('POST invoices/*/finalize', 'invoices/finalize'),
  'POST invoices/*/pay': byObjects('POST invoices/*/pay', 'invoices/pay'),
  'POST invoices/*/send': byObjects('POST invoices/*/send', 'invoices/send'),
  'POST invoices/*/mark_uncollectible': free('invoices/mark_uncollectible', 'expand[]'),
  'POST invoices/*/void': priced('invoices/void', { rule: 'cancel' }, 'expand[]'),

  'POST invoiceitems': byObjects('POST invoiceitems', 'invoiceitems/create'),
  'POST invoiceitems/*': byObjects('POST invoiceitems/*', 'invoiceitems/update'),
  'DELETE invoiceitems/*': byObjects('DELETE invoiceitems/*', 'invoiceitems/delete'),

  'POST subscriptions': byObjects('POST subscriptions', 'subscriptions/create'),
  'POST subscriptions/*': byObjects('POST subscriptions/*', 'subscriptions/update'),
  'DELETE subscriptions/*': byObjects('DELETE subscriptions/*', 'subscriptions/cancel'),
  'DELETE subscriptions/*/discount': refused(
    'discounts/subscription_delete',
    'it raises what every later period charges',
  ),
  'POST subscriptions/*/migrate': refused(
    'subscriptions/migrate',
    'it changes how later changes of the subscription are charged',
  ),
  'POST subscriptions/*/pause': refusedUnpriced(
    'subscriptions/pause',
    'it may bill the customer for what was used so far',
  ),
  'POST subscriptions/*/resume': byObjects('POST subscriptions/*/resume', 'subscriptions/resume'),
  'POST subscription_items': byObjects('POST subscription_items', 'subscription_items/create'),
  'POST subscription_items/*': byObjects('POST subscription_items/*', 'subscription_items/update'),
  'DELETE subscription_items/*': byObjects(
    'DELETE subscription_items/*',
    'subscription_items/delete',
  ),
  'POST subscription_schedules': refusedUnpriced(
    'subscription_schedules/create',
    'it starts a subscription, now or at a later date',
  ),
  'POST subscription_schedules/*': refusedUnpriced(
    'subscription_schedules/update',
    'it changes what a subscription charges, now or at a later date',
  ),
  // It bills what is pending unless it is told not to.
  'POST subscription_schedules/*/cancel': refusedUnpriced(
    'subscription_schedules/cancel',
    'it bills the customer for what is pending',
  ),
  // What is scheduled no longer happens; `preserve_cancel_date` decides whether the end does.
  'POST subscription_schedules/*/release': refused(
    'subscription_schedules/release',
    'it lets a subscription that was to change or end go on charging as it is',
  ),

  'POST quotes': free(
    'quotes/create',
    `collection_method customer customer_account default_tax_rates[] description expand[] expires_at
    footer header ${INVOICE_SETTINGS} ${LINE_ITEMS} metadata{*} subscription_data{description
    metadata{*}} test_clock`,
  ),
  'POST quotes/*': free(
    'quotes/update',
    `collection_method customer customer_account default_tax_rates[] description expand[] expires_at
    footer header ${INVOICE_SETTINGS} ${LINE_ITEMS} line_items[]{id} metadata{*}
    subscription_data{description metadata{*}}`,
  ),
  'POST quotes/*/finalize': free('quotes/finalize', 'expand[] expires_at'),
  'POST quotes/*/cancel': free('quotes/cancel', 'expand[]'),
  'POST quotes/*/accept': byObjects('POST quotes/*/accept', 'quotes/accept'),
};

/** Priced by `documents/`, since objects of Stripe's say what it comes to. */
function byObjects(call: DocumentCall, page: string): CallRow {
  return priced(page, { rule: 'objects', call }, DOCUMENT_PARAMETERS[call]);
}
