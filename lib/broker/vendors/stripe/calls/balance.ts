import { free, priced, refusedUnpriced } from './call-row';
import type { CallRows } from './call-row';

/** What moves money between the balance, the bank and connected accounts. */
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
  'POST payouts/*/cancel': free('payouts/cancel', 'expand[]'),
  'POST payouts/*/reverse': refusedUnpriced(
    'payouts/reverse',
    'it takes a payout back from the bank account, and only the payout says how much',
  ),
  'POST topups/*/cancel': free('topups/cancel', 'expand[]'),
  'POST transfers/*/reversals': refusedUnpriced(
    'transfer_reversals/create',
    'it takes money back from a connected account, all of the transfer where no amount is named',
  ),
};
