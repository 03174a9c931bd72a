import { creditNoteEndpoints } from './billing/credit-notes';
import { invoiceActionEndpoints } from './billing/invoice-actions';
import { invoiceItemEndpoints } from './billing/invoice-items';
import { invoicePreviewEndpoints } from './billing/invoice-preview';
import { invoiceEndpoints } from './billing/invoices';
import { quoteEndpoints } from './billing/quotes';
import { subscriptionItemEndpoints } from './billing/subscription-item-endpoints';
import { subscriptionEndpoints } from './billing/subscriptions';
import { couponEndpoints, promotionCodeEndpoints } from './catalogue/coupons';
import { priceEndpoints } from './catalogue/prices';
import { productEndpoints } from './catalogue/products';
import { shippingRateEndpoints } from './catalogue/shipping-rates';
import { taxRateEndpoints } from './catalogue/tax-rates';
import { chargeEndpoints } from './charges';
import { checkoutSessionEndpoints } from './checkout/checkout-sessions';
import { paymentLinkEndpoints } from './checkout/payment-links';
import { customerEndpoints } from './customers';
import type { Endpoint } from './endpoint';
import { changedIntentEndpoints } from './changed-payment-intents';
import { paymentIntentEndpoints } from './payment-intents';
import { paymentMethodEndpoints } from './payment-methods';
import { payoutEndpoints } from './payouts';
import { refundEndpoints } from './refunds';
import { StripeError } from './stripe-error';

const table = new Map<string, Endpoint>(
  [
    ...paymentIntentEndpoints,
    ...changedIntentEndpoints,
    ...paymentMethodEndpoints,
    ...chargeEndpoints,
    ...refundEndpoints,
    ...customerEndpoints,
    ...payoutEndpoints,
    ...productEndpoints,
    ...priceEndpoints,
    ...taxRateEndpoints,
    ...couponEndpoints,
    ...promotionCodeEndpoints,
    ...shippingRateEndpoints,
    ...checkoutSessionEndpoints,
    ...paymentLinkEndpoints,
    ...subscriptionEndpoints,
    ...subscriptionItemEndpoints,
    ...invoiceEndpoints,
    ...invoiceActionEndpoints,
    ...invoiceItemEndpoints,
    ...invoicePreviewEndpoints,
    ...quoteEndpoints,
    ...creditNoteEndpoints,
  ].map((each) => [`${each.method} ${each.path}`, each]),
);

/**
 * The endpoint behind a path, which is taken as it was sent: nothing is decoded or normalised.
 *
 * @throws {StripeError} 404 where no endpoint has the path
 */
export function findEndpoint(method: string, path: string): { endpoint: Endpoint; id: string } {
  const parts = path.split('/');
  if (parts[0] === '' && parts[1] === 'v1') {
    const exact = table.get(`${method} ${path}`);
    if (exact !== undefined) return { endpoint: exact, id: '' };
    for (let at = 3; at < parts.length; at += 1) {
      const id = parts[at]!;
      const found = id !== '' && table.get(`${method} ${parts.with(at, ':id').join('/')}`);
      if (found) return { endpoint: found, id };
    }
  }
  throw StripeError.unrecognizedUrl(method, path);
}
