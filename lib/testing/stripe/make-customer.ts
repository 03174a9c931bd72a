import { newId } from './new-id';
import type { StripeAccount } from './stripe-account';
import type { Customer } from './stripe-objects';

/** A customer of whom nothing is known but what is given; the account does not have it yet. */
export function makeCustomer(
  account: StripeAccount,
  given: { email?: string | null } = {},
): Customer {
  const id = newId('cus_');
  return {
    id,
    object: 'customer',
    address: null,
    balance: 0,
    created: account.now(),
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: given.email ?? null,
    invoice_prefix: id.slice(-8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
}
