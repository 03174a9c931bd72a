import { testHelper } from './call-row';
import type { CallRows } from './call-row';

/** What makes things happen among test objects. Stripe refuses them with a live secret. */
export const TEST_HELPERS: CallRows = {
  'POST test_helpers/confirmation_tokens': testHelper('confirmation_tokens/test_create'),
  'POST test_helpers/customers/*/fund_cash_balance': testHelper(
    'cash_balance_transactions/fund_cash_balance',
  ),
  'POST test_helpers/issuing/authorizations': testHelper('issuing/authorizations/test_mode_create'),
  'POST test_helpers/issuing/authorizations/*/capture': testHelper(
    'issuing/authorizations/test_mode_capture',
  ),
  'POST test_helpers/issuing/authorizations/*/expire': testHelper(
    'issuing/authorizations/test_mode_expire',
  ),
  'POST test_helpers/issuing/authorizations/*/finalize_amount': testHelper(
    'issuing/authorizations/test_mode_finalize_amount',
  ),
  'POST test_helpers/issuing/authorizations/*/increment': testHelper(
    'issuing/authorizations/test_mode_increment',
  ),
  'POST test_helpers/issuing/authorizations/*/reverse': testHelper(
    'issuing/authorizations/test_mode_reverse',
  ),
  'POST test_helpers/issuing/authorizations/*/fraud_challenges/respond': testHelper(
    'issuing/authorizations/respond_to_fraud_challenges',
  ),
  'POST test_helpers/issuing/cards/*/shipping/deliver': testHelper(
    'issuing/cards/test_mode_deliver',
  ),
  'POST test_helpers/issuing/cards/*/shipping/fail': testHelper('issuing/cards/test_mode_fail'),
  'POST test_helpers/issuing/cards/*/shipping/return': testHelper('issuing/cards/test_mode_return'),
  'POST test_helpers/issuing/cards/*/shipping/ship': testHelper('issuing/cards/test_mode_ship'),
  'POST test_helpers/issuing/cards/*/shipping/submit': testHelper('issuing/cards/test_mode_submit'),
  'POST test_helpers/issuing/personalization_designs/*/activate': testHelper(
    'issuing/personalization_designs/activate_testmode',
  ),
  'POST test_helpers/issuing/personalization_designs/*/deactivate': testHelper(
    'issuing/personalization_designs/deactivate_testmode',
  ),
  'POST test_helpers/issuing/personalization_designs/*/reject': testHelper(
    'issuing/personalization_designs/reject_testmode',
  ),
  'POST test_helpers/issuing/transactions/create_force_capture': testHelper(
    'issuing/transactions/test_mode_create_force_capture',
  ),
  'POST test_helpers/issuing/transactions/create_unlinked_refund': testHelper(
    'issuing/transactions/test_mode_create_unlinked_refund',
  ),
  'POST test_helpers/issuing/transactions/*/refund': testHelper(
    'issuing/transactions/test_mode_refund',
  ),
  'POST test_helpers/refunds/*/expire': testHelper('refunds/expire'),
  'POST test_helpers/terminal/readers/*/present_payment_method': testHelper(
    'terminal/readers/present_payment_method',
  ),
  'POST test_helpers/terminal/readers/*/succeed_input_collection': testHelper(
    'terminal/readers/succeed_input_collection',
  ),
  'POST test_helpers/terminal/readers/*/timeout_input_collection': testHelper(
    'terminal/readers/timeout_input_collection',
  ),
  'POST test_helpers/test_clocks': testHelper('test_clocks/create'),
  'POST test_helpers/test_clocks/*/advance': testHelper('test_clocks/advance'),
  'DELETE test_helpers/test_clocks/*': testHelper('test_clocks/delete'),
  'POST test_helpers/treasury/inbound_transfers/*/fail': testHelper(
    'treasury/inbound_transfers/test_mode_fail',
  ),
  'POST test_helpers/treasury/inbound_transfers/*/return': testHelper(
    'treasury/inbound_transfers/test_mode_return',
  ),
  'POST test_helpers/treasury/inbound_transfers/*/succeed': testHelper(
    'treasury/inbound_transfers/test_mode_succeed',
  ),
  'POST test_helpers/treasury/outbound_payments/*': testHelper(
    'treasury/outbound_payments/test_mode_update',
  ),
  'POST test_helpers/treasury/outbound_payments/*/fail': testHelper(
    'treasury/outbound_payments/test_mode_fail',
  ),
  'POST test_helpers/treasury/outbound_payments/*/post': testHelper(
    'treasury/outbound_payments/test_mode_post',
  ),
  'POST test_helpers/treasury/outbound_payments/*/return': testHelper(
    'treasury/outbound_payments/test_mode_return',
  ),
  'POST test_helpers/treasury/outbound_transfers/*': testHelper(
    'treasury/outbound_transfers/test_mode_update',
  ),
  'POST test_helpers/treasury/outbound_transfers/*/fail': testHelper(
    'treasury/outbound_transfers/test_mode_fail',
  ),
  'POST test_helpers/treasury/outbound_transfers/*/post': testHelper(
    'treasury/outbound_transfers/test_mode_post',
  ),
  'POST test_helpers/treasury/outbound_transfers/*/return': testHelper(
    'treasury/outbound_transfers/test_mode_return',
  ),
  'POST test_helpers/treasury/received_credits': testHelper(
    'treasury/received_credits/test_mode_create',
  ),
  'POST test_helpers/treasury/received_debits': testHelper(
    'treasury/received_debits/test_mode_create',
  ),
};
