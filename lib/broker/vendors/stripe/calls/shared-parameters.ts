/** Parts of what several calls take, as `ParameterList` reads it. */

export const ADDRESS = 'city country line1 line2 postal_code state';

export const PAYMENT_METHOD_DATA = `
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

export const PAYMENT_METHOD_OPTIONS = `
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

export const SETUP_METHOD_OPTIONS = `
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

export const AMOUNT_DETAILS = `
  discount_amount enforce_arithmetic_validation line_items[]{discount_amount
  payment_method_options{card{commodity_code} card_present{commodity_code} klarna{image_url
  product_url reference subscription_reference} paypal{category description sold_by}} product_code
  product_name quantity tax{total_tax_amount} unit_cost unit_of_measure} shipping{amount
  from_postal_code to_postal_code} tax{total_tax_amount}`;
