import { free, refused } from './call-row';
import type { CallRows } from './call-row';
import { ADDRESS, PAYMENT_METHOD_DATA } from './shared-parameters';

/** Whether customers are shown a payment method, of each that there is. */
const METHOD_SWITCHES = `
  acss_debit affirm afterpay_clearpay alipay alma amazon_pay apple_pay apple_pay_later
  au_becs_debit bacs_debit bancontact billie bizum blik boleto card cartes_bancaires cashapp
  crypto customer_balance eps fpx fr_meal_voucher_conecs giropay google_pay grabpay ideal jcb
  kakao_pay klarna konbini kr_card link mb_way mobilepay multibanco naver_pay nz_bank_account
  oxxo p24 pay_by_bank payco paynow paypal paypay payto pix promptpay revolut_pay samsung_pay
  satispay scalapay sepa_debit sequra sofort sunbit swish twint upi us_bank_account wechat_pay
  zip`
  .trim()
  .split(/\s+/)
  .map((method) => `${method}{display_preference{preference}}`)
  .join(' ');

/** What customers pay with. */
export const PAYMENT_METHODS: CallRows = {
  'POST payment_methods': free(
    'payment_methods/create',
    `
    card{cvc exp_month exp_year networks{preferred} number token} custom{type} customer
    expand[] payment_method ${PAYMENT_METHOD_DATA}`,
  ),
  'POST payment_methods/*': free(
    'payment_methods/update',
    `
    allow_redisplay billing_details{address{${ADDRESS}} email name phone tax_id}
    card{exp_month exp_year networks{preferred}} expand[] metadata{*}
    us_bank_account{account_holder_type account_type}`,
  ),
  'POST payment_methods/*/attach': free(
    'payment_methods/attach',
    'customer customer_account expand[]',
  ),
  'POST payment_methods/*/detach': free('payment_methods/detach', 'expand[]'),
  'POST tokens': free(
    'tokens/create_card',
    `
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
  ),
  'POST payment_method_configurations': free(
    'payment_method_configurations/create',
    `expand[] name parent ${METHOD_SWITCHES}`,
  ),
  'POST payment_method_configurations/*': free(
    'payment_method_configurations/update',
    `active expand[] name ${METHOD_SWITCHES}`,
  ),
  'POST payment_method_domains': free(
    'payment_method_domains/create',
    'domain_name enabled expand[]',
  ),
  'POST payment_method_domains/*': free('payment_method_domains/update', 'enabled expand[]'),
  'POST payment_method_domains/*/validate': free('payment_method_domains/validate', 'expand[]'),
  'POST apple_pay/domains': free('apple_pay_domains', 'domain_name expand[]'),
  'DELETE apple_pay/domains/*': free('apple_pay_domains'),
  'POST sources': refused(
    'sources/create',
    'it may ask a customer to pay a sum at once, by an older kind of payment method',
  ),
  'POST sources/*': free(
    'sources/update',
    `expand[] metadata{*} owner{address{${ADDRESS}} email name phone}`,
  ),
  'POST sources/*/verify': free('sources/verify', 'expand[] values[]'),
};
