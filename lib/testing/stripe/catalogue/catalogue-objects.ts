import type { Metadata } from '../stripe-objects';

/** What Stripe's catalogue holds, with the fields this vendor keeps. Instants are Unix seconds, amounts minor units. */

export type Interval = 'day' | 'month' | 'week' | 'year';
export type TaxBehavior = 'exclusive' | 'inclusive' | 'unspecified';

export interface Product {
  readonly id: string;
  readonly object: 'product';
  active: boolean;
  readonly created: number;
  default_price: string | null;
  description: string | null;
  images: readonly string[];
  readonly livemode: false;
  readonly marketing_features: readonly [];
  metadata: Metadata;
  name: string;
  readonly package_dimensions: null;
  readonly shippable: null;
  statement_descriptor: string | null;
  tax_code: string | null;
  readonly type: 'service';
  unit_label: string | null;
  updated: number;
  url: string | null;
}

export interface Tier {
  readonly flat_amount: number | null;
  readonly flat_amount_decimal: string | null;
  readonly unit_amount: number | null;
  readonly unit_amount_decimal: string | null;
  /** The last quantity of the tier; `null` has no end. */
  readonly up_to: number | null;
}

export interface CustomUnitAmount {
  readonly maximum: number | null;
  readonly minimum: number | null;
  readonly preset: number | null;
}

/** What a price costs in one currency. */
export interface CurrencyOption {
  readonly custom_unit_amount: CustomUnitAmount | null;
  readonly tax_behavior: TaxBehavior | null;
  readonly tiers: readonly Tier[] | undefined;
  readonly unit_amount: number | null;
  readonly unit_amount_decimal: string | null;
}

export interface Recurring {
  readonly interval: Interval;
  readonly interval_count: number;
  readonly meter: string | null;
  readonly trial_period_days: number | null;
  readonly usage_type: 'licensed' | 'metered';
}

export interface Price {
  readonly id: string;
  readonly object: 'price';
  active: boolean;
  readonly billing_scheme: 'per_unit' | 'tiered';
  readonly created: number;
  readonly currency: string;
  /** Shown where `expand` names it. The price's own currency is among them. */
  currency_options: Record<string, CurrencyOption>;
  readonly custom_unit_amount: CustomUnitAmount | null;
  readonly livemode: false;
  lookup_key: string | null;
  metadata: Metadata;
  nickname: string | null;
  readonly product: string;
  readonly recurring: Recurring | null;
  tax_behavior: TaxBehavior | null;
  /** Shown where `expand` names it. */
  readonly tiers: readonly Tier[] | undefined;
  readonly tiers_mode: 'graduated' | 'volume' | null;
  readonly transform_quantity: {
    readonly divide_by: number;
    readonly round: 'down' | 'up';
  } | null;
  readonly type: 'one_time' | 'recurring';
  readonly unit_amount: number | null;
  readonly unit_amount_decimal: string | null;
}

export interface TaxRate {
  readonly id: string;
  readonly object: 'tax_rate';
  active: boolean;
  country: string | null;
  readonly created: number;
  description: string | null;
  display_name: string;
  readonly effective_percentage: null;
  readonly flat_amount: null;
  readonly inclusive: boolean;
  jurisdiction: string | null;
  readonly jurisdiction_level: null;
  readonly livemode: false;
  metadata: Metadata;
  readonly percentage: number;
  readonly rate_type: 'percentage';
  state: string | null;
  tax_type: string | null;
}

export interface Coupon {
  readonly id: string;
  readonly object: 'coupon';
  readonly amount_off: number | null;
  /** Shown where `expand` names it. */
  readonly applies_to: { readonly products: readonly string[] } | undefined;
  readonly created: number;
  readonly currency: string | null;
  /** Shown where `expand` names it. */
  readonly currency_options: Record<string, { readonly amount_off: number }> | undefined;
  readonly duration: 'forever' | 'once' | 'repeating';
  readonly duration_in_months: number | null;
  readonly livemode: false;
  readonly max_redemptions: number | null;
  metadata: Metadata;
  name: string | null;
  readonly percent_off: number | null;
  readonly redeem_by: number | null;
  times_redeemed: number;
  valid: boolean;
}

export interface PromotionCode {
  readonly id: string;
  readonly object: 'promotion_code';
  active: boolean;
  readonly code: string;
  readonly created: number;
  readonly customer: string | null;
  readonly expires_at: number | null;
  readonly livemode: false;
  readonly max_redemptions: number | null;
  metadata: Metadata;
  readonly promotion: { readonly coupon: string; readonly type: 'coupon' };
  readonly restrictions: Record<string, unknown>;
  times_redeemed: number;
}

export interface ShippingRate {
  readonly id: string;
  readonly object: 'shipping_rate';
  active: boolean;
  readonly created: number;
  readonly delivery_estimate: Record<string, unknown> | null;
  readonly display_name: string;
  readonly fixed_amount: {
    readonly amount: number;
    readonly currency: string;
    readonly currency_options: Record<string, { readonly amount: number }>;
  };
  readonly livemode: false;
  metadata: Metadata;
  tax_behavior: TaxBehavior;
  readonly tax_code: string | null;
  readonly type: 'fixed_amount';
}

/** A coupon as it is applied to something. */
export interface Discount {
  readonly id: string;
  readonly object: 'discount';
  readonly checkout_session: string | null;
  readonly customer: string | null;
  readonly end: number | null;
  readonly invoice: string | null;
  readonly invoice_item: string | null;
  readonly promotion_code: string | null;
  readonly source: { readonly coupon: string; readonly type: 'coupon' };
  readonly start: number;
  readonly subscription: string | null;
  readonly subscription_item: string | null;
}
