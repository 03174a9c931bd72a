import Stripe from 'stripe';
import { ParameterList } from '../../lib/broker/pricing/parameter-list';
import { STRIPE_CALLS, STRIPE_VERSION } from '../../lib/broker/vendors/stripe/calls';
import { parametersInTypes } from '../support/stripe-types';
import type { TypedParameters } from '../support/stripe-types';

/** Names of earlier versions that are accepted, which the types of this one no longer have. */
const EARLIER = /^(?:payment_method_types\[\]|features\[\]\[name\]|recurring\[aggregate_usage\])$/;

const QUOTES_OWN =
  /^(?:application_fee_|automatic_tax\b|discounts\b|from_quote\b|invoice_settings\[issuer\]|line_items\[\]\[discounts\]|on_behalf_of|subscription_data\[(?:billing_mode|effective_date|trial_period_days)\]|transfer_data\b)/;
const READERS_OWN = /^(?:cellular|offline|reader_security|tipping|wifi)\b/;

/**
 * Of bills: who the money goes to, what makes them charge more or longer than one period, what takes
 * their price from elsewhere, and mandates for later.
 */
const DOCUMENTS: Readonly<Record<string, RegExp>> = {
  'POST checkout/sessions':
    /^(?:after_expiration|managed_payments|customer_account|payment_method_options|payment_method_data)\b|\[(?:liability|issuer|currency_options|pending_invoice_item_interval)\]/,
  'POST checkout/sessions/*': /^(?:shipping_options|payment_intent_data)\b/,
  'POST payment_links':
    /^(?:managed_payments|payment_method_options|application_fee_\w+|transfer_data)\b|\[(?:liability|issuer)\]/,
  'POST payment_links/*':
    /^(?:application_fee_\w+|automatic_tax|customer_creation|invoice_creation|on_behalf_of|optional_items|payment_intent_data|payment_method_\w+|shipping_\w+|subscription_data|transfer_data)\b/,
  'POST subscriptions':
    /^(?:backdate_start_date|billing_schedules|billing_thresholds|customer_account|default_source|invoice_settings|pending_invoice_item_interval|trial_from_plan)\b|\[(?:liability|billing_thresholds|current_trial|plan|payment_method_options)\]|^trial_settings\[end_behavior\]\[billing_cycle_anchor\]/,
  'POST subscriptions/*':
    /^(?:application_fee_percent|billing_schedules|billing_thresholds|default_source|invoice_settings|on_behalf_of|payment_settings|pending_invoice_item_interval|transfer_data|trial_from_plan)\b|\[(?:liability|billing_thresholds|clear_usage|current_trial|plan)\]|^trial_settings\[end_behavior\]\[billing_cycle_anchor\]/,
  'POST subscription_items': /^(?:billing_thresholds|current_trial|plan)\b/,
  'POST subscription_items/*': /^(?:billing_thresholds|current_trial|plan)\b/,
  'DELETE subscription_items/*': /^clear_usage$/,
  'POST invoices':
    /^(?:application_fee_amount|automatically_finalizes_at|customer_account|default_source|from_invoice|issuer|on_behalf_of|payment_settings|shipping_cost|transfer_data)\b|\[liability\]/,
  'POST invoices/*':
    /^(?:application_fee_amount|automatic_tax|default_source|discounts|issuer|on_behalf_of|payment_settings|shipping_cost|transfer_data)\b/,
  'POST invoices/*/pay': /^(?:mandate|source)$/,
  'POST invoiceitems': /^customer_account$/,
  'POST invoiceitems/*': /^(?:discounts|invoicing_rules)\b/,
};

/** What Stripe takes and the broker does not forward, each with what it does. */
const LEFT_OUT: Readonly<Record<string, RegExp>> = {
  // Credit, a card that pays what is past due, how money that came in is used; what no page explains.
  'POST customers': /^(?:balance|cash_balance|source|validate)\b/,
  'POST customers/*': /^(?:balance|cash_balance|source|validate)\b/,
  'POST customers/*/cash_balance': /^settings\b/,
  // Another price is no longer found by its key; a price that is in use gets another amount.
  'POST prices': /^transfer_lookup_key$/,
  'POST prices/*': /^(?:transfer_lookup_key$|currency_options\b)/,
  // An account that money is sent to; a permission for one collection of any size.
  'POST setup_intents': /^(?:attach_to_self|flow_directions|single_use)\b/,
  'POST setup_intents/*': /^(?:attach_to_self|flow_directions)\b/,
  // Of a customer's balance, not of a payment.
  'POST refunds': /^(?:customer|origin)$/,
  // Amounts by names of an earlier version.
  'POST charges': /^(?:application_fee$|destination\b)/,
  'POST charges/*/capture': /^application_fee$/,
  // Where the money of an accepted quote goes, what it costs less, and what the quote does not show.
  'POST quotes': QUOTES_OWN,
  'POST quotes/*': QUOTES_OWN,
  ...DOCUMENTS,
  // What customers may do to their subscriptions; a page on which they may.
  'POST billing_portal/configurations': /^(?:features\[subscription_|login_page\b)/,
  'POST billing_portal/configurations/*': /^(?:features\[subscription_|login_page\b)/,
  // A price or a rate that is in use gets another amount; a plan's first weeks become free.
  'POST plans/*': /^(?:product|trial_period_days)$/,
  'POST shipping_rates/*': /^fixed_amount\b/,
  // A sum, and a permission to collect it.
  'POST sources/*': /^(?:amount|mandate|source_order)\b/,
  // Checks that cost more.
  'POST identity/verification_sessions/*': /^(?:options|type)\b/,
  // The design of later cards, and with it what they cost.
  'POST issuing/personalization_designs': /^(?:preferences|transfer_lookup_key)\b/,
  'POST issuing/personalization_designs/*':
    /^(?:preferences|transfer_lookup_key|physical_bundle)\b/,
  // Tips, payments that nobody has authorized yet, the reader's network and its code.
  'POST terminal/configurations': READERS_OWN,
  'POST terminal/configurations/*': READERS_OWN,
  'POST terminal/locations': /^configuration_overrides$/,
  'POST terminal/locations/*': /^configuration_overrides$/,
};

describe('the parameters that Stripe’s calls are forwarded with', () => {
  const lists = Object.entries(STRIPE_CALLS).flatMap(([call, row]) =>
    'parameters' in row ? [[call, new ParameterList(row.parameters).names()] as const] : [],
  );
  let types: Map<string, TypedParameters>;
  beforeAll(() => {
    types = parametersInTypes(lists.map(([call]) => call));
  });

  it('are those of the installed package’s version', () => {
    expect(STRIPE_VERSION).toBe(Stripe.API_VERSION);
  });

  it('are those of Stripe’s own types but what is left out, name by name', () => {
    for (const [call, listed] of lists) {
      const typed = types.get(call)?.names ?? [];
      const known = new Set(typed);
      const strange = listed.filter((name) => !known.has(name) && !EARLIER.test(name));
      const left = typed.filter((name) => LEFT_OUT[call]?.test(name) === true);
      const missing = typed.filter((name) => !listed.includes(name) && !left.includes(name));
      expect([call, strange, missing]).toEqual([call, [], []]);
      expect([call, left.filter((name) => listed.includes(name))]).toEqual([call, []]);
      expect([call, left.length > 0]).toEqual([call, LEFT_OUT[call] !== undefined]);
    }
  });

  it('have all that a call cannot be without', () => {
    const required = lists.flatMap(([call, listed]) =>
      (types.get(call)?.required ?? []).map((name) => [call, name, listed.includes(name)]),
    );
    expect(required.length).toBeGreaterThan(50);
    expect(required.filter(([, , isListed]) => isListed !== true)).toEqual([]);
  });
});
