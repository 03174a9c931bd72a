import Stripe from 'stripe';
import { ParameterList } from '../../lib/broker/pricing/parameter-list';
import { STRIPE_CALLS, STRIPE_VERSION } from '../../lib/broker/vendors/stripe/calls';
import { parametersInTypes } from '../support/stripe-types';

/** Names of earlier versions that are accepted, which the types of this one no longer have. */
const EARLIER = /^(?:payment_method_types\[\]|features\[\]\[name\]|recurring\[aggregate_usage\])$/;

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
};

describe('the parameters that Stripe’s calls are forwarded with', () => {
  it('are those of the installed package’s version', () => {
    expect(STRIPE_VERSION).toBe(Stripe.API_VERSION);
  });

  it('are those of Stripe’s own types but what is left out, name by name', () => {
    const lists = Object.entries(STRIPE_CALLS).flatMap(([call, row]) =>
      'parameters' in row ? [[call, row.parameters] as const] : [],
    );
    const types = parametersInTypes(lists.map(([call]) => call));
    for (const [call, text] of lists) {
      const listed = new ParameterList(text).names();
      const typed = types.get(call) ?? [];
      const known = new Set(typed);
      const strange = listed.filter((name) => !known.has(name) && !EARLIER.test(name));
      const left = typed.filter((name) => LEFT_OUT[call]?.test(name) === true);
      const missing = typed.filter((name) => !listed.includes(name) && !left.includes(name));
      expect([call, strange, missing]).toEqual([call, [], []]);
      expect([call, left.filter((name) => listed.includes(name))]).toEqual([call, []]);
      expect(left.length > 0).toBe(LEFT_OUT[call] !== undefined);
    }
  });
});
