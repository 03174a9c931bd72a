import type { Price, TaxRate } from '../catalogue/catalogue-objects';
import type { Metadata } from '../stripe-objects';

/** Stripe's billing objects with the fields this vendor keeps. Instants are Unix seconds, amounts minor units. */

export interface List<T> {
  readonly object: 'list';
  readonly data: readonly T[];
  readonly has_more: false;
  readonly url: string;
}

export interface Period {
  readonly start: number;
  readonly end: number;
}

export interface Tax {
  readonly amount: number;
  readonly tax_behavior: 'exclusive' | 'inclusive';
  readonly tax_rate_details: { readonly tax_rate: string };
  readonly taxability_reason: string;
  readonly taxable_amount: number;
  readonly type: 'tax_rate_details';
}

export interface Pricing {
  readonly price_details: { readonly price: string; readonly product: string };
  readonly type: 'price_details';
  readonly unit_amount_decimal: string | null;
}

export interface InvoiceLineItem {
  readonly id: string;
  readonly object: 'line_item';
  readonly amount: number;
  readonly currency: string;
  readonly description: string | null;
  readonly discount_amounts: readonly { readonly amount: number; readonly discount: string }[];
  readonly discountable: boolean;
  readonly discounts: readonly string[];
  readonly invoice: string | null;
  readonly livemode: false;
  readonly metadata: Metadata;
  readonly parent: Record<string, unknown>;
  readonly period: Period;
  readonly pretax_credit_amounts: readonly [];
  readonly pricing: Pricing | null;
  readonly quantity: number | null;
  readonly quantity_decimal: string | null;
  readonly subscription: string | null;
  readonly subtotal: number;
  readonly taxes: readonly Tax[];
}

/** A line of an invoice as it was made, before discounts and taxes. */
export interface InvoiceLine {
  readonly id: string;
  readonly amount: number;
  readonly description: string | null;
  readonly discountable: boolean;
  readonly discounts: readonly string[];
  /** The invoice item that it came from, if any. */
  readonly invoiceItem: string | null;
  readonly metadata: Metadata;
  readonly period: Period;
  readonly price: Price | null;
  readonly proration: boolean;
  readonly quantity: string | null;
  readonly subscription: string | null;
  readonly subscriptionItem: string | null;
  /** `null` takes what the invoice taxes its lines with. */
  readonly taxRates: readonly TaxRate[] | null;
  readonly unitAmountDecimal: string | null;
}

export type InvoiceStatus = 'draft' | 'open' | 'paid' | 'uncollectible' | 'void';

export interface Invoice {
  readonly id: string;
  readonly object: 'invoice';
  readonly account_country: 'US';
  readonly account_name: null;
  amount_due: number;
  readonly amount_overpaid: 0;
  amount_paid: number;
  amount_remaining: number;
  amount_shipping: number;
  readonly application: null;
  attempt_count: number;
  attempted: boolean;
  auto_advance: boolean;
  automatic_tax: Record<string, unknown> & { readonly enabled: boolean };
  automatically_finalizes_at: number | null;
  readonly billing_reason: string;
  collection_method: 'charge_automatically' | 'send_invoice';
  /** Shown where `expand` names it. */
  confirmation_secret: { readonly client_secret: string; readonly type: 'payment_intent' } | null;
  readonly created: number;
  readonly currency: string;
  readonly custom_fields: null;
  readonly customer: string;
  readonly customer_email: string | null;
  readonly customer_name: string | null;
  default_payment_method: string | null;
  readonly default_source: null;
  default_tax_rates: readonly TaxRate[];
  description: string | null;
  discounts: readonly string[];
  due_date: number | null;
  ending_balance: number | null;
  footer: string | null;
  hosted_invoice_url: string | null;
  lines: List<InvoiceLineItem>;
  readonly livemode: false;
  metadata: Metadata;
  next_payment_attempt: number | null;
  number: string | null;
  readonly on_behalf_of: string | null;
  readonly parent: Record<string, unknown> | null;
  /** Shown where `expand` names it. */
  payments: List<InvoicePayment>;
  readonly period_end: number;
  readonly period_start: number;
  post_payment_credit_notes_amount: number;
  pre_payment_credit_notes_amount: number;
  shipping_cost: Record<string, unknown> | null;
  starting_balance: number;
  statement_descriptor: string | null;
  status: InvoiceStatus;
  readonly status_transitions: {
    finalized_at: number | null;
    marked_uncollectible_at: number | null;
    paid_at: number | null;
    voided_at: number | null;
  };
  subtotal: number;
  subtotal_excluding_tax: number;
  total: number;
  total_discount_amounts: readonly { readonly amount: number; readonly discount: string }[];
  total_excluding_tax: number;
  readonly total_pretax_credit_amounts: readonly [];
  total_taxes: readonly Tax[];
}

export interface InvoicePayment {
  readonly id: string;
  readonly object: 'invoice_payment';
  amount_paid: number | null;
  readonly amount_requested: number;
  readonly created: number;
  readonly currency: string;
  readonly invoice: string;
  readonly is_default: boolean;
  readonly livemode: false;
  readonly payment: { readonly payment_intent: string; readonly type: 'payment_intent' };
  status: 'canceled' | 'open' | 'paid';
  readonly status_transitions: { canceled_at: number | null; paid_at: number | null };
}

export interface InvoiceItem {
  readonly id: string;
  readonly object: 'invoiceitem';
  amount: number;
  readonly created: number;
  readonly currency: string;
  readonly customer: string;
  readonly date: number;
  description: string | null;
  discountable: boolean;
  discounts: readonly string[];
  invoice: string | null;
  readonly livemode: false;
  metadata: Metadata;
  readonly parent: Record<string, unknown> | null;
  period: Period;
  pricing: Pricing | null;
  readonly proration: boolean;
  quantity: number;
  quantity_decimal: string;
  tax_rates: readonly TaxRate[];
  readonly test_clock: null;
}

export interface SubscriptionItem {
  readonly id: string;
  readonly object: 'subscription_item';
  readonly billing_thresholds: null;
  readonly created: number;
  current_period_end: number;
  current_period_start: number;
  discounts: readonly string[];
  metadata: Metadata;
  price: Price;
  /** Absent where usage is metered. */
  quantity?: number;
  readonly subscription: string;
  tax_rates: readonly TaxRate[];
}

export type SubscriptionStatus =
  | 'active'
  | 'canceled'
  | 'incomplete'
  | 'incomplete_expired'
  | 'past_due'
  | 'paused'
  | 'trialing'
  | 'unpaid';

export interface Subscription {
  readonly id: string;
  readonly object: 'subscription';
  readonly application: null;
  automatic_tax: Record<string, unknown> & { readonly enabled: boolean };
  billing_cycle_anchor: number;
  readonly billing_cycle_anchor_config: null;
  readonly billing_mode: { readonly flexible: null; readonly type: 'classic' | 'flexible' };
  cancel_at: number | null;
  cancel_at_period_end: boolean;
  canceled_at: number | null;
  readonly cancellation_details: Record<string, unknown>;
  collection_method: 'charge_automatically' | 'send_invoice';
  readonly created: number;
  readonly currency: string;
  readonly customer: string;
  days_until_due: number | null;
  default_payment_method: string | null;
  readonly default_source: null;
  default_tax_rates: readonly TaxRate[];
  description: string | null;
  discounts: readonly string[];
  ended_at: number | null;
  items: List<SubscriptionItem>;
  latest_invoice: string | null;
  readonly livemode: false;
  metadata: Metadata;
  readonly on_behalf_of: string | null;
  pause_collection: Record<string, unknown> | null;
  readonly payment_settings: Record<string, unknown>;
  pending_update: Record<string, unknown> | null;
  readonly schedule: null;
  readonly start_date: number;
  status: SubscriptionStatus;
  readonly test_clock: null;
  transfer_data: Record<string, unknown> | null;
  trial_end: number | null;
  trial_settings: Record<string, unknown>;
  trial_start: number | null;
}

export interface CreditNote {
  readonly id: string;
  readonly object: 'credit_note';
  readonly amount: number;
  readonly created: number;
  readonly currency: string;
  readonly customer: string;
  readonly customer_balance_transaction: null;
  readonly invoice: string;
  readonly livemode: false;
  readonly memo: string | null;
  readonly metadata: Metadata;
  readonly number: string;
  readonly reason: string | null;
  readonly refunds: readonly { readonly amount_refunded: number; readonly refund: string }[];
  status: 'issued' | 'void';
  readonly total: number;
  readonly type: 'post_payment' | 'pre_payment';
}
