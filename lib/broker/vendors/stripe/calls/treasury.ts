import { free, priced, refused, refusedUnpriced } from './call-row';
import type { CallRows } from './call-row';
import { ADDRESS } from './shared-parameters';

/** Accounts that keep money at Stripe. */
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
  'POST treasury/credit_reversals': refusedUnpriced(
    'treasury/credit_reversals/create',
    'it sends back money that came in, and only the credit says how much',
  ),
  'POST treasury/debit_reversals': refusedUnpriced(
    'treasury/debit_reversals/create',
    'it takes back money that went out, and only the debit says how much',
  ),
  'POST treasury/financial_accounts': refused(
    'treasury/financial_accounts/create',
    'it opens an account that can send and take money',
  ),
  'POST treasury/financial_accounts/*': refused(
    'treasury/financial_accounts/update',
    'it may let an account send and take money in more ways',
  ),
  'POST treasury/financial_accounts/*/close': refused(
    'treasury/financial_accounts/close',
    'it closes an account for good, and decides where its money goes',
  ),
  'POST treasury/financial_accounts/*/features': refused(
    'treasury/financial_account_features/update',
    'it may let an account send and take money in more ways',
  ),
  'POST treasury/inbound_transfers': refusedUnpriced(
    'treasury/inbound_transfers/create',
    'it takes money from a bank account',
  ),
  'POST treasury/inbound_transfers/*/cancel': free('treasury/inbound_transfers/cancel', 'expand[]'),
  'POST treasury/outbound_payments/*/cancel': free('treasury/outbound_payments/cancel', 'expand[]'),
  'POST treasury/outbound_transfers/*/cancel': free(
    'treasury/outbound_transfers/cancel',
    'expand[]',
  ),
};
