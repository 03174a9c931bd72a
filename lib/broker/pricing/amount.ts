import type { MicroUsd } from '../../contract/usd';
import { BrokerRefusal } from '../refusal';
import { isCurrency, microsOf } from './currency';
import type { Rates } from './currency';
import { nameOf } from './parameters';
import type { PriceableCall } from './price';

const MAX_AMOUNT = 99_999_999;
const AMOUNT = /^[1-9][0-9]{0,7}$/;

/** The texts among the numbers of `amount_details`. */
const DETAIL_TEXTS: ReadonlySet<string> = new Set([
  'reference',
  'subscription_reference',
  'category',
  'description',
  'sold_by',
  'product_name',
  'product_code',
  'unit_of_measure',
  'from_postal_code',
  'to_postal_code',
  'enforce_arithmetic_validation',
  'commodity_code',
  'image_url',
  'product_url',
]);

/**
 * The amount in a top-level field, in minor units; `undefined` where the field is absent.
 *
 * @throws BrokerRefusal `invalid_amount` where the field is there in any other form than plain
 * digits, once.
 */
export function readAmount(call: PriceableCall, field: string): number | undefined {
  const value = readOnce(call, field);
  if (value === undefined) return undefined;
  if (call.decimals.has(field) || !AMOUNT.test(value)) {
    throw invalidAmount(
      field,
      `${field} must be plain digits without a leading zero, from 1 to ${MAX_AMOUNT}, in the currency's minor unit.`,
    );
  }
  return Number(value);
}

/**
 * The currency in the top-level `currency`, in lower case; `undefined` where it is absent.
 *
 * @throws BrokerRefusal `invalid_amount` where it is no currency.
 */
export function readCurrency(call: PriceableCall): string | undefined {
  const value = readOnce(call, 'currency');
  if (value === undefined) return undefined;
  const currency = /^[A-Za-z]{3}$/.test(value) ? value.toLowerCase() : '';
  if (!isCurrency(currency)) {
    throw invalidAmount('currency', 'currency must be a three-letter code that Stripe knows.');
  }
  return currency;
}

/** The one value of a top-level field that decides the price. */
export function readOnce(call: PriceableCall, field: string): string | undefined {
  const given = call.parameters.filter(({ path }) => path[0] === field);
  if (given.length === 0) return undefined;
  const [first] = given;
  if (given.length > 1 || first === undefined || first.path.length > 1) {
    throw invalidAmount(field, `${field} must be given once, as a plain value.`);
  }
  return first.value;
}

/**
 * The largest of the amounts nested in a body, minor units; `undefined` where no amount is nested. They
 * move no money beyond the priced one, so long as none is larger.
 */
export function largestNestedAmount(call: PriceableCall, pricedField: string): number | undefined {
  let largest: number | undefined;
  for (const { path, value } of call.parameters) {
    if (!isNestedAmount(path, pricedField)) continue;
    if (!/^(?:0|[1-9][0-9]{0,7})$/.test(value) || call.decimals.has(path[0] ?? '')) {
      throw invalidAmount(nameOf(path), `${nameOf(path).slice(0, 64)} must be plain digits.`);
    }
    largest = Math.max(largest ?? 0, Number(value));
  }
  return largest;
}

/** @throws BrokerRefusal where a nested amount is larger than the one it belongs to. */
export function checkNested(largestNested: number | undefined, amount: number): void {
  if (largestNested !== undefined && largestNested > amount) {
    throw invalidAmount(
      null,
      `An amount nested in the body (${largestNested}) is larger than the amount of the call (${amount}).`,
    );
  }
}

/**
 * Minor units in micro-dollars.
 *
 * @throws BrokerRefusal `currency_not_priced` where no rate is configured.
 */
export function priceOf(amount: number, currency: string, rates: Rates): MicroUsd {
  const micros = microsOf(amount, currency, rates);
  if (micros === undefined) {
    throw new BrokerRefusal(
      'currency_not_priced',
      `Calls in ${currency.toUpperCase()} are refused: the broker has no rate for it. An operator can set one with "rates": { "${currency}": … } under the vendor in the broker's settings.`,
      { currency },
    );
  }
  return micros;
}

export function invalidAmount(param: string | null, message: string): BrokerRefusal {
  return new BrokerRefusal('invalid_amount', message, { param });
}

export function amountUnknown(message: string): BrokerRefusal {
  return new BrokerRefusal('amount_unknown', message);
}

function isNestedAmount(path: readonly string[], pricedField: string): boolean {
  const [top = ''] = path;
  if (top === 'metadata' || (path.length === 1 && top === pricedField)) return false;
  if (top === 'amount_details') return !DETAIL_TEXTS.has(path.at(-1) ?? '');
  return path.some(isAmountName);
}

function isAmountName(part: string): boolean {
  if (!/amount/i.test(part)) return false;
  const name = part.trim().toLowerCase();
  // How a mandate reads its amount, `fixed` or `maximum`, and whether a tax is in it: texts.
  if (name === 'amount_type' || name === 'amount_includes_iof') return false;
  return name === 'amount' || name.startsWith('amount_') || name.endsWith('_amount');
}
