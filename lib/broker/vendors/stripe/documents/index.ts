import type { ConfiguredPrices } from '../../../pricing/configured-prices';
import { NO_DOCUMENT_SETTINGS } from '../../../pricing/configured-prices';
import type { Price, PriceableCall } from '../../../pricing/price';
import type { VendorLookup } from '../../vendor-lookup';
import type { Pricing } from './bill';
import { changedSession, newSession } from './checkout-sessions';
import { Fields } from './fields';
import { changedInvoiceItem, deletedInvoiceItem, newInvoiceItem } from './invoice-items';
import { addedLines, changedInvoice, finalizedInvoice, newInvoice, paidInvoice } from './invoices';
import { changedPaymentLink, newPaymentLink } from './payment-links';
import { acceptedQuote } from './quotes';
import {
  changedSubscription,
  changedSubscriptionItem,
  endedSubscription,
  endedSubscriptionItem,
  newSubscription,
  newSubscriptionItem,
  resumedSubscription,
} from './subscriptions';
import { Objects } from './objects';

type Pricer = (pricing: Pricing) => Promise<Price>;

/** How the price of each call is found that stands in objects of Stripe's. */
const PRICERS = {
  'POST checkout/sessions': newSession,
  'POST checkout/sessions/*': changedSession,
  'POST payment_links': newPaymentLink,
  'POST payment_links/*': changedPaymentLink,
  'POST subscriptions': newSubscription,
  'POST subscriptions/*': changedSubscription,
  'POST subscriptions/*/resume': resumedSubscription,
  'DELETE subscriptions/*': endedSubscription,
  'POST subscription_items': newSubscriptionItem,
  'POST subscription_items/*': changedSubscriptionItem,
  'DELETE subscription_items/*': endedSubscriptionItem,
  'POST invoices': newInvoice,
  'POST invoices/*': changedInvoice,
  'POST invoices/*/add_lines': addedLines,
  'POST invoices/*/finalize': finalizedInvoice,
  'POST invoices/*/pay': paidInvoice,
  'POST invoices/*/send': finalizedInvoice,
  'POST invoiceitems': newInvoiceItem,
  'POST invoiceitems/*': changedInvoiceItem,
  'DELETE invoiceitems/*': deletedInvoiceItem,
  'POST quotes/*/accept': acceptedQuote,
} satisfies Record<string, Pricer>;

/** A call of {@link PRICERS}, as the table of calls names it. */
export type DocumentCall = keyof typeof PRICERS;

/**
 * What a call comes to whose price stands in objects of Stripe's.
 *
 * @throws BrokerRefusal where that cannot be told.
 */
export async function priceOfDocument(
  name: DocumentCall,
  call: PriceableCall,
  { rates, documents = NO_DOCUMENT_SETTINGS, settingsPath = 'vendors.stripe' }: ConfiguredPrices,
  lookup: VendorLookup,
): Promise<Price> {
  const { segments, parameters } = call;
  const [, second = '', third = ''] = segments;
  return PRICERS[name]({
    call,
    body: Fields.of(parameters),
    id: segments[0] === 'checkout' ? third : second,
    objects: new Objects(lookup),
    rates,
    settings: documents,
    settingsPath: `${settingsPath}.documents`,
  });
}
