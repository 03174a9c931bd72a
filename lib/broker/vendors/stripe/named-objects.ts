import { parseFormBody } from '../../pricing/form-body';
import { InvalidBodyError, nameOf } from '../../pricing/parameters';
import type { Parameter } from '../../pricing/parameters';
import type { PriceableCall } from '../../pricing/price';
import { isObjectId, isOfCatalogue } from './object-kinds';

/** An object that a call names. */
export interface NamedObject {
  id: string;
  /** The parameter that names it; absent where the path does. */
  parameter?: string;
  /** What the path names has to be one of this collection. */
  collection?: string;
}

/** What a call names. */
export interface CallNames {
  objects: readonly NamedObject[];
  /** The parameters that name where money goes. */
  destinations: readonly string[];
  /** Of a call that reads: whether it shows nothing but these objects and what belongs to them. */
  isFiltered: boolean;
  /** Whether the query of a call that reads can be read in one way only. */
  isReadable: boolean;
}

/** Parameters that name an object which is, or may be, a customer's. */
const NAMES_OBJECT: ReadonlySet<string> = new Set([
  'account',
  'bank_account',
  'card',
  'charge',
  'checkout_session',
  'confirmation_token',
  'credit_note',
  'customer',
  'customer_account',
  'default_payment_method',
  'default_source',
  'dispute',
  'financial_connections_account',
  'from_quote',
  'from_subscription',
  'invoice',
  'invoice_item',
  'invoiceitem',
  'mandate',
  'on_behalf_of',
  'payment_intent',
  'payment_method',
  'quote',
  'refund',
  'schedule',
  'session',
  'setup_intent',
  'source',
  'source_transaction',
  'source_transfer',
  'subscription',
  'subscription_item',
  'subscription_schedule',
  'token',
]);

/** Parameters that say where money goes. */
const DESTINATIONS: ReadonlySet<string> = new Set([
  'destination',
  'destination_payment_method',
  'payout_method',
]);

/** What is written for people: an id in it names nothing. */
const TEXTS: ReadonlySet<string> = new Set(['metadata', 'description']);

/** First segments below which a collection has two: `checkout/sessions`. */
const TWO_SEGMENTS: ReadonlySet<string> = new Set([
  'apps',
  'billing',
  'billing_portal',
  'checkout',
  'climate',
  'entitlements',
  'financial_connections',
  'forwarding',
  'identity',
  'issuing',
  'radar',
  'reporting',
  'sigma',
  'tax',
  'terminal',
  'treasury',
]);
const NO_ID: ReadonlySet<string> = new Set(['search', 'create_preview', 'upcoming']);

/** What shows only the objects of one object when a list is asked for, by the list's path. */
const FILTERS: Readonly<Record<string, readonly string[]>> = {
  charges: ['customer', 'payment_intent'],
  'checkout/sessions': ['customer', 'payment_intent', 'subscription'],
  credit_notes: ['customer', 'invoice'],
  disputes: ['charge', 'payment_intent'],
  'entitlements/active_entitlements': ['customer'],
  invoiceitems: ['customer', 'invoice'],
  invoice_payments: ['invoice'],
  invoices: ['customer', 'subscription'],
  payment_intents: ['customer'],
  payment_methods: ['customer'],
  quotes: ['customer'],
  refunds: ['charge', 'payment_intent'],
  setup_attempts: ['setup_intent'],
  setup_intents: ['customer'],
  subscription_items: ['subscription'],
  subscription_schedules: ['customer'],
  subscriptions: ['customer'],
};

/**
 * The objects that a call names in its path, its body and, where it reads, its query.
 *
 * @param query Of the target.
 */
export function namesOf(call: PriceableCall, query: string | undefined): CallNames {
  const isRead = call.method === 'GET';
  const parameters = isRead ? queryParameters(query) : call.parameters;
  const { collection, id, rest } = pathOf(call.segments);
  const inPath: NamedObject[] = id === undefined ? [] : [{ id, collection }];
  const objects = [...inPath, ...(parameters ?? []).flatMap((each) => objectIn(each) ?? [])];
  const filters = rest.length === 0 ? (FILTERS[collection] ?? []) : [];
  return {
    objects,
    destinations: (parameters ?? [])
      .filter((each) => isDestination(each) && each.value !== '')
      .map(({ path }) => nameOf(path)),
    isFiltered:
      id !== undefined || objects.some(({ parameter = '' }) => filters.includes(parameter)),
    isReadable: parameters !== undefined,
  };
}

/** Whether a parameter says where money goes. */
export function isDestination({ path }: Parameter): boolean {
  return path[0] !== 'metadata' && path.some((part) => DESTINATIONS.has(part));
}

/** What of a parameter's name says what its value is: no number and no `[]`. */
function lastName({ path }: Parameter): string {
  return path.findLast((part) => !/^\d*$/.test(part)) ?? '';
}

function queryParameters(query: string | undefined): readonly Parameter[] | undefined {
  try {
    return parseFormBody(query ?? '');
  } catch (error) {
    if (error instanceof InvalidBodyError) return undefined;
    throw error;
  }
}

/** What a path names. Below an object are only its own: what follows its id needs no look. */
function pathOf(segments: readonly string[]): {
  collection: string;
  id?: string;
  rest: readonly string[];
} {
  const real = segments[0] === 'test_helpers' ? segments.slice(1) : segments;
  const length = TWO_SEGMENTS.has(real[0] ?? '') ? 2 : 1;
  const collection = real.slice(0, length).join('/');
  const rest = real.slice(length);
  const [id] = rest;
  return id === undefined || NO_ID.has(id) ? { collection, rest } : { collection, id, rest };
}

function objectIn(parameter: Parameter): NamedObject | undefined {
  const { path, value } = parameter;
  if (value === '' || TEXTS.has(path[0] ?? '') || path[0] === 'expand') return undefined;
  const name = lastName(parameter);
  const isNamed = NAMES_OBJECT.has(name) || (name === 'id' && path.length > 1);
  if (isDestination(parameter) || !(isNamed || isObjectId(value))) return undefined;
  return isOfCatalogue(value) ? undefined : { id: value, parameter: nameOf(path) };
}
