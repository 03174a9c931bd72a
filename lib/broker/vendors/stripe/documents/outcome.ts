import { isRecord } from '../../../../contract/is-record';
import { microsOf } from '../../../pricing/currency';
import type { Rates } from '../../../pricing/currency';
import type { Outcome, Price, PriceableCall, ReportedObject } from '../../../pricing/price';
import { optional, reportedAmount } from '../reported-amount';
import { idIn, objectIn, textIn } from '../vendor-object';
import type { VendorObject } from '../vendor-object';
import { itemsOn } from './taken-up';

/** What a document is as an answer shows it. */
interface Shown {
  /** What it charges in all, minor units, where it says so. */
  total: number | undefined;
  /** Other ids of the same money: what is paid for it, and what it makes. */
  aliases: readonly string[];
  /** Whether nothing more can be charged for it. */
  isFinal: boolean;
  /** The invoice items that it shows. */
  items?: readonly string[];
  /** What it still costs, where the answer proves that it was taken back. */
  left?: number;
}

/**
 * What the answer to a call says whose price stands in objects of Stripe's; `undefined` where it shows
 * none of these documents.
 */
export function documentOutcome(
  price: Price,
  call: PriceableCall,
  body: VendorObject,
  rates: Rates,
): Outcome | undefined {
  const shown = documentIn(body);
  const id = textIn(body, 'id');
  switch (price.kind) {
    case 'amount':
    case 'total':
    case 'cancel': {
      if (shown === undefined || id === undefined) return undefined;
      if (price.kind !== 'amount' && price.objectId !== id) return { ending: 'settled' };
      const currency = textIn(body, 'currency')?.toLowerCase();
      const said = 'amount' in price ? price : undefined;
      const code = currency ?? said?.currency;
      if (code === undefined) return { ending: 'settled' };
      const micros = (minor: number | undefined): number | undefined =>
        minor === undefined ? undefined : microsOf(minor, code, rates);
      const amount = shown.total ?? said?.amount ?? 0;
      const object = objectOf(id, shown, amount, code, body);
      if (price.kind === 'cancel') {
        const { left } = shown;
        return {
          ending: 'settled',
          object,
          ...optional('finalMicros', micros(left)),
          ...(left === undefined ? {} : { settledAmount: { amount: left, currency: code } }),
        };
      }
      return {
        ending: 'settled',
        object,
        ...optional('reportedMicros', micros(shown.total)),
        ...(shown.items === undefined ? {} : { takenUp: shown.items }),
        settledAmount: { amount, currency: code },
      };
    }
    case 'addition': {
      const { objectId, amount, currency } = price;
      const isInvoice = shown !== undefined && id === objectId;
      const object = isInvoice
        ? objectOf(objectId, { ...shown, aliases: [] }, shown.total ?? amount, currency, body)
        : { id: objectId, aliases: [], amount, currency };
      const isItem = body['object'] === 'invoiceitem' && call.method === 'POST';
      const reported = isItem ? reportedAmount(body['amount']) : undefined;
      const added =
        reported === undefined ? undefined : Math.max(0, reported - (price.amountBefore ?? 0));
      return {
        ending: 'settled',
        object,
        ...optional(
          'addedMicros',
          added === undefined ? undefined : microsOf(added, currency, rates),
        ),
        settledAmount: { amount: Math.max(amount, added ?? 0), currency },
      };
    }
    case 'free':
    case 'fee':
    case 'exposure':
    case 'change':
    case 'refund':
      return undefined;
  }
}

function objectOf(
  id: string,
  { aliases, isFinal }: Shown,
  amount: number,
  currency: string,
  body: VendorObject,
): ReportedObject {
  return {
    id,
    aliases: [...new Set(aliases)],
    amount,
    currency,
    ...(isFinal ? { isFinal } : {}),
    ...(mayPassOn(body) ? { hasDestination: true } : {}),
  };
}

/** Where an object says to which account its money goes on. */
const PASSED_ON = ['transfer_data', 'on_behalf_of', 'destination'];

/**
 * Whether the money of a document, or of a payment that it shows, may go on to a connected account:
 * where an answer does not show that it stays, it may.
 */
function mayPassOn(body: VendorObject): boolean {
  const nested = [objectIn(body, 'latest_invoice'), objectIn(body, 'payment_intent')];
  const payments = objectIn(body, 'payments')?.['data'];
  for (const each of Array.isArray(payments) ? payments.filter(isRecord) : []) {
    nested.push(objectIn(objectIn(each, 'payment') ?? {}, 'payment_intent'));
  }
  const inside = nested.filter((each) => each !== undefined);
  if (PASSED_ON.some((name) => body[name] != null) || inside.some(mayPassOn)) return true;
  // A session has none of these fields: its payment has.
  return !('transfer_data' in body) && objectIn(body, 'payment_intent') === undefined;
}

function documentIn(body: VendorObject): Shown | undefined {
  switch (body['object']) {
    case 'checkout.session':
      return session(body);
    case 'invoice':
      return invoice(body);
    case 'quote':
      return {
        total: reportedAmount(body['amount_total']),
        aliases: ids(body, ['invoice', 'subscription']),
        isFinal: false,
      };
    case 'subscription': {
      const first = objectIn(body, 'latest_invoice');
      return {
        total: first === undefined ? undefined : invoice(first).total,
        aliases: [
          ...ids(body, ['latest_invoice']),
          ...(first === undefined ? [] : invoice(first).aliases),
        ],
        isFinal: false,
        ...(first === undefined ? {} : { items: itemsOn(first).map((item) => item.id) }),
      };
    }
    case 'invoiceitem':
      return { total: reportedAmount(body['amount']), aliases: [], isFinal: false };
    case 'payment_link':
      return { total: undefined, aliases: [], isFinal: false };
    default:
      return undefined;
  }
}

/** https://docs.stripe.com/api/checkout/sessions/object */
function session(body: VendorObject): Shown {
  const { status, payment_status: paid, mode } = body;
  const recovery = objectIn(objectIn(body, 'after_expiration') ?? {}, 'recovery');
  // A session that can be recovered is paid as another one, made of it.
  const isGone = status === 'expired' && paid === 'unpaid' && recovery?.['enabled'] !== true;
  return {
    total: reportedAmount(body['amount_total']),
    aliases: [...paymentsIn(body), ...ids(body, ['invoice', 'subscription'])],
    isFinal: isGone || (paid === 'paid' && mode === 'payment'),
    ...(isGone ? { left: 0 } : {}),
  };
}

/** https://docs.stripe.com/api/invoices/object */
function invoice(body: VendorObject): Shown {
  const { status } = body;
  const totals = [reportedAmount(body['total']), reportedAmount(body['amount_due'])];
  const known = totals.filter((total) => total !== undefined);
  const parent = objectIn(body, 'parent');
  // What a subscription costs is counted for it as a whole, not for each of its invoices.
  const isOfSubscription =
    parent?.['type'] === 'subscription_details' || idIn(body, 'subscription') !== undefined;
  const paid = reportedAmount(body['amount_paid']);
  const isVoid = status === 'void' && !isOfSubscription && paid !== undefined;
  return {
    total: known.length === 0 ? undefined : Math.max(...known),
    aliases: paidIn(body),
    isFinal: status === 'void' || status === 'paid',
    items: itemsOn(body).map((item) => item.id),
    ...(isVoid ? { left: paid } : {}),
  };
}

/** The payment that an answer names, and its charge. */
function paymentsIn(body: VendorObject): string[] {
  const intent = objectIn(body, 'payment_intent');
  return [
    ...ids(body, ['payment_intent', 'charge']),
    ...(intent === undefined ? [] : ids(intent, ['latest_charge'])),
  ];
}

/**
 * The payments of an invoice that have succeeded. One that has not could be canceled, which would give
 * back all that is counted for the invoice, or for the subscription that it is of.
 */
function paidIn(body: VendorObject): string[] {
  const payments = objectIn(body, 'payments')?.['data'];
  const paid = Array.isArray(payments) ? payments.filter(isRecord) : [];
  return [
    ...(body['status'] === 'paid' ? paymentsIn(body) : []),
    ...paid
      .filter(({ status }) => status === 'paid')
      .flatMap((each) => paymentsIn(objectIn(each, 'payment') ?? {})),
  ];
}

function ids(body: VendorObject, fields: readonly string[]): string[] {
  return fields.map((field) => idIn(body, field)).filter((id) => id !== undefined);
}
