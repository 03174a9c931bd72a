import type { StripeAccount } from './stripe-account';
import { StripeError } from './stripe-error';

type Expandable = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Which fields hold the id of an object that can take its place, or an object that is hidden, and of what kind. */
const EXPANDABLE: Expandable = {
  payment_intent: {
    customer: 'customer',
    latest_charge: 'charge',
    payment_method: 'payment_method',
  },
  charge: {
    balance_transaction: 'balance_transaction',
    customer: 'customer',
    payment_intent: 'payment_intent',
  },
  refund: {
    balance_transaction: 'balance_transaction',
    charge: 'charge',
    payment_intent: 'payment_intent',
  },
  customer: { invoice_credit_balance: 'field' },
  payout: { balance_transaction: 'balance_transaction' },
  payment_method: { customer: 'customer' },
  product: { default_price: 'price' },
  price: { currency_options: 'field', product: 'product', tiers: 'field' },
  coupon: { applies_to: 'field', currency_options: 'field' },
  promotion_code: { customer: 'customer', promotion: 'promotion' },
  promotion: { coupon: 'coupon' },
  discount: { customer: 'customer', source: 'discount source' },
  'discount source': { coupon: 'coupon' },
  item: { price: 'price' },
  'checkout.session': {
    customer: 'customer',
    invoice: 'invoice',
    line_items: 'list of item',
    payment_intent: 'payment_intent',
    payment_link: 'payment_link',
    subscription: 'subscription',
  },
  payment_link: { line_items: 'list of item' },
  invoice: {
    confirmation_secret: 'field',
    customer: 'customer',
    default_payment_method: 'payment_method',
    discounts: 'discount',
    lines: 'list of line_item',
    parent: 'invoice parent',
    payments: 'list of invoice_payment',
  },
  'invoice parent': { subscription_details: 'subscription details' },
  'subscription details': { subscription: 'subscription' },
  invoice_payment: { invoice: 'invoice', payment: 'payment' },
  payment: { payment_intent: 'payment_intent' },
  line_item: { discounts: 'discount', pricing: 'pricing', subscription: 'subscription' },
  pricing: { price_details: 'price details' },
  'price details': { price: 'price' },
  invoiceitem: { customer: 'customer', discounts: 'discount', invoice: 'invoice' },
  subscription: {
    customer: 'customer',
    default_payment_method: 'payment_method',
    discounts: 'discount',
    items: 'list of subscription_item',
    latest_invoice: 'invoice',
  },
  subscription_item: { discounts: 'discount', price: 'price' },
  quote: {
    customer: 'customer',
    discounts: 'discount',
    invoice: 'invoice',
    line_items: 'list of item',
    subscription: 'subscription',
  },
  credit_note: { customer: 'customer', invoice: 'invoice' },
};

/** Fields that an object shows only where `expand` names them: https://docs.stripe.com/expand#includable-properties */
const HIDDEN: Readonly<Record<string, readonly string[]>> = {
  'checkout.session': ['line_items'],
  coupon: ['applies_to', 'currency_options'],
  invoice: ['confirmation_secret', 'payments'],
  payment_link: ['line_items'],
  price: ['currency_options', 'tiers'],
  quote: ['line_items'],
};

/** Kinds that hold nothing hidden: without `expand` they are shown as they are. */
const PLAIN = new Set(['charge', 'customer', 'payment_intent', 'payout', 'refund']);

const LIST_OF = 'list of ';
const MAX_DEPTH = 4;

/** Checked before a call executes: a call refused for its `expand` must not have moved money. */
export function assertExpandable(kind: string, property: string): void {
  const path = property.split('.');
  if (path.length > MAX_DEPTH) {
    throw StripeError.invalid(
      `You cannot expand more than ${MAX_DEPTH} levels of a property. Property: ${property}`,
    );
  }
  let at = kind;
  for (const field of path) {
    const next =
      at.startsWith(LIST_OF) && field === 'data'
        ? at.slice(LIST_OF.length)
        : EXPANDABLE[at]?.[field];
    if (next === undefined) {
      throw StripeError.invalid(`This property cannot be expanded (${property}).`);
    }
    at = next;
  }
}

/**
 * The answer as a caller sees it: with the objects that `expand` names in place of their ids, without what is shown
 * only where it is named. What is stored stays as it is.
 */
export function expand(
  account: StripeAccount,
  shown: object,
  properties: readonly string[],
): object {
  if (properties.length === 0 && PLAIN.has((shown as { object?: string }).object ?? '')) {
    return shown;
  }
  return present(
    account,
    shown,
    properties.map((property) => property.split('.')),
  ) as object;
}

function present(
  account: StripeAccount,
  value: unknown,
  paths: readonly (readonly string[])[],
): unknown {
  if (Array.isArray(value))
    return value.map((item) => present(account, named(account, item, paths), paths));
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Record<string, unknown>;
  const hidden = HIDDEN[fields['object'] as string];
  const result: Record<string, unknown> = {};
  for (const [field, held] of Object.entries(fields)) {
    const below = paths.filter(([first]) => first === field).map((path) => path.slice(1));
    if (below.length === 0 && hidden?.includes(field) === true) continue;
    result[field] = present(account, named(account, held, below), below);
  }
  return result;
}

/** The object that an id names, where it is asked for. */
function named(
  account: StripeAccount,
  value: unknown,
  paths: readonly (readonly string[])[],
): unknown {
  if (typeof value !== 'string' || paths.length === 0) return value;
  return objectById(account, value) ?? value;
}

function objectById(account: StripeAccount, id: string): object | undefined {
  if (account.deletedCustomers.has(id)) return { id, object: 'customer', deleted: true };
  const { billing, catalogue, checkout } = account;
  const shelves = [
    account.paymentIntents,
    account.charges,
    account.customers,
    catalogue.products,
    catalogue.prices,
    catalogue.coupons,
    catalogue.discounts,
    checkout.sessions,
    checkout.paymentLinks,
    billing.subscriptions,
    billing.invoices,
  ];
  for (const shelf of shelves) {
    const found = shelf.find(id);
    if (found !== undefined) return found;
  }
  return account.balanceTransactions.get(id) ?? account.findPaymentMethod(id)?.shown;
}
