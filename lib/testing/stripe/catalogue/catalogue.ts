import { Shelf } from '../shelf';
import type {
  Coupon,
  Discount,
  Price,
  Product,
  PromotionCode,
  ShippingRate,
  TaxRate,
} from './catalogue-objects';

/** What an account sells, and the rates and rebates that change what it costs. */
export class Catalogue {
  readonly products: Shelf<Product>;
  readonly prices: Shelf<Price>;
  readonly taxRates: Shelf<TaxRate>;
  readonly coupons: Shelf<Coupon>;
  readonly promotionCodes: Shelf<PromotionCode>;
  readonly shippingRates: Shelf<ShippingRate>;
  readonly discounts: Shelf<Discount>;

  constructor(bound: number) {
    this.products = new Shelf('product', bound);
    this.prices = new Shelf('price', bound);
    this.taxRates = new Shelf('tax rate', bound);
    this.coupons = new Shelf('coupon', bound);
    this.promotionCodes = new Shelf('promotion code', bound);
    this.shippingRates = new Shelf('shipping rate', bound);
    this.discounts = new Shelf('discount', bound);
  }

  get shelves(): readonly { readonly size: number }[] {
    return [
      this.products,
      this.prices,
      this.taxRates,
      this.coupons,
      this.promotionCodes,
      this.shippingRates,
      this.discounts,
    ];
  }
}
