import { redeem } from '../catalogue/discounts';
import { priceData } from '../catalogue/price-rules';
import { taxRatesOf } from '../catalogue/tax-rates';
import { endpoint } from '../endpoint';
import type { Endpoint } from '../endpoint';
import { mergeMetadata } from '../metadata';
import {
  decimal,
  discountsOf,
  lineAmount,
  listOf as listRule,
  object,
  quantity,
  unsettable,
} from '../nested-params';
import {
  allUnmodelled,
  flag,
  metadata,
  required,
  text,
  texts,
  unsettableText,
} from '../param-rules';
import { StripeError } from '../stripe-error';
import {
  chargeInvoice,
  finalizeInvoice,
  intentOf,
  methodFor,
  noMethod,
  tryCharge,
  voidInvoice,
} from './collect-invoice';
import type { Invoice } from './billing-objects';
import { itemAmount, period } from './invoice-items';
import { instant, lineOfItem, makeLine, ratesOrDefault } from './invoice-lines';
import { assertDraft } from './invoices';
import { refreshInvoice } from './make-invoice';
import { markPaid } from './settle-invoice';

const addedLine = object({
  amount: lineAmount,
  description: unsettableText,
  discountable: flag,
  discounts: discountsOf,
  invoice_item: text,
  metadata,
  period,
  price_data: priceData,
  pricing: object({ price: text }),
  quantity,
  quantity_decimal: decimal,
  tax_rates: unsettable(texts),
  ...allUnmodelled('tax_amounts'),
});

/** @throws {StripeError} for an invoice that is not open */
function assertOpen(invoice: Invoice, done: string): void {
  if (invoice.status === 'open' || invoice.status === 'uncollectible') return;
  throw StripeError.invalid(
    `You can only ${done} an invoice that is open or uncollectible; ${invoice.id} is ${invoice.status}.`,
  );
}

export const invoiceActionEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/invoices/:id/add_lines',
    'invoice',
    { invoice_metadata: metadata, lines: required(listRule(addedLine)) },
    ({ account, id }, params) => {
      const invoice = assertDraft(account.billing.invoices.get(id, 'invoice'));
      const added = params.lines.map((line, index) => {
        const at = `lines[${index}]`;
        if (line.invoice_item !== undefined) {
          const item = account.billing.invoiceItems.get(
            line.invoice_item,
            `${at}[invoice_item]`,
            400,
          );
          if (item.invoice !== null || item.customer !== invoice.customer) {
            throw StripeError.invalid(
              `The invoice item ${item.id} is already on an invoice, or of another customer.`,
              { param: `${at}[invoice_item]` },
            );
          }
          item.invoice = id;
          const price = account.catalogue.prices.find(item.pricing?.price_details.price ?? '');
          return lineOfItem(item, price ?? null);
        }
        const cost = itemAmount(
          account,
          { ...line, price: line.pricing?.price },
          invoice.currency,
          at,
        );
        return makeLine({
          amount: cost.amount,
          description: line.description ?? null,
          discountable: line.discountable ?? cost.amount >= 0,
          discounts: redeem(account, line.discounts, { invoice: id }, invoice.currency),
          metadata: mergeMetadata({}, line.metadata),
          period: line.period ?? instant(account.now()),
          price: cost.price,
          quantity: cost.quantity,
          taxRates: ratesOrDefault(taxRatesOf(account, line.tax_rates, `${at}[tax_rates]`)),
          unitAmountDecimal: cost.unitAmountDecimal,
        });
      });
      account.billing.lines.set(id, [...(account.billing.lines.get(id) ?? []), ...added]);
      invoice.metadata = mergeMetadata(invoice.metadata, params.invoice_metadata);
      refreshInvoice(account, invoice);
      return invoice;
    },
  ),

  endpoint(
    'POST',
    '/v1/invoices/:id/finalize',
    'invoice',
    { auto_advance: flag },
    (run, params) => {
      const invoice = assertDraft(run.account.billing.invoices.get(run.id, 'invoice'));
      if (params.auto_advance !== undefined) invoice.auto_advance = params.auto_advance;
      finalizeInvoice(run, invoice);
      const charges =
        invoice.auto_advance &&
        invoice.collection_method === 'charge_automatically' &&
        invoice.status === 'open' &&
        methodFor(run.account, invoice) !== null;
      if (charges) tryCharge(run, invoice);
      return invoice;
    },
  ),

  endpoint(
    'POST',
    '/v1/invoices/:id/pay',
    'invoice',
    {
      forgive: flag,
      mandate: text,
      off_session: flag,
      paid_out_of_band: flag,
      payment_method: text,
      source: text,
    },
    (run, params) => {
      const { account, id } = run;
      const invoice = account.billing.invoices.get(id, 'invoice');
      if (invoice.status === 'paid') throw StripeError.invalid('Invoice is already paid');
      if (invoice.status === 'void') {
        throw StripeError.invalid(`Invoice ${id} is void and cannot be paid.`);
      }
      const method =
        params.payment_method === undefined
          ? params.source
          : account.paymentMethod(params.payment_method, invoice.customer).shown.id;
      const outside = params.paid_out_of_band === true;
      const needs = invoice.amount_due > 0 && !outside && method === undefined;
      if (needs && methodFor(account, invoice) === null) throw noMethod();
      if (invoice.status === 'draft') finalizeInvoice(run, invoice);
      // A draft that owes nothing is paid once it is final.
      if ((invoice.status as string) === 'paid') return invoice;
      if (outside) {
        const intent = intentOf(account, invoice);
        if (intent !== undefined) intent.status = 'canceled';
        for (const payment of invoice.payments.data) payment.status = 'canceled';
        markPaid(run, invoice);
        return invoice;
      }
      chargeInvoice(run, invoice, method);
      return invoice;
    },
  ),

  endpoint('POST', '/v1/invoices/:id/send', 'invoice', {}, (run) => {
    const invoice = run.account.billing.invoices.get(run.id, 'invoice');
    if (invoice.collection_method !== 'send_invoice') {
      throw StripeError.invalid(
        "You can only manually send an invoice if its collection method is 'send_invoice'.",
      );
    }
    if (invoice.status === 'draft') finalizeInvoice(run, invoice);
    return invoice;
  }),

  endpoint('POST', '/v1/invoices/:id/void', 'invoice', {}, ({ account, id }) => {
    const invoice = account.billing.invoices.get(id, 'invoice');
    assertOpen(invoice, 'void');
    voidInvoice(account, invoice);
    return invoice;
  }),

  endpoint('POST', '/v1/invoices/:id/mark_uncollectible', 'invoice', {}, ({ account, id }) => {
    const invoice = account.billing.invoices.get(id, 'invoice');
    assertOpen(invoice, 'mark as uncollectible');
    invoice.status = 'uncollectible';
    invoice.auto_advance = false;
    invoice.status_transitions.marked_uncollectible_at = account.now();
    return invoice;
  }),
];
