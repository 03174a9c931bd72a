import { isRecord } from '../../../contract/is-record';
import { amountUnknown } from '../../pricing/amount';
import { isCurrency } from '../../pricing/currency';
import type { FoundObject, ObjectPrice, PriceableCall } from '../../pricing/price';
import type { VendorLookup } from '../vendor-lookup';
import { kindOf, prefixesOf } from './object-kinds';
import { reportedAmount } from './reported-amount';
import { idIn } from './vendor-object';

/** Where the objects are that a priced call may name. */
const RESOURCES = ['payment_intents', 'charges'] as const;
type Resource = (typeof RESOURCES)[number];

/** Where the object of a call is read: {@link VendorObjects.pathOf}. */
export function pathOfObject(call: PriceableCall, { objectId }: ObjectPrice): string | undefined {
  const resource = resourceOf(call);
  if (resource === undefined || !isIdOf(resource, objectId)) return undefined;
  return `${resource}/${objectId}`;
}

/** What Stripe says of the object of a call: {@link VendorObjects.find}. */
export async function findObject(
  call: PriceableCall,
  price: ObjectPrice,
  lookup: VendorLookup,
): Promise<FoundObject> {
  const { objectId: id } = price;
  const path = pathOfObject(call, price);
  if (path === undefined) throw amountUnknown(notAnId(call, id));
  if (resourceOf(call) === 'charges') return foundCharge(await lookup.get(path), id, price);
  // What is left to refund stands in the charge alone.
  const needsCharge = price.kind === 'refund' && price.amount === undefined;
  const intent = await lookup.get(needsCharge ? `${path}?expand[]=latest_charge` : path);
  return foundIntent(intent, id, price);
}

function resourceOf({ segments, parameters }: PriceableCall): Resource | undefined {
  const [first = ''] = segments;
  if (first !== 'refunds') return RESOURCES.find((each) => each === first);
  return parameters.some(({ path }) => path[0] === 'payment_intent')
    ? 'payment_intents'
    : 'charges';
}

function foundIntent(intent: Record<string, unknown>, id: string, price: ObjectPrice): FoundObject {
  if (!isObject('payment_intent', intent, id)) throw amountUnknown(unreadable(id));
  const amount = sum(intent, 'amount', id, 1);
  const { latest_charge: charge, status } = intent;
  const chargeId = idIn(intent, 'latest_charge');
  const found = {
    id,
    rootId: id,
    aliases: isIdOf('charges', chargeId) ? [chargeId] : [],
    amount,
    currency: currencyOf(intent, id),
    // Stripe refuses any later confirmation, capture or change of it.
    isFinal: status === 'succeeded' || status === 'canceled',
  };
  if (price.kind !== 'refund') {
    // By the time of a capture more may be open than now: then all of it.
    const open = price.addedField === undefined ? 0 : sum(intent, 'amount_capturable', id);
    return { ...found, callAmount: open === 0 ? amount : open };
  }
  if (price.amount !== undefined) return { ...found, callAmount: price.amount };
  if (charge === null || charge === undefined) throw amountUnknown(nothingLeft(id));
  if (!isRecord(charge) || !isIdOf('charges', chargeId)) throw amountUnknown(unreadable(id));
  if (!isObject('charge', charge, chargeId) || idIn(charge, 'payment_intent') !== id) {
    throw amountUnknown(unreadable(id));
  }
  return { ...found, callAmount: leftOf(charge, id) };
}

function foundCharge(charge: Record<string, unknown>, id: string, price: ObjectPrice): FoundObject {
  if (!isObject('charge', charge, id)) throw amountUnknown(unreadable(id));
  const amount = sum(charge, 'amount', id, 1);
  const { payment_intent: intent = null } = charge;
  const intentId = intent === null ? id : idIn(charge, 'payment_intent');
  if (intentId !== id && !isIdOf('payment_intents', intentId)) throw amountUnknown(unreadable(id));
  const leavesAll = price.kind === 'refund' && price.amount === undefined;
  return {
    id,
    rootId: intentId,
    aliases: [],
    amount,
    currency: currencyOf(charge, id),
    // One of a PaymentIntent ends with it.
    isFinal: intentId === id && charge['captured'] === true,
    callAmount: leavesAll ? leftOf(charge, id) : (price.amount ?? amount),
  };
}

/** What is left to refund of a charge: of one that is not captured, its whole authorization. */
function leftOf(charge: Record<string, unknown>, id: string): number {
  const total = sum(charge, charge['captured'] === true ? 'amount_captured' : 'amount', id);
  const left = total - sum(charge, 'amount_refunded', id);
  if (left < 0) throw amountUnknown(unreadable(id));
  if (left === 0 || charge['status'] === 'failed') throw amountUnknown(nothingLeft(id));
  return left;
}

function isObject(kind: string, { object, id: own }: Record<string, unknown>, id: string): boolean {
  return object === kind && own === id;
}

function sum(body: Record<string, unknown>, name: string, id: string, least = 0): number {
  const value = reportedAmount(body[name]);
  if (value === undefined || value < least) throw amountUnknown(unreadable(id));
  return value;
}

function currencyOf({ currency }: Record<string, unknown>, id: string): string {
  const code = typeof currency === 'string' ? currency.toLowerCase() : '';
  if (!isCurrency(code)) throw amountUnknown(unreadable(id));
  return code;
}

function isIdOf(resource: Resource, id: string | undefined): id is string {
  return id !== undefined && kindOf(id)?.collection === resource;
}

function notAnId(call: PriceableCall, id: string): string {
  const resource = resourceOf(call);
  if (id === '') return 'The call names no payment, so the broker cannot tell what it costs.';
  const form =
    resource === undefined ? '' : `, which begins with ${prefixesOf(resource).join(' or ')}`;
  return `The broker does not know ${id.slice(0, 64)}, and does not ask the vendor for it: it is no id of ${resource ?? 'a payment'}${form}.`;
}

function unreadable(id: string): string {
  return `The broker does not know ${id}, and asked the vendor for it: the answer does not say what the call costs.`;
}

function nothingLeft(id: string): string {
  return `The vendor says that nothing of ${id} is left to refund.`;
}
