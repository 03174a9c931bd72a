import type { OrderLine } from '../checkout/checkout-objects';
import type { Execution } from '../endpoint';
import { priceAmount } from '../totals/price-amount';
import type { InvoiceLine } from './billing-objects';
import { instant, makeLine, ratesOrDefault } from './invoice-lines';
import { makeInvoice } from './make-invoice';
import type { Quote } from './quote-objects';
import { startSubscription } from './start-subscription';

/**
 * What a quote becomes once it is accepted: a subscription where a line recurs, whose first invoice is charged at
 * once; else an invoice in draft, which is charged an hour later: https://docs.stripe.com/quotes/create
 */
export function acceptQuote(run: Execution, quote: Quote): Quote {
  const { account } = run;
  const { lines, taxRates } = account.billing.quoteTerms.get(quote.id)!;
  const once = lines.filter(({ price }) => price.recurring === null);
  const recurring = lines.filter(({ price }) => price.recurring !== null);
  const lineOf = (line: OrderLine): InvoiceLine =>
    makeLine({
      amount: priceAmount(line.price, quote.currency, line.quantity ?? 1, 'line_items'),
      description: account.catalogue.products.find(line.price.product)?.name ?? null,
      discounts: line.discounts,
      period: instant(account.now()),
      price: line.price,
      quantity: String(line.quantity ?? 1),
      taxRates: ratesOrDefault(line.taxRates),
    });
  const customer = quote.customer!;
  const days = quote.invoice_settings.days_until_due ?? 30;
  const isSent = quote.collection_method === 'send_invoice';
  if (recurring.length > 0) {
    const trial = quote.subscription_data.trial_period_days;
    const subscription = startSubscription(run, {
      automaticTax: quote.automatic_tax.enabled,
      collectionMethod: quote.collection_method,
      currency: quote.currency,
      customer,
      daysUntilDue: isSent ? days : undefined,
      defaultTaxRates: taxRates,
      discounts: quote.discounts.map((discount) => ({ discount })),
      extraLines: once.map(lineOf),
      items: recurring.map((line) => ({
        discounts: line.discounts,
        metadata: {},
        price: line.price,
        quantity: line.quantity ?? undefined,
        taxRates: line.taxRates,
      })),
      trialEnd: trial === null ? undefined : account.now() + trial * 86_400,
    });
    quote.subscription = subscription.id;
    quote.invoice = subscription.latest_invoice;
  } else {
    quote.invoice = makeInvoice(account, {
      autoAdvance: true,
      automaticTax: quote.automatic_tax.enabled,
      billingReason: 'manual',
      collectionMethod: quote.collection_method,
      currency: quote.currency,
      customer,
      daysUntilDue: isSent ? days : null,
      defaultTaxRates: taxRates,
      discounts: quote.discounts,
      lines: once.map(lineOf),
      parent: {
        quote_details: { quote: quote.id },
        subscription_details: null,
        type: 'quote_details',
      },
    }).id;
  }
  quote.status = 'accepted';
  quote.status_transitions.accepted_at = account.now();
  return quote;
}
