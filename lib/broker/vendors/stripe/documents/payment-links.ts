import { amountUnknown, invalidAmount } from '../../../pricing/amount';
import type { Price } from '../../../pricing/price';
import { objectIn } from '../vendor-object';
import { Bill } from './bill';
import type { Pricing } from './bill';
import { decimal } from './decimal';
import type { Fields } from './fields';
import {
  addItems,
  addOptionalItems,
  addShipping,
  MOST_ADJUSTABLE,
  addShownShipping,
} from './line-items';
import { amountIn, currencyIn, objectsIn, strange } from './objects';
import { asksForAutomaticTax, hasAutomaticTax } from './tax';
import { currencyNamed, shownPrice } from './unit-price';

/** What leaves the total, the number of payments and the link's activity as they are. */
const HARMLESS =
  /^(?:metadata|after_completion|allow_promotion_codes|billing_address_collection|consent_collection|custom_fields|custom_text|expand|inactive_message|name_collection|phone_number_collection|submit_type|tax_id_collection)$/;

/** `POST payment_links`: as many payments of its total as its limit allows. */
export async function newPaymentLink(pricing: Pricing): Promise<Price> {
  const { body } = pricing;
  const limit = limitIn(body);
  if (limit === undefined) {
    throw amountUnknown(
      'A payment link takes any number of payments, so it cannot be priced. Give restrictions[completed_sessions][limit]: that many times its total is held.',
    );
  }
  const currency = body.has('currency') ? currencyNamed(body) : undefined;
  const bill = new Bill(pricing, currency);
  await addItems(pricing, bill, body.list('line_items'), currency);
  await addOptionalItems(pricing, bill, body.list('optional_items'), currency);
  await addShipping(pricing, bill, body.list('shipping_options'));
  bill.addAutomaticTax(asksForAutomaticTax(body));
  return bill.asNew(limit);
}

/**
 * `POST payment_links/*`: what it takes from then on, all its payments again, since how many were made
 * before, and at which total, is not known. Its limit stays as it is: pages that are open already keep
 * their price, and a higher limit would let more of them be paid.
 */
export async function changedPaymentLink(pricing: Pricing): Promise<Price> {
  const { body, objects, id } = pricing;
  const isClosed = body.has('active') && !body.flag('active');
  const rest = body.names().filter((name) => name !== 'active' && !HARMLESS.test(name));
  if (rest.length === 0 && (isClosed || !body.has('active'))) return { kind: 'free' };

  const link = await objects.get('payment_links', id);
  const lines = await objects.list(`payment_links/${id}/line_items`, {}, [
    'data.price.tiers',
    'data.price.currency_options',
  ]);
  const limit = limitOf(link);
  if (limit === undefined || objectsIn(link, 'optional_items').length > 0) {
    throw amountUnknown(
      `${id} takes any number of payments, or has optional items, so what it may take in all cannot be priced. Make a new link with restrictions[completed_sessions][limit].`,
    );
  }
  if (body.has('restrictions') && limitIn(body) !== limit) {
    throw amountUnknown(
      `${id} takes ${limit} payments, and another limit cannot be priced: pages of it that are open keep their price. Leave restrictions out, or make a new link and close this one with active=false.`,
    );
  }
  const currency = currencyIn(link, 'a payment link');
  const bill = new Bill(pricing, currency);
  const changes = body.listById('line_items');
  for (const change of changes) {
    if (!lines.some((line) => line['id'] === change.text('id'))) {
      throw invalidAmount('line_items', `${id} has no such line item.`);
    }
  }
  for (const line of lines) {
    const change = changes.find((each) => each.text('id') === line['id']);
    const shown = objectIn(line, 'price');
    const before = amountIn(line, 'quantity');
    if (shown === undefined || before === undefined) throw strange('a line item', 'price');
    const price = shownPrice(shown, currency);
    const quantity = change?.count('quantity') ?? before;
    bill.addItem(price, decimal(quantity), [], 'line_items');
    const most = adjustableTo(change, line);
    if (most === undefined) continue;
    const amount = price.amountFor(decimal(quantity));
    bill.addAdjustable('adjustable_quantity', price, most, amount, [], 'line_items');
  }
  addShownShipping(bill, link, currency);
  bill.addAutomaticTax(hasAutomaticTax(link));
  return bill.asAddition(id, limit);
}

function limitIn(body: Fields): bigint | undefined {
  const limit = body.map('restrictions')?.map('completed_sessions')?.count('limit');
  if (limit === 0n) throw invalidAmount('restrictions', 'The limit must be 1 or more.');
  return limit;
}

function limitOf(link: Readonly<Record<string, unknown>>): bigint | undefined {
  const restriction = objectIn(objectIn(link, 'restrictions') ?? {}, 'completed_sessions');
  return amountIn(restriction ?? {}, 'limit');
}

/** The quantity that a customer may choose at most, where one may. */
function adjustableTo(
  change: Fields | undefined,
  line: Readonly<Record<string, unknown>>,
): bigint | undefined {
  const given = change?.map('adjustable_quantity');
  if (given !== undefined) {
    return given.flag('enabled') ? (given.count('maximum') ?? MOST_ADJUSTABLE) : undefined;
  }
  const kept = objectIn(line, 'adjustable_quantity');
  return kept?.['enabled'] === true ? (amountIn(kept, 'maximum') ?? MOST_ADJUSTABLE) : undefined;
}
