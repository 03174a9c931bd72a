import type { Price } from '../catalogue/catalogue-objects';
import { redeem } from '../catalogue/discounts';
import { inlinePrice, priceOf } from '../catalogue/make-price';
import { priceData, taxBehavior } from '../catalogue/price-rules';
import { taxRatesOf } from '../catalogue/tax-rates';
import { endpoint, listEndpoint } from '../endpoint';
import type { Endpoint } from '../endpoint';
import { mergeMetadata } from '../metadata';
import { decimal, discountsOf, lineAmount, object, quantity, timestamp } from '../nested-params';
import {
  allUnmodelled,
  currency,
  flag,
  metadata,
  required,
  text,
  texts,
  unsettableText,
} from '../param-rules';
import { newId } from '../new-id';
import type { StripeAccount } from '../stripe-account';
import { StripeError } from '../stripe-error';
import { Exact } from '../totals/exact';
import { priceAmount } from '../totals/price-amount';
import type { Invoice, InvoiceItem } from './billing-objects';
import { instant, lineOfItem, pricingOf } from './invoice-lines';
import { refreshInvoice } from './make-invoice';

export const period = object({ end: required(timestamp), start: required(timestamp) });

const amountFields = {
  amount: lineAmount,
  price_data: priceData,
  quantity,
  quantity_decimal: decimal,
  unit_amount_decimal: decimal,
};

const itemFields = {
  ...amountFields,
  description: unsettableText,
  discountable: flag,
  discounts: discountsOf,
  metadata,
  period,
  pricing: object({ price: text }),
  tax_rates: texts,
  ...allUnmodelled('invoicing_rules', 'tax_code'),
  tax_behavior: taxBehavior,
};

export interface ItemAmount {
  readonly amount: number;
  readonly price: Price | null;
  readonly quantity: string;
  readonly unitAmountDecimal: string | null;
}

interface GivenAmount {
  amount?: number | undefined;
  price?: string | undefined;
  price_data?: ReturnType<(typeof priceData)['read']> | undefined;
  quantity?: number | undefined;
  quantity_decimal?: string | undefined;
  unit_amount?: number | undefined;
  unit_amount_decimal?: string | undefined;
}

/**
 * What an invoice item, or a line, comes to: an amount, or a quantity of a price or of a unit amount.
 *
 * @throws {StripeError} where none of them is given, or a price is for a subscription
 */
export function itemAmount(
  account: StripeAccount,
  given: GivenAmount,
  code: string,
  at: string,
): ItemAmount {
  const units = given.quantity_decimal ?? String(given.quantity ?? 1);
  const unit = given.unit_amount_decimal ?? given.unit_amount?.toString();
  const ways = [given.amount, given.price, given.price_data, unit];
  const count = ways.filter((way) => way !== undefined).length;
  if (count !== 1) {
    throw StripeError.invalid(
      'You must specify exactly one of `amount`, `pricing[price]`, `price_data` and `unit_amount_decimal`.',
      { code: 'parameter_missing', param: at === '' ? 'amount' : `${at}[amount]` },
    );
  }
  if (given.amount !== undefined) {
    if (given.quantity !== undefined || given.quantity_decimal !== undefined) {
      throw StripeError.invalid('You may only specify one of these parameters: amount, quantity.', {
        param: 'quantity',
      });
    }
    return {
      amount: given.amount,
      price: null,
      quantity: '1',
      unitAmountDecimal: String(given.amount),
    };
  }
  if (unit !== undefined) {
    const amount = Exact.of(unit).times(Exact.of(units)).rounded();
    return { amount, price: null, quantity: units, unitAmountDecimal: unit };
  }
  const name = at === '' ? 'price_data' : `${at}[price_data]`;
  const price =
    given.price_data === undefined
      ? priceOf(account, { price: given.price }, at === '' ? 'pricing' : `${at}[pricing]`)
      : inlinePrice(account, given.price_data, name);
  if (price.recurring !== null) {
    throw StripeError.invalid(
      'The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`.',
      { param: 'pricing[price]' },
    );
  }
  return {
    amount: priceAmount(price, code, units, 'pricing[price]'),
    price,
    quantity: units,
    unitAmountDecimal: price.currency_options[code]?.unit_amount_decimal ?? null,
  };
}

function draft(account: StripeAccount, id: string): Invoice {
  const invoice = account.billing.invoices.get(id, 'invoice', 400);
  if (invoice.status !== 'draft') {
    throw StripeError.invalid(
      `You can only add or change invoice items of a draft invoice; ${id} is ${invoice.status}.`,
      { code: 'invoice_not_editable', param: 'invoice' },
    );
  }
  return invoice;
}

/** Puts an invoice item, or what has become of it, on its draft. */
export function putOnDraft(account: StripeAccount, item: InvoiceItem, price: Price | null): void {
  if (item.invoice === null) return;
  const invoice = draft(account, item.invoice);
  const lines = account.billing.lines.get(invoice.id) ?? [];
  account.billing.lines.set(invoice.id, [
    ...lines.filter(({ invoiceItem }) => invoiceItem !== item.id),
    lineOfItem(item, price),
  ]);
  refreshInvoice(account, invoice);
}

export const invoiceItemEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/invoiceitems',
    'invoiceitem',
    {
      ...itemFields,
      currency,
      customer: text,
      invoice: text,
      subscription: text,
      ...allUnmodelled('customer_account'),
    },
    ({ account }, params) => {
      const invoice = params.invoice === undefined ? undefined : draft(account, params.invoice);
      const owner = params.customer ?? invoice?.customer;
      if (owner === undefined) {
        throw StripeError.invalid('Missing required param: customer.', {
          code: 'parameter_missing',
          param: 'customer',
        });
      }
      const customer = account.customer(owner);
      const price = params.pricing?.price;
      const code =
        params.currency ??
        invoice?.currency ??
        params.price_data?.currency ??
        account.catalogue.prices.find(price ?? '')?.currency ??
        'usd';
      const cost = itemAmount(account, { ...params, price }, code, '');
      const now = account.now();
      const id = newId('ii_');
      const item: InvoiceItem = {
        id,
        object: 'invoiceitem',
        amount: cost.amount,
        created: now,
        currency: code,
        customer: customer.id,
        date: now,
        description: params.description ?? null,
        discountable: params.discountable ?? cost.amount >= 0,
        discounts: redeem(account, params.discounts, { invoice_item: id }, code),
        invoice: invoice?.id ?? null,
        livemode: false,
        metadata: mergeMetadata({}, params.metadata),
        parent:
          params.subscription === undefined
            ? null
            : {
                subscription_details: {
                  subscription: account.billing.subscriptions.get(
                    params.subscription,
                    'subscription',
                    400,
                  ).id,
                },
                type: 'subscription_details',
              },
        period: params.period ?? instant(now),
        pricing: pricingOf(cost.price, cost.unitAmountDecimal),
        proration: false,
        quantity: Math.trunc(Number(cost.quantity)),
        quantity_decimal: cost.quantity,
        tax_rates: taxRatesOf(account, params.tax_rates, 'tax_rates'),
        test_clock: null,
      };
      account.billing.invoiceItems.add(item);
      putOnDraft(account, item, cost.price);
      return item;
    },
  ),

  endpoint('GET', '/v1/invoiceitems/:id', 'invoiceitem', {}, ({ account, id }) =>
    account.billing.invoiceItems.get(id, 'id'),
  ),

  endpoint('POST', '/v1/invoiceitems/:id', 'invoiceitem', itemFields, ({ account, id }, params) => {
    const item = account.billing.invoiceItems.get(id, 'id');
    if (item.invoice !== null) draft(account, item.invoice);
    const old = item.pricing?.price_details.price;
    let price = account.catalogue.prices.find(old ?? '') ?? null;
    const names = Object.keys(amountFields) as (keyof typeof amountFields)[];
    const isPriced =
      params.pricing !== undefined || names.some((name) => params[name] !== undefined);
    if (isPriced) {
      const given = { ...params, price: params.pricing?.price };
      const keepsUnit =
        given.amount === undefined &&
        given.price === undefined &&
        given.price_data === undefined &&
        given.unit_amount_decimal === undefined;
      const unit = item.amount / Math.max(1, item.quantity);
      const cost = itemAmount(
        account,
        keepsUnit
          ? {
              ...given,
              ...(old === undefined ? { unit_amount_decimal: String(unit) } : { price: old }),
            }
          : given,
        item.currency,
        '',
      );
      price = cost.price;
      item.amount = cost.amount;
      item.pricing = pricingOf(cost.price, cost.unitAmountDecimal);
      item.quantity = Math.trunc(Number(cost.quantity));
      item.quantity_decimal = cost.quantity;
    }
    if (params.description !== undefined) item.description = params.description;
    if (params.discountable !== undefined) item.discountable = params.discountable;
    if (params.discounts !== undefined) {
      item.discounts = redeem(account, params.discounts, { invoice_item: id }, item.currency);
    }
    item.metadata = mergeMetadata(item.metadata, params.metadata);
    if (params.period !== undefined) item.period = params.period;
    if (params.tax_rates !== undefined) {
      item.tax_rates = taxRatesOf(account, params.tax_rates, 'tax_rates');
    }
    putOnDraft(account, item, price);
    return item;
  }),

  endpoint('DELETE', '/v1/invoiceitems/:id', 'invoiceitem', {}, ({ account, id }) => {
    const item = account.billing.invoiceItems.get(id, 'id');
    if (item.invoice !== null) {
      const invoice = draft(account, item.invoice);
      const lines = account.billing.lines.get(invoice.id) ?? [];
      account.billing.lines.set(
        invoice.id,
        lines.filter(({ invoiceItem }) => invoiceItem !== id),
      );
      refreshInvoice(account, invoice);
    }
    account.billing.invoiceItems.remove(id);
    return { id, object: 'invoiceitem', deleted: true };
  }),

  listEndpoint<InvoiceItem>(
    '/v1/invoiceitems',
    'invoiceitem',
    (account) => account.billing.invoiceItems,
    [
      'customer',
      'invoice',
      {
        name: 'pending',
        rule: flag,
        matches: ({ invoice }, wanted) => (invoice === null) === wanted,
      },
    ],
  ),
];
