import { redeem } from '../catalogue/discounts';
import { priceData } from '../catalogue/price-rules';
import { taxRatesOf } from '../catalogue/tax-rates';
import type { OrderLine } from '../checkout/checkout-objects';
import { currencyOf, orderLine, priceOrder } from '../checkout/order-lines';
import { endpoint, listEndpoint } from '../endpoint';
import type { Endpoint } from '../endpoint';
import { mergeMetadata } from '../metadata';
import {
  automaticTax,
  count,
  discountsOf,
  listOf as listRule,
  object,
  quantity,
  timestamp,
  unsettable,
} from '../nested-params';
import {
  allUnmodelled,
  listLimit,
  metadata,
  oneOf,
  text,
  texts,
  unsettableText,
} from '../param-rules';
import type { Params } from '../param-rules';
import { newId } from '../new-id';
import type { StripeAccount } from '../stripe-account';
import { StripeError } from '../stripe-error';
import { acceptQuote } from './accept-quote';
import { listOf } from './make-invoice';
import type { Quote } from './quote-objects';

const quoteFields = {
  automatic_tax: automaticTax,
  collection_method: oneOf('charge_automatically', 'send_invoice'),
  customer: text,
  default_tax_rates: unsettable(texts),
  description: unsettableText,
  discounts: discountsOf,
  expires_at: timestamp,
  footer: unsettableText,
  header: unsettableText,
  invoice_settings: object({
    days_until_due: quantity,
    ...allUnmodelled('custom_fields', 'description', 'footer', 'issuer'),
  }),
  line_items: listRule(
    object({
      discounts: discountsOf,
      id: text,
      price: text,
      price_data: priceData,
      quantity,
      tax_rates: unsettable(texts),
    }),
  ),
  metadata,
  subscription_data: object({
    trial_period_days: unsettable(count),
    ...allUnmodelled('billing_mode', 'description', 'effective_date', 'metadata'),
  }),
  ...allUnmodelled(
    'application_fee_amount',
    'application_fee_percent',
    'customer_account',
    'on_behalf_of',
    'transfer_data',
  ),
};

type Given = Params<typeof quoteFields>;

const A_MONTH = 30 * 86_400;

function linesOf(account: StripeAccount, given: Given['line_items']): OrderLine[] {
  return (given ?? []).map((line, index) => {
    const at = `line_items[${index}]`;
    const made = orderLine(
      account,
      {
        adjustable_quantity: undefined,
        metadata: undefined,
        price: line.price,
        price_data: line.price_data,
        // A quote's line is for one, unless it says more: https://docs.stripe.com/api/quotes/create
        quantity: line.quantity ?? 1,
        tax_rates: line.tax_rates ?? undefined,
      },
      at,
    );
    return { ...made, discounts: redeem(account, line.discounts, {}, made.price.currency) };
  });
}

/** Brings what a quote shows in line with its lines. */
function refresh(account: StripeAccount, quote: Quote): void {
  const terms = account.billing.quoteTerms.get(quote.id)!;
  const pricing = {
    automaticTax: quote.automatic_tax.enabled,
    currency: quote.currency,
    defaultTaxRates: terms.taxRates,
    discounts: quote.discounts,
  };
  const { items, totals } = priceOrder(account, terms.lines, pricing);
  quote.line_items = listOf(items, `/v1/quotes/${quote.id}/line_items`);
  quote.amount_subtotal = totals.subtotal;
  quote.amount_total = totals.total;
  quote.total_details = {
    amount_discount: totals.discount,
    amount_shipping: 0,
    amount_tax: totals.exclusiveTax + totals.inclusiveTax,
  };
  const recurring = terms.lines.filter(({ price }) => price.recurring !== null);
  const each = priceOrder(account, recurring, pricing).totals;
  const [first] = recurring;
  quote.computed = {
    recurring:
      first === undefined
        ? null
        : {
            amount_subtotal: each.subtotal,
            amount_total: each.total,
            interval: first.price.recurring!.interval,
            interval_count: first.price.recurring!.interval_count,
            total_details: {
              amount_discount: each.discount,
              amount_shipping: 0,
              amount_tax: each.exclusiveTax + each.inclusiveTax,
            },
          },
    upfront: {
      amount_subtotal: totals.subtotal,
      amount_total: totals.total,
      total_details: quote.total_details,
    },
  };
}

function assertStatus(quote: Quote, done: string, ...allowed: Quote['status'][]): void {
  if (allowed.includes(quote.status)) return;
  throw StripeError.invalid(
    `This quote could not be ${done} because it has a status of ${quote.status}.`,
    { code: 'quote_invalid_state' },
  );
}

function change(account: StripeAccount, quote: Quote, params: Given): void {
  const known = account.billing.quoteTerms.get(quote.id);
  const lines =
    params.line_items === undefined ? (known?.lines ?? []) : linesOf(account, params.line_items);
  const taxRates =
    params.default_tax_rates === undefined
      ? (known?.taxRates ?? [])
      : taxRatesOf(account, params.default_tax_rates, 'default_tax_rates');
  if (lines.length > 0) quote.currency = currencyOf(lines, undefined);
  account.billing.quoteTerms.set(quote.id, { lines, taxRates });
  quote.default_tax_rates = taxRates.map(({ id }) => id);
  if (params.automatic_tax?.enabled !== undefined) {
    quote.automatic_tax = { ...quote.automatic_tax, enabled: params.automatic_tax.enabled };
  }
  if (params.collection_method !== undefined) quote.collection_method = params.collection_method;
  if (params.customer !== undefined) quote.customer = account.customer(params.customer).id;
  if (params.description !== undefined) quote.description = params.description;
  if (params.discounts !== undefined) {
    quote.discounts = redeem(account, params.discounts, {}, quote.currency);
  }
  if (params.expires_at !== undefined) quote.expires_at = params.expires_at;
  if (params.footer !== undefined) quote.footer = params.footer;
  if (params.header !== undefined) quote.header = params.header;
  if (params.invoice_settings?.days_until_due !== undefined) {
    quote.invoice_settings = {
      ...quote.invoice_settings,
      days_until_due: params.invoice_settings.days_until_due,
    };
  }
  if (params.subscription_data?.trial_period_days !== undefined) {
    quote.subscription_data = {
      ...quote.subscription_data,
      trial_period_days: params.subscription_data.trial_period_days,
    };
  }
  quote.metadata = mergeMetadata(quote.metadata, params.metadata);
  refresh(account, quote);
}

export const quoteEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/quotes',
    'quote',
    { ...quoteFields, ...allUnmodelled('from_quote', 'test_clock') },
    ({ account }, params) => {
      const now = account.now();
      const quote: Quote = {
        id: newId('qt_'),
        object: 'quote',
        amount_subtotal: 0,
        amount_total: 0,
        application: null,
        automatic_tax: { enabled: false, liability: null, provider: null, status: null },
        collection_method: 'charge_automatically',
        computed: {},
        created: now,
        currency: 'usd',
        customer: null,
        default_tax_rates: [],
        description: null,
        discounts: [],
        expires_at: now + A_MONTH,
        footer: null,
        header: null,
        invoice: null,
        invoice_settings: { days_until_due: null, issuer: { type: 'self' } },
        line_items: listOf<never>([], ''),
        livemode: false,
        metadata: {},
        number: null,
        status: 'draft',
        status_transitions: { accepted_at: null, canceled_at: null, finalized_at: null },
        subscription: null,
        subscription_data: { description: null, effective_date: null, trial_period_days: null },
        total_details: {},
      };
      change(account, quote, params);
      return account.billing.quotes.add(quote);
    },
  ),

  endpoint('GET', '/v1/quotes/:id', 'quote', {}, ({ account, id }) =>
    account.billing.quotes.get(id, 'quote'),
  ),

  endpoint('POST', '/v1/quotes/:id', 'quote', quoteFields, ({ account, id }, params) => {
    const quote = account.billing.quotes.get(id, 'quote');
    const { metadata: _, ...others } = params;
    if (Object.values(others).some((value) => value !== undefined)) {
      assertStatus(quote, 'updated', 'draft');
    }
    change(account, quote, params);
    return quote;
  }),

  endpoint(
    'POST',
    '/v1/quotes/:id/finalize',
    'quote',
    { expires_at: timestamp },
    ({ account, id }, params) => {
      const quote = account.billing.quotes.get(id, 'quote');
      assertStatus(quote, 'finalized', 'draft');
      if (quote.customer === null || quote.line_items.data.length === 0) {
        throw StripeError.invalid(
          'A quote must have a customer and line items before it is finalized.',
          { param: quote.customer === null ? 'customer' : 'line_items' },
        );
      }
      if (params.expires_at !== undefined) quote.expires_at = params.expires_at;
      quote.number = `QT-${quote.id.slice(-8).toUpperCase()}-1`;
      quote.status = 'open';
      quote.status_transitions.finalized_at = account.now();
      return quote;
    },
  ),

  endpoint('POST', '/v1/quotes/:id/accept', 'quote', {}, (run) => {
    const quote = run.account.billing.quotes.get(run.id, 'quote');
    assertStatus(quote, 'accepted', 'open');
    return acceptQuote(run, quote);
  }),

  endpoint('POST', '/v1/quotes/:id/cancel', 'quote', {}, ({ account, id }) => {
    const quote = account.billing.quotes.get(id, 'quote');
    assertStatus(quote, 'canceled', 'draft', 'open');
    quote.status = 'canceled';
    quote.status_transitions.canceled_at = account.now();
    return quote;
  }),

  endpoint(
    'GET',
    '/v1/quotes/:id/line_items',
    'list of item',
    { limit: listLimit, ...allUnmodelled('ending_before', 'starting_after') },
    ({ account, id }) => account.billing.quotes.get(id, 'quote').line_items,
  ),

  listEndpoint<Quote>('/v1/quotes', 'quote', (account) => account.billing.quotes, [
    'customer',
    'status',
  ]),
];
