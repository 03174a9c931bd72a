import type { TestCard } from './test-cards';

/** Stripe's objects with the fields this vendor keeps, in the shape of its API. Instants are Unix seconds. */

export type Metadata = Record<string, string>;

/** Which payment methods a PaymentIntent takes: those that the Dashboard enables, with or without redirects. */
export interface AutomaticPaymentMethods {
  readonly allow_redirects?: 'always' | 'never';
  readonly enabled: boolean;
}

export interface PaymentIntent {
  readonly id: string;
  readonly object: 'payment_intent';
  readonly allowed_payment_method_types: readonly string[] | null;
  amount: number;
  amount_capturable: number;
  readonly amount_details: Record<string, unknown>;
  amount_received: number;
  readonly application: null;
  application_fee_amount: number | null;
  automatic_payment_methods: AutomaticPaymentMethods | null;
  canceled_at: number | null;
  cancellation_reason: string | null;
  capture_method: 'automatic' | 'automatic_async' | 'manual';
  readonly client_secret: string;
  readonly confirmation_method: 'automatic' | 'manual';
  readonly created: number;
  currency: string;
  customer: string | null;
  description: string | null;
  last_payment_error: Record<string, unknown> | null;
  latest_charge: string | null;
  readonly livemode: false;
  metadata: Metadata;
  next_action: Record<string, unknown> | null;
  readonly on_behalf_of: string | null;
  payment_method: string | null;
  readonly payment_method_configuration_details: null;
  readonly payment_method_options: Record<string, unknown>;
  payment_method_types: readonly string[];
  readonly processing: null;
  receipt_email: string | null;
  readonly review: null;
  setup_future_usage: string | null;
  shipping: Record<string, unknown> | null;
  readonly source: null;
  statement_descriptor: string | null;
  statement_descriptor_suffix: string | null;
  status:
    | 'canceled'
    | 'requires_action'
    | 'requires_capture'
    | 'requires_confirmation'
    | 'requires_payment_method'
    | 'succeeded';
  transfer_data: Record<string, unknown> | null;
  readonly transfer_group: string | null;
}

export interface Charge {
  readonly id: string;
  readonly object: 'charge';
  amount: number;
  amount_captured: number;
  amount_refunded: number;
  readonly application: null;
  readonly application_fee: null;
  readonly application_fee_amount: number | null;
  balance_transaction: string | null;
  readonly billing_details: Record<string, unknown>;
  readonly calculated_statement_descriptor: string | null;
  captured: boolean;
  readonly created: number;
  readonly currency: string;
  readonly customer: string | null;
  description: string | null;
  readonly disputed: false;
  readonly failure_balance_transaction: null;
  readonly failure_code: string | null;
  readonly failure_message: string | null;
  readonly fraud_details: Record<string, unknown>;
  readonly livemode: false;
  metadata: Metadata;
  readonly on_behalf_of: string | null;
  readonly outcome: Record<string, unknown>;
  readonly paid: boolean;
  readonly payment_intent: string | null;
  readonly payment_method: string;
  readonly payment_method_details: Record<string, unknown>;
  receipt_email: string | null;
  readonly receipt_number: null;
  readonly receipt_url: null;
  refunded: boolean;
  readonly review: null;
  shipping: Record<string, unknown> | null;
  readonly source_transfer: null;
  readonly statement_descriptor: string | null;
  readonly statement_descriptor_suffix: string | null;
  readonly status: 'failed' | 'succeeded';
  readonly transfer_data: Record<string, unknown> | null;
  readonly transfer_group: string | null;
}

export interface Refund {
  readonly id: string;
  readonly object: 'refund';
  readonly amount: number;
  readonly balance_transaction: string | null;
  readonly charge: string;
  readonly created: number;
  readonly currency: string;
  readonly destination_details: Record<string, unknown>;
  metadata: Metadata;
  readonly payment_intent: string | null;
  readonly reason: string | null;
  readonly receipt_number: null;
  readonly source_transfer_reversal: null;
  readonly status: 'succeeded';
  readonly transfer_reversal: null;
}

export interface Customer {
  readonly id: string;
  readonly object: 'customer';
  address: Record<string, unknown> | null;
  balance: number;
  readonly created: number;
  readonly currency: string | null;
  default_source: string | null;
  readonly delinquent: false;
  description: string | null;
  readonly discount: null;
  email: string | null;
  invoice_prefix: string;
  readonly invoice_settings: Record<string, unknown>;
  readonly livemode: false;
  metadata: Metadata;
  name: string | null;
  readonly next_invoice_sequence: number;
  phone: string | null;
  preferred_locales: readonly string[];
  shipping: Record<string, unknown> | null;
  tax_exempt: string;
  readonly test_clock: null;
}

export interface Payout {
  readonly id: string;
  readonly object: 'payout';
  readonly amount: number;
  readonly application_fee: null;
  readonly application_fee_amount: null;
  readonly arrival_date: number;
  readonly automatic: false;
  readonly balance_transaction: string;
  readonly created: number;
  readonly currency: string;
  readonly description: string | null;
  readonly destination: string;
  readonly failure_balance_transaction: null;
  readonly failure_code: null;
  readonly failure_message: null;
  readonly livemode: false;
  readonly metadata: Metadata;
  readonly method: string;
  readonly original_payout: null;
  readonly reconciliation_status: 'not_applicable';
  readonly reversed_by: null;
  readonly source_type: string;
  readonly statement_descriptor: string | null;
  readonly status: 'pending';
  readonly type: 'bank_account';
}

export interface BalanceTransaction {
  readonly id: string;
  readonly object: 'balance_transaction';
  readonly amount: number;
  readonly available_on: number;
  readonly created: number;
  readonly currency: string;
  readonly description: string | null;
  readonly exchange_rate: null;
  readonly fee: 0;
  readonly fee_details: readonly [];
  readonly net: number;
  readonly reporting_category: string;
  readonly source: string;
  readonly status: 'pending';
  readonly type: string;
}

export interface PaymentMethod {
  readonly id: string;
  readonly object: 'payment_method';
  readonly billing_details: Record<string, unknown>;
  readonly card: Record<string, unknown>;
  readonly created: number;
  customer: string | null;
  readonly livemode: false;
  metadata: Metadata;
  readonly type: 'card';
}

/** A payment method, with the test card that says how it behaves. */
export interface StoredPaymentMethod {
  readonly shown: PaymentMethod;
  readonly card: TestCard;
}
