import { free, refused, refusedUnpriced } from './call-row';
import type { CallRows } from './call-row';
import { ADDRESS } from './shared-parameters';

/** Taxes, and the numbers of those who pay them. */
export const TAX: CallRows = {
  'POST tax_rates': free(
    'tax_rates/create',
    `
    active country description display_name expand[] inclusive jurisdiction metadata{*}
    percentage state tax_type`,
  ),
  'POST tax_rates/*': free(
    'tax_rates/update',
    `
    active country description display_name expand[] jurisdiction metadata{*} state tax_type`,
  ),
  'POST tax_ids': free(
    'tax_ids/create',
    'expand[] owner{account customer customer_account type} type value',
  ),
  'DELETE tax_ids/*': free('tax_ids/delete'),
  'POST tax/calculations': refusedUnpriced(
    'tax/calculations/create',
    'Stripe charges a fee for each calculation',
  ),
  'POST tax/locations': free(
    'tax/location/create',
    `address{${ADDRESS}} description expand[] type`,
  ),
  'POST tax/registrations': refused(
    'tax/registrations/create',
    'it adds a tax to what customers pay from then on',
  ),
  'POST tax/registrations/*': refused(
    'tax/registrations/update',
    'it changes from when to when a tax is added to what customers pay',
  ),
  'POST tax/settings': refused(
    'tax/settings/update',
    'it may add tax to what customers pay from then on',
  ),
  'POST tax/transactions/create_from_calculation': refusedUnpriced(
    'tax/transactions/create_from_calculation',
    'Stripe charges a fee for each transaction',
  ),
  'POST tax/transactions/create_reversal': refusedUnpriced(
    'tax/transactions/create_reversal',
    'Stripe charges a fee for each transaction',
  ),
};
