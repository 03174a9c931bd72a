import type { Coupon, Discount, TaxRate } from '../catalogue/catalogue-objects';
import { Exact, divided } from './exact';

/** A coupon with the discount that applies it. */
export interface AppliedCoupon {
  readonly discount: Discount;
  readonly coupon: Coupon;
}

/** One line of a cart, of an invoice or of a quote, before discounts and taxes. */
export interface CartLine {
  readonly amount: number;
  readonly discountable: boolean;
  /** Which coupons for certain products it is for. */
  readonly product: string | null;
  /** Coupons on this line alone. They come before those on the whole cart. */
  readonly discounts: readonly AppliedCoupon[];
  readonly taxRates: readonly TaxRate[];
}

export interface DiscountShare {
  readonly discount: string;
  readonly amount: number;
}

export interface TaxShare {
  readonly rate: TaxRate;
  readonly amount: number;
  readonly taxable: number;
}

export interface LineTotals {
  readonly subtotal: number;
  readonly discounts: readonly DiscountShare[];
  readonly taxes: readonly TaxShare[];
  /** After discounts, with the taxes that come on top. */
  readonly total: number;
}

export interface CartTotals {
  readonly lines: readonly LineTotals[];
  readonly subtotal: number;
  readonly discounts: readonly DiscountShare[];
  readonly discount: number;
  readonly taxes: readonly TaxShare[];
  /** Taxes that come on top of the prices. */
  readonly exclusiveTax: number;
  /** Taxes that the prices include. */
  readonly inclusiveTax: number;
  readonly total: number;
}

interface OpenLine {
  readonly line: CartLine;
  left: number;
  readonly discounts: DiscountShare[];
}

/**
 * What one coupon takes off some lines: a percentage of what is left of them, or an amount, and never more than
 * is left. https://docs.stripe.com/api/coupons/object
 */
function apply({ coupon, discount }: AppliedCoupon, lines: OpenLine[], currency: string): void {
  const products = coupon.applies_to?.products;
  const open = lines.filter(
    ({ line, left }) =>
      line.discountable &&
      left > 0 &&
      (products === undefined || (line.product !== null && products.includes(line.product))),
  );
  const left = open.reduce((sum, each) => sum + each.left, 0);
  if (left === 0) return;
  const off =
    coupon.percent_off === null
      ? Math.min(coupon.currency_options?.[currency]?.amount_off ?? 0, left)
      : Exact.of(left)
          .times(Exact.of(String(coupon.percent_off)))
          .over(Exact.of(100))
          .rounded();
  const shares = divided(
    off,
    open.map((each) => each.left),
  );
  for (const [index, each] of open.entries()) {
    const amount = shares[index]!;
    each.left -= amount;
    each.discounts.push({ discount: discount.id, amount });
  }
}

/**
 * The taxes on what is left of a line after its discounts. Each is rounded on its own, line by line:
 * https://support.stripe.com/questions/rounding-rules-for-stripe-fees. What a price includes is taken out of it, and
 * what comes on top is a part of the rest:
 * https://support.stripe.com/questions/inclusive-and-exclusive-tax-options-in-the-tax-rate-api-and-stripe-tax
 */
function taxesOn(amount: number, rates: readonly TaxRate[]): TaxShare[] {
  const included = rates
    .filter((rate) => rate.inclusive)
    .reduce((sum, rate) => sum.plus(Exact.of(String(rate.percentage))), Exact.ZERO);
  const net = Exact.of(amount).times(Exact.of(100)).over(Exact.of(100).plus(included));
  const shares = rates.map((rate) => ({
    rate,
    amount: net
      .times(Exact.of(String(rate.percentage)))
      .over(Exact.of(100))
      .rounded(),
  }));
  const inside = shares
    .filter(({ rate }) => rate.inclusive)
    .reduce((sum, share) => sum + share.amount, 0);
  return shares.map((share) => ({ ...share, taxable: amount - inside }));
}

function summed<T extends { amount: number }, K>(
  shares: readonly T[],
  keyOf: (share: T) => K,
  join: (a: T, b: T) => T,
): T[] {
  const sums = new Map<K, T>();
  for (const share of shares) {
    const key = keyOf(share);
    const known = sums.get(key);
    sums.set(key, known === undefined ? share : join(known, share));
  }
  return [...sums.values()];
}

/** The totals of lines in one currency, with coupons on all of them in the order in which they are listed. */
export function cartTotals(
  lines: readonly CartLine[],
  discounts: readonly AppliedCoupon[],
  currency: string,
): CartTotals {
  const open = lines.map((line): OpenLine => ({ line, left: line.amount, discounts: [] }));
  for (const each of open) {
    for (const own of each.line.discounts) apply(own, [each], currency);
  }
  for (const discount of discounts) apply(discount, open, currency);

  const totals = open.map(({ line, left, discounts: taken }): LineTotals => {
    const taxes = taxesOn(left, line.taxRates);
    const onTop = taxes.reduce((sum, { rate, amount }) => sum + (rate.inclusive ? 0 : amount), 0);
    return { subtotal: line.amount, discounts: taken, taxes, total: left + onTop };
  });
  const taxes = summed(
    totals.flatMap((line) => line.taxes),
    ({ rate }) => rate.id,
    (a, b) => ({ rate: a.rate, amount: a.amount + b.amount, taxable: a.taxable + b.taxable }),
  );
  const shares = summed(
    totals.flatMap((line) => line.discounts),
    ({ discount }) => discount,
    (a, b) => ({ discount: a.discount, amount: a.amount + b.amount }),
  );
  const sum = (amounts: readonly number[]) => amounts.reduce((total, each) => total + each, 0);
  return {
    lines: totals,
    subtotal: sum(totals.map(({ subtotal }) => subtotal)),
    discounts: shares,
    discount: sum(shares.map(({ amount }) => amount)),
    taxes,
    exclusiveTax: sum(taxes.map(({ rate, amount }) => (rate.inclusive ? 0 : amount))),
    inclusiveTax: sum(taxes.map(({ rate, amount }) => (rate.inclusive ? amount : 0))),
    total: sum(totals.map(({ total }) => total)),
  };
}
