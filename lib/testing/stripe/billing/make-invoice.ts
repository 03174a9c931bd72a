import type { TaxRate } from '../catalogue/catalogue-objects';
import { couponsOf } from '../catalogue/discounts';
import { shippingAmount } from '../catalogue/shipping-rates';
import { newId } from '../new-id';
import type { StripeAccount } from '../stripe-account';
import type { CartTotals, TaxShare } from '../totals/cart';
import { cartTotals } from '../totals/cart';
import { automaticRate } from '../catalogue/automatic-tax';
import type { Invoice, InvoiceLine, InvoiceLineItem, List, Tax } from './billing-objects';
import { parentOf, pricingOf } from './invoice-lines';

export function listOf<T>(data: readonly T[], url: string): List<T> {
  return { object: 'list', data, has_more: false, url };
}

function taxesOf(shares: readonly TaxShare[]): Tax[] {
  return shares.map(({ rate, amount, taxable }) => ({
    amount,
    tax_behavior: rate.inclusive ? 'inclusive' : 'exclusive',
    tax_rate_details: { tax_rate: rate.id },
    taxability_reason: 'standard_rated',
    taxable_amount: taxable,
    type: 'tax_rate_details',
  }));
}

function ratesOf(account: StripeAccount, invoice: Invoice, line: InvoiceLine): readonly TaxRate[] {
  if (line.taxRates !== null) return line.taxRates;
  if (invoice.automatic_tax.enabled) return automaticRate(account, line.price);
  return invoice.default_tax_rates;
}

function totalsOf(account: StripeAccount, invoice: Invoice, lines: InvoiceLine[]): CartTotals {
  return cartTotals(
    lines.map((line) => ({
      amount: line.amount,
      discountable: line.discountable,
      product: line.price?.product ?? null,
      discounts: couponsOf(account, line.discounts),
      taxRates: ratesOf(account, invoice, line),
    })),
    couponsOf(account, invoice.discounts),
    invoice.currency,
  );
}

/** Brings what an invoice shows in line with its lines, discounts and taxes. */
export function refreshInvoice(account: StripeAccount, invoice: Invoice): void {
  const lines = account.billing.lines.get(invoice.id) ?? [];
  const totals = totalsOf(account, invoice, lines);
  const shipping = invoice.amount_shipping;
  invoice.lines = listOf(
    lines.map((line, index): InvoiceLineItem => {
      const { discounts, taxes } = totals.lines[index]!;
      return {
        id: line.id,
        object: 'line_item',
        amount: line.amount,
        currency: invoice.currency,
        description: line.description,
        discount_amounts: discounts,
        discountable: line.discountable,
        discounts: line.discounts,
        invoice: invoice.id,
        livemode: false,
        metadata: line.metadata,
        parent: parentOf(line),
        period: line.period,
        pretax_credit_amounts: [],
        pricing: pricingOf(line.price, line.unitAmountDecimal),
        quantity: line.quantity === null ? null : Math.trunc(Number(line.quantity)),
        quantity_decimal: line.quantity,
        subscription: line.subscription,
        subtotal: line.amount,
        taxes: taxesOf(taxes),
      };
    }),
    `/v1/invoices/${invoice.id}/lines`,
  );
  invoice.subtotal = totals.subtotal;
  invoice.subtotal_excluding_tax = totals.subtotal - totals.inclusiveTax;
  invoice.total_discount_amounts = totals.discounts;
  invoice.total_taxes = taxesOf(totals.taxes);
  invoice.total = totals.total + shipping;
  invoice.total_excluding_tax = totals.total + shipping - totals.exclusiveTax - totals.inclusiveTax;
  // A credit of the customer lowers what is due, a debit raises it: https://docs.stripe.com/billing/customer/balance
  const due = invoice.total + invoice.starting_balance;
  invoice.amount_due = Math.max(0, due);
  invoice.amount_remaining = invoice.amount_due - invoice.amount_paid;
}

export interface InvoiceOrder {
  readonly autoAdvance?: boolean;
  readonly automaticTax?: boolean;
  readonly billingReason: string;
  readonly collectionMethod?: 'charge_automatically' | 'send_invoice';
  readonly currency: string;
  readonly customer: string;
  readonly daysUntilDue?: number | null;
  readonly defaultPaymentMethod?: string | null;
  readonly defaultTaxRates?: readonly TaxRate[];
  readonly description?: string | null;
  readonly discounts?: readonly string[];
  readonly dueDate?: number | null;
  readonly footer?: string | null;
  readonly lines: readonly InvoiceLine[];
  readonly metadata?: Record<string, string>;
  readonly onBehalfOf?: string | null;
  readonly parent?: Record<string, unknown> | null;
  readonly shippingRate?: string | undefined;
  readonly statementDescriptor?: string | null;
}

const AN_HOUR = 3600;

/** A draft invoice with its lines. */
export function makeInvoice(account: StripeAccount, order: InvoiceOrder): Invoice {
  const id = newId('in_');
  const now = account.now();
  const customer = account.customers.find(order.customer);
  const rate =
    order.shippingRate === undefined
      ? undefined
      : account.catalogue.shippingRates.get(
          order.shippingRate,
          'shipping_cost[shipping_rate]',
          400,
        );
  const shipping =
    rate === undefined ? 0 : shippingAmount(rate, order.currency, 'shipping_cost[shipping_rate]');
  const invoice: Invoice = {
    id,
    object: 'invoice',
    account_country: 'US',
    account_name: null,
    amount_due: 0,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: 0,
    amount_shipping: shipping,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: order.autoAdvance ?? false,
    automatic_tax: {
      disabled_reason: null,
      enabled: order.automaticTax ?? false,
      liability: null,
      provider: null,
      status: order.automaticTax === true ? 'complete' : null,
    },
    automatically_finalizes_at: order.autoAdvance === true ? now + AN_HOUR : null,
    billing_reason: order.billingReason,
    collection_method: order.collectionMethod ?? 'charge_automatically',
    confirmation_secret: null,
    created: now,
    currency: order.currency,
    custom_fields: null,
    customer: order.customer,
    customer_email: customer?.email ?? null,
    customer_name: customer?.name ?? null,
    default_payment_method: order.defaultPaymentMethod ?? null,
    default_source: null,
    default_tax_rates: order.defaultTaxRates ?? [],
    description: order.description ?? null,
    discounts: order.discounts ?? [],
    due_date: order.dueDate ?? (order.daysUntilDue ? now + order.daysUntilDue * 86_400 : null),
    ending_balance: null,
    footer: order.footer ?? null,
    hosted_invoice_url: null,
    lines: listOf<InvoiceLineItem>([], ''),
    livemode: false,
    metadata: order.metadata ?? {},
    next_payment_attempt: null,
    number: null,
    on_behalf_of: order.onBehalfOf ?? null,
    parent: order.parent ?? null,
    payments: listOf<never>([], '/v1/invoice_payments'),
    period_end: now,
    period_start: now,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    shipping_cost:
      rate === undefined
        ? null
        : {
            amount_subtotal: shipping,
            amount_tax: 0,
            amount_total: shipping,
            shipping_rate: rate.id,
            taxes: [],
          },
    starting_balance: customer?.balance ?? 0,
    statement_descriptor: order.statementDescriptor ?? null,
    status: 'draft',
    status_transitions: {
      finalized_at: null,
      marked_uncollectible_at: null,
      paid_at: null,
      voided_at: null,
    },
    subtotal: 0,
    subtotal_excluding_tax: 0,
    total: 0,
    total_discount_amounts: [],
    total_excluding_tax: 0,
    total_pretax_credit_amounts: [],
    total_taxes: [],
  };
  account.billing.invoices.add(invoice);
  account.billing.lines.set(id, [...order.lines]);
  refreshInvoice(account, invoice);
  return invoice;
}

/** Takes an invoice back; its invoice items wait for the next one. */
export function discardDraft(account: StripeAccount, invoice: Invoice): void {
  for (const item of account.billing.invoiceItems.all((each) => each.invoice === invoice.id)) {
    item.invoice = null;
  }
  account.billing.invoices.remove(invoice.id);
  account.billing.lines.delete(invoice.id);
}
