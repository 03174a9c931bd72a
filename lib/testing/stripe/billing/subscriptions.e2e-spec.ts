import Stripe from 'stripe';

import { clientOf, failure } from '../../../../test/support/stripe-client';
import { createStripeVendor } from '../../stripe-vendor';
import type { StripeVendor } from '../../stripe-vendor';

let vendor: StripeVendor;
let stripe: Stripe;
let customer: string;

const NOW = Date.UTC(2026, 3, 1) / 1000; // April has 30 days

beforeEach(async () => {
  jest.useFakeTimers({
    now: NOW * 1000,
    doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout'],
  });
  vendor = await createStripeVendor();
  stripe = clientOf(vendor);
  customer = (
    await stripe.customers.create({
      invoice_settings: { default_payment_method: 'pm_card_visa' },
    })
  ).id;
});
afterEach(async () => {
  await vendor.close();
  jest.useRealTimers();
});

const DAY = 86_400;

function monthly(unit_amount: number, more: Partial<Stripe.PriceCreateParams> = {}) {
  return stripe.prices.create({
    currency: 'usd',
    product_data: { name: 'Seat' },
    recurring: { interval: 'month' },
    unit_amount,
    ...more,
  });
}

const charged = () => vendor.book.total('usd', 'charge');

describe('a new subscription', () => {
  it('is charged for its first period at once, and for the next one when it begins', async () => {
    const price = await monthly(1000);
    const subscription = await stripe.subscriptions.create({
      customer,
      expand: ['latest_invoice'],
      items: [{ price: price.id, quantity: 3 }],
    });
    expect(subscription).toMatchObject({
      status: 'active',
      items: {
        data: [{ quantity: 3, current_period_start: NOW, current_period_end: NOW + 30 * DAY }],
      },
      latest_invoice: {
        amount_due: 3000,
        amount_paid: 3000,
        amount_remaining: 0,
        billing_reason: 'subscription_create',
        status: 'paid',
        total: 3000,
      },
    });
    expect(vendor.book.executed).toMatchObject([{ kind: 'charge', amount: 3000, customer }]);
    vendor.renew(subscription.id);
    expect(charged()).toBe(6000);
    const { data } = await stripe.invoices.list({ subscription: subscription.id });
    expect(data.map((invoice) => invoice.billing_reason)).toEqual([
      'subscription_cycle',
      'subscription_create',
    ]);
  });

  it('in a trial is charged for what is added, and for the period when the trial ends', async () => {
    const price = await monthly(1000);
    const subscription = await stripe.subscriptions.create({
      add_invoice_items: [
        { price_data: { currency: 'usd', product: price.product as string, unit_amount: 250 } },
      ],
      customer,
      items: [{ price: price.id }],
      trial_period_days: 14,
    });
    expect(subscription).toMatchObject({ status: 'trialing', trial_end: NOW + 14 * DAY });
    expect(charged()).toBe(250);
    vendor.passTime(14 * DAY);
    expect(charged()).toBe(1250);
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('active');
  });

  it.each([
    ['allow_incomplete', 'incomplete'],
    ['default_incomplete', 'incomplete'],
  ] as const)('that cannot be paid is, with %s, %s', async (payment_behavior, status) => {
    const price = await monthly(1000);
    const subscription = await stripe.subscriptions.create({
      customer,
      default_payment_method: 'pm_card_visa_chargeDeclined',
      expand: ['latest_invoice.confirmation_secret', 'latest_invoice.payments'],
      items: [{ price: price.id }],
      payment_behavior,
    });
    expect(subscription.status).toBe(status);
    expect(charged()).toBe(0);
    const invoice = subscription.latest_invoice as Stripe.Invoice;
    const intent = invoice.payments!.data[0]!.payment.payment_intent as string;
    expect(invoice.confirmation_secret!.client_secret).toContain(intent);
    await stripe.paymentIntents.confirm(intent, { payment_method: 'pm_card_visa' });
    expect(charged()).toBe(1000);
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('active');
    expect((await stripe.invoices.retrieve(invoice.id)).status).toBe('paid');
  });

  it('that must be paid leaves nothing behind where it is not', async () => {
    const price = await monthly(1000);
    const refused = await failure(
      stripe.subscriptions.create({
        customer,
        default_payment_method: 'pm_card_visa_chargeDeclined',
        items: [{ price: price.id }],
        payment_behavior: 'error_if_incomplete',
      }),
    );
    expect(refused).toMatchObject({ statusCode: 402, code: 'card_declined' });
    expect((await stripe.subscriptions.list()).data).toEqual([]);
    const poor = await stripe.customers.create();
    const none = await failure(
      stripe.subscriptions.create({ customer: poor.id, items: [{ price: price.id }] }),
    );
    expect(none).toMatchObject({ statusCode: 400, code: 'resource_missing' });
    expect(none.message).toContain('no attached payment source or default payment method');
  });

  it('may be billed by an invoice that is sent, and then is charged nothing', async () => {
    const price = await monthly(1000);
    const given: Stripe.SubscriptionCreateParams = {
      collection_method: 'send_invoice',
      customer,
      items: [{ price: price.id }],
    };
    expect(await failure(stripe.subscriptions.create(given))).toMatchObject({
      param: 'days_until_due',
    });
    const subscription = await stripe.subscriptions.create({ ...given, days_until_due: 30 });
    expect(subscription.status).toBe('active');
    expect(charged()).toBe(0);
  });

  it('up to a cycle anchor is charged for the days that are left', async () => {
    const price = await monthly(3000);
    const anchor = NOW + 10 * DAY;
    const given = { billing_cycle_anchor: anchor, customer, items: [{ price: price.id }] };
    // From 11 March to 11 April there are 31 days.
    await stripe.subscriptions.create(given);
    expect(charged()).toBe(Math.round((3000 * 10) / 31));
    await stripe.subscriptions.create({ ...given, proration_behavior: 'none' });
    expect(charged()).toBe(Math.round((3000 * 10) / 31));
  });

  it('with a start in the past is charged for that time too', async () => {
    const price = await monthly(3100);
    await stripe.subscriptions.create({
      backdate_start_date: NOW - 10 * DAY, // of the 31 days of March
      customer,
      items: [{ price: price.id }],
    });
    expect(charged()).toBe(1000 + 3100);
  });

  it('of metered usage is charged behind, by what was used', async () => {
    const price = await monthly(5, {
      billing_scheme: 'per_unit',
      recurring: { interval: 'month', usage_type: 'metered' },
    });
    const subscription = await stripe.subscriptions.create({
      customer,
      items: [{ price: price.id }],
    });
    expect(charged()).toBe(0);
    vendor.recordUsage(subscription.items.data[0]!.id, 300);
    vendor.renew(subscription.id);
    expect(charged()).toBe(1500);
    vendor.renew(subscription.id);
    expect(charged()).toBe(1500);
  });

  it('with a coupon for one time is charged less once, with one for good each time', async () => {
    const price = await monthly(1000);
    const once = await stripe.coupons.create({ duration: 'once', percent_off: 25 });
    const first = await stripe.subscriptions.create({
      customer,
      discounts: [{ coupon: once.id }],
      items: [{ price: price.id }],
    });
    expect(charged()).toBe(750);
    vendor.renew(first.id);
    expect(charged()).toBe(1750);
    await stripe.subscriptions.cancel(first.id);
    const always = await stripe.coupons.create({
      amount_off: 300,
      currency: 'usd',
      duration: 'forever',
    });
    const second = await stripe.subscriptions.create({
      customer,
      discounts: [{ coupon: always.id }],
      items: [{ price: price.id }],
    });
    vendor.renew(second.id);
    expect(charged()).toBe(1750 + 2 * 700);
  });

  it('keeps to the day it began on where a month has it', async () => {
    jest.setSystemTime(Date.UTC(2027, 0, 31));
    const price = await monthly(1000);
    const { id } = await stripe.subscriptions.create({ customer, items: [{ price: price.id }] });
    const end = async () =>
      new Date(
        (await stripe.subscriptions.retrieve(id)).items.data[0]!.current_period_end * 1000,
      ).toISOString();
    expect(await end()).toContain('2027-02-28');
    vendor.renew(id);
    expect(await end()).toContain('2027-03-31');
  });

  it('takes recurring prices of its currency alone', async () => {
    const once = await stripe.prices.create({
      currency: 'usd',
      product_data: { name: 'Pen' },
      unit_amount: 5,
    });
    const usd = await monthly(1000);
    const eur = await monthly(1000, { currency: 'eur' });
    expect(
      await failure(stripe.subscriptions.create({ customer, items: [{ price: once.id }] })),
    ).toMatchObject({ param: 'items[0][price]', statusCode: 400 });
    expect(
      await failure(
        stripe.subscriptions.create({ customer, items: [{ price: usd.id }, { price: eur.id }] }),
      ),
    ).toMatchObject({ param: 'items[1][price]' });
  });
});

// Worked by hand after https://docs.stripe.com/billing/subscriptions/prorations: half of a 30-day period is left.
describe('a change halfway through a period', () => {
  let subscription: Stripe.Subscription;
  let item: string;

  async function begin(unit_amount: number, quantity = 1): Promise<void> {
    const price = await monthly(unit_amount);
    subscription = await stripe.subscriptions.create({
      customer,
      items: [{ price: price.id, quantity }],
    });
    item = subscription.items.data[0]!.id;
    vendor.passTime(15 * DAY);
  }

  it('from 10 USD to 20 USD is billed 5 USD more with the next invoice', async () => {
    await begin(1000);
    const larger = await monthly(2000);
    await stripe.subscriptions.update(subscription.id, { items: [{ id: item, price: larger.id }] });
    expect(charged()).toBe(1000);
    const pending = await stripe.invoiceItems.list({ customer, pending: true });
    expect(pending.data.map(({ amount }) => amount).sort((a, b) => a - b)).toEqual([-500, 1000]);
    vendor.renew(subscription.id);
    expect(charged()).toBe(1000 + 500 + 2000);
  });

  it('is billed at once where the call says so', async () => {
    await begin(1000);
    const larger = await monthly(2000);
    const updated = await stripe.subscriptions.update(subscription.id, {
      expand: ['latest_invoice'],
      items: [{ id: item, price: larger.id }],
      proration_behavior: 'always_invoice',
    });
    expect(updated.latest_invoice).toMatchObject({
      amount_paid: 500,
      billing_reason: 'subscription_update',
    });
    expect(charged()).toBe(1500);
    vendor.renew(subscription.id);
    expect(charged()).toBe(3500);
  });

  it('is billed nothing for this period where the call says so', async () => {
    await begin(1000);
    await stripe.subscriptions.update(subscription.id, {
      items: [{ id: item, quantity: 4 }],
      proration_behavior: 'none',
    });
    vendor.renew(subscription.id);
    expect(charged()).toBe(1000 + 4000);
  });

  it('of the quantity is billed for the seats that are added', async () => {
    await begin(1000, 2);
    await stripe.subscriptions.update(subscription.id, {
      items: [{ id: item, quantity: 5 }],
      proration_behavior: 'always_invoice',
    });
    expect(charged()).toBe(2000 + 1500);
  });

  it('to less is a credit, which the next invoices use up', async () => {
    await begin(4000);
    const cheaper = await monthly(1000);
    await stripe.subscriptions.update(subscription.id, {
      items: [{ id: item, price: cheaper.id }],
      proration_behavior: 'always_invoice',
    });
    expect(charged()).toBe(4000);
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: -1500 });
    vendor.renew(subscription.id);
    expect(charged()).toBe(4000);
    vendor.renew(subscription.id);
    expect(charged()).toBe(4000 + 500);
  });

  it('of the interval begins a new period and is billed at once', async () => {
    await begin(1000);
    const yearly = await monthly(10_000, { recurring: { interval: 'year' } });
    await stripe.subscriptions.update(subscription.id, { items: [{ id: item, price: yearly.id }] });
    expect(charged()).toBe(1000 - 500 + 10_000);
  });

  it('that adds and takes away items is billed and credited for each', async () => {
    await begin(1000);
    const other = await monthly(600);
    await stripe.subscriptions.update(subscription.id, {
      items: [
        { id: item, deleted: true },
        { price: other.id, quantity: 5 },
      ],
      proration_behavior: 'always_invoice',
    });
    expect(charged()).toBe(1000 - 500 + 1500);
  });

  it('that must be paid changes nothing where it is not', async () => {
    await begin(1000);
    const given: Stripe.SubscriptionUpdateParams = {
      default_payment_method: 'pm_card_visa_chargeDeclined',
      items: [{ id: item, quantity: 9 }],
      proration_behavior: 'always_invoice',
    };
    expect(
      await failure(
        stripe.subscriptions.update(subscription.id, {
          ...given,
          payment_behavior: 'error_if_incomplete',
        }),
      ),
    ).toMatchObject({ statusCode: 402 });
    const after = await stripe.subscriptions.retrieve(subscription.id);
    expect(after).toMatchObject({
      default_payment_method: null,
      items: { data: [{ quantity: 1 }] },
    });
    expect((await stripe.invoiceItems.list({ pending: true })).data).toEqual([]);
    const pending = await stripe.subscriptions.update(subscription.id, {
      ...given,
      payment_behavior: 'pending_if_incomplete',
    });
    expect(pending).toMatchObject({ items: { data: [{ quantity: 1 }] } });
    expect(pending.pending_update).not.toBeNull();
    expect(charged()).toBe(1000);
  });

  it('by way of its items is the same', async () => {
    await begin(1000);
    await stripe.subscriptionItems.update(item, {
      proration_behavior: 'always_invoice',
      quantity: 3,
    });
    expect(charged()).toBe(2000);
    const other = await monthly(500);
    const added = await stripe.subscriptionItems.create({
      price: other.id,
      proration_behavior: 'always_invoice',
      subscription: subscription.id,
    });
    expect(charged()).toBe(2250);
    expect(await stripe.subscriptionItems.del(added.id)).toMatchObject({ deleted: true });
    const { data } = await stripe.subscriptionItems.list({ subscription: subscription.id });
    expect(data.map(({ quantity }) => quantity)).toEqual([3]);
  });

  it('of its end charges nothing, unless what is pending is billed now', async () => {
    await begin(1000);
    await stripe.subscriptions.update(subscription.id, { items: [{ id: item, quantity: 2 }] });
    expect(charged()).toBe(1000);
    const ended = await stripe.subscriptions.cancel(subscription.id, { invoice_now: true });
    expect(ended.status).toBe('canceled');
    expect(charged()).toBe(1500);
    expect(await failure(stripe.subscriptions.cancel(subscription.id))).toMatchObject({
      statusCode: 404,
    });
  });

  it('of its end may credit what is not used', async () => {
    await begin(1000);
    await stripe.subscriptions.cancel(subscription.id, { invoice_now: true, prorate: true });
    expect(charged()).toBe(1000);
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: -500 });
  });

  it('of its end at the end of the period charges no more', async () => {
    await begin(1000);
    await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
    vendor.passTime(90 * DAY);
    expect(charged()).toBe(1000);
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('canceled');
  });
});

it('a subscription that was paused for want of a payment method is charged when it is resumed', async () => {
  const poor = await stripe.customers.create();
  const price = await monthly(1000);
  const { id } = await stripe.subscriptions.create({
    customer: poor.id,
    items: [{ price: price.id }],
    trial_period_days: 7,
    trial_settings: { end_behavior: { missing_payment_method: 'pause' } },
  });
  expect(await failure(stripe.subscriptions.resume(id))).toMatchObject({ statusCode: 400 });
  vendor.passTime(7 * DAY);
  expect((await stripe.subscriptions.retrieve(id)).status).toBe('paused');
  await stripe.subscriptions.update(id, { default_payment_method: 'pm_card_visa' });
  expect((await stripe.subscriptions.resume(id)).status).toBe('active');
  expect(vendor.book.executed).toMatchObject([{ kind: 'charge', amount: 1000, customer: poor.id }]);
});

it('a period that cannot be paid leaves a subscription past due', async () => {
  const price = await monthly(1000);
  const { id } = await stripe.subscriptions.create({ customer, items: [{ price: price.id }] });
  await stripe.subscriptions.update(id, { default_payment_method: 'pm_card_visa_chargeDeclined' });
  vendor.renew(id);
  expect((await stripe.subscriptions.retrieve(id)).status).toBe('past_due');
  expect(charged()).toBe(1000);
});
