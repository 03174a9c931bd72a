import type { DocumentCall } from '../documents/index';

const ADDRESS = 'city country line1 line2 postal_code state';
const PRICE_DATA =
  'price_data{currency product recurring{interval interval_count} tax_behavior unit_amount unit_amount_decimal}';
const ONE_TIME_DATA = 'price_data{currency product tax_behavior unit_amount unit_amount_decimal}';
const PRODUCT_DATA =
  'product_data{description images[] metadata{*} name tax_code tax_details{performance_location tax_code} unit_label}';
const ADJUSTABLE = 'adjustable_quantity{enabled maximum minimum}';
const CART_DATA = `price_data{currency product ${PRODUCT_DATA} recurring{interval interval_count}
  tax_behavior unit_amount unit_amount_decimal}`;
const DISCOUNTS = 'discounts[]{coupon discount promotion_code}';
const CUSTOM_FIELDS = `custom_fields[]{dropdown{default_value options[]{label value}} key
  label{custom type} numeric{default_value maximum_length minimum_length} optional
  text{default_value maximum_length minimum_length} type}`;
const CUSTOM_TEXT = `custom_text{after_submit{message} shipping_address{message} submit{message}
  terms_of_service_acceptance{message}}`;
const CONSENT = `consent_collection{payment_method_reuse_agreement{position} promotions
  terms_of_service}`;
const NAME_COLLECTION = 'name_collection{business{enabled optional} individual{enabled optional}}';
const INVOICE_CREATION = `invoice_creation{enabled invoice_data{account_tax_ids[]
  custom_fields[]{name value} description footer metadata{*} rendering_options{amount_tax_display
  template}}}`;
const TRIAL = 'trial_period_days trial_settings{end_behavior{missing_payment_method}}';
const SUBSCRIPTION_ITEM = `metadata{*} price ${PRICE_DATA} quantity tax_rates[] ${DISCOUNTS}`;
const INVOICE_ITEMS_OF_SUBSCRIPTION = `add_invoice_items[]{discountable ${DISCOUNTS} metadata{*}
  period{end{timestamp type} start{timestamp type}} price ${ONE_TIME_DATA} quantity tax_rates[]}`;
const PERIOD = 'period{end start}';
const SHIPPING_DATA = `shipping_rate_data{delivery_estimate{maximum{unit value} minimum{unit value}}
  display_name fixed_amount{amount currency} metadata{*} tax_behavior tax_code type}`;
const INVOICE_TEXTS = `account_tax_ids[] custom_fields[]{name value} days_until_due
  default_payment_method default_tax_rates[] description due_date effective_at expand[] footer
  metadata{*} number rendering{amount_tax_display pdf{page_size} template template_version}
  shipping_details{address{${ADDRESS}} name phone} statement_descriptor`;
const INVOICE_ITEM = `amount description discountable ${DISCOUNTS} expand[] metadata{*} ${PERIOD}
  ${ONE_TIME_DATA} pricing{price} quantity quantity_decimal tax_behavior tax_code tax_rates[]
  unit_amount_decimal`;

/** All that each call may have whose price stands in objects of Stripe's. */
export const DOCUMENT_PARAMETERS: Readonly<Record<DocumentCall, string>> = {
  'POST checkout/sessions': `
    adaptive_pricing{enabled} allow_promotion_codes allowed_payment_method_types[]
    automatic_tax{enabled} billing_address_collection branding_settings{background_color
    border_style button_color display_name font_family icon{file type url} logo{file type url}}
    cancel_url client_reference_id ${CONSENT} currency ${CUSTOM_FIELDS} ${CUSTOM_TEXT} customer
    customer_creation customer_email customer_update{address name shipping} discounts[]{coupon
    promotion_code} excluded_payment_method_types[] expand[] expires_at integration_identifier
    ${INVOICE_CREATION} line_items[]{${ADJUSTABLE} metadata{*} price ${CART_DATA} quantity
    tax_rates[]} locale metadata{*} mode ${NAME_COLLECTION}
    optional_items[]{${ADJUSTABLE} price quantity} origin_context
    payment_intent_data{application_fee_amount capture_method description metadata{*} on_behalf_of
    receipt_email setup_future_usage shipping{address{${ADDRESS}} carrier name phone
    tracking_number} statement_descriptor statement_descriptor_suffix transfer_data{amount
    destination} transfer_group} payment_method_collection payment_method_configuration
    payment_method_types[] permissions{update_shipping_details} phone_number_collection{enabled}
    redirect_on_completion return_url
    saved_payment_method_options{allow_redisplay_filters[] payment_method_remove
    payment_method_save} setup_intent_data{description metadata{*} on_behalf_of}
    shipping_address_collection{allowed_countries[]}
    shipping_options[]{shipping_rate ${SHIPPING_DATA}} submit_type
    subscription_data{application_fee_percent billing_cycle_anchor
    billing_cycle_anchor_config{day_of_month hour minute month second}
    billing_mode{flexible{proration_discounts} type} default_tax_rates[] description
    invoice_settings{account_tax_ids[] custom_fields[]{name value} description footer} metadata{*}
    on_behalf_of proration_behavior transfer_data{amount_percent destination} trial_end ${TRIAL}}
    success_url tax_id_collection{enabled required} ui_mode wallet_options{link{display}}`,
  'POST checkout/sessions/*': `
    collected_information{shipping_details{address{${ADDRESS}} name}} expand[]
    line_items[]{${ADJUSTABLE} id metadata{*} price ${CART_DATA} quantity tax_rates[]} metadata{*}`,
  'POST payment_links': `
    after_completion{hosted_confirmation{custom_message} redirect{url} type} allow_promotion_codes
    automatic_tax{enabled} billing_address_collection ${CONSENT} currency ${CUSTOM_FIELDS}
    ${CUSTOM_TEXT} customer_creation expand[] inactive_message ${INVOICE_CREATION}
    line_items[]{${ADJUSTABLE} price ${CART_DATA} quantity} metadata{*} ${NAME_COLLECTION}
    on_behalf_of optional_items[]{${ADJUSTABLE} price quantity}
    payment_intent_data{capture_method description metadata{*} setup_future_usage
    statement_descriptor statement_descriptor_suffix transfer_group} payment_method_collection
    payment_method_types[] phone_number_collection{enabled}
    restrictions{completed_sessions{limit}} shipping_address_collection{allowed_countries[]}
    shipping_options[]{shipping_rate} submit_type subscription_data{description
    invoice_settings{account_tax_ids[] custom_fields[]{name value} description footer} metadata{*}
    ${TRIAL}} tax_id_collection{enabled required}`,
  'POST payment_links/*': `
    active after_completion{hosted_confirmation{custom_message} redirect{url} type}
    allow_promotion_codes billing_address_collection ${CONSENT} ${CUSTOM_FIELDS} ${CUSTOM_TEXT}
    expand[] inactive_message line_items[]{${ADJUSTABLE} id quantity} metadata{*}
    ${NAME_COLLECTION} phone_number_collection{enabled} restrictions{completed_sessions{limit}}
    submit_type tax_id_collection{enabled required}`,
  'POST subscriptions': `
    ${INVOICE_ITEMS_OF_SUBSCRIPTION} application_fee_percent automatic_tax{enabled}
    billing_cycle_anchor billing_cycle_anchor_config{day_of_month hour minute month second}
    billing_mode{flexible{proration_discounts} type} cancel_at cancel_at_period_end
    collection_method currency customer days_until_due default_payment_method default_tax_rates[]
    description ${DISCOUNTS} expand[] items[]{${SUBSCRIPTION_ITEM}} metadata{*} off_session
    on_behalf_of payment_behavior payment_settings{payment_method_types[]
    save_default_payment_method} proration_behavior transfer_data{amount_percent destination}
    trial_end trial_period_days trial_settings{end_behavior{missing_payment_method}}`,
  'POST subscriptions/*': `
    ${INVOICE_ITEMS_OF_SUBSCRIPTION} automatic_tax{enabled} billing_cycle_anchor{type} cancel_at
    cancel_at_period_end cancellation_details{comment feedback feedback_option} collection_method
    days_until_due default_payment_method default_tax_rates[] description ${DISCOUNTS} expand[]
    items[]{deleted id ${SUBSCRIPTION_ITEM}} metadata{*} off_session pause_collection{behavior
    resumes_at} payment_behavior proration_behavior proration_date trial_end
    trial_settings{end_behavior{missing_payment_method}}`,
  'POST subscriptions/*/resume': `
    billing_cycle_anchor{type} expand[] payment_behavior proration_behavior proration_date`,
  'DELETE subscriptions/*': `
    cancellation_details{comment feedback feedback_option} expand[] invoice_now prorate`,
  'POST subscription_items': `
    ${DISCOUNTS} expand[] metadata{*} payment_behavior price ${PRICE_DATA} proration_behavior
    proration_date quantity subscription tax_rates[]`,
  'POST subscription_items/*': `
    ${DISCOUNTS} expand[] metadata{*} off_session payment_behavior price ${PRICE_DATA}
    proration_behavior proration_date quantity tax_rates[]`,
  'DELETE subscription_items/*': 'payment_behavior proration_behavior proration_date',
  'POST invoices': `
    auto_advance automatic_tax{enabled} collection_method currency customer ${DISCOUNTS}
    pending_invoice_items_behavior subscription ${INVOICE_TEXTS}`,
  'POST invoices/*': `auto_advance automatically_finalizes_at collection_method ${INVOICE_TEXTS}`,
  'POST invoices/*/add_lines': `
    expand[] invoice_metadata{*} lines[]{amount description discountable ${DISCOUNTS} invoice_item
    metadata{*} ${PERIOD} price_data{currency product ${PRODUCT_DATA} tax_behavior unit_amount
    unit_amount_decimal} pricing{price} quantity quantity_decimal tax_amounts[]{amount
    tax_rate_data{country description display_name inclusive jurisdiction jurisdiction_level
    percentage state tax_type} taxability_reason taxable_amount} tax_rates[]}`,
  'POST invoices/*/finalize': 'auto_advance expand[]',
  'POST invoices/*/pay': 'expand[] forgive off_session paid_out_of_band payment_method',
  'POST invoices/*/send': 'expand[]',
  'POST invoiceitems': `currency customer invoice subscription ${INVOICE_ITEM}`,
  'POST invoiceitems/*': INVOICE_ITEM.replace(DISCOUNTS, ''),
  'DELETE invoiceitems/*': '',
  'POST quotes/*/accept': 'expand[]',
};
