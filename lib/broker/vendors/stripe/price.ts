import {
  amountUnknown,
  checkNested,
  largestNestedAmount,
  priceOf,
  readAmount,
  readCurrency,
  readOnce,
} from '../../pricing/amount';
import { CallTable } from '../../pricing/call-table';
import { configuredPrice } from '../../pricing/configured-price';
import { NO_CONFIGURED_PRICES } from '../../pricing/configured-prices';
import type { ConfiguredPrices } from '../../pricing/configured-prices';
import type { Rates } from '../../pricing/currency';
import { ParameterList, parameterNotAllowed } from '../../pricing/parameter-list';
import type { Price, PriceableCall } from '../../pricing/price';
import type { VendorLookup } from '../vendor-lookup';
import { STRIPE_CALLS } from './calls/index';
import type { CallRow, PriceRule } from './calls/call-row';
import { priceOfDocument } from './documents/index';
import { whyRefused } from './refused-call';

/** What a change of a payment may say where nothing else of that payment is known. */
const HARMLESS_CHANGE =
  /^(?:metadata|description|receipt_email|statement_descriptor\w*|shipping|payment_method|payment_method_types|expand)$/;

/** What a refund may name that is to be undone: its payment, how much, and what moves no other money. */
const UNDOABLE =
  /^(?:charge|payment_intent|amount|reason|metadata|reverse_transfer|refund_application_fee|expand)$/;

const FREE: Price = { kind: 'free' };
const ROWS = new CallTable(Object.entries(STRIPE_CALLS).map((row) => [row[0], row] as const));
/** Of the calls that came so far: most of the lists are never read. */
const LISTS = new Map<CallRow, ParameterList>();

/** What a call of Stripe's costs: {@link Vendor.price}. */
export function priceOfCall(
  call: PriceableCall,
  configured: ConfiguredPrices = NO_CONFIGURED_PRICES,
): Price {
  if (call.method === 'GET') return FREE;
  const [pattern, row] = ROWS.find(call.method, call.segments) ?? [];
  if (row !== undefined && 'parameters' in row && row.rule !== 'objects') {
    const price = row.rule === 'free' ? FREE : priceByRule(row, call, configured.rates);
    checkParameters(row, row.parameters, call);
    return price;
  }
  if (row?.rule === 'test-helper' && configured.isTestMode === true) return FREE;
  const price = configured.calls.find(call.method, call.segments);
  if (price !== undefined) return configuredPrice(price, call, configured.rates);
  throw amountUnknown(`${nameOfCall(call)} is refused: ${whyRefused(row, pattern, configured)}`);
}

/** What a call comes to whose price stands in objects of Stripe's: {@link Vendor.priceByObjects}. */
export function priceByObjects(
  call: PriceableCall,
  configured: ConfiguredPrices,
  lookup: VendorLookup,
): Promise<Price> | undefined {
  const [, row] = ROWS.find(call.method, call.segments) ?? [];
  if (row?.rule !== 'objects') return undefined;
  // An operator may say otherwise, and vouches for it.
  if (configured.calls.find(call.method, call.segments) !== undefined) return undefined;
  checkParameters(row, row.parameters, call);
  return priceOfDocument(row.call, call, configured, lookup);
}

/** @throws BrokerRefusal `parameter_not_allowed` where a parameter is not on the list of the call. */
function checkParameters(row: CallRow, parameters: string, call: PriceableCall): void {
  const unknown = listOf(row, parameters).firstUnknown(call.parameters);
  if (unknown !== undefined) throw parameterNotAllowed(nameOfCall(call), unknown.path);
}

function listOf(row: CallRow, parameters: string): ParameterList {
  const known = LISTS.get(row);
  if (known !== undefined) return known;
  const list = new ParameterList(parameters);
  LISTS.set(row, list);
  return list;
}

function nameOfCall({ method, segments }: PriceableCall): string {
  return `${method} /v1/${segments.join('/')}`;
}

function priceByRule(
  rule: Exclude<PriceRule, { rule: 'objects' }>,
  call: PriceableCall,
  rates: Rates,
): Price {
  const objectId = call.segments[1] ?? '';
  switch (rule.rule) {
    case 'new':
      return newMoney(call, rule.field, rates);
    case 'exposure':
      return {
        kind: 'exposure',
        objectId,
        ...totalOf(call, rule.field),
        ...(call.segments[2] === 'capture' ? { addedField: rule.field } : {}),
        rates,
      };
    case 'change': {
      const total = totalOf(call, rule.field);
      const isFree =
        Object.keys(total).length === 0 &&
        call.parameters.every(({ path }) => HARMLESS_CHANGE.test(path[0] ?? ''));
      return isFree ? FREE : { kind: 'change', objectId, ...total, rates };
    }
    case 'cancel':
      return { kind: 'cancel', objectId: cancelledBy(call) };
    case 'refund':
      return refund(call, rates);
  }
}

/** The object that the last `*` of the call stands for: `checkout/sessions/cs_1/expire`. */
function cancelledBy({ segments }: PriceableCall): string {
  return segments.at(-2) ?? '';
}

function newMoney(call: PriceableCall, field: string, rates: Rates): Price {
  const amount = readAmount(call, field);
  const currency = readCurrency(call);
  if (amount === undefined || currency === undefined) {
    throw amountUnknown(`The call needs ${field} and currency, so that it can be priced.`);
  }
  checkNested(largestNestedAmount(call, field), amount);
  return { kind: 'amount', micros: priceOf(amount, currency, rates), amount, currency };
}

/** What a call says about the money of an object; empty where it names no money at all. */
function totalOf(call: PriceableCall, field: string) {
  const amount = readAmount(call, field);
  const currency = readCurrency(call);
  const largestNested = largestNestedAmount(call, field);
  if (amount !== undefined) checkNested(largestNested, amount);
  return {
    ...(amount === undefined ? {} : { amount }),
    ...(currency === undefined ? {} : { currency }),
    ...(largestNested === undefined ? {} : { largestNested }),
  };
}

function refund(call: PriceableCall, rates: Rates): Price {
  const intent = readOnce(call, 'payment_intent');
  const charge = readOnce(call, 'charge');
  if (intent !== undefined && charge !== undefined) {
    throw amountUnknown('A refund must name one payment, by payment_intent or by charge.');
  }
  return {
    kind: 'refund',
    objectId: intent ?? charge ?? '',
    ...totalOf(call, 'amount'),
    addedField: 'amount',
    rates,
    canUndo: call.parameters.every(({ path }) => UNDOABLE.test(path[0] ?? '')),
    reversesTransfer: readOnce(call, 'reverse_transfer') === 'true',
  };
}
