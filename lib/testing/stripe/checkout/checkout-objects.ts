import type { Price, TaxRate } from '../catalogue/catalogue-objects';
import type { List } from '../billing/billing-objects';
import type { Metadata } from '../stripe-objects';

/** Checkout's objects with the fields this vendor keeps. Instants are Unix seconds, amounts minor units. */

export interface AdjustableQuantity {
  readonly enabled: boolean;
  readonly maximum: number | null;
  readonly minimum: number | null;
}

/** One line as it was written, before discounts and taxes. */
export interface OrderLine {
  readonly id: string;
  readonly adjustable: AdjustableQuantity | null;
  /** Coupons on this line alone. */
  readonly discounts: readonly string[];
  readonly metadata: Metadata;
  readonly price: Price;
  /** `null` where usage is metered. */
  readonly quantity: number | null;
  readonly taxRates: readonly TaxRate[];
}

export interface LineItem {
  readonly id: string;
  readonly object: 'item';
  readonly adjustable_quantity: AdjustableQuantity | null;
  readonly amount_discount: number;
  readonly amount_subtotal: number;
  readonly amount_tax: number;
  readonly amount_total: number;
  readonly currency: string;
  readonly description: string | null;
  readonly metadata: Metadata;
  readonly price: Price;
  readonly quantity: number | null;
  readonly taxes: readonly { readonly amount: number; readonly rate: TaxRate }[];
}

/** What a customer may add to a session. */
export interface OptionalItem {
  readonly adjustable: AdjustableQuantity | null;
  readonly price: Price;
  readonly quantity: number;
}

/** What a session or a payment link sells, as it was written. */
export interface CheckoutOrder {
  lines: readonly OrderLine[];
  readonly optional: readonly OptionalItem[];
  readonly payment: Readonly<Record<string, unknown>>;
  readonly shippingRates: readonly string[];
  readonly subscription: Readonly<Record<string, unknown>>;
}

export type CheckoutMode = 'payment' | 'setup' | 'subscription';

export interface CheckoutSession {
  readonly id: string;
  readonly object: 'checkout.session';
  readonly adaptive_pricing: null;
  readonly after_expiration: null;
  readonly allow_promotion_codes: boolean | null;
  amount_subtotal: number | null;
  amount_total: number | null;
  automatic_tax: Record<string, unknown> & { readonly enabled: boolean };
  readonly billing_address_collection: string | null;
  readonly cancel_url: string | null;
  readonly client_reference_id: string | null;
  readonly client_secret: string | null;
  readonly created: number;
  readonly currency: string | null;
  customer: string | null;
  readonly customer_creation: string | null;
  customer_details: Record<string, unknown> | null;
  readonly customer_email: string | null;
  discounts: readonly { readonly coupon: string | null; readonly promotion_code: string | null }[];
  readonly expires_at: number;
  invoice: string | null;
  /** Shown where `expand` names it. */
  line_items: List<LineItem>;
  readonly livemode: false;
  readonly locale: string | null;
  metadata: Metadata;
  readonly mode: CheckoutMode;
  payment_intent: string | null;
  readonly payment_link: string | null;
  readonly payment_method_collection: string;
  readonly payment_method_types: readonly string[];
  payment_status: 'no_payment_required' | 'paid' | 'unpaid';
  readonly return_url: string | null;
  setup_intent: string | null;
  shipping_cost: Record<string, unknown> | null;
  shipping_options: readonly { readonly shipping_amount: number; readonly shipping_rate: string }[];
  status: 'complete' | 'expired' | 'open';
  readonly submit_type: string | null;
  subscription: string | null;
  readonly success_url: string | null;
  total_details: {
    readonly amount_discount: number;
    readonly amount_shipping: number;
    readonly amount_tax: number;
  } | null;
  readonly ui_mode: string;
  url: string | null;
}

export interface PaymentLink {
  readonly id: string;
  readonly object: 'payment_link';
  active: boolean;
  readonly after_completion: Record<string, unknown>;
  allow_promotion_codes: boolean;
  readonly application: null;
  automatic_tax: Record<string, unknown> & { readonly enabled: boolean };
  readonly created: number;
  readonly currency: string;
  inactive_message: string | null;
  /** Shown where `expand` names it. */
  line_items: List<LineItem>;
  readonly livemode: false;
  metadata: Metadata;
  readonly on_behalf_of: string | null;
  restrictions: {
    readonly completed_sessions: { count: number; readonly limit: number };
  } | null;
  shipping_options: readonly { readonly shipping_amount: number; readonly shipping_rate: string }[];
  readonly submit_type: string;
  readonly url: string;
}
