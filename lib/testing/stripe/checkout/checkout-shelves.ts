import { LatestMap } from '../latest';
import { Shelf } from '../shelf';
import type { CheckoutOrder, CheckoutSession, PaymentLink } from './checkout-objects';

/** An account's checkout sessions and payment links, with what each sells. */
export class CheckoutShelves {
  readonly sessions: Shelf<CheckoutSession>;
  readonly paymentLinks: Shelf<PaymentLink>;
  /** By the id of a session or payment link. */
  readonly orders: Map<string, CheckoutOrder>;
  /** The discounts on a session. */
  readonly discounts: Map<string, readonly string[]>;

  constructor(bound: number) {
    this.sessions = new Shelf('checkout.session', bound);
    this.paymentLinks = new Shelf('payment_link', bound);
    this.orders = new LatestMap(bound);
    this.discounts = new LatestMap(bound);
  }

  get shelves(): readonly { readonly size: number }[] {
    return [this.sessions, this.paymentLinks, this.orders, this.discounts];
  }
}
