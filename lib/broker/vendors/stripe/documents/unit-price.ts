import { amountUnknown, invalidAmount } from '../../../pricing/amount';
import { isCurrency } from '../../../pricing/currency';
import { objectIn, textIn } from '../vendor-object';
import type { VendorObject } from '../vendor-object';
import { decimal, product, quotient, rounded } from './decimal';
import type { Decimal } from './decimal';
import type { Fields } from './fields';
import { currencyIn, amountIn, decimalIn, objectsIn, strange } from './objects';
import type { Objects } from './objects';

/** What some units of something cost for one period, whichever way the price is written. */
export interface UnitPrice {
  /** As a refusal names it. */
  readonly name: string;
  readonly currency: string;
  /** Whether it is charged again with every period. */
  readonly isRecurring: boolean;
  /** Whether it is charged by what will be used, so that no quantity says the amount. */
  readonly isMetered: boolean;
  /** Whether the customer says the amount, and the most that may be said, where that is known. */
  readonly chosen?: { readonly most?: bigint };
  /** Minor units for so many of it, rounded as Stripe rounds a line; below 0 for a credit. */
  amountFor(quantity: Decimal): bigint;
  /** The most that any quantity up to this one comes to. */
  mostUpTo(quantity: bigint): bigint;
}

/** A price by the unit: https://docs.stripe.com/billing/subscriptions/decimal-amounts#rounding. */
function perUnit(
  about: Omit<UnitPrice, 'amountFor' | 'mostUpTo'>,
  unit: Decimal,
  transform: (quantity: Decimal) => Decimal = (quantity) => quantity,
): UnitPrice {
  const amountFor = (quantity: Decimal): bigint => product(unit, transform(quantity));
  return { ...about, amountFor, mostUpTo: (quantity) => amountFor(decimal(quantity)) };
}

/** The price that a body itself has, in its `price_data`. */
export function inlinePrice(data: Fields): UnitPrice {
  const currency = currencyNamed(data);
  return perUnit(
    {
      name: data.path.length === 0 ? 'price_data' : data.nameOf('unit_amount'),
      currency,
      isRecurring: data.map('recurring') !== undefined,
      isMetered: false,
    },
    unitAmountIn(data),
  );
}

/** The currency that a body names. */
export function currencyNamed(fields: Fields): string {
  const currency = fields.text('currency')?.toLowerCase() ?? '';
  if (isCurrency(currency)) return currency;
  const name = fields.nameOf('currency');
  throw invalidAmount(name, `${name} must be a three-letter code that Stripe knows.`);
}

function unitAmountIn(data: Fields): Decimal {
  const whole = data.decimal('unit_amount');
  const exact = data.decimal('unit_amount_decimal', { decimals: true });
  if ((whole === undefined) === (exact === undefined)) {
    const name = data.nameOf('unit_amount');
    throw invalidAmount(name, `${name} or its unit_amount_decimal must be given, and not both.`);
  }
  return whole ?? exact ?? 0n;
}

/**
 * A price of the account's catalogue.
 *
 * @param currency The one that the document is in, where that is known.
 */
export async function catalogPrice(
  id: string,
  objects: Objects,
  currency: string | undefined,
): Promise<UnitPrice> {
  const shown = await objects.get('prices', id, ['tiers', 'currency_options']);
  if (shown['active'] !== true) {
    throw amountUnknown(`${id} is not active: Stripe takes it for nothing new.`);
  }
  return shownPrice(shown, currency);
}

/** A price as the vendor shows it, with its tiers and the currencies it has besides its own. */
export function shownPrice(price: VendorObject, currency: string | undefined): UnitPrice {
  const id = textIn(price, 'id') ?? '';
  const own = currencyIn(price, 'a price');
  const others = objectIn(price, 'currency_options') ?? {};
  const more = Object.keys(others).filter((each) => each !== own);
  if (currency === undefined && more.length > 0) {
    throw amountUnknown(
      `${id} has a price in ${[own, ...more].slice(0, 10).join(', ')}, and which one is charged the call does not say. Name its currency.`,
    );
  }
  const chosen = currency ?? own;
  const terms = chosen === own ? price : objectIn(others, chosen);
  if (terms === undefined) {
    throw invalidAmount('currency', `${id} is in ${own}, and has no price in ${chosen}.`);
  }
  const recurring = objectIn(price, 'recurring');
  const about = {
    name: id,
    currency: chosen,
    isRecurring: recurring !== undefined,
    isMetered: recurring !== undefined && recurring['usage_type'] === 'metered',
  };
  const asked = objectIn(terms, 'custom_unit_amount');
  if (asked !== undefined) {
    const most = amountIn(asked, 'maximum');
    return { ...perUnit(about, 0n), chosen: most === undefined ? {} : { most } };
  }
  if (about.isMetered) return perUnit(about, 0n);
  if (price['billing_scheme'] === 'tiered') return { ...about, ...tiered(price, terms, id) };
  const unit = decimalIn(terms, 'unit_amount_decimal') ?? decimalIn(terms, 'unit_amount');
  if (unit === undefined) throw strange(id, 'unit_amount');
  return perUnit(about, unit, transformOf(price));
}

/** How many units a quantity is priced as: https://docs.stripe.com/products-prices/pricing-models. */
function transformOf(price: VendorObject): ((quantity: Decimal) => Decimal) | undefined {
  const transform = objectIn(price, 'transform_quantity');
  if (transform === undefined) return undefined;
  const by = amountIn(transform, 'divide_by');
  const { round } = transform;
  if (by === undefined || by <= 0n || (round !== 'up' && round !== 'down')) {
    throw strange('a price', 'transform_quantity');
  }
  return (quantity) => decimal(quotient(quantity, decimal(by), round === 'up'));
}

interface Tier {
  /** The last unit that it is for. */
  upTo: bigint | undefined;
  unit: Decimal;
  flat: Decimal;
}

/** https://docs.stripe.com/subscriptions/pricing-models/tiered-pricing */
function tiered(
  price: VendorObject,
  terms: VendorObject,
  id: string,
): Pick<UnitPrice, 'amountFor' | 'mostUpTo'> {
  const tiers = objectsIn(terms, 'tiers').map((tier): Tier => ({
    upTo: amountIn(tier, 'up_to'),
    unit: decimalIn(tier, 'unit_amount_decimal') ?? decimalIn(tier, 'unit_amount') ?? 0n,
    flat: decimalIn(tier, 'flat_amount_decimal') ?? decimalIn(tier, 'flat_amount') ?? 0n,
  }));
  const { tiers_mode: mode } = price;
  if (tiers.length === 0 || (mode !== 'graduated' && mode !== 'volume')) throw strange(id, 'tiers');
  const amount = mode === 'volume' ? volume : graduated;
  const amountFor = (quantity: Decimal): bigint => amount(tiers, quantity, id);
  return {
    amountFor,
    // More may cost less where the next tier is cheaper: the last unit of a tier may cost the most.
    mostUpTo(quantity) {
      const ends = tiers.flatMap(({ upTo }) => (upTo === undefined || upTo > quantity ? [] : upTo));
      return [0n, ...ends, quantity].map((each) => amountFor(decimal(each))).reduce(larger);
    },
  };
}

function volume(tiers: readonly Tier[], quantity: Decimal, id: string): bigint {
  const tier = tiers.find(({ upTo }) => upTo === undefined || quantity <= decimal(upTo));
  if (tier === undefined) throw beyondTiers(id);
  return larger(product(tier.unit, quantity) + rounded(tier.flat), sumOnce([[tier, quantity]]));
}

function graduated(tiers: readonly Tier[], quantity: Decimal, id: string): bigint {
  const parts: [tier: Tier, quantity: Decimal][] = [];
  let from: Decimal = 0n;
  for (const tier of tiers) {
    const end = tier.upTo === undefined ? quantity : decimal(tier.upTo);
    // The flat amount of the first tier is charged where nothing is used, too.
    if (parts.length > 0 && quantity <= from) break;
    parts.push([tier, (end < quantity ? end : quantity) - from]);
    from = end;
  }
  if (from < quantity) throw beyondTiers(id);
  // Stripe's pages do not say whether each tier is rounded, or their sum.
  const eachRounded = parts.reduce(
    (sum, [{ unit, flat }, units]) => sum + product(unit, units) + rounded(flat),
    0n,
  );
  return larger(eachRounded, sumOnce(parts));
}

/** What tiers come to, rounded once. */
function sumOnce(parts: readonly (readonly [tier: Tier, quantity: Decimal])[]): bigint {
  const ONE = decimal(1n);
  const exact = parts.reduce(
    (sum, [{ unit, flat }, quantity]) => sum + unit * quantity + flat * ONE,
    0n,
  );
  return (2n * exact + ONE * ONE) / (2n * ONE * ONE);
}

function beyondTiers(id: string) {
  return amountUnknown(`${id} has no tier for so many units, so the call cannot be priced.`);
}

export function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
