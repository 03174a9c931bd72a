import { free, priced } from './call-row';
import type { CallRows } from './call-row';
import {
  ADDRESS,
  AMOUNT_DETAILS,
  PAYMENT_METHOD_DATA,
  PAYMENT_METHOD_OPTIONS,
  SETUP_METHOD_OPTIONS,
} from './shared-parameters';

/** Payments, what becomes of them, and set-ups for later ones. */
export const PAYMENTS: CallRows = {
  'POST payment_intents': priced(
    'payment_intents/create',
    { rule: 'new', field: 'amount' },
    `
    allowed_payment_method_types[] amount amount_details{${AMOUNT_DETAILS}}
    application_fee_amount automatic_payment_methods{allow_redirects enabled} capture_method
    confirm confirmation_method confirmation_token currency customer customer_account
    description error_on_requires_action excluded_payment_method_types[] expand[]
    hooks{inputs{tax{calculation}}} mandate mandate_data{customer_acceptance{accepted_at
    offline online{ip_address user_agent} type}} metadata{*} off_session on_behalf_of
    payment_details{customer_reference order_reference} payment_method
    payment_method_configuration payment_method_data{${PAYMENT_METHOD_DATA}}
    payment_method_options{${PAYMENT_METHOD_OPTIONS}} radar_options{referrer session}
    receipt_email return_url setup_future_usage shipping{address{${ADDRESS}} carrier name
    phone tracking_number} statement_descriptor statement_descriptor_suffix
    transfer_data{amount description destination metadata{*} payment_data{description
    metadata{*}}} transfer_group use_stripe_sdk payment_method_types[]`,
  ),
  'POST payment_intents/*': priced(
    'payment_intents/update',
    { rule: 'change', field: 'amount' },
    `
    allowed_payment_method_types[] amount amount_details{${AMOUNT_DETAILS}}
    application_fee_amount capture_method currency customer customer_account description
    excluded_payment_method_types[] expand[] hooks{inputs{tax{calculation}}} metadata{*}
    payment_details{customer_reference order_reference} payment_method
    payment_method_configuration payment_method_data{${PAYMENT_METHOD_DATA}}
    payment_method_options{${PAYMENT_METHOD_OPTIONS}} receipt_email setup_future_usage
    shipping{address{${ADDRESS}} carrier name phone tracking_number} statement_descriptor
    statement_descriptor_suffix transfer_data{amount description metadata{*}
    payment_data{description metadata{*}}} transfer_group payment_method_types[]`,
  ),
  'POST payment_intents/*/confirm': priced(
    'payment_intents/confirm',
    { rule: 'exposure', field: 'amount_to_confirm' },
    `
    allowed_payment_method_types[] amount_details{${AMOUNT_DETAILS}} amount_to_confirm
    capture_method confirmation_token error_on_requires_action excluded_payment_method_types[]
    expand[] hooks{inputs{tax{calculation}}} mandate
    mandate_data{customer_acceptance{accepted_at offline online{ip_address user_agent} type}}
    off_session payment_details{customer_reference order_reference} payment_method
    payment_method_data{${PAYMENT_METHOD_DATA}}
    payment_method_options{${PAYMENT_METHOD_OPTIONS}} radar_options{referrer session}
    receipt_email return_url setup_future_usage shipping{address{${ADDRESS}} carrier name
    phone tracking_number} use_stripe_sdk payment_method_types[]`,
  ),
  'POST payment_intents/*/capture': priced(
    'payment_intents/capture',
    { rule: 'exposure', field: 'amount_to_capture' },
    `
    amount_details{${AMOUNT_DETAILS}} amount_to_capture application_fee_amount expand[]
    final_capture hooks{inputs{tax{calculation}}} metadata{*}
    payment_details{customer_reference order_reference} statement_descriptor
    statement_descriptor_suffix transfer_data{amount}`,
  ),
  'POST payment_intents/*/cancel': priced(
    'payment_intents/cancel',
    { rule: 'cancel' },
    'cancellation_reason expand[]',
  ),
  'POST payment_intents/*/increment_authorization': priced(
    'payment_intents/increment_authorization',
    { rule: 'change', field: 'amount' },
    `
    amount amount_details{${AMOUNT_DETAILS}} application_fee_amount description expand[]
    hooks{inputs{tax{calculation}}} metadata{*} payment_details{customer_reference
    order_reference} statement_descriptor transfer_data{amount}`,
  ),
  'POST payment_intents/*/apply_customer_balance': priced(
    'payment_intents/apply_customer_balance',
    { rule: 'exposure', field: 'amount' },
    'amount currency expand[]',
  ),
  // Within the known amount, as a confirmation.
  'POST payment_intents/*/verify_microdeposits': priced(
    'payment_intents/verify_microdeposits',
    { rule: 'exposure', field: 'amount' },
    'amounts[] descriptor_code expand[]',
  ),
  'POST charges': priced(
    'charges/create',
    { rule: 'new', field: 'amount' },
    `
    amount application_fee_amount capture currency customer description expand[] metadata{*}
    on_behalf_of radar_options{session} receipt_email shipping{address{${ADDRESS}} carrier
    name phone tracking_number} source statement_descriptor statement_descriptor_suffix
    transfer_data{amount description destination} transfer_group`,
  ),
  'POST charges/*/capture': priced(
    'charges/capture',
    { rule: 'exposure', field: 'amount' },
    `
    amount application_fee_amount expand[] receipt_email statement_descriptor
    statement_descriptor_suffix transfer_data{amount} transfer_group`,
  ),
  'POST charges/*': free(
    'charges/update',
    `
    customer description expand[] fraud_details{user_report} metadata{*} receipt_email
    shipping{address{${ADDRESS}} carrier name phone tracking_number} transfer_group`,
  ),
  'POST refunds': priced(
    'refunds/create',
    { rule: 'refund' },
    `
    amount charge currency expand[] instructions_email metadata{*} payment_intent reason
    refund_application_fee reverse_transfer`,
  ),
  'POST refunds/*': free('refunds/update', 'expand[] metadata{*}'),
  'POST refunds/*/cancel': free('refunds/cancel', 'expand[]'),
  'POST setup_intents': free(
    'setup_intents/create',
    `
    allowed_payment_method_types[] automatic_payment_methods{allow_redirects enabled} confirm
    confirmation_token customer customer_account description excluded_payment_method_types[]
    expand[] mandate_data{customer_acceptance{accepted_at offline online{ip_address
    user_agent} type}} metadata{*} on_behalf_of payment_method payment_method_configuration
    payment_method_data{${PAYMENT_METHOD_DATA}}
    payment_method_options{${SETUP_METHOD_OPTIONS}} return_url usage use_stripe_sdk
    payment_method_types[]`,
  ),
  'POST setup_intents/*': free(
    'setup_intents/update',
    `
    allowed_payment_method_types[] customer customer_account description
    excluded_payment_method_types[] expand[] metadata{*} payment_method
    payment_method_configuration payment_method_data{${PAYMENT_METHOD_DATA}}
    payment_method_options{${SETUP_METHOD_OPTIONS}} payment_method_types[]`,
  ),
  'POST setup_intents/*/confirm': free(
    'setup_intents/confirm',
    `
    allowed_payment_method_types[] confirmation_token expand[]
    mandate_data{customer_acceptance{accepted_at offline online{ip_address user_agent} type}}
    payment_method payment_method_data{${PAYMENT_METHOD_DATA}}
    payment_method_options{${SETUP_METHOD_OPTIONS}} return_url use_stripe_sdk`,
  ),
  'POST setup_intents/*/cancel': free('setup_intents/cancel', 'cancellation_reason expand[]'),
  'POST setup_intents/*/verify_microdeposits': free(
    'setup_intents/verify_microdeposits',
    'amounts[] descriptor_code expand[]',
  ),
  'POST payment_records/*/report_payment_attempt': free(
    'payment-record/report-payment-attempt/report',
    `
    canceled{canceled_at} description expand[] failed{failed_at} guaranteed{guaranteed_at}
    initiated_at metadata{*} outcome
    payment_method_details{billing_details{address{${ADDRESS}} email name phone}
    custom{display_name type} payment_method type} shipping_details{address{${ADDRESS}} name
    phone}`,
  ),
  'POST payment_records/*/report_payment_attempt_canceled': free(
    'payment-record/report',
    'canceled_at expand[] metadata{*}',
  ),
  'POST payment_records/*/report_payment_attempt_failed': free(
    'payment-record/report-payment-attempt-failed/report',
    'expand[] failed_at metadata{*}',
  ),
  'POST payment_records/*/report_payment_attempt_guaranteed': free(
    'payment-record/report-payment-attempt-guaranteed/report',
    'expand[] guaranteed_at metadata{*}',
  ),
  'POST payment_records/*/report_payment_attempt_informational': free(
    'payment-record/report-payment-attempt-informational/report',
    `
    customer_details{customer email name phone} description expand[] metadata{*}
    shipping_details{address{${ADDRESS}} name phone}`,
  ),
  'POST payment_records/*/report_refund': free(
    'payment-record/report-refund/report',
    `
    amount{currency value} expand[] initiated_at metadata{*} outcome
    processor_details{custom{refund_reference} type} refunded{refunded_at}`,
  ),
  'POST payment_records/report_payment': free(
    'payment-record/report-payment/report',
    `
    amount_requested{currency value} canceled{canceled_at} customer_details{customer email
    name phone} customer_presence description expand[] failed{failed_at}
    guaranteed{guaranteed_at} initiated_at metadata{*} outcome
    payment_method_details{billing_details{address{${ADDRESS}} email name phone}
    custom{display_name type} payment_method type} processor_details{custom{payment_reference}
    type} shipping_details{address{${ADDRESS}} name phone}`,
  ),
};
