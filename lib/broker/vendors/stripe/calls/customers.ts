import { free, refused } from './call-row';
import type { CallRows } from './call-row';
import { ADDRESS } from './shared-parameters';

/** Customers, and what is kept of them. */
export const CUSTOMERS: CallRows = {
  'POST customers': free(
    'customers/create',
    `
    address{${ADDRESS}} business_name description email expand[] individual_name
    invoice_prefix invoice_settings{custom_fields[]{name value} default_payment_method footer
    rendering_options{amount_tax_display template}} metadata{*} name next_invoice_sequence
    payment_method phone preferred_locales[] shipping{address{${ADDRESS}} name phone}
    tax{ip_address validate_location} tax_exempt tax_id_data[]{type value} test_clock`,
  ),
  'POST customers/*': free(
    'customers/update',
    `
    address{${ADDRESS}} business_name default_source description email expand[]
    individual_name invoice_prefix invoice_settings{custom_fields[]{name value}
    default_payment_method footer rendering_options{amount_tax_display template}} metadata{*}
    name next_invoice_sequence phone preferred_locales[] shipping{address{${ADDRESS}} name
    phone} tax{ip_address validate_location} tax_exempt`,
  ),
  'POST customers/*/cash_balance': free('cash_balance/update', 'expand[]'),
  'POST customers/*/tax_ids': free('tax_ids/customer_create', 'expand[] type value'),
  'DELETE customers/*/tax_ids/*': free('tax_ids/customer_delete'),
  'DELETE customers/*': refused(
    'customers/delete',
    'it ends all subscriptions of the customer for good',
  ),
  'DELETE customers/*/discount': refused(
    'discounts/delete',
    'it raises what the customer’s later bills charge',
  ),
  'POST customers/*/balance_transactions': refused(
    'customer_balance_transactions/create',
    'it changes what the customer’s later bills charge',
  ),
  'POST customers/*/balance_transactions/*': free(
    'customer_balance_transactions/update',
    'description expand[] metadata{*}',
  ),
  'POST customers/*/funding_instructions': free(
    'cash_balance_transactions/create_or_retrieve_funding_instructions',
    `
    bank_transfer{eu_bank_transfer{country} requested_address_types[] type} currency expand[]
    funding_type`,
  ),
  'POST customers/*/sources': refused(
    'cards/create',
    'it may make another card or account the one that later bills are taken from',
  ),
  'POST customers/*/sources/*': free(
    'cards/update',
    `
    account_holder_name account_holder_type address_city address_country address_line1
    address_line2 address_state address_zip exp_month exp_year expand[] metadata{*} name
    owner{address{${ADDRESS}} email name phone}`,
  ),
  'DELETE customers/*/sources/*': free('cards/delete', 'expand[]'),
  'POST customers/*/sources/*/verify': free('customer_bank_accounts/verify', 'amounts[] expand[]'),
  'POST customer_sessions': refused(
    'customer_sessions/create',
    'it hands out a secret with which a web page acts for a customer past the broker',
  ),
};
