/** How the price of a call is found. `field` is the top-level parameter that says the amount. */
export type CallRule =
  /** New money: `field` and `currency`. */
  | { rule: 'new'; field: string }
  /** What the object's total by `field`, or its whole known amount, adds to its exposure. */
  | { rule: 'exposure'; field: string }
  /** What a new total adds to the object's exposure; nothing where no total is given. */
  | { rule: 'change'; field: string }
  | { rule: 'cancel' }
  | { rule: 'refund' }
  /** Nothing: no parameter that the call may have moves money, or starts what does. */
  | { rule: 'free' };

/** The version of Stripe's API that this table and its parameters are written for. */
export const STRIPE_VERSION = '2026-10-28.endive';

/**
 * What each call of Stripe's v1 costs, by method and path below `/v1/`; `*` is an id. Any other
 * call but GET is refused.
 */
export const STRIPE_CALLS: Readonly<Record<string, CallRule>> = {
  'POST payment_intents': { rule: 'new', field: 'amount' },
  'POST charges': { rule: 'new', field: 'amount' },
  'POST transfers': { rule: 'new', field: 'amount' },
  'POST payouts': { rule: 'new', field: 'amount' },
  'POST topups': { rule: 'new', field: 'amount' },
  'POST treasury/outbound_payments': { rule: 'new', field: 'amount' },
  'POST treasury/outbound_transfers': { rule: 'new', field: 'amount' },

  'POST payment_intents/*': { rule: 'change', field: 'amount' },
  'POST payment_intents/*/increment_authorization': { rule: 'change', field: 'amount' },

  'POST payment_intents/*/confirm': { rule: 'exposure', field: 'amount_to_confirm' },
  'POST payment_intents/*/capture': { rule: 'exposure', field: 'amount_to_capture' },
  'POST payment_intents/*/apply_customer_balance': { rule: 'exposure', field: 'amount' },
  'POST charges/*/capture': { rule: 'exposure', field: 'amount' },

  'POST payment_intents/*/cancel': { rule: 'cancel' },
  'POST refunds': { rule: 'refund' },

  ...free(
    'POST customers',
    'POST customers/*',
    'POST customers/*/cash_balance',
    'POST customers/*/tax_ids',
    'DELETE customers/*/tax_ids/*',
    'POST products',
    'POST products/*',
    'DELETE products/*',
    'POST products/*/features',
    'POST prices',
    'POST prices/*',
    'POST payment_methods',
    'POST payment_methods/*',
    'POST payment_methods/*/attach',
    'POST payment_methods/*/detach',
    'POST setup_intents',
    'POST setup_intents/*',
    'POST setup_intents/*/confirm',
    'POST setup_intents/*/cancel',
    'POST setup_intents/*/verify_microdeposits',
    'POST tokens',
    'POST charges/*',
    'POST refunds/*',
    'POST refunds/*/cancel',
    'POST transfers/*',
    'POST transfers/*/reversals/*',
    'POST payouts/*',
    'POST topups/*',
    'POST checkout/sessions/*/expire',
    'POST tax_rates',
    'POST tax_rates/*',
    'POST reporting/report_runs',
  ),
};

function free(...calls: readonly string[]): Record<string, CallRule> {
  return Object.fromEntries(calls.map((call) => [call, { rule: 'free' }]));
}
