import { subjectsOf } from '../../budgets/budget';
import type { LimitName } from '../../../contract/limit-rules';
import type { CapScope } from '../../../contract/scopes';
import { usdText } from '../../../contract/usd';
import type { MicroUsd } from '../../../contract/usd';
import type { KeyRecord } from '../../keys/key';
import type { Limits } from '../../limits/limits';
import type { CallReach, NamedDestinations } from '../../limits/call-reach';
import { priceOf } from '../../pricing/amount';
import { NO_RATES } from '../../pricing/currency';
import type { Price } from '../../pricing/price';
import { BrokerRefusal } from '../../refusal';
import type { Book } from '../book';
import { ancestorsOf } from './ancestry';
import { broughtBack, callsIn, isAhead, secondsUntilRoom, withCall } from './call-window';
import { keyBalanceName } from './caps';
import type { KnownObject } from './objects';

/** The limits of a key or a budget over a call, and the name of the window in which its calls count. */
export interface LimitsOverCall {
  scope: CapScope;
  limits: Limits;
  windowName: string;
}

/** What of a call is looked at for whom it reaches. */
export interface ReachingCall {
  isRead?: boolean;
  price: Price;
  /** Absent where it was not found out. */
  reach?: CallReach;
  destinations?: NamedDestinations;
}

/**
 * The limits over a key: its own first, then those of the keys above it, then those of the operator's
 * budgets. All must be kept.
 *
 * @throws BrokerRefusal where the store lacks a key above it.
 */
export function limitsOver(book: Book, key: KeyRecord): LimitsOverCall[] {
  const keys = [key, ...ancestorsOf(book, key)].map((each, i) => ({
    scope: i === 0 ? ('key' as const) : ('parent' as const),
    limits: each.limits,
    windowName: keyBalanceName(each.id),
  }));
  const budgets = book.hasBudgets
    ? subjectsOf(key.subject, key.vendor).flatMap((subject) => {
        const { scope, tenant, user, id } = subject;
        const windowName = JSON.stringify([scope, tenant, user, id]);
        return book.budgetsOver(subject).map(({ limits }) => ({ scope, limits, windowName }));
      })
    : [];
  return [...keys, ...budgets].flatMap(({ limits, ...each }) =>
    limits === undefined ? [] : [{ ...each, limits }],
  );
}

/** Whether a limit asks for the customers that the call reaches, and they were not found out. */
export function wantsReach(over: readonly LimitsOverCall[], { reach }: ReachingCall): boolean {
  return reach === undefined && over.some(({ limits }) => limits.customers !== undefined);
}

/** What is answered while it is not known whom a call reaches. */
export function reachUnknown(): BrokerRefusal {
  return new BrokerRefusal(
    'limit_exceeded',
    'This call is limited to some customers, and the broker has not found out whom it reaches. Do not retry it.',
    { limit: 'customers' },
  );
}

/** The refusal of a call for whom it reaches: a customer or a destination that a limit does not list. */
export function reachRefusal(
  over: readonly LimitsOverCall[],
  call: ReachingCall,
): BrokerRefusal | undefined {
  for (const { scope, limits } of over) {
    const { customers, destinations } = limits;
    const refusal =
      (destinations && destinationRefusal(scope, destinations, call)) ??
      (customers && customerRefusal(scope, customers, call, over));
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/**
 * The refusal of a call for its sum or its currency.
 *
 * @param micros What it would hold.
 * @param hidesAmount Whether the refusal does not say what the object may cost.
 */
export function sumRefusal(
  over: readonly LimitsOverCall[],
  price: Price,
  object: KnownObject | undefined,
  micros: MicroUsd,
  hidesAmount = false,
): BrokerRefusal | undefined {
  for (const { scope, limits } of over) {
    const { perCallMicros, currencies } = limits;
    const currency = currencies === undefined ? undefined : currencyOf(price, object);
    if (currency !== undefined && !currencies?.some((each) => each.toLowerCase() === currency)) {
      return exceeded(
        scope,
        'currencies',
        `the call is in ${currency.toUpperCase()}, which is not among its currencies (${currencies?.join(', ')})`,
        { currency },
      );
    }
    const reached = perCallMicros === undefined ? 0 : costAfter(price, object, micros);
    if (perCallMicros !== undefined && reached > perCallMicros) {
      return exceeded(
        scope,
        'per_call_usd',
        `after this call its object may cost ${hidesAmount ? 'more' : usdText(reached)}, and one call may bring it to ${usdText(perCallMicros)}`,
      );
    }
  }
  return undefined;
}

/**
 * The refusal of a call that comes too soon after others.
 *
 * @param isReadOnly Whether the book may not be changed.
 */
export function rateRefusal(
  book: Book,
  over: readonly LimitsOverCall[],
  { isReadOnly = false } = {},
): BrokerRefusal | undefined {
  for (const { scope, limits, windowName } of over) {
    const { callsPerMinute: limit } = limits;
    if (limit === undefined) continue;
    const window = book.note('window', windowName);
    if (callsIn(window, book.now) < limit) continue;
    if (!isReadOnly && window !== undefined && isAhead(window, book.now)) {
      book.putNote('window', windowName, broughtBack(window, book.now));
    }
    const seconds = secondsUntilRoom(window, limit, book.now);
    return new BrokerRefusal(
      'rate_limited',
      `The ${scope} may make ${limit} calls a minute, and has made as many. Try again in ${seconds} s.`,
      { scope, limit: 'calls_per_minute', calls_per_minute: limit },
      { 'retry-after': String(seconds) },
    );
  }
  return undefined;
}

/** Counts a call that was admitted, once under each limit of calls. */
export function countCall(book: Book, over: readonly LimitsOverCall[]): void {
  const names = over
    .filter(({ limits }) => limits.callsPerMinute !== undefined)
    .map(({ windowName }) => windowName);
  for (const name of new Set(names)) {
    book.putNote('window', name, withCall(book.note('window', name), book.now));
  }
}

/**
 * What the object of a call may cost once the call is done: of a new object its amount, of a refund
 * its whole amount.
 */
export function costAfter(
  price: Price,
  object: KnownObject | undefined,
  micros: MicroUsd,
): MicroUsd {
  switch (price.kind) {
    case 'free':
    case 'cancel':
      return 0;
    case 'amount':
    case 'fee':
      return price.micros;
    // What `micros` add to an object that may cost something already.
    case 'total':
    case 'addition':
      return (object?.exposureMicros ?? 0) + micros;
    case 'refund':
    case 'exposure':
    case 'change': {
      if (object === undefined) return micros;
      const { exposureMicros, currency } = object;
      const { rates = NO_RATES } = price;
      if (price.kind === 'refund')
        return priceOf(price.amount ?? object.amount ?? 0, currency, rates);
      // A lower total is what the object costs once the vendor has taken it.
      const isTotal = price.kind === 'change' && object.isFinal !== true;
      if (isTotal && price.amount !== undefined) return priceOf(price.amount, currency, rates);
      return exposureMicros + micros;
    }
  }
}

/** The currency that a call's money is in; `undefined` where it moves none. */
function currencyOf(price: Price, object: KnownObject | undefined): string | undefined {
  switch (price.kind) {
    case 'free':
    case 'cancel':
      return undefined;
    case 'amount':
    case 'total':
    case 'addition':
      return price.currency;
    // A flat price is in US dollars, whatever the vendor makes of it.
    case 'fee':
      return price.currency ?? 'usd';
    default:
      return object?.currency ?? price.currency ?? '';
  }
}

function destinationRefusal(
  scope: CapScope,
  listed: readonly string[],
  { isRead = false, price, destinations: named }: ReachingCall,
): BrokerRefusal | undefined {
  const costs = !isRead && price.kind !== 'free';
  // Of a call that was not looked at it cannot be told that it is no payout.
  const { destinations = [], isPayout = costs, untold } = named ?? {};
  if (untold !== undefined) {
    return parameterRefusal(scope, untold, 'destinations', 'says where money goes by no id');
  }
  const other = destinations.find(({ id }) => !listed.includes(id));
  if (other !== undefined) {
    const { parameter } = other;
    const what = `${parameter} is not among its destinations`;
    return exceeded(scope, 'destinations', what, { parameter });
  }
  if (!isPayout || destinations.length > 0) return undefined;
  return exceeded(
    scope,
    'destinations',
    'a payout or transfer must name its destination, and this call names none',
  );
}

function customerRefusal(
  scope: CapScope,
  listed: readonly string[],
  { reach, isRead = false, price }: ReachingCall,
  over: readonly LimitsOverCall[],
): BrokerRefusal | undefined {
  const { objects = [], destinations = [], isFiltered = false } = reach ?? {};
  for (const { parameter, customer, fault } of objects) {
    if (customer !== undefined && listed.includes(customer)) continue;
    if (parameter !== undefined && fault !== undefined) {
      return parameterRefusal(scope, parameter, 'customers', fault);
    }
    const what = parameter ?? 'the path';
    const why =
      customer === undefined
        ? (fault ?? 'names what belongs to no customer')
        : 'names what belongs to none of its customers';
    const field = parameter === undefined ? {} : { parameter };
    return exceeded(scope, 'customers', `${what} ${why}`, field);
  }
  // Whose an account or a bank account is only a limit of destinations can say.
  const [destination] = destinations;
  const areDestinationsListed = over.some(({ limits }) => limits.destinations !== undefined);
  if (destination !== undefined && !areDestinationsListed) {
    return parameterRefusal(scope, destination, 'customers', 'names what is no customer');
  }
  const reachesOne = isRead ? isFiltered : objects.length > 0;
  if (reachesOne || (!isRead && price.kind === 'free')) return undefined;
  const what = isRead
    ? 'it may read only them and their objects'
    : 'a call that costs must name one';
  return exceeded(scope, 'customers', `this call reaches none of its customers: ${what}`);
}

function exceeded(
  scope: CapScope,
  limit: LimitName,
  why: string,
  fields: Readonly<Record<string, unknown>> = {},
): BrokerRefusal {
  return new BrokerRefusal(
    'limit_exceeded',
    `The ${scope} is limited by ${limit}: ${why}. Do not retry it.`,
    { scope, limit, ...fields },
  );
}

function parameterRefusal(
  scope: CapScope,
  parameter: string,
  limit: LimitName,
  why: string,
): BrokerRefusal {
  return new BrokerRefusal(
    'parameter_not_allowed',
    `The ${scope} is limited by ${limit}: ${parameter} ${why}. Leave it out.`,
    { parameter, scope, limit },
  );
}
