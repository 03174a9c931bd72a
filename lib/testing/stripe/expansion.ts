import type { StripeAccount } from './stripe-account';
import { StripeError } from './stripe-error';

type Expandable = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Which fields hold the id of an object that can take its place, and of what kind. */
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
  payout: { balance_transaction: 'balance_transaction' },
  payment_method: { customer: 'customer' },
};

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

/** The answer with the objects that `expand` names in place of their ids. What is stored stays as it is. */
export function expand(
  account: StripeAccount,
  shown: object,
  properties: readonly string[],
): object {
  let expanded = shown;
  for (const property of properties) expanded = expandPath(account, expanded, property.split('.'));
  return expanded;
}

function expandPath(account: StripeAccount, shown: object, path: readonly string[]): object {
  const [field, ...rest] = path;
  if (field === undefined) return shown;
  const value = (shown as Record<string, unknown>)[field];
  if (field === 'data' && Array.isArray(value)) {
    return { ...shown, data: value.map((item: object) => expandPath(account, item, rest)) };
  }
  const object = typeof value === 'string' ? objectById(account, value) : value;
  if (typeof object !== 'object' || object === null) return shown;
  return { ...shown, [field]: expandPath(account, object, rest) };
}

function objectById(account: StripeAccount, id: string): object | undefined {
  if (account.deletedCustomers.has(id)) return { id, object: 'customer', deleted: true };
  return (
    account.paymentIntents.find(id) ??
    account.charges.find(id) ??
    account.customers.find(id) ??
    account.balanceTransactions.get(id) ??
    account.findPaymentMethod(id)?.shown
  );
}
