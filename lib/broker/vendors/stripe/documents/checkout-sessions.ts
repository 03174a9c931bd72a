import { amountUnknown, checkNested } from '../../../pricing/amount';
import type { Price } from '../../../pricing/price';
import { textIn } from '../vendor-object';
import { Bill } from './bill';
import type { Pricing } from './bill';
import { addWaiting } from './customers';
import { addItems, addOptionalItems, addShipping, addShownShipping } from './line-items';
import { currencyIn, objectsIn } from './objects';
import { taxRates, asksForAutomaticTax, hasAutomaticTax } from './tax';
import { currencyNamed } from './unit-price';

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
  await addShipping(pricing, bill, body.list('shipping_options'));
  bill.addAutomaticTax(asksForAutomaticTax(body));
  const customer = body.text('customer');
  if (bill.isRecurring && customer !== undefined) {
    await addWaiting(pricing, bill, customer, undefined, defaults);
  }
  const price = bill.asNew();
  checkShares(pricing, bill.amount);
  return price;
}

/**
 * `POST checkout/sessions/*`: what its new items come to, where it names any. They take the place of all
 * that it has, https://docs.stripe.com/api/checkout/sessions/update.
 */
export async function changedSession(pricing: Pricing): Promise<Price> {
  const { body, objects, id } = pricing;
  if (!body.has('line_items')) return { kind: 'free' };
  const session = await objects.get('checkout/sessions', id);
  if (objectsIn(session, 'optional_items').length > 0) {
    throw amountUnknown(`${id} has optional items, so other line_items of it cannot be priced.`);
  }
  if (textIn(session, 'mode') !== 'payment') {
    throw amountUnknown(
      `${id} makes a subscription, whose bill has more than its items, so other line_items of it cannot be priced. Expire it, and make a new session.`,
    );
  }
  const currency = currencyIn(session, 'a session');
  const bill = new Bill(pricing, currency);
  const items = body.list('line_items');
  for (const item of items) {
    if (item.has('id')) {
      const name = item.nameOf('id');
      throw amountUnknown(
        `${name} keeps what another call may change meanwhile, so it cannot be priced. Leave ${name} out, and name the price and the quantity of each item.`,
      );
    }
  }
  await addItems(pricing, bill, items, currency);
  addShownShipping(bill, session, currency);
  bill.addAutomaticTax(hasAutomaticTax(session));
  return bill.asTotal(id);
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
