import { free, refused, refusedUnpriced } from './call-row';
import type { CallRows } from './call-row';

/** What Stripe’s billing works with, but the bills themselves. */
export const BILLING: CallRows = {
  'POST billing/alerts': free(
    'billing/alert/create',
    `
    alert_type expand[] title usage_threshold{filters[]{customer type} gte meter recurrence}`,
  ),
  'POST billing/alerts/*/activate': free('billing/alert/activate', 'expand[]'),
  'POST billing/alerts/*/archive': free('billing/alert/archive', 'expand[]'),
  'POST billing/alerts/*/deactivate': free('billing/alert/deactivate', 'expand[]'),
  'POST billing/credit_grants': refused(
    'billing/credit-grant/create',
    'it gives a customer credit, which later bills are paid with',
  ),
  'POST billing/credit_grants/*': refused(
    'billing/credit-grant/update',
    'it may change how long a customer’s credit pays bills',
  ),
  'POST billing/credit_grants/*/expire': refused(
    'billing/credit-grant/expire',
    'it ends a customer’s credit, so that later bills charge more',
  ),
  'POST billing/credit_grants/*/void': refused(
    'billing/credit-grant/void',
    'it ends a customer’s credit, so that later bills charge more',
  ),
  'POST billing/feedback_options': free('billing/feedback-option/create', 'description expand[]'),
  'POST billing/feedback_options/*': free('billing/feedback-option/update', 'description expand[]'),
  'POST billing/feedback_options/*/deactivate': free(
    'billing/feedback-option/deactivate',
    'expand[]',
  ),
  'POST billing/meter_event_adjustments': refused(
    'billing/meter-event-adjustment/create',
    'it takes back usage, so that the next bill charges less',
  ),
  'POST billing/meter_events': refused(
    'billing/meter-event/create',
    'it reports usage, which the next bill charges',
  ),
  'POST billing/meters': free(
    'billing/meter/create',
    `
    customer_mapping{event_payload_key type} default_aggregation{formula} display_name
    event_name event_time_window expand[] value_settings{event_payload_key}`,
  ),
  'POST billing/meters/*': free('billing/meter/update', 'display_name expand[]'),
  'POST billing/meters/*/deactivate': refused(
    'billing/meter/deactivate',
    'it ends the billing of what the meter counts',
  ),
  'POST billing/meters/*/reactivate': refused(
    'billing/meter/reactivate',
    'it begins the billing of what the meter counts again',
  ),
  'POST billing_portal/configurations': free(
    'customer_portal/configurations/create',
    `
    business_profile{headline privacy_policy_url terms_of_service_url} default_return_url
    expand[] features{customer_update{allowed_updates[] enabled} invoice_history{enabled}
    payment_method_update{enabled payment_method_configuration}} metadata{*} name`,
  ),
  'POST billing_portal/configurations/*': free(
    'customer_portal/configurations/update',
    `
    active business_profile{headline privacy_policy_url terms_of_service_url}
    default_return_url expand[] features{customer_update{allowed_updates[] enabled}
    invoice_history{enabled} payment_method_update{enabled payment_method_configuration}}
    metadata{*} name`,
  ),
  'POST billing_portal/sessions': refused(
    'customer_portal/sessions/create',
    'it hands out a link with which anyone changes a customer’s subscriptions past the broker',
  ),
  'POST credit_notes': refusedUnpriced(
    'credit_notes/create',
    'it may refund the customer, or give credit that later bills are paid with',
  ),
  'POST credit_notes/*': free('credit_notes/update', 'expand[] memo metadata{*}'),
  'POST credit_notes/*/void': refused(
    'credit_notes/void',
    'it makes a bill charge again what was taken off it',
  ),
  'POST invoice_rendering_templates/*/archive': free(
    'invoice-rendering-template/archive',
    'expand[]',
  ),
  'POST invoice_rendering_templates/*/unarchive': free(
    'invoice-rendering-template/unarchive',
    'expand[]',
  ),
};
