import { redeem } from '../catalogue/discounts';
import { priceData } from '../catalogue/price-rules';
import { taxRatesOf } from '../catalogue/tax-rates';
import { currencyOf } from '../checkout/order-lines';
import { endpoint } from '../endpoint';
import type { Endpoint, Execution } from '../endpoint';
import {
  automaticTax,
  decimal,
  discountsOf,
  lineAmount,
  listOf as listRule,
  object,
  quantity,
  timestamp,
  timestampOr,
  unitAmount,
  unsettable,
} from '../nested-params';
import { allUnmodelled, currency, flag, metadata, oneOf, text, texts } from '../param-rules';
import type { Params } from '../param-rules';
import { StripeError } from '../stripe-error';
import { priceAmount } from '../totals/price-amount';
import type { Invoice, InvoiceLine, Subscription } from './billing-objects';
import { prorations, saved } from './change-subscription';
import { itemAmount } from './invoice-items';
import { instant, lineOfItem, makeLine, ratesOrDefault } from './invoice-lines';
import { discardDraft, listOf, makeInvoice } from './make-invoice';
import { intervalsAfter } from './periods';
import { periodLine, takePendingLines } from './subscription-invoices';
import { isMetered, periodOf } from './subscription-items';
import { changedItem, prorationBehaviour } from './subscription-rules';
import { itemOrders, newItems } from './update-subscription';

const previewItem = object({
  amount: lineAmount,
  currency,
  description: text,
  discountable: flag,
  discounts: discountsOf,
  metadata,
  price: text,
  price_data: priceData,
  quantity,
  quantity_decimal: decimal,
  tax_rates: unsettable(texts),
  unit_amount: unitAmount,
  unit_amount_decimal: decimal,
  ...allUnmodelled('invoiceitem', 'period', 'tax_behavior', 'tax_code'),
});

const rules = {
  automatic_tax: automaticTax,
  currency,
  customer: text,
  discounts: discountsOf,
  invoice_items: listRule(previewItem),
  preview_mode: oneOf('next', 'recurring'),
  subscription: text,
  subscription_details: object({
    cancel_now: flag,
    default_tax_rates: unsettable(texts),
    items: listRule(changedItem),
    proration_behavior: prorationBehaviour,
    proration_date: timestamp,
    trial_end: timestampOr('now'),
    ...allUnmodelled(
      'billing_cycle_anchor',
      'billing_mode',
      'cancel_at',
      'cancel_at_period_end',
      'resume_at',
      'start_date',
    ),
  }),
  ...allUnmodelled('customer_account', 'customer_details', 'issuer', 'on_behalf_of'),
};

type Preview = Params<typeof rules>;

/** The lines of the first invoice of a subscription that does not exist. */
function newLines({ account }: Execution, params: Preview, code: string): InvoiceLine[] {
  const items = itemOrders(
    account,
    params.subscription_details?.items ?? [],
    params.customer ?? '',
  );
  const now = account.now();
  return items.map(({ price, quantity: units, taxRates }, index) => {
    const metered = price.recurring?.usage_type === 'metered';
    const count = units ?? 1;
    return makeLine({
      amount: metered
        ? 0
        : priceAmount(price, code, count, `subscription_details[items][${index}]`),
      period: { start: now, end: intervalsAfter(now, price.recurring!, 1) },
      price,
      quantity: String(count),
      taxRates: ratesOrDefault(taxRates),
    });
  });
}

/** The lines of a subscription's next invoice, as it is or as a change would leave it; nothing is kept of the change. */
function nextLines(run: Execution, subscription: Subscription, params: Preview): InvoiceLine[] {
  const { account } = run;
  const details = params.subscription_details;
  const pending = takePendingLines(
    account,
    subscription.customer,
    subscription.currency,
    subscription.id,
  );
  if (details?.items === undefined) {
    return [
      ...pending.lines,
      ...(details?.cancel_now === true ? [] : renewalOf(run, subscription)),
    ];
  }
  const copy: Subscription = {
    ...subscription,
    items: listOf(newItems(account, subscription, details.items), subscription.items.url),
  };
  const prorate = details.proration_behavior ?? 'create_prorations';
  const { made, restarted } = prorations(run, copy, saved(subscription), {
    behaviour: 'allow_incomplete',
    cycleNow: false,
    prorate,
    prorationDate: details.proration_date,
  });
  const prorated = made.map((item) =>
    lineOfItem(
      item,
      account.catalogue.prices.find(item.pricing?.price_details.price ?? '') ?? null,
    ),
  );
  for (const item of made) account.billing.invoiceItems.remove(item.id);
  const begun = restarted.map((item) => periodLine(account, copy, item, periodOf(item)));
  const isNow = prorate === 'always_invoice' || restarted.length > 0;
  return [...pending.lines, ...prorated, ...begun, ...(isNow ? [] : renewalOf(run, copy))];
}

function renewalOf({ account }: Execution, subscription: Subscription): InvoiceLine[] {
  return subscription.items.data
    .filter((item) => !isMetered(item))
    .map((item) => {
      const start = item.current_period_end;
      const end = intervalsAfter(start, item.price.recurring!, 1);
      return periodLine(account, subscription, item, { start, end });
    });
}

export const invoicePreviewEndpoints: Endpoint[] = [
  endpoint('POST', '/v1/invoices/create_preview', 'invoice', rules, (run, params) => {
    const { account } = run;
    const of =
      params.subscription === undefined
        ? undefined
        : account.billing.subscriptions.get(params.subscription, 'subscription', 400);
    const owner = of?.customer ?? params.customer;
    if (owner !== undefined) account.customer(owner);
    const given = params.subscription_details?.items ?? [];
    if (of === undefined && given.length === 0 && (params.invoice_items ?? []).length === 0) {
      throw StripeError.invalid('Nothing to invoice for customer', {
        code: 'invoice_upcoming_none',
      });
    }
    const code =
      of?.currency ??
      (given.length === 0
        ? (params.currency ?? params.invoice_items?.[0]?.currency ?? 'usd')
        : currencyOf(
            itemOrders(account, given, owner ?? ''),
            params.currency,
            'subscription_details[items]',
          ));
    const added = (params.invoice_items ?? []).map((item, index) => {
      const at = `invoice_items[${index}]`;
      const cost = itemAmount(account, item, code, at);
      return makeLine({
        amount: cost.amount,
        description: item.description ?? null,
        discountable: item.discountable ?? cost.amount >= 0,
        discounts: redeem(account, item.discounts, {}, code),
        period: instant(account.now()),
        price: cost.price,
        quantity: cost.quantity,
        taxRates: ratesOrDefault(taxRatesOf(account, item.tax_rates, `${at}[tax_rates]`)),
        unitAmountDecimal: cost.unitAmountDecimal,
      });
    });
    const lines = of === undefined ? newLines(run, params, code) : nextLines(run, of, params);
    const rates = params.subscription_details?.default_tax_rates;
    const draft = makeInvoice(account, {
      automaticTax: params.automatic_tax?.enabled ?? of?.automatic_tax.enabled ?? false,
      billingReason: 'upcoming',
      currency: code,
      customer: owner ?? '',
      defaultTaxRates:
        rates === undefined
          ? (of?.default_tax_rates ?? [])
          : taxRatesOf(account, rates, 'subscription_details[default_tax_rates]'),
      discounts:
        params.discounts === undefined
          ? (of?.discounts ?? [])
          : redeem(account, params.discounts, {}, code),
      lines: [...lines, ...added],
      parent:
        of === undefined
          ? null
          : {
              quote_details: null,
              subscription_details: { metadata: of.metadata, subscription: of.id },
              type: 'subscription_details',
            },
    });
    discardDraft(account, draft);
    const shown: Invoice = { ...draft, id: `upcoming_${draft.id}` };
    return shown;
  }),
];
