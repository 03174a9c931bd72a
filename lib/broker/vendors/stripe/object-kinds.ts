/** Where an object of Stripe's is read, and what of it leads to its customer. */
export interface ObjectKind {
  /** Its path, below the prefix and without its id. */
  collection: string;
  /**
   * The fields that name an object which has the same customer, where it has no `customer` itself: the
   * first that is there counts.
   */
  leads?: readonly string[];
  /** When its customer can change no more: from the first on, or once it has come to its end. */
  fixed: 'always' | 'at its end' | 'never';
}

/**
 * The objects whose customer can be told, by the prefix of their ids:
 * https://docs.stripe.com/api. A payment method can be detached, and an intent can be given another
 * customer until it has succeeded or is canceled.
 */
const KINDS: Readonly<Record<string, ObjectKind>> = {
  pi: { collection: 'payment_intents', fixed: 'at its end' },
  ch: { collection: 'charges', fixed: 'always' },
  py: { collection: 'charges', fixed: 'always' },
  re: { collection: 'refunds', leads: ['charge', 'payment_intent'], fixed: 'always' },
  pyr: { collection: 'refunds', leads: ['charge', 'payment_intent'], fixed: 'always' },
  du: { collection: 'disputes', leads: ['charge', 'payment_intent'], fixed: 'always' },
  dp: { collection: 'disputes', leads: ['charge', 'payment_intent'], fixed: 'always' },
  in: { collection: 'invoices', fixed: 'always' },
  ii: { collection: 'invoiceitems', fixed: 'always' },
  cn: { collection: 'credit_notes', fixed: 'always' },
  sub: { collection: 'subscriptions', fixed: 'always' },
  si: { collection: 'subscription_items', leads: ['subscription'], fixed: 'always' },
  sub_sched: { collection: 'subscription_schedules', fixed: 'always' },
  seti: { collection: 'setup_intents', fixed: 'at its end' },
  pm: { collection: 'payment_methods', fixed: 'never' },
  src: { collection: 'sources', fixed: 'never' },
  mandate: { collection: 'mandates', leads: ['payment_method'], fixed: 'never' },
  cs: { collection: 'checkout/sessions', fixed: 'never' },
  qt: { collection: 'quotes', fixed: 'never' },
};

/** Where the objects are read that calls are priced by, and that are no customer's: by the prefix of their ids. */
const PRICED_BY: Readonly<Record<string, string>> = {
  cus: 'customers',
  price: 'prices',
  plan: 'prices',
  txr: 'tax_rates',
  shr: 'shipping_rates',
  plink: 'payment_links',
};

/** What the account itself has, for all of its customers. */
const CATALOGUE = /^(?:price|prod|plan|promo|txr|txcd|shr|pmc|bpc|inrtem|feat|mtr|clock)_/;

/** What is some customer's, or another account's, and cannot be told whose. */
const UNTOLD =
  /^(?:acct|tok|btok|ctoken|card|ba|tr|trr|po|txn|cbtxn|cuss|plink|fa|fca|obp|obt|taxcalc|credgr|il|di|fr|fee)_/;

/** As Stripe makes ids: none of the words that a parameter may be is of this form. */
const MADE_ID = /^[a-z]+(?:_[a-z]+)*_(?=\w*[0-9A-Z])\w{8,}$/;

const PREFIXES = Object.keys(KINDS).sort((one, other) => other.length - one.length);

export function isCustomerId(id: string): boolean {
  return /^cus_\w{1,250}$/.test(id);
}

/** The kind of an object whose customer can be told; `undefined` for every other id. */
export function kindOf(id: string): ObjectKind | undefined {
  if (!/^\w{1,255}$/.test(id)) return undefined;
  const prefix = PREFIXES.find((each) => id.startsWith(`${each}_`));
  return prefix === undefined ? undefined : KINDS[prefix];
}

/** What the ids of a collection begin with: `ch_`, `py_`. */
export function prefixesOf(collection: string): string[] {
  const collections = Object.entries(KINDS).map(([prefix, kind]) => [prefix, kind.collection]);
  return [...collections, ...Object.entries(PRICED_BY)]
    .filter(([, each]) => each === collection)
    .map(([prefix]) => `${prefix}_`);
}

/** Whether an id names what the account has for all of its customers: a price, a product. */
export function isOfCatalogue(id: string): boolean {
  return CATALOGUE.test(id);
}

/** Whether a value is surely the id of an object that is, or may be, a customer's. */
export function isObjectId(value: string): boolean {
  if (!MADE_ID.test(value)) return false;
  return isCustomerId(value) || UNTOLD.test(value) || kindOf(value) !== undefined;
}
