import { free, refused, refusedUnpriced } from './call-row';
import type { CallRows } from './call-row';

const LINE_ITEMS = `
  line_items[]{price price_data{currency product recurring{interval interval_count} tax_behavior
  unit_amount unit_amount_decimal} quantity tax_rates[]}`;

const INVOICE_SETTINGS =
  'invoice_settings{custom_fields[]{name value} days_until_due description footer}';

/** What is billed: checkout sessions, payment links, invoices, subscriptions and quotes. */
export const DOCUMENTS: CallRows = {
  'POST checkout/sessions': refusedUnpriced(
    'checkout/sessions/create',
    'it asks a customer to pay a total that its body does not say',
  ),
  'POST checkout/sessions/*': refusedUnpriced(
    'checkout/sessions/update',
    'it may change the total that a customer is asked to pay',
  ),
  'POST checkout/sessions/*/expire': free('checkout/sessions/expire', 'expand[]'),

  'POST payment_links': refusedUnpriced(
    'payment_links/create',
    'it lets any number of customers pay a total that its body does not say',
  ),
  'POST payment_links/*': refusedUnpriced(
    'payment_links/update',
    'it may change what a customer pays, how often, and to whom',
  ),

  'POST invoices': refusedUnpriced(
    'invoices/create',
    'it makes a bill that may charge the customer by itself an hour later',
  ),
  'POST invoices/*': refusedUnpriced(
    'invoices/update',
    'it may change what a bill charges, to whom the money goes, or let it charge by itself',
  ),
  'POST invoices/create_preview': free('invoices/create_preview', 'expand[]'),
  'DELETE invoices/*': free('invoices/delete'),
  'POST invoices/*/add_lines': refusedUnpriced(
    'invoice-line-item/bulk',
    'it adds to a bill what it may charge later',
  ),
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
  'POST invoices/*/finalize': refusedUnpriced(
    'invoices/finalize',
    'it lets a bill charge the customer, and only the bill says how much',
  ),
  'POST invoices/*/pay': refusedUnpriced(
    'invoices/pay',
    'it charges the customer, and only the bill says how much',
  ),
  'POST invoices/*/send': refusedUnpriced(
    'invoices/send',
    'it asks the customer to pay a bill, and finalizes it where it is a draft',
  ),
  'POST invoices/*/mark_uncollectible': free('invoices/mark_uncollectible', 'expand[]'),
  'POST invoices/*/void': free('invoices/void', 'expand[]'),

  'POST invoiceitems': refusedUnpriced(
    'invoiceitems/create',
    'it goes onto the customer’s next bill, which may charge by itself',
  ),
  'POST invoiceitems/*': refusedUnpriced(
    'invoiceitems/update',
    'it changes what the customer’s next bill charges',
  ),
  'DELETE invoiceitems/*': refusedUnpriced(
    'invoiceitems/delete',
    'it may take a credit off the customer’s next bill, which charges more',
  ),

  'POST subscriptions': refusedUnpriced(
    'subscriptions/create',
    'it charges the customer now and again with every period',
  ),
  'POST subscriptions/*': refusedUnpriced(
    'subscriptions/update',
    'it may charge the customer at once, and changes what every period charges',
  ),
  // With `invoice_now` or `prorate` it bills what is pending.
  'DELETE subscriptions/*': free(
    'subscriptions/cancel',
    'cancellation_details{comment feedback feedback_option} expand[]',
  ),
  'DELETE subscriptions/*/discount': refused(
    'subscriptions/delete_discount',
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
  'POST subscriptions/*/resume': refusedUnpriced(
    'subscriptions/resume',
    'it may charge the customer for a period at once',
  ),
  'POST subscription_items': refusedUnpriced(
    'subscription_items/create',
    'it may charge the customer at once, and raises what every period charges',
  ),
  'POST subscription_items/*': refusedUnpriced(
    'subscription_items/update',
    'it may charge the customer at once, and changes what every period charges',
  ),
  'DELETE subscription_items/*': refusedUnpriced(
    'subscription_items/delete',
    'it may bill or credit the customer for the rest of the period',
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
  'POST quotes/*/accept': refusedUnpriced(
    'quotes/accept',
    'it makes the bill, or starts the subscription, that the quote describes',
  ),
};
