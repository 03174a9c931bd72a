import { free } from './call-row';
import type { CallRows } from './call-row';

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
};
