import type { TaxRate } from '../catalogue/catalogue-objects';
import type { LineItem, OrderLine } from '../checkout/checkout-objects';
import type { Metadata } from '../stripe-objects';
import type { List } from './billing-objects';

export interface Quote {
  readonly id: string;
  readonly object: 'quote';
  amount_subtotal: number;
  amount_total: number;
  readonly application: null;
  automatic_tax: Record<string, unknown> & { readonly enabled: boolean };
  collection_method: 'charge_automatically' | 'send_invoice';
  computed: Record<string, unknown>;
  readonly created: number;
  currency: string;
  customer: string | null;
  default_tax_rates: readonly string[];
  description: string | null;
  discounts: readonly string[];
  expires_at: number;
  footer: string | null;
  header: string | null;
  invoice: string | null;
  invoice_settings: Record<string, unknown> & { readonly days_until_due: number | null };
  /** Shown where `expand` names it. */
  line_items: List<LineItem>;
  readonly livemode: false;
  metadata: Metadata;
  number: string | null;
  status: 'accepted' | 'canceled' | 'draft' | 'open';
  readonly status_transitions: {
    accepted_at: number | null;
    canceled_at: number | null;
    finalized_at: number | null;
  };
  subscription: string | null;
  subscription_data: Record<string, unknown> & { readonly trial_period_days: number | null };
  total_details: Record<string, unknown>;
}

/** What a quote offers, as it was written. */
export interface QuoteTerms {
  readonly lines: readonly OrderLine[];
  readonly taxRates: readonly TaxRate[];
}
