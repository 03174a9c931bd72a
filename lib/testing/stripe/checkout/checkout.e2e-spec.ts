import Stripe from 'stripe';

import { createStripeVendor } from '../../stripe-vendor';
import type { StripeVendor } from '../../stripe-vendor';
import { clientOf, failure } from '../../../../test/support/stripe-client';

let vendor: StripeVendor;
let stripe: Stripe;

beforeEach(async () => {
  vendor = await createStripeVendor();
  stripe = clientOf(vendor);
});
afterEach(() => vendor.close());

const success_url = 'https://shop.example/done';

function line(unit_amount: number, quantity = 1, more: object = {}) {
  return {
    price_data: { currency: 'usd', product_data: { name: 'Book' }, unit_amount, ...more },
    quantity,
  };
}

describe('a Checkout Session', () => {
  it('is priced when it is made and charged when its customer completes it', async () => {
    const product = await stripe.products.create({ name: 'Pen' });
    const price = await stripe.prices.create({
      currency: 'usd',
      product: product.id,
      unit_amount: 250,
    });
    const session = await stripe.checkout.sessions.create({
      line_items: [line(1999, 2), { price: price.id, quantity: 3 }],
      metadata: { order: '7' },
      mode: 'payment',
      payment_intent_data: { metadata: { order: '7' } },
      success_url,
    });
    expect(session).toMatchObject({
      amount_subtotal: 4748,
      amount_total: 4748,
      currency: 'usd',
      object: 'checkout.session',
      payment_intent: null,
      payment_status: 'unpaid',
      status: 'open',
      url: expect.stringContaining(session.id) as string,
    });
    expect(session.line_items).toBeUndefined();
    const items = await stripe.checkout.sessions.listLineItems(session.id);
    expect(items.data.map((item) => item.amount_total)).toEqual([3998, 750]);
    expect(vendor.book.executed).toEqual([]);

    const done = vendor.completeCheckout(session.id);
    expect(done.amountTotal).toBe(4748);
    expect(vendor.book.executed).toMatchObject([
      { kind: 'charge', amount: 4748, metadata: { order: '7' }, call: 0 },
    ]);
    const paid = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ['line_items', 'payment_intent'],
    });
    expect(paid).toMatchObject({
      payment_intent: { amount_received: 4748, status: 'succeeded' },
      payment_status: 'paid',
      status: 'complete',
    });
    expect(paid.line_items?.data).toHaveLength(2);
    expect(() => vendor.completeCheckout(session.id)).toThrow('complete, not open');
    await expect(stripe.checkout.sessions.expire(session.id)).rejects.toThrow('["open"]');
  });

  it('that is expired is charged no more', async () => {
    const { id } = await stripe.checkout.sessions.create({
      line_items: [line(500)],
      mode: 'payment',
      success_url,
    });
    expect((await stripe.checkout.sessions.expire(id)).status).toBe('expired');
    expect(() => vendor.completeCheckout(id)).toThrow('expired, not open');
    expect(vendor.book.total('usd')).toBe(0);
  });

  it('ends by itself after a day', async () => {
    const { id } = await stripe.checkout.sessions.create({
      line_items: [line(500)],
      mode: 'payment',
      success_url,
    });
    vendor.passTime(86_401);
    expect((await stripe.checkout.sessions.retrieve(id)).status).toBe('expired');
  });

  it('takes what its customer may choose, and nothing else', async () => {
    const extra = await stripe.prices.create({
      currency: 'usd',
      product_data: { name: 'Wrapping' },
      unit_amount: 300,
    });
    const slow = await stripe.shippingRates.create({
      display_name: 'Slow',
      fixed_amount: { amount: 500, currency: 'usd' },
      type: 'fixed_amount',
    });
    const fast = await stripe.shippingRates.create({
      display_name: 'Fast',
      fixed_amount: { amount: 1500, currency: 'usd' },
      type: 'fixed_amount',
    });
    const session = await stripe.checkout.sessions.create({
      automatic_tax: { enabled: true },
      expand: ['line_items'],
      line_items: [
        { ...line(1000), adjustable_quantity: { enabled: true, minimum: 1, maximum: 5 } },
      ],
      mode: 'payment',
      optional_items: [{ price: extra.id, quantity: 1 }],
      shipping_options: [{ shipping_rate: slow.id }, { shipping_rate: fast.id }],
      success_url,
    });
    expect(session.amount_total).toBe(1500);
    const [item] = session.line_items!.data;
    expect(() => vendor.completeCheckout(session.id, { quantities: { [item!.id]: 6 } })).toThrow(
      'from 1 to 5',
    );
    expect(() => vendor.completeCheckout(session.id, { shippingRate: 'shr_other' })).toThrow(
      'does not offer',
    );
    vendor.automaticTax('8.25');
    const done = vendor.completeCheckout(session.id, {
      optionalItems: { [extra.id]: 1 },
      quantities: { [item!.id]: 4 },
      shippingRate: fast.id,
    });
    // 4,000 and 300, 8.25 % of each, and 1,500 for shipping.
    expect(done.amountTotal).toBe(4300 + 330 + 25 + 1500);
    expect(vendor.book.total('usd', 'charge')).toBe(done.amountTotal);
  });

  it('lets a customer name their price within its limits', async () => {
    const price = await stripe.prices.create({
      currency: 'usd',
      custom_unit_amount: { enabled: true, maximum: 5000, minimum: 100, preset: 1000 },
      product_data: { name: 'Donation' },
    });
    const session = await stripe.checkout.sessions.create({
      line_items: [{ price: price.id, quantity: 1 }],
      mode: 'payment',
      success_url,
    });
    expect(session.amount_total).toBe(1000);
    expect(() => vendor.completeCheckout(session.id, { customUnitAmount: 5001 })).toThrow('5000');
    expect(vendor.completeCheckout(session.id, { customUnitAmount: 4999 }).amountTotal).toBe(4999);
  });

  it('that only authorizes reserves, and is captured by its PaymentIntent', async () => {
    const { id } = await stripe.checkout.sessions.create({
      line_items: [line(900)],
      mode: 'payment',
      payment_intent_data: { capture_method: 'manual' },
      success_url,
    });
    const { paymentIntent } = vendor.completeCheckout(id);
    expect(vendor.book.total('usd')).toBe(0);
    await stripe.paymentIntents.capture(paymentIntent!);
    expect(vendor.book.total('usd', 'capture')).toBe(900);
  });

  it('stays open where the card is declined', async () => {
    const { id } = await stripe.checkout.sessions.create({
      line_items: [line(900)],
      mode: 'payment',
      success_url,
    });
    expect(() =>
      vendor.completeCheckout(id, { paymentMethod: 'pm_card_visa_chargeDeclined' }),
    ).toThrow('Your card was declined.');
    expect((await stripe.checkout.sessions.retrieve(id)).status).toBe('open');
    expect(vendor.completeCheckout(id).amountTotal).toBe(900);
  });

  it('in subscription mode begins a subscription and charges its first invoice', async () => {
    const { id, amount_total } = await stripe.checkout.sessions.create({
      line_items: [line(1500, 2, { recurring: { interval: 'month' } }), line(700)],
      mode: 'subscription',
      success_url,
    });
    expect(amount_total).toBe(3700);
    const done = vendor.completeCheckout(id);
    expect(vendor.book.total('usd', 'charge')).toBe(3700);
    const subscription = await stripe.subscriptions.retrieve(done.subscription!);
    expect(subscription).toMatchObject({ status: 'active' });
    vendor.renew(subscription.id);
    expect(vendor.book.total('usd', 'charge')).toBe(3700 + 3000);
  });

  it('in setup mode moves no money', async () => {
    const session = await stripe.checkout.sessions.create({ mode: 'setup', success_url });
    expect(session).toMatchObject({ amount_total: null, payment_status: 'no_payment_required' });
    vendor.completeCheckout(session.id);
    expect(vendor.book.executed).toEqual([]);
  });

  it.each<[string, Stripe.Checkout.SessionCreateParams, string, string]>([
    [
      'a recurring price in payment mode',
      {
        line_items: [line(5, 1, { recurring: { interval: 'month' } })],
        mode: 'payment',
        success_url,
      },
      'line_items',
      '`subscription` mode',
    ],
    [
      'no recurring price in subscription mode',
      { line_items: [line(5)], mode: 'subscription', success_url },
      'line_items',
      'at least one recurring price',
    ],
    [
      'no page to come back to',
      { line_items: [line(5)], mode: 'payment' },
      'success_url',
      'Missing required param',
    ],
    ['no lines', { mode: 'payment', success_url }, 'line_items', 'Missing required param'],
    [
      'a price that does not exist',
      { line_items: [{ price: 'price_none', quantity: 1 }], mode: 'payment', success_url },
      'line_items[0][price]',
      'No such price',
    ],
    [
      'a line without a quantity',
      { line_items: [{ price_data: line(5).price_data }], mode: 'payment', success_url },
      'line_items[0][quantity]',
      'Quantity is required',
    ],
    [
      'two currencies',
      { line_items: [line(5), line(5, 1, { currency: 'eur' })], mode: 'payment', success_url },
      'line_items[1][price]',
      'expected currency',
    ],
    [
      'a nested name that Stripe does not have',
      { line_items: [{ ...line(5), discount: 1 } as never], mode: 'payment', success_url },
      'line_items[0][discount]',
      'Received unknown parameter',
    ],
  ])('%s is refused as Stripe refuses it', async (_, params, param, message) => {
    expect(await failure(stripe.checkout.sessions.create(params))).toMatchObject({
      message: expect.stringContaining(message) as string,
      param,
      statusCode: 400,
    });
  });
});

describe('a payment link', () => {
  it('is charged at each completion, until its limit is reached', async () => {
    const link = await stripe.paymentLinks.create({
      line_items: [line(1200)],
      restrictions: { completed_sessions: { limit: 2 } },
    });
    expect(link).toMatchObject({ active: true, currency: 'usd' });
    vendor.completePaymentLink(link.id);
    vendor.completePaymentLink(link.id);
    expect(vendor.book.total('usd', 'charge')).toBe(2400);
    expect(() => vendor.completePaymentLink(link.id)).toThrow('not active');
    expect(await stripe.paymentLinks.retrieve(link.id)).toMatchObject({
      active: false,
      restrictions: { completed_sessions: { count: 2, limit: 2 } },
    });
  });

  it('that is taken out of use is charged no more', async () => {
    const link = await stripe.paymentLinks.create({ line_items: [line(1200)] });
    await stripe.paymentLinks.update(link.id, { active: false });
    expect(() => vendor.completePaymentLink(link.id)).toThrow('not active');
  });
});
