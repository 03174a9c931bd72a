import { free, refused } from './call-row';
import type { CallRows } from './call-row';

/** What is sold, at which prices, with which discounts. */
export const CATALOGUE: CallRows = {
  'POST products': free(
    'products/create',
    `
    active default_price_data{currency currency_options{*{custom_unit_amount{enabled maximum
    minimum preset} tax_behavior tiers[]{flat_amount flat_amount_decimal unit_amount
    unit_amount_decimal up_to} unit_amount unit_amount_decimal}} custom_unit_amount{enabled
    maximum minimum preset} metadata{*} recurring{interval interval_count} tax_behavior
    unit_amount unit_amount_decimal} description expand[] id images[]
    marketing_features[]{name} metadata{*} name package_dimensions{height length weight width}
    shippable statement_descriptor tax_code tax_details{performance_location tax_code} type
    unit_label url features[]{name}`,
  ),
  'POST products/*': free(
    'products/update',
    `
    active default_price description expand[] images[] marketing_features[]{name} metadata{*}
    name package_dimensions{height length weight width} shippable statement_descriptor
    tax_code tax_details{performance_location tax_code} unit_label url features[]{name}`,
  ),
  'POST prices': free(
    'prices/create',
    `
    active billing_scheme currency currency_options{*{custom_unit_amount{enabled maximum
    minimum preset} tax_behavior tiers[]{flat_amount flat_amount_decimal unit_amount
    unit_amount_decimal up_to} unit_amount unit_amount_decimal}} custom_unit_amount{enabled
    maximum minimum preset} expand[] lookup_key metadata{*} nickname product
    product_data{active id metadata{*} name statement_descriptor tax_code
    tax_details{performance_location tax_code} unit_label} recurring{interval interval_count
    meter trial_period_days usage_type} tax_behavior tiers[]{flat_amount flat_amount_decimal
    unit_amount unit_amount_decimal up_to} tiers_mode transform_quantity{divide_by round}
    unit_amount unit_amount_decimal recurring{aggregate_usage}`,
  ),
  'POST prices/*': free(
    'prices/update',
    'active expand[] lookup_key metadata{*} nickname tax_behavior',
  ),
  'POST products/*/features': free('product-feature/attach', 'entitlement_feature expand[]'),
  'DELETE products/*': free('products/delete'),
  'DELETE products/*/features/*': free('product-feature/remove'),
  'POST entitlements/features': free(
    'entitlements/feature/create',
    'expand[] lookup_key metadata{*} name',
  ),
  'POST entitlements/features/*': free(
    'entitlements/feature/updates',
    'active expand[] metadata{*} name',
  ),
  'POST plans': free(
    'plans/create',
    `
    active amount amount_decimal billing_scheme currency expand[] id interval interval_count
    metadata{*} meter nickname product{active id metadata{*} name statement_descriptor
    tax_code tax_details{performance_location tax_code} unit_label} tiers[]{flat_amount
    flat_amount_decimal unit_amount unit_amount_decimal up_to} tiers_mode
    transform_usage{divide_by round} trial_period_days usage_type`,
  ),
  'POST plans/*': free('plans/update', 'active expand[] metadata{*} nickname'),
  'DELETE plans/*': free('plans/delete'),
  'POST shipping_rates': free(
    'shipping_rates/create',
    `
    delivery_estimate{maximum{unit value} minimum{unit value}} display_name expand[]
    fixed_amount{amount currency currency_options{*{amount tax_behavior}}} metadata{*}
    tax_behavior tax_code type`,
  ),
  'POST shipping_rates/*': free(
    'shipping_rates/update',
    'active expand[] metadata{*} tax_behavior',
  ),
  'POST coupons': refused(
    'coupons/create',
    'it makes a discount, which lowers what later bills charge',
  ),
  'POST coupons/*': refused('coupons/update', 'it may make a discount hold in more currencies'),
  'DELETE coupons/*': free('coupons/delete'),
  'POST promotion_codes': refused(
    'promotion_codes/create',
    'it hands out a code for a discount, which lowers what later bills charge',
  ),
  'POST promotion_codes/*': refused(
    'promotion_codes/update',
    'it may let a code for a discount be used again',
  ),
  'POST product_catalog/trial_offers': refused(
    'product-catalog/trial-offer/create',
    'it lets subscriptions begin at another price',
  ),
  'POST product_catalog/trial_offers/*': refused(
    'product-catalog/trial-offer/update',
    'it may let subscriptions begin at another price',
  ),
};
