import { free } from './call-row';
import type { CallRows } from './call-row';
import { ADDRESS } from './shared-parameters';

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
};
