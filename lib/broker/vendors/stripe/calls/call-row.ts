import type { DocumentCall } from '../documents/index';

/** How the price of a call is found. `field` is the top-level parameter that says the amount. */
export type PriceRule =
  /** New money: `field` and `currency`. */
  | { rule: 'new'; field: string }
  /** What the object's total by `field`, or its whole known amount, adds to its exposure. */
  | { rule: 'exposure'; field: string }
  /** What a new total adds to the object's exposure; nothing where no total is given. */
  | { rule: 'change'; field: string }
  | { rule: 'cancel' }
  | { rule: 'refund' }
  /** What the body and objects of Stripe's come to. */
  | { rule: 'objects'; call: DocumentCall };

/** What the broker does with a call, and the page of Stripe's reference that describes it. */
export type CallRow = { page: string } & (
  | (PriceRule & ForwardedRow)
  /** Costs nothing: none of its parameters moves money, or starts what does. */
  | ({ rule: 'free' } & ForwardedRow)
  | RefusedRow
  /** Works with test money alone: free with a test-mode secret, refused with any other. */
  | { rule: 'test-helper' }
);

interface ForwardedRow {
  /** All that the call may have, as `ParameterList` reads it; with any other it is refused. */
  parameters: string;
}

interface RefusedRow {
  rule: 'refused';
  /** What the call does, as a sentence that begins with "it": `it charges the customer`. */
  reason: string;
  /** The setting by which an operator allows it, if any: `prices` where the call itself moves money. */
  allow?: 'prices' | 'free';
}

/** Rows by method and path below `/v1/`; `*` is an id. */
export type CallRows = Readonly<Record<string, CallRow>>;

/** Where the pages of Stripe's reference are. */
export const REFERENCE = 'https://docs.stripe.com/api/';

/** @param page Below {@link REFERENCE}, as in the functions below. */
export function priced(page: string, price: PriceRule, parameters: string): CallRow {
  return { page, ...price, parameters };
}

export function free(page: string, parameters = ''): CallRow {
  return { page, rule: 'free', parameters };
}

/** Refused, since it decides what later calls cost, where money goes, or who may move it. */
export function refused(page: string, reason: string): CallRow {
  return { page, rule: 'refused', reason, allow: 'free' };
}

/** Refused, since it moves money, and its body does not say how much. */
export function refusedUnpriced(page: string, reason: string): CallRow {
  return { page, rule: 'refused', reason, allow: 'prices' };
}

export function testHelper(page: string): CallRow {
  return { page, rule: 'test-helper' };
}
