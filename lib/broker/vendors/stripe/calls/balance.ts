import { free, priced } from './call-row';
import type { CallRows } from './call-row';

export const BALANCE: CallRows = {
  'POST transfers': priced(
    'transfers/create',
    { rule: 'new', field: 'amount' },
    `
    amount currency description destination expand[] metadata{*} source_transaction
    source_type transfer_group`,
  ),
  'POST payouts': priced(
    'payouts/create',
    { rule: 'new', field: 'amount' },
    `
    amount currency description destination expand[] metadata{*} method payout_method
    source_type statement_descriptor`,
  ),
  'POST topups': priced(
    'topups/create',
    { rule: 'new', field: 'amount' },
    `
    amount currency description expand[] metadata{*} payment_method
    payment_method_options{us_bank_account{network}} source statement_descriptor
    transfer_group`,
  ),
  'POST transfers/*': free('transfers/update', 'description expand[] metadata{*}'),
  'POST payouts/*': free('payouts/update', 'expand[] metadata{*}'),
  'POST topups/*': free('topups/update', 'description expand[] metadata{*}'),
  'POST transfers/*/reversals/*': free('transfer_reversals/update', 'expand[] metadata{*}'),
};
