import { redeem } from '../catalogue/discounts';
import { makeShippingRate, shippingRateData } from '../catalogue/shipping-rates';
import { taxRatesOf } from '../catalogue/tax-rates';
import { endpoint, listEndpoint } from '../endpoint';
import type { Endpoint } from '../endpoint';
import { mergeMetadata } from '../metadata';
import { automaticTax, discountsOf, object, quantity, timestamp } from '../nested-params';
import {
  allUnmodelled,
  currency,
  flag,
  hash,
  metadata,
  oneOf,
  text,
  texts,
  unsettableText,
} from '../param-rules';
import { StripeError } from '../stripe-error';
import type { Invoice } from './billing-objects';
import { subscriptionOf } from './settle-invoice';
import { discardDraft, makeInvoice, refreshInvoice } from './make-invoice';
import { takePendingLines } from './subscription-invoices';

const shippingCost = object({ shipping_rate: text, shipping_rate_data: shippingRateData });

const invoiceFields = {
  auto_advance: flag,
  automatic_tax: automaticTax,
  automatically_finalizes_at: timestamp,
  collection_method: oneOf('charge_automatically', 'send_invoice'),
  days_until_due: quantity,
  default_payment_method: text,
  default_tax_rates: texts,
  description: unsettableText,
  discounts: discountsOf,
  due_date: timestamp,
  footer: unsettableText,
  metadata,
  number: text,
  on_behalf_of: text,
  statement_descriptor: unsettableText,
  transfer_data: hash,
  ...allUnmodelled(
    'account_tax_ids',
    'application_fee_amount',
    'custom_fields',
    'default_source',
    'effective_at',
    'issuer',
    'payment_settings',
    'rendering',
    'shipping_details',
  ),
};

/** @throws {StripeError} for an invoice that is final */
export function assertDraft(invoice: Invoice): Invoice {
  if (invoice.status === 'draft') return invoice;
  throw StripeError.invalid(
    `This invoice is already finalized, you can't update it: ${invoice.id} is ${invoice.status}.`,
    { code: 'invoice_not_editable' },
  );
}

export const invoiceEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/invoices',
    'invoice',
    {
      ...invoiceFields,
      currency,
      customer: text,
      pending_invoice_items_behavior: oneOf('exclude', 'include'),
      shipping_cost: shippingCost,
      subscription: text,
      ...allUnmodelled('customer_account', 'from_invoice'),
    },
    ({ account }, params) => {
      const of =
        params.subscription === undefined
          ? undefined
          : account.billing.subscriptions.get(params.subscription, 'subscription', 400);
      const owner = params.customer ?? of?.customer;
      if (owner === undefined) {
        throw StripeError.invalid('Missing required param: customer.', {
          code: 'parameter_missing',
          param: 'customer',
        });
      }
      const customer = account.customer(owner);
      const collection = params.collection_method ?? 'charge_automatically';
      const isDue = params.days_until_due !== undefined || params.due_date !== undefined;
      if ((collection === 'send_invoice') !== isDue) {
        throw StripeError.invalid(
          isDue
            ? "You can only specify `days_until_due` or `due_date` if `collection_method` is 'send_invoice'."
            : "If invoice is set to collection_method='send_invoice', you must pass a `due_date` or `days_until_due`.",
          { param: isDue ? 'days_until_due' : 'due_date' },
        );
      }
      const includes = params.pending_invoice_items_behavior === 'include' || of !== undefined;
      const code = params.currency ?? of?.currency ?? customer.currency ?? 'usd';
      const taxRates = taxRatesOf(account, params.default_tax_rates, 'default_tax_rates');
      const discounts = redeem(account, params.discounts, { customer: customer.id }, code);
      const { shipping_rate_data: rateData, shipping_rate: rateId } = params.shipping_cost ?? {};
      const rate =
        rateData === undefined
          ? rateId
          : makeShippingRate(account, rateData, 'shipping_cost[shipping_rate_data]').id;
      const pending = includes
        ? takePendingLines(account, customer.id, code, of?.id ?? null)
        : { lines: [], attach: () => undefined };
      const invoice = makeInvoice(account, {
        autoAdvance: params.auto_advance ?? false,
        automaticTax: params.automatic_tax?.enabled ?? false,
        billingReason: 'manual',
        collectionMethod: collection,
        currency: code,
        customer: customer.id,
        daysUntilDue: params.days_until_due ?? null,
        defaultPaymentMethod:
          params.default_payment_method === undefined
            ? null
            : account.paymentMethod(params.default_payment_method, customer.id).shown.id,
        defaultTaxRates: taxRates,
        description: params.description ?? null,
        discounts,
        dueDate: params.due_date ?? null,
        footer: params.footer ?? null,
        lines: pending.lines,
        metadata: mergeMetadata({}, params.metadata),
        onBehalfOf: params.on_behalf_of ?? null,
        parent:
          of === undefined
            ? null
            : {
                quote_details: null,
                subscription_details: { metadata: of.metadata, subscription: of.id },
                type: 'subscription_details',
              },
        shippingRate: rate,
        statementDescriptor: params.statement_descriptor ?? null,
      });
      pending.attach(invoice.id);
      return invoice;
    },
  ),

  endpoint('GET', '/v1/invoices/:id', 'invoice', {}, ({ account, id }) =>
    account.billing.invoices.get(id, 'invoice'),
  ),

  endpoint(
    'POST',
    '/v1/invoices/:id',
    'invoice',
    { ...invoiceFields, ...allUnmodelled('shipping_cost') },
    ({ account, id }, params) => {
      const invoice = account.billing.invoices.get(id, 'invoice');
      const { auto_advance: advance, description, metadata: change, ...others } = params;
      // A final invoice takes these alone: https://docs.stripe.com/api/invoices/update
      if (Object.values(others).some((value) => value !== undefined)) assertDraft(invoice);
      if (advance !== undefined) {
        invoice.auto_advance = advance;
        invoice.automatically_finalizes_at =
          advance && invoice.status === 'draft' ? account.now() + 3600 : null;
      }
      if (description !== undefined) invoice.description = description;
      invoice.metadata = mergeMetadata(invoice.metadata, change);
      if (params.automatic_tax?.enabled !== undefined) {
        invoice.automatic_tax = { ...invoice.automatic_tax, enabled: params.automatic_tax.enabled };
      }
      if (params.automatically_finalizes_at !== undefined) {
        invoice.automatically_finalizes_at = params.automatically_finalizes_at;
      }
      if (params.collection_method !== undefined) {
        invoice.collection_method = params.collection_method;
      }
      if (params.days_until_due !== undefined) {
        invoice.due_date = account.now() + params.days_until_due * 86_400;
      }
      if (params.due_date !== undefined) invoice.due_date = params.due_date;
      if (params.default_payment_method !== undefined) {
        invoice.default_payment_method = account.paymentMethod(
          params.default_payment_method,
          invoice.customer,
        ).shown.id;
      }
      if (params.default_tax_rates !== undefined) {
        invoice.default_tax_rates = taxRatesOf(
          account,
          params.default_tax_rates,
          'default_tax_rates',
        );
      }
      if (params.discounts !== undefined) {
        invoice.discounts = redeem(account, params.discounts, { invoice: id }, invoice.currency);
      }
      if (params.footer !== undefined) invoice.footer = params.footer;
      if (params.statement_descriptor !== undefined) {
        invoice.statement_descriptor = params.statement_descriptor;
      }
      if (invoice.status === 'draft') refreshInvoice(account, invoice);
      return invoice;
    },
  ),

  endpoint('DELETE', '/v1/invoices/:id', 'invoice', {}, ({ account, id }) => {
    const invoice = account.billing.invoices.get(id, 'invoice');
    if (invoice.status !== 'draft' || subscriptionOf(invoice) !== null) {
      throw StripeError.invalid(
        'You can only delete draft invoices that belong to no subscription.',
        {
          code: 'invoice_not_editable',
        },
      );
    }
    discardDraft(account, invoice);
    return { id, object: 'invoice', deleted: true };
  }),

  listEndpoint<Invoice>('/v1/invoices', 'invoice', (account) => account.billing.invoices, [
    'collection_method',
    'customer',
    'status',
    {
      name: 'subscription',
      rule: text,
      matches: (invoice, wanted) => subscriptionOf(invoice) === wanted,
    },
  ]),
];
