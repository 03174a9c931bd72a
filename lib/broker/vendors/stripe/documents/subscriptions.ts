import { invalidAmount } from '../../../pricing/amount';
import type { Price } from '../../../pricing/price';
import { idIn, objectIn } from '../vendor-object';
import type { VendorObject } from '../vendor-object';
import { Bill } from './bill';
import type { Pricing } from './bill';
import { addWaiting } from './customers';
import { decimal } from './decimal';
import type { Fields } from './fields';
import { addItems, keepTaxes, keepTogether } from './line-items';
import { amountIn, currencyIn, objectsIn, strange } from './objects';
import { taxRateOf, taxRates, asksForAutomaticTax, hasAutomaticTax } from './tax';
import type { TaxRate } from './tax';
import { currencyNamed, shownPrice } from './unit-price';

/** What leaves every period, and when it is charged, as they are. */
const HARMLESS = /^(?:metadata|description|cancellation_details|default_payment_method|expand)$/;
const ITEMS_SHOWN = ['data.price.tiers', 'data.price.currency_options'];

/** A subscription as it is, with what its bills are made of. */
interface Subscription {
  id: string;
  customer: string;
  currency: string;
  items: readonly VendorObject[];
  taxes: readonly TaxRate[];
  hasAutomaticTax: boolean;
}

/**
 * `POST subscriptions`: one whole period of its items, whenever that is charged, with what goes onto its
 * first invoice besides. A trial, an anchor and a coupon may lower or put off what is charged.
 */
export async function newSubscription(pricing: Pricing): Promise<Price> {
  const { body, objects } = pricing;
  const currency = body.has('currency') ? currencyNamed(body) : undefined;
  const bill = new Bill(pricing, currency);
  bill.recur();
  const customer = body.text('customer');
  if (customer === undefined) throw invalidAmount('customer', 'customer must be given.');
  const defaults = await taxRates(body.texts('default_tax_rates'), objects);
  await addItems(pricing, bill, body.list('items'), currency, defaults);
  await addItems(pricing, bill, body.list('add_invoice_items'), currency, defaults);
  bill.addAutomaticTax(asksForAutomaticTax(body));
  await addWaiting(pricing, bill, customer, undefined, defaults);
  return bill.asNew();
}

/**
 * `POST subscriptions/*`: a whole period of all items that it has then, with what it adds to the next
 * invoice. What is prorated comes to no more, since credits for unused time are not trusted.
 * https://docs.stripe.com/billing/subscriptions/prorations
 */
export async function changedSubscription(pricing: Pricing): Promise<Price> {
  const { body, id } = pricing;
  if (body.names().every((name) => HARMLESS.test(name) || stopsCharging(body, name))) {
    return { kind: 'free' };
  }

  const subscription = await subscriptionOf(pricing, id);
  const { currency, taxes } = subscription;
  const bill = new Bill(pricing, currency);
  bill.recur();
  keepTaxes(body, 'default_tax_rates');
  const given = body.listById('items');
  await addItems(
    pricing,
    bill,
    given.filter((item) => !item.has('id')),
    currency,
    taxes,
  );
  for (const item of given) {
    const known = item.text('id');
    if (known !== undefined && !subscription.items.some((each) => each['id'] === known)) {
      throw invalidAmount('items', `${id} has no item ${known.slice(0, 64)}.`);
    }
  }
  for (const item of subscription.items) {
    const change = given.find((each) => each.text('id') === item['id']);
    await addItemAfter(pricing, bill, item, change, { currency, taxes });
  }
  await addItems(pricing, bill, body.list('add_invoice_items'), currency, taxes);
  bill.addAutomaticTax(
    body.has('automatic_tax') ? asksForAutomaticTax(body) : subscription.hasAutomaticTax,
  );
  await addWaiting(pricing, bill, subscription.customer, id, taxes);
  return bill.asAddition(id);
}

function stopsCharging(body: Fields, name: string): boolean {
  if (name === 'cancel_at_period_end') return body.flag(name);
  if (name !== 'pause_collection' || body.isCleared(name)) return false;
  // One that ends by itself charges again without a call.
  return body.map(name)?.has('resumes_at') === false;
}

/** `POST subscriptions/*‍/resume`: a whole period, charged at once unless its anchor is kept. */
export async function resumedSubscription(pricing: Pricing): Promise<Price> {
  const { id } = pricing;
  const subscription = await subscriptionOf(pricing, id);
  const { currency, taxes } = subscription;
  const bill = new Bill(pricing, currency);
  bill.recur();
  for (const item of subscription.items) {
    await addItemAfter(pricing, bill, item, undefined, { currency, taxes });
  }
  bill.addAutomaticTax(subscription.hasAutomaticTax);
  await addWaiting(pricing, bill, subscription.customer, id, taxes);
  return bill.asAddition(id);
}

/** `DELETE subscriptions/*`: nothing, unless it makes a last bill of what waits. */
export async function endedSubscription(pricing: Pricing): Promise<Price> {
  const { body, id } = pricing;
  // Both are read, so that neither may be anything else than true or false.
  const bills = [body.flag('invoice_now'), body.flag('prorate')];
  if (!bills.includes(true)) return { kind: 'free' };
  const subscription = await subscriptionOf(pricing, id);
  const bill = new Bill(pricing, subscription.currency);
  for (const item of subscription.items) {
    const price = shownPrice(objectIn(item, 'price') ?? {}, subscription.currency);
    if (price.isMetered) bill.addUnknown('metered', 'invoice_now');
  }
  bill.addAutomaticTax(subscription.hasAutomaticTax);
  await addWaiting(pricing, bill, subscription.customer, id, subscription.taxes);
  return bill.asAddition(id);
}

/** `POST subscription_items`: a whole period of the new item. */
export async function newSubscriptionItem(pricing: Pricing): Promise<Price> {
  const { body } = pricing;
  const id = body.text('subscription') ?? '';
  const subscription = await subscriptionOf(pricing, id);
  const { currency, taxes } = subscription;
  const bill = new Bill(pricing, currency);
  bill.recur();
  await addItems(pricing, bill, [body], currency, taxes);
  bill.addAutomaticTax(subscription.hasAutomaticTax);
  await addWaiting(pricing, bill, subscription.customer, id, taxes);
  return bill.asAddition(id);
}

/** `POST subscription_items/*`: a whole period of all items, since a new interval bills all of them. */
export async function changedSubscriptionItem(pricing: Pricing): Promise<Price> {
  const { body, objects, id } = pricing;
  if (body.names().every((name) => name === 'metadata' || name === 'expand')) {
    return { kind: 'free' };
  }
  const item = await objects.get('subscription_items', id);
  const of = idIn(item, 'subscription') ?? '';
  const subscription = await subscriptionOf(pricing, of);
  const { currency, taxes } = subscription;
  const bill = new Bill(pricing, currency);
  bill.recur();
  for (const each of subscription.items) {
    const change = each['id'] === id ? body : undefined;
    await addItemAfter(pricing, bill, each, change, { currency, taxes });
  }
  bill.addAutomaticTax(subscription.hasAutomaticTax);
  await addWaiting(pricing, bill, subscription.customer, of, taxes);
  return bill.asAddition(of);
}

/** `DELETE subscription_items/*`: what waits, where it is billed at once; a credit otherwise. */
export async function endedSubscriptionItem(pricing: Pricing): Promise<Price> {
  const { body, objects, id } = pricing;
  if (body.text('proration_behavior') !== 'always_invoice') return { kind: 'free' };
  const item = await objects.get('subscription_items', id);
  const of = idIn(item, 'subscription') ?? '';
  const subscription = await subscriptionOf(pricing, of);
  const bill = new Bill(pricing, subscription.currency);
  bill.addAutomaticTax(subscription.hasAutomaticTax);
  await addWaiting(pricing, bill, subscription.customer, of, subscription.taxes);
  return bill.asAddition(of);
}

/** What is known of a subscription. */
export async function subscriptionOf({ objects }: Pricing, id: string): Promise<Subscription> {
  const shown = await objects.get('subscriptions', id);
  const items = await objects.list('subscription_items', { subscription: id }, ITEMS_SHOWN);
  const customer = idIn(shown, 'customer');
  if (customer === undefined) throw strange('a subscription', 'customer');
  return {
    id,
    customer,
    currency: currencyIn(shown, 'a subscription'),
    items,
    taxes: objectsIn(shown, 'default_tax_rates').map(taxRateOf),
    hasAutomaticTax: hasAutomaticTax(shown),
  };
}

/** An item that the subscription has, as it is after the call. */
async function addItemAfter(
  pricing: Pricing,
  bill: Bill,
  item: VendorObject,
  change: Fields | undefined,
  { currency, taxes }: { currency: string; taxes: readonly TaxRate[] },
): Promise<void> {
  if (change?.has('deleted') === true && change.flag('deleted')) return;
  if (change !== undefined) {
    keepTaxes(change, 'tax_rates');
    keepTogether(change, ['price', 'price_data']);
  }
  const own = objectsIn(item, 'tax_rates').map(taxRateOf);
  const rates = own.length === 0 ? taxes : own;
  const shown = objectIn(item, 'price');
  if (shown === undefined) throw strange('a subscription item', 'price');
  if (change?.has('quantity') === true) {
    await addItems(pricing, bill, [change], currency, rates);
    return;
  }
  const quantity = decimal(amountIn(item, 'quantity') ?? 1n);
  bill.addItem(shownPrice(shown, currency), quantity, rates, 'items');
}
