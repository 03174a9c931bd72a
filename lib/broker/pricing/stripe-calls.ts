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
  /** Nothing, so long as the parameter `without` is not there. */
  | { rule: 'free'; without?: string };

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

  'POST customers': { rule: 'free', without: 'balance' },
  'POST customers/*': { rule: 'free', without: 'balance' },
  'DELETE customers/*': { rule: 'free' },
  'POST products': { rule: 'free' },
  'POST products/*': { rule: 'free' },
  'DELETE products/*': { rule: 'free' },
  'POST prices': { rule: 'free' },
  'POST payment_methods': { rule: 'free' },
  'POST payment_methods/*/attach': { rule: 'free' },
  'POST payment_methods/*/detach': { rule: 'free' },
  'POST setup_intents': { rule: 'free' },
  'POST setup_intents/*': { rule: 'free' },
  'POST tokens': { rule: 'free' },
};
