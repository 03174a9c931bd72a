import { priced } from './call-row';
import type { CallRows } from './call-row';
import { ADDRESS } from './shared-parameters';

export const TREASURY: CallRows = {
  'POST treasury/outbound_payments': priced(
    'treasury/outbound_payments/create',
    { rule: 'new', field: 'amount' },
    `
    amount currency customer description destination_payment_method
    destination_payment_method_data{billing_details{address{${ADDRESS}} email name phone}
    financial_account metadata{*} type us_bank_account{account_holder_type account_number
    account_type financial_connections_account routing_number}}
    destination_payment_method_options{us_bank_account{network}} end_user_details{ip_address
    present} expand[] financial_account metadata{*} statement_descriptor`,
  ),
  'POST treasury/outbound_transfers': priced(
    'treasury/outbound_transfers/create',
    { rule: 'new', field: 'amount' },
    `
    amount currency description destination_payment_method
    destination_payment_method_data{financial_account type}
    destination_payment_method_options{us_bank_account{network}} expand[] financial_account
    metadata{*} statement_descriptor`,
  ),
};
