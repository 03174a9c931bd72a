import { startSubscription } from '../billing/start-subscription';
import { makeLine, instant, ratesOrDefault } from '../billing/invoice-lines';
import { redeem } from '../catalogue/discounts';
import { taxRatesOf } from '../catalogue/tax-rates';
import { confirmIntent } from '../confirm-payment-intent';
import type { Execution } from '../endpoint';
import { makeIntent } from '../make-payment-intent';
import { makeCustomer } from '../make-customer';
import { newId } from '../new-id';
import type { PaymentIntent } from '../stripe-objects';
import { priceAmount } from '../totals/price-amount';
import type { CheckoutOrder, CheckoutSession, OrderLine } from './checkout-objects';
import { hasTrial, refreshSession } from './make-session';

/** What a customer chooses at Checkout. */
export interface CheckoutChoices {
  /** @default 'pm_card_visa' */
  paymentMethod?: string;
  /** Quantities of lines that let the customer choose, by the id of the line item (`li_…`). */
  quantities?: Readonly<Record<string, number>>;
  /** Optional items that the customer adds, by price (`price_…`), with their quantity. */
  optionalItems?: Readonly<Record<string, number>>;
  /** One of the session's shipping rates; the first one by default. */
  shippingRate?: string;
  /** What the customer pays for a price with `custom_unit_amount`, in its minor unit. */
  customUnitAmount?: number;
  /** A promotion code (`promo_…`) that the customer enters where the session lets them. */
  promotionCode?: string;
}

function refuse(message: string): never {
  throw new Error(message);
}

function assertQuantity(line: Pick<OrderLine, 'adjustable'>, wanted: number, what: string): void {
  const { adjustable } = line;
  if (adjustable === null) refuse(`${what} has no adjustable quantity.`);
  const { minimum, maximum } = adjustable;
  if (wanted < (minimum ?? 0) || wanted > (maximum ?? 99)) {
    refuse(`${what} takes a quantity from ${minimum ?? 0} to ${maximum ?? 99}, not ${wanted}.`);
  }
}

function chosenLines(order: CheckoutOrder, choices: CheckoutChoices): OrderLine[] {
  const quantities = new Map(Object.entries(choices.quantities ?? {}));
  const lines = order.lines.map((line) => {
    const wanted = quantities.get(line.id);
    quantities.delete(line.id);
    if (wanted === undefined) return line;
    assertQuantity(line, wanted, line.id);
    return { ...line, quantity: wanted };
  });
  const [unknown] = quantities.keys();
  if (unknown !== undefined) refuse(`The session has no line item ${unknown}.`);
  const added = Object.entries(choices.optionalItems ?? {}).map(([id, quantity]): OrderLine => {
    const item = order.optional.find(({ price }) => price.id === id);
    if (item === undefined) refuse(`The session has no optional item with the price ${id}.`);
    if (quantity !== item.quantity) assertQuantity(item, quantity, id);
    return {
      id: newId('li_'),
      adjustable: item.adjustable,
      discounts: [],
      metadata: {},
      price: item.price,
      quantity,
      taxRates: [],
    };
  });
  return [...lines, ...added];
}

function assertCustom(
  lines: readonly OrderLine[],
  currency: string,
  custom: number | undefined,
): void {
  for (const { price } of lines) {
    const limits = price.currency_options[currency]?.custom_unit_amount;
    if (!limits) continue;
    const chosen = custom ?? limits.preset;
    if (chosen === null) refuse(`The price ${price.id} has no preset: say customUnitAmount.`);
    if (chosen < (limits.minimum ?? 0) || chosen > (limits.maximum ?? Infinity)) {
      refuse(
        `The price ${price.id} takes from ${limits.minimum ?? 0} to ${limits.maximum}, not ${chosen}.`,
      );
    }
  }
}

/**
 * Completes a session as its customer would: charged, or subscribed.
 *
 * @throws {StripeError} 402 for a decline; the session stays open
 */
export function completeSession(
  run: Execution,
  session: CheckoutSession,
  choices: CheckoutChoices,
): CheckoutSession {
  const { account } = run;
  if (session.status !== 'open')
    refuse(`The session ${session.id} is ${session.status}, not open.`);
  const order = account.checkout.orders.get(session.id)!;
  const currency = session.currency ?? 'usd';
  const lines = chosenLines(order, choices);
  assertCustom(lines, currency, choices.customUnitAmount);
  const rate = choices.shippingRate ?? order.shippingRates[0];
  if (rate !== undefined && !order.shippingRates.includes(rate)) {
    refuse(`The session does not offer the shipping rate ${rate}.`);
  }
  if (choices.promotionCode !== undefined) {
    if (session.allow_promotion_codes !== true) refuse('The session takes no promotion codes.');
    const given = [{ promotion_code: choices.promotionCode }];
    account.checkout.discounts.set(session.id, redeem(account, given, {}, currency));
  }
  order.lines = lines;
  refreshSession(account, session, {
    automaticTax: session.automatic_tax.enabled,
    customUnitAmount: choices.customUnitAmount,
    shippingRate: rate,
  });
  const method = choices.paymentMethod ?? 'pm_card_visa';
  if (session.mode === 'payment') payFor(run, session, order, method);
  else if (session.mode === 'subscription') subscribe(run, session, order, method);
  else session.setup_intent = newId('seti_');
  session.status = 'complete';
  session.url = null;
  session.customer_details = {
    email: session.customer_email ?? 'customer@example.test',
    name: null,
    tax_exempt: 'none',
  };
  if (session.automatic_tax.enabled) {
    session.automatic_tax = { ...session.automatic_tax, status: 'complete' };
  }
  return session;
}

function payFor(
  run: Execution,
  session: CheckoutSession,
  order: CheckoutOrder,
  method: string,
): void {
  const total = session.amount_total ?? 0;
  if (total === 0) {
    session.payment_status = 'no_payment_required';
    return;
  }
  const data = order.payment as Partial<PaymentIntent>;
  const intent = makeIntent(run.account, {
    ...data,
    amount: total,
    currency: session.currency!,
    customer: session.customer,
    metadata: { ...data.metadata },
  });
  session.payment_intent = intent.id;
  confirmIntent(run, intent, {
    paymentMethod: method,
    offSession: true,
    errorOnRequiresAction: true,
  });
  session.payment_status = 'paid';
}

function subscribe(
  run: Execution,
  session: CheckoutSession,
  order: CheckoutOrder,
  method: string,
): void {
  const { account } = run;
  const data = order.subscription as {
    billing_cycle_anchor?: number;
    default_tax_rates?: string[];
    description?: string;
    metadata?: Record<string, string>;
    on_behalf_of?: string;
    proration_behavior?: string;
    transfer_data?: Record<string, unknown>;
    trial_end?: number;
    trial_period_days?: number;
    trial_settings?: Record<string, unknown>;
  };
  session.customer ??= account.customers.add(
    makeCustomer(account, { email: session.customer_email }),
  ).id;
  const customer = session.customer;
  const currency = session.currency!;
  const recurring = order.lines.filter(({ price }) => price.recurring !== null);
  const once = order.lines.filter(({ price }) => price.recurring === null);
  const discounts = account.checkout.discounts.get(session.id) ?? [];
  const subscription = startSubscription(run, {
    automaticTax: session.automatic_tax.enabled,
    behaviour: 'error_if_incomplete',
    billingCycleAnchor: data.billing_cycle_anchor,
    currency,
    customer,
    defaultPaymentMethod: account.paymentMethod(method, customer).shown.id,
    defaultTaxRates: taxRatesOf(account, data.default_tax_rates, 'default_tax_rates'),
    description: data.description,
    discounts: discounts.map((discount) => ({ discount })),
    extraLines: once.map((line) =>
      makeLine({
        amount: priceAmount(line.price, currency, line.quantity ?? 1, 'line_items'),
        description: account.catalogue.products.find(line.price.product)?.name ?? null,
        period: instant(account.now()),
        price: line.price,
        quantity: String(line.quantity ?? 1),
        taxRates: ratesOrDefault(line.taxRates),
      }),
    ),
    items: recurring.map((line) => ({
      discounts: [],
      metadata: line.metadata,
      price: line.price,
      quantity: line.quantity ?? undefined,
      taxRates: line.taxRates,
    })),
    metadata: { ...data.metadata },
    onBehalfOf: data.on_behalf_of,
    prorate: data.proration_behavior !== 'none',
    transferData: data.transfer_data,
    trialEnd:
      data.trial_end ??
      (data.trial_period_days === undefined
        ? undefined
        : account.now() + data.trial_period_days * 86_400),
    trialSettings: data.trial_settings,
  });
  session.subscription = subscription.id;
  session.invoice = subscription.latest_invoice;
  session.payment_status =
    hasTrial(order) && session.amount_total === 0 ? 'no_payment_required' : 'paid';
}
