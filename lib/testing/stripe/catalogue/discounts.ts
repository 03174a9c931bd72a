import { newId } from '../new-id';
import type { StripeAccount } from '../stripe-account';
import { StripeError } from '../stripe-error';
import type { AppliedCoupon } from '../totals/cart';
import type { Coupon, Discount } from './catalogue-objects';

interface GivenDiscount {
  coupon?: string | undefined;
  discount?: string | undefined;
  promotion_code?: string | undefined;
}

/** What a discount is applied to. */
export type DiscountedObject = Partial<
  Pick<
    Discount,
    | 'checkout_session'
    | 'customer'
    | 'invoice'
    | 'invoice_item'
    | 'subscription'
    | 'subscription_item'
  >
>;

function monthsLater(start: number, months: number): number {
  const date = new Date(start * 1000);
  date.setUTCMonth(date.getUTCMonth() + months);
  return Math.floor(date.getTime() / 1000);
}

function redeemable(account: StripeAccount, id: string, param: string): Coupon {
  const coupon = account.catalogue.coupons.get(id, param, 400);
  const isOver =
    !coupon.valid ||
    (coupon.redeem_by !== null && coupon.redeem_by < account.now()) ||
    (coupon.max_redemptions !== null && coupon.times_redeemed >= coupon.max_redemptions);
  if (isOver) {
    throw StripeError.invalid(`Coupon ${id} is used up and cannot be applied.`, {
      code: 'coupon_expired',
      param,
    });
  }
  return coupon;
}

/**
 * Redeems what a `discounts` parameter names.
 *
 * @throws {StripeError} for a coupon or code that is unknown or used up, or of another currency
 */
export function redeem(
  account: StripeAccount,
  given: readonly GivenDiscount[] | null | undefined,
  to: DiscountedObject,
  currency: string,
): string[] {
  const found = (given ?? []).map((each, index) => {
    const at = `discounts[${index}]`;
    if (each.discount !== undefined) {
      return { kept: account.catalogue.discounts.get(each.discount, `${at}[discount]`, 400) };
    }
    let coupon: Coupon;
    let code: string | null = null;
    if (each.promotion_code !== undefined) {
      const promotion = account.catalogue.promotionCodes.get(
        each.promotion_code,
        `${at}[promotion_code]`,
        400,
      );
      if (!promotion.active) {
        throw StripeError.invalid('This promotion code is inactive.', {
          param: `${at}[promotion_code]`,
        });
      }
      coupon = redeemable(account, promotion.promotion.coupon, `${at}[promotion_code]`);
      code = promotion.id;
    } else if (each.coupon !== undefined) {
      coupon = redeemable(account, each.coupon, `${at}[coupon]`);
    } else {
      throw StripeError.invalid('A discount must have a `coupon` or a `promotion_code`.', {
        code: 'parameter_missing',
        param: at,
      });
    }
    if (coupon.currency_options !== undefined && coupon.currency_options[currency] === undefined) {
      throw StripeError.invalid(
        `Coupon ${coupon.id} has no amount in ${currency} and cannot be applied.`,
        { param: at },
      );
    }
    return { coupon, code };
  });
  return found.map((each) => {
    if (each.kept !== undefined) return each.kept.id;
    const { coupon, code } = each;
    coupon.times_redeemed += 1;
    if (coupon.times_redeemed === coupon.max_redemptions) coupon.valid = false;
    const start = account.now();
    return account.catalogue.discounts.add({
      id: newId('di_'),
      object: 'discount',
      checkout_session: null,
      customer: null,
      end:
        coupon.duration_in_months === null ? null : monthsLater(start, coupon.duration_in_months),
      invoice: null,
      invoice_item: null,
      promotion_code: code,
      source: { coupon: coupon.id, type: 'coupon' },
      start,
      subscription: null,
      subscription_item: null,
      ...to,
    }).id;
  });
}

/** The coupons behind discounts, in their order. */
export function couponsOf(account: StripeAccount, discounts: readonly string[]): AppliedCoupon[] {
  return discounts.flatMap((id) => {
    const discount = account.catalogue.discounts.find(id);
    const coupon =
      discount === undefined ? undefined : account.catalogue.coupons.find(discount.source.coupon);
    return discount === undefined || coupon === undefined ? [] : [{ discount, coupon }];
  });
}
