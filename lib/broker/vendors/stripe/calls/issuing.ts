import { free, refused, refusedUnpriced } from './call-row';
import type { CallRows } from './call-row';

/** Cards that the account issues. */
export const ISSUING: CallRows = {
  'POST issuing/authorizations/*': free('issuing/authorizations/update', 'expand[] metadata{*}'),
  'POST issuing/authorizations/*/approve': refusedUnpriced(
    'issuing/authorizations/approve',
    'it lets a card pay, and only the authorization says how much',
  ),
  'POST issuing/authorizations/*/decline': free(
    'issuing/authorizations/decline',
    'expand[] metadata{*}',
  ),
  'POST issuing/cardholders': refused(
    'issuing/cardholders/create',
    'it makes a person whose cards can spend',
  ),
  'POST issuing/cardholders/*': refused(
    'issuing/cardholders/update',
    'it may raise what a person’s cards can spend',
  ),
  'POST issuing/cards': refused(
    'issuing/cards/create',
    'it makes a card that spends past the broker',
  ),
  'POST issuing/cards/*': refused(
    'issuing/cards/update',
    'it may let a card spend, or raise what it can spend',
  ),
  'POST issuing/disputes': free(
    'issuing/disputes/create',
    `
    amount evidence{canceled{additional_documentation canceled_at cancellation_policy_provided
    cancellation_reason expected_at explanation product_description product_type return_status
    returned_at} duplicate{additional_documentation card_statement cash_receipt check_image
    explanation original_transaction} fraudulent{additional_documentation explanation}
    merchandise_not_as_described{additional_documentation explanation received_at
    return_description return_status returned_at}
    no_valid_authorization{additional_documentation explanation}
    not_received{additional_documentation expected_at explanation product_description
    product_type} other{additional_documentation explanation product_description product_type}
    reason service_not_as_described{additional_documentation canceled_at cancellation_reason
    explanation received_at}} expand[] metadata{*} transaction treasury{received_debit}`,
  ),
  'POST issuing/disputes/*': free(
    'issuing/disputes/update',
    `
    amount evidence{canceled{additional_documentation canceled_at cancellation_policy_provided
    cancellation_reason expected_at explanation product_description product_type return_status
    returned_at} duplicate{additional_documentation card_statement cash_receipt check_image
    explanation original_transaction} fraudulent{additional_documentation explanation}
    merchandise_not_as_described{additional_documentation explanation received_at
    return_description return_status returned_at}
    no_valid_authorization{additional_documentation explanation}
    not_received{additional_documentation expected_at explanation product_description
    product_type} other{additional_documentation explanation product_description product_type}
    reason service_not_as_described{additional_documentation canceled_at cancellation_reason
    explanation received_at}} expand[] metadata{*}`,
  ),
  'POST issuing/disputes/*/submit': refusedUnpriced(
    'issuing/dispute/submit',
    'Stripe may charge a fee for a dispute that is lost',
  ),
  'POST issuing/personalization_designs': free(
    'issuing/personalization_designs/create',
    `
    card_logo carrier_text{footer_body footer_title header_body header_title} expand[]
    lookup_key metadata{*} name physical_bundle`,
  ),
  'POST issuing/personalization_designs/*': free(
    'issuing/personalization_designs/update',
    `
    card_logo carrier_text{footer_body footer_title header_body header_title} expand[]
    lookup_key metadata{*} name`,
  ),
  'POST issuing/tokens/*': refused(
    'issuing/tokens/update',
    'it may let a phone or a shop pay with a card again',
  ),
  'POST issuing/transactions/*': free('issuing/transactions/update', 'expand[] metadata{*}'),
};
