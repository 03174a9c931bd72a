/**
 * The parameters with which each call is forwarded, as {@link ParameterList} reads them: of those
 * that Stripe's reference names (https://docs.stripe.com/api), the ones that move no money beyond
 * the price of the call, and start nothing that does.
 */

const ADDRESS = 'city country line1 line2 postal_code state';

const PAYMENT_METHOD_DATA = `
  acss_debit{account_number institution_number transit_number} affirm afterpay_clearpay alipay
  allow_redisplay alma amazon_pay au_becs_debit{account_number bsb_number}
  bacs_debit{account_number sort_code} bancontact billie billing_details{address{${ADDRESS}} email
  name phone tax_id} bizum blik boleto{tax_id} cashapp crypto customer_balance eps{bank}
  fpx{account_holder_type bank} giropay grabpay ideal{bank} interac_present kakao_pay
  klarna{dob{day month year}} konbini kr_card link mb_way metadata{*} mobilepay multibanco
  naver_pay{funding} nz_bank_account{account_holder_name account_number bank_code branch_code
  reference suffix} oxxo p24{bank} pay_by_bank payco paynow paypal paypay payto{account_number
  bsb_number pay_id} pix promptpay radar_options{session} revolut_pay samsung_pay satispay
  scalapay sepa_debit{iban} sequra sofort{country} sunbit swish twint type
  upi{mandate_options{amount amount_type description end_date}}
  us_bank_account{account_holder_type account_number account_type financial_connections_account
  routing_number} wechat_pay zip`;

const PAYMENT_METHOD_OPTIONS = `
  acss_debit{mandate_options{custom_mandate_url interval_description payment_schedule
  transaction_type} setup_future_usage target_date verification_method} affirm{capture_method
  preferred_locale setup_future_usage} afterpay_clearpay{capture_method reference
  setup_future_usage} alipay{setup_future_usage} alma{capture_method} amazon_pay{capture_method
  setup_future_usage} au_becs_debit{setup_future_usage target_date}
  bacs_debit{mandate_options{reference_prefix} setup_future_usage target_date}
  bancontact{preferred_language setup_future_usage} billie{capture_method
  company_details{registered_address{${ADDRESS}} registered_name registration_number
  registration_type vat} reference} bizum blik{code mandate_options{expires_at}
  setup_future_usage} boleto{expires_after_days setup_future_usage} card{capture_method cvc_token
  installments{enabled plan{count interval type}} mandate_options{amount amount_type description
  end_date interval interval_count reference start_date supported_types[]} moto network
  request_extended_authorization request_incremental_authorization request_multicapture
  request_overcapture request_three_d_secure require_cvc_recollection setup_credential_usage
  setup_future_usage statement_descriptor_suffix_kana statement_descriptor_suffix_kanji
  stored_credential_usage three_d_secure{ares_trans_status cryptogram
  electronic_commerce_indicator exemption_indicator network_options{cartes_bancaires{cb_avalgo
  cb_exemption cb_score}} requestor_challenge_indicator transaction_id version}}
  card_present{capture_method request_extended_authorization
  request_incremental_authorization_support routing{requested_priority}} cashapp{capture_method
  setup_future_usage} crypto{setup_future_usage}
  customer_balance{bank_transfer{eu_bank_transfer{country} requested_address_types[] type}
  funding_type setup_future_usage} eps{setup_future_usage} fpx{setup_future_usage}
  giropay{setup_future_usage} grabpay{setup_future_usage} ideal{setup_future_usage}
  interac_present kakao_pay{capture_method setup_future_usage} klarna{capture_method
  on_demand{average_amount maximum_amount minimum_amount purchase_interval
  purchase_interval_count} preferred_locale setup_future_usage subscriptions[]{interval
  interval_count name next_billing{amount date} reference}} konbini{confirmation_number
  expires_after_days expires_at product_description setup_future_usage} kr_card{capture_method
  setup_future_usage} link{capture_method persistent_token setup_future_usage}
  mb_way{setup_future_usage} mobilepay{capture_method setup_future_usage}
  multibanco{setup_future_usage} naver_pay{capture_method setup_future_usage}
  nz_bank_account{setup_future_usage target_date} oxxo{expires_after_days setup_future_usage}
  p24{setup_future_usage tos_shown_and_accepted} pay_by_bank payco{capture_method
  setup_future_usage} paynow{setup_future_usage} paypal{capture_method preferred_locale reference
  risk_correlation_id setup_future_usage} paypay payto{mandate_options{amount amount_type end_date
  payment_schedule payments_per_period purpose} setup_future_usage} pix{amount_includes_iof
  expires_after_seconds expires_at mandate_options{amount amount_includes_iof amount_type currency
  end_date payment_schedule reference start_date} setup_future_usage}
  promptpay{setup_future_usage} revolut_pay{capture_method setup_future_usage}
  samsung_pay{capture_method setup_future_usage} satispay{capture_method setup_future_usage}
  scalapay{capture_method} sepa_debit{mandate_options{reference_prefix} setup_future_usage
  target_date} sequra{capture_method setup_future_usage} sofort{preferred_language
  setup_future_usage} sunbit{capture_method setup_future_usage} swish{reference
  setup_future_usage} twint{setup_future_usage} upi{mandate_options{amount amount_type description
  end_date} setup_future_usage}
  us_bank_account{financial_connections{filters{account_subcategories[]} permissions[] prefetch[]
  return_url} mandate_options{collection_method} networks{requested[]} setup_future_usage
  target_date transaction_purpose verification_method} wechat_pay{app_id client
  setup_future_usage} zip{setup_future_usage}`;

const SETUP_METHOD_OPTIONS = `
  acss_debit{currency mandate_options{custom_mandate_url default_for[] interval_description
  payment_schedule transaction_type} verification_method} amazon_pay
  bacs_debit{mandate_options{reference_prefix}} bizum blik{code mandate_options{expires_at}}
  card{mandate_options{amount amount_type currency description end_date interval interval_count
  reference start_date supported_types[]} moto network request_three_d_secure
  setup_credential_usage three_d_secure{ares_trans_status cryptogram electronic_commerce_indicator
  network_options{cartes_bancaires{cb_avalgo cb_exemption cb_score}} requestor_challenge_indicator
  transaction_id version}} card_present klarna{currency on_demand{average_amount maximum_amount
  minimum_amount purchase_interval purchase_interval_count} preferred_locale
  subscriptions[]{interval interval_count name next_billing{amount date} reference}}
  link{persistent_token} paypal{billing_agreement_id} payto{mandate_options{amount amount_type
  end_date payment_schedule payments_per_period purpose start_date}} pix{mandate_options{amount
  amount_includes_iof amount_type currency end_date payment_schedule reference start_date}}
  sepa_debit{mandate_options{reference_prefix}} upi{mandate_options{amount amount_type description
  end_date} setup_future_usage}
  us_bank_account{financial_connections{filters{account_subcategories[]} permissions[] prefetch[]
  return_url} mandate_options{collection_method} networks{requested[]} verification_method}`;

const AMOUNT_DETAILS = `
  discount_amount enforce_arithmetic_validation line_items[]{discount_amount
  payment_method_options{card{commodity_code} card_present{commodity_code} klarna{image_url
  product_url reference subscription_reference} paypal{category description sold_by}} product_code
  product_name quantity tax{total_tax_amount} unit_cost unit_of_measure} shipping{amount
  from_postal_code to_postal_code} tax{total_tax_amount}`;

export const STRIPE_PARAMETERS: Readonly<Record<string, string>> = {
  'POST customers': `
    address{${ADDRESS}} business_name description email expand[] individual_name
    invoice_prefix invoice_settings{custom_fields[]{name value} default_payment_method footer
    rendering_options{amount_tax_display template}} metadata{*} name next_invoice_sequence
    payment_method phone preferred_locales[] shipping{address{${ADDRESS}} name phone}
    tax{ip_address validate_location} tax_exempt tax_id_data[]{type value} test_clock`,
  'POST customers/*': `
    address{${ADDRESS}} business_name default_source description email expand[]
    individual_name invoice_prefix invoice_settings{custom_fields[]{name value}
    default_payment_method footer rendering_options{amount_tax_display template}} metadata{*}
    name next_invoice_sequence phone preferred_locales[] shipping{address{${ADDRESS}} name
    phone} tax{ip_address validate_location} tax_exempt`,
  'POST products': `
    active default_price_data{currency currency_options{*{custom_unit_amount{enabled maximum
    minimum preset} tax_behavior tiers[]{flat_amount flat_amount_decimal unit_amount
    unit_amount_decimal up_to} unit_amount unit_amount_decimal}} custom_unit_amount{enabled
    maximum minimum preset} metadata{*} recurring{interval interval_count} tax_behavior
    unit_amount unit_amount_decimal} description expand[] id images[]
    marketing_features[]{name} metadata{*} name package_dimensions{height length weight width}
    shippable statement_descriptor tax_code tax_details{performance_location tax_code} type
    unit_label url features[]{name}`,
  'POST products/*': `
    active default_price description expand[] images[] marketing_features[]{name} metadata{*}
    name package_dimensions{height length weight width} shippable statement_descriptor
    tax_code tax_details{performance_location tax_code} unit_label url features[]{name}`,
  'POST prices': `
    active billing_scheme currency currency_options{*{custom_unit_amount{enabled maximum
    minimum preset} tax_behavior tiers[]{flat_amount flat_amount_decimal unit_amount
    unit_amount_decimal up_to} unit_amount unit_amount_decimal}} custom_unit_amount{enabled
    maximum minimum preset} expand[] lookup_key metadata{*} nickname product
    product_data{active id metadata{*} name statement_descriptor tax_code
    tax_details{performance_location tax_code} unit_label} recurring{interval interval_count
    meter trial_period_days usage_type} tax_behavior tiers[]{flat_amount flat_amount_decimal
    unit_amount unit_amount_decimal up_to} tiers_mode transform_quantity{divide_by round}
    unit_amount unit_amount_decimal recurring{aggregate_usage}`,
  'POST prices/*': 'active expand[] lookup_key metadata{*} nickname tax_behavior',
  'POST payment_methods': `
    card{cvc exp_month exp_year networks{preferred} number token} custom{type} customer
    expand[] payment_method ${PAYMENT_METHOD_DATA}`,
  'POST payment_methods/*': `
    allow_redisplay billing_details{address{${ADDRESS}} email name phone tax_id}
    card{exp_month exp_year networks{preferred}} expand[] metadata{*}
    us_bank_account{account_holder_type account_type}`,
  'POST payment_methods/*/attach': 'customer customer_account expand[]',
  'POST payment_methods/*/detach': 'expand[]',
  'POST setup_intents': `
    allowed_payment_method_types[] automatic_payment_methods{allow_redirects enabled} confirm
    confirmation_token customer customer_account description excluded_payment_method_types[]
    expand[] mandate_data{customer_acceptance{accepted_at offline online{ip_address
    user_agent} type}} metadata{*} on_behalf_of payment_method payment_method_configuration
    payment_method_data{${PAYMENT_METHOD_DATA}}
    payment_method_options{${SETUP_METHOD_OPTIONS}} return_url usage use_stripe_sdk
    payment_method_types[]`,
  'POST setup_intents/*': `
    allowed_payment_method_types[] customer customer_account description
    excluded_payment_method_types[] expand[] metadata{*} payment_method
    payment_method_configuration payment_method_data{${PAYMENT_METHOD_DATA}}
    payment_method_options{${SETUP_METHOD_OPTIONS}} payment_method_types[]`,
  'POST setup_intents/*/confirm': `
    allowed_payment_method_types[] confirmation_token expand[]
    mandate_data{customer_acceptance{accepted_at offline online{ip_address user_agent} type}}
    payment_method payment_method_data{${PAYMENT_METHOD_DATA}}
    payment_method_options{${SETUP_METHOD_OPTIONS}} return_url use_stripe_sdk`,
  'POST setup_intents/*/cancel': 'cancellation_reason expand[]',
  'POST setup_intents/*/verify_microdeposits': 'amounts[] descriptor_code expand[]',
  'POST refunds': `
    amount charge currency expand[] instructions_email metadata{*} payment_intent reason
    refund_application_fee reverse_transfer`,
  'POST refunds/*': 'expand[] metadata{*}',
  'POST refunds/*/cancel': 'expand[]',
  'POST checkout/sessions/*/expire': 'expand[]',
  'POST tokens': `
    account{business_type company{address{${ADDRESS}} address_kana{${ADDRESS} town}
    address_kanji{${ADDRESS} town} administrative_address{${ADDRESS}} directors_provided
    directorship_declaration{date ip user_agent} executives_provided export_license_id
    export_purpose_code name name_kana name_kanji owners_provided ownership_declaration{date
    ip user_agent} ownership_declaration_shown_and_signed ownership_exemption_reason phone
    physical_address{${ADDRESS}} principal_place_of_business{${ADDRESS}} registration_date{day
    month year} registration_number representative_declaration{date ip user_agent} structure
    tax_id tax_id_registrar vat_id verification{document{back front}}}
    individual{address{${ADDRESS}} address_kana{${ADDRESS} town}
    address_kanji{${ADDRESS} town} dob{day month year} email first_name first_name_kana
    first_name_kanji full_name_aliases[] gender id_number id_number_secondary last_name
    last_name_kana last_name_kanji maiden_name metadata{*} phone political_exposure
    registered_address{${ADDRESS}} relationship{director executive owner percent_ownership
    title} ssn_last_4 verification{additional_document{back front} document{back front}}}
    tos_shown_and_accepted} bank_account{account_holder_name account_holder_type
    account_number account_type country currency payment_method routing_number}
    card{address_city address_country address_line1 address_line2 address_state address_zip
    currency cvc exp_month exp_year name networks{preferred} number} customer cvc_update{cvc}
    expand[] person{additional_tos_acceptances{account{date ip user_agent}}
    address{${ADDRESS}} address_kana{${ADDRESS} town} address_kanji{${ADDRESS} town} dob{day
    month year} documents{company_authorization{files[]} passport{files[]} visa{files[]}}
    email first_name first_name_kana first_name_kanji full_name_aliases[] gender id_number
    id_number_secondary last_name last_name_kana last_name_kanji maiden_name metadata{*}
    nationality phone political_exposure registered_address{${ADDRESS}}
    relationship{authorizer director executive legal_guardian owner percent_ownership
    representative title} ssn_last_4 us_cfpb_data{ethnicity_details{ethnicity[]
    ethnicity_other} race_details{race[] race_other} self_identified_gender}
    verification{additional_document{back front} document{back front}}} pii{id_number}`,
  'POST payment_intents': `
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
  'POST payment_intents/*': `
    allowed_payment_method_types[] amount amount_details{${AMOUNT_DETAILS}}
    application_fee_amount capture_method currency customer customer_account description
    excluded_payment_method_types[] expand[] hooks{inputs{tax{calculation}}} metadata{*}
    payment_details{customer_reference order_reference} payment_method
    payment_method_configuration payment_method_data{${PAYMENT_METHOD_DATA}}
    payment_method_options{${PAYMENT_METHOD_OPTIONS}} receipt_email setup_future_usage
    shipping{address{${ADDRESS}} carrier name phone tracking_number} statement_descriptor
    statement_descriptor_suffix transfer_data{amount description metadata{*}
    payment_data{description metadata{*}}} transfer_group payment_method_types[]`,
  'POST payment_intents/*/confirm': `
    allowed_payment_method_types[] amount_details{${AMOUNT_DETAILS}} amount_to_confirm
    capture_method confirmation_token error_on_requires_action excluded_payment_method_types[]
    expand[] hooks{inputs{tax{calculation}}} mandate
    mandate_data{customer_acceptance{accepted_at offline online{ip_address user_agent} type}}
    off_session payment_details{customer_reference order_reference} payment_method
    payment_method_data{${PAYMENT_METHOD_DATA}}
    payment_method_options{${PAYMENT_METHOD_OPTIONS}} radar_options{referrer session}
    receipt_email return_url setup_future_usage shipping{address{${ADDRESS}} carrier name
    phone tracking_number} use_stripe_sdk payment_method_types[]`,
  'POST payment_intents/*/capture': `
    amount_details{${AMOUNT_DETAILS}} amount_to_capture application_fee_amount expand[]
    final_capture hooks{inputs{tax{calculation}}} metadata{*}
    payment_details{customer_reference order_reference} statement_descriptor
    statement_descriptor_suffix transfer_data{amount}`,
  'POST payment_intents/*/cancel': 'cancellation_reason expand[]',
  'POST payment_intents/*/increment_authorization': `
    amount amount_details{${AMOUNT_DETAILS}} application_fee_amount description expand[]
    hooks{inputs{tax{calculation}}} metadata{*} payment_details{customer_reference
    order_reference} statement_descriptor transfer_data{amount}`,
  'POST payment_intents/*/apply_customer_balance': 'amount currency expand[]',
  'POST charges': `
    amount application_fee_amount capture currency customer description expand[] metadata{*}
    on_behalf_of radar_options{session} receipt_email shipping{address{${ADDRESS}} carrier
    name phone tracking_number} source statement_descriptor statement_descriptor_suffix
    transfer_data{amount description destination} transfer_group`,
  'POST charges/*/capture': `
    amount application_fee_amount expand[] receipt_email statement_descriptor
    statement_descriptor_suffix transfer_data{amount} transfer_group`,
  'POST charges/*': `
    customer description expand[] fraud_details{user_report} metadata{*} receipt_email
    shipping{address{${ADDRESS}} carrier name phone tracking_number} transfer_group`,
  'POST transfers': `
    amount currency description destination expand[] metadata{*} source_transaction
    source_type transfer_group`,
  'POST payouts': `
    amount currency description destination expand[] metadata{*} method payout_method
    source_type statement_descriptor`,
  'POST topups': `
    amount currency description expand[] metadata{*} payment_method
    payment_method_options{us_bank_account{network}} source statement_descriptor
    transfer_group`,
  'POST treasury/outbound_payments': `
    amount currency customer description destination_payment_method
    destination_payment_method_data{billing_details{address{${ADDRESS}} email name phone}
    financial_account metadata{*} type us_bank_account{account_holder_type account_number
    account_type financial_connections_account routing_number}}
    destination_payment_method_options{us_bank_account{network}} end_user_details{ip_address
    present} expand[] financial_account metadata{*} statement_descriptor`,
  'POST treasury/outbound_transfers': `
    amount currency description destination_payment_method
    destination_payment_method_data{financial_account type}
    destination_payment_method_options{us_bank_account{network}} expand[] financial_account
    metadata{*} statement_descriptor`,
  'POST transfers/*': 'description expand[] metadata{*}',
  'POST payouts/*': 'expand[] metadata{*}',
  'POST topups/*': 'description expand[] metadata{*}',
  'POST customers/*/cash_balance': 'expand[]',
  'POST customers/*/tax_ids': 'expand[] type value',
  'POST tax_rates': `
    active country description display_name expand[] inclusive jurisdiction metadata{*}
    percentage state tax_type`,
  'POST tax_rates/*': `
    active country description display_name expand[] jurisdiction metadata{*} state tax_type`,
  'POST reporting/report_runs': `
    expand[] parameters{columns[] connected_account currency interval_end interval_start
    payout reporting_category timezone} report_type`,
  'POST products/*/features': 'entitlement_feature expand[]',
  'POST transfers/*/reversals/*': 'expand[] metadata{*}',
  'DELETE products/*': '',
  'DELETE customers/*/tax_ids/*': '',
};
