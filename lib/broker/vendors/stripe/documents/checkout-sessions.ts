import { amountUnknown, checkNested, invalidAmount } from '../../../pricing/amount';
import type { Price } from '../../../pricing/price';
import { Bill } from './bill';
import type { Pricing } from './bill';
import { addWaiting } from './customers';
import { decimal, quotient } from './decimal';
import type { Fields } from './fields';
import { addItems, addOptionalItems, addShipping, MOST_ADJUSTABLE, taxesIn } from './line-items';
import { taxRates } from './tax';
import { currencyNamed, larger, shownPrice } from './unit-price';
import { amountIn, currencyIn, objectIn, objectsIn, strange, textIn } from './vendor-object';
import type { VendorObject } from './vendor-object';

/** `POST checkout/sessions`: what the customer is asked to pay, at the most. */
export async function newSession(pricing: Pricing): Promise<Price> {
  const { body, objects } = pricing;
  const mode = body.text('mode');
  if (mode === 'setup' && !body.has('line_items') && !body.has('optional_items')) {
    return { kind: 'free' };
  }
  const currency = body.has('currency') ? currencyNamed(body) : undefined;
  const bill = new Bill(pricing, currency);
  if (mode === 'subscription') bill.recur();
  const subscription = body.map('subscription_data');
  const defaults = await taxRates(subscription?.texts('default_tax_rates') ?? [], objects);
  await addItems(pricing, bill, body.list('line_items'), currency, defaults);
  await addOptionalItems(pricing, bill, body.list('optional_items'), currency);
  await addShipping(pricing, bill, body.list('shipping_options'), currency);
  if (body.map('automatic_tax')?.flag('enabled') === true) {
    bill.addUnknown('automatic_tax', 'automatic_tax[enabled]');
  }
  const customer = body.text('customer');
  if (bill.isRecurring && customer !== undefined) {
    await addWaiting(pricing, bill, customer, undefined, defaults);
  }
  const price = bill.asNew();
  checkShares(pricing, bill.amount);
  return price;
}

/** `POST checkout/sessions/*`: what its new items come to, where it names any. */
export async function changedSession(pricing: Pricing): Promise<Price> {
  const { body, objects, id } = pricing;
  if (!body.has('line_items')) return { kind: 'free' };
  const session = await objects.get('checkout/sessions', id, ['cs_']);
  const lines = await objects.list(`checkout/sessions/${id}/line_items`, {}, [
    'data.price.tiers',
    'data.price.currency_options',
  ]);
  if (objectsIn(session, 'optional_items').length > 0) {
    throw amountUnknown(`${id} has optional items, so other line_items of it cannot be priced.`);
  }
  const currency = currencyIn(session, 'a session');
  const bill = new Bill(pricing, currency);
  if (textIn(session, 'mode') === 'subscription') bill.recur();
  const items = body.list('line_items');
  await addItems(
    pricing,
    bill,
    items.filter((item) => !item.has('id')),
    currency,
  );
  for (const item of items) {
    const known = item.text('id');
    if (known === undefined) continue;
    if (item.has('price') || item.has('price_data')) {
      await addItems(pricing, bill, [item], currency);
      continue;
    }
    const line = lines.find((each) => each['id'] === known);
    if (line === undefined) {
      throw invalidAmount('line_items', `${id} has no line item ${known.slice(0, 64)}.`);
    }
    await addLineAgain(pricing, bill, item, line);
  }
  const shipping = objectsIn(session, 'shipping_options').map(
    (option) => amountIn(option, 'shipping_amount') ?? 0n,
  );
  if (shipping.length > 0) bill.addLine(shipping.reduce(larger), currency, []);
  if (objectIn(session, 'automatic_tax')?.['enabled'] === true) {
    bill.addUnknown('automatic_tax', 'automatic_tax[enabled]');
  }
  return bill.asTotal(id);
}

/** A line that the session has already, with what the body changes of it. */
async function addLineAgain(
  { objects }: Pricing,
  bill: Bill,
  item: Fields,
  line: VendorObject,
): Promise<void> {
  const shown = objectIn(line, 'price');
  const before = amountIn(line, 'quantity');
  const tax = amountIn(line, 'amount_tax');
  if (shown === undefined || before === undefined || tax === undefined) {
    throw strange('a line item', 'price, quantity or amount_tax');
  }
  const price = shownPrice(shown, currencyIn(line, 'a line item'));
  const taxes = await taxesIn(item, objects, []);
  const field = item.nameOf('id');
  const quantity = item.count('quantity') ?? before;
  bill.addItem(price, decimal(quantity), taxes, field);
  // What it was taxed by before still holds, unit by unit.
  if (tax > 0n)
    bill.addLine(quotient(tax * quantity, larger(before, 1n), true), price.currency, []);
  const given = item.map('adjustable_quantity');
  const kept = objectIn(line, 'adjustable_quantity');
  const isAdjustable = given === undefined ? kept?.['enabled'] === true : given.flag('enabled');
  if (!isAdjustable) return;
  const most = given === undefined ? amountIn(kept ?? {}, 'maximum') : given.count('maximum');
  const amount = price.amountFor(decimal(quantity));
  bill.addAdjustable('adjustable_quantity', price, most ?? MOST_ADJUSTABLE, amount, taxes, field);
}

/** What is passed on to another account, or taken as a fee, is a part of the total. */
function checkShares({ body }: Pricing, total: bigint): void {
  const data = body.map('payment_intent_data');
  const shares = [
    data?.count('application_fee_amount'),
    data?.map('transfer_data')?.count('amount'),
  ];
  for (const share of shares) {
    if (share !== undefined) checkNested(Number(share), Number(total));
  }
}
