import { listOf } from '../billing/make-invoice';
import { shippingAmount } from '../catalogue/shipping-rates';
import { newId } from '../new-id';
import type { StripeAccount } from '../stripe-account';
import type { Metadata } from '../stripe-objects';
import type { CheckoutMode, CheckoutOrder, CheckoutSession } from './checkout-objects';
import { priceOrder } from './order-lines';
import { shippingOptionsOf } from './sell-rules';

export interface SessionOrder {
  readonly allow_promotion_codes?: boolean | undefined;
  readonly automatic_tax?: { enabled?: boolean | undefined } | undefined;
  readonly billing_address_collection?: string | undefined;
  readonly cancel_url?: string | undefined;
  readonly client_reference_id?: string | undefined;
  readonly currency: string | null;
  readonly customer: string | null;
  readonly customer_email?: string | undefined;
  readonly discounts: readonly string[];
  readonly expires_at?: number | undefined;
  readonly locale?: string | undefined;
  readonly metadata: Metadata;
  readonly mode: CheckoutMode;
  readonly order: CheckoutOrder;
  readonly paymentLink: string | null;
  readonly payment_method_types?: readonly string[] | undefined;
  readonly return_url?: string | undefined;
  readonly submit_type?: string | undefined;
  readonly success_url?: string | undefined;
  readonly uiMode: string;
}

const A_DAY = 86_400;

export function hasTrial(order: CheckoutOrder): boolean {
  const { trial_end, trial_period_days } = order.subscription;
  return trial_end !== undefined || trial_period_days !== undefined;
}

/** What the customer chose beside the lines. */
export interface Chosen {
  readonly automaticTax: boolean;
  readonly customUnitAmount?: number | undefined;
  readonly shippingRate: string | undefined;
}

/** Brings what a session shows in line with its lines and what the customer chose. */
export function refreshSession(
  account: StripeAccount,
  session: CheckoutSession,
  chosen: Chosen,
): void {
  const order = account.checkout.orders.get(session.id);
  if (order === undefined || session.currency === null) return;
  const { currency } = session;
  const { items, totals } = priceOrder(account, order.lines, {
    automaticTax: chosen.automaticTax,
    currency,
    customUnitAmount: chosen.customUnitAmount,
    discounts: account.checkout.discounts.get(session.id) ?? [],
    trial: hasTrial(order),
  });
  const rate =
    chosen.shippingRate === undefined
      ? undefined
      : account.catalogue.shippingRates.get(chosen.shippingRate, 'shipping_rate', 400);
  const shipping = rate === undefined ? 0 : shippingAmount(rate, currency, 'shipping_rate');
  session.line_items = listOf(items, `/v1/checkout/sessions/${session.id}/line_items`);
  session.amount_subtotal = totals.subtotal;
  session.amount_total = totals.total + shipping;
  session.total_details = {
    amount_discount: totals.discount,
    amount_shipping: shipping,
    amount_tax: totals.exclusiveTax + totals.inclusiveTax,
  };
  session.shipping_cost =
    rate === undefined
      ? null
      : {
          amount_subtotal: shipping,
          amount_tax: 0,
          amount_total: shipping,
          shipping_rate: rate.id,
        };
}

export function makeSession(account: StripeAccount, given: SessionOrder): CheckoutSession {
  const id = newId('cs_test_');
  const now = account.now();
  const isHosted = given.uiMode === 'hosted_page' || given.uiMode === 'hosted';
  const session: CheckoutSession = {
    id,
    object: 'checkout.session',
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: given.allow_promotion_codes ?? null,
    amount_subtotal: null,
    amount_total: null,
    automatic_tax: {
      enabled: given.automatic_tax?.enabled ?? false,
      liability: null,
      provider: null,
      status: given.automatic_tax?.enabled === true ? 'requires_location_inputs' : null,
    },
    billing_address_collection: given.billing_address_collection ?? null,
    cancel_url: given.cancel_url ?? null,
    client_reference_id: given.client_reference_id ?? null,
    client_secret: isHosted ? null : newId(`${id}_secret_`),
    created: now,
    currency: given.currency,
    customer: given.customer,
    customer_creation: given.customer === null && given.mode === 'payment' ? 'if_required' : null,
    customer_details: null,
    customer_email: given.customer_email ?? null,
    discounts: given.discounts.map((discount) => {
      const { source, promotion_code } = account.catalogue.discounts.get(discount, 'discount');
      return { coupon: source.coupon, promotion_code };
    }),
    expires_at: given.expires_at ?? now + A_DAY,
    invoice: null,
    line_items: listOf<never>([], `/v1/checkout/sessions/${id}/line_items`),
    livemode: false,
    locale: given.locale ?? null,
    metadata: given.metadata,
    mode: given.mode,
    payment_intent: null,
    payment_link: given.paymentLink,
    payment_method_collection: given.mode === 'payment' ? 'if_required' : 'always',
    payment_method_types: given.payment_method_types ?? ['card'],
    payment_status: given.mode === 'setup' ? 'no_payment_required' : 'unpaid',
    return_url: given.return_url ?? null,
    setup_intent: null,
    shipping_cost: null,
    shipping_options: shippingOptionsOf(
      account,
      given.order.shippingRates,
      given.currency ?? 'usd',
    ),
    status: 'open',
    submit_type: given.submit_type ?? null,
    subscription: null,
    success_url: given.success_url ?? null,
    total_details: null,
    ui_mode: given.uiMode,
    url: isHosted ? `https://checkout.stripe.com/c/pay/${id}` : null,
  };
  account.checkout.sessions.add(session);
  account.checkout.orders.set(id, given.order);
  account.checkout.discounts.set(id, given.discounts);
  // The first shipping option is preselected: https://docs.stripe.com/api/checkout/sessions/create
  const [first] = given.order.shippingRates;
  if (given.mode !== 'setup') {
    refreshSession(account, session, { automaticTax: false, shippingRate: first });
  }
  return session;
}
