import { inspect } from 'node:util';
import Stripe from 'stripe';

import { clientOf, failure } from '../../../test/support/stripe-client';
import { createStripeVendor } from '../stripe-vendor';
import type { StripeVendor } from '../stripe-vendor';

let vendor: StripeVendor;
let stripe: Stripe;

beforeEach(async () => {
  vendor = await createStripeVendor();
  stripe = clientOf(vendor);
});
afterEach(() => vendor.close());

describe('a payment by hand', () => {
  it('is refunded like any other, and is in the book without a call', async () => {
    const customer = await stripe.customers.create();
    const { paymentIntent, charge } = vendor.pay({
      amount: 2000,
      customer: customer.id,
      metadata: { order: '7' },
    });
    expect(vendor.book.executed).toMatchObject([
      { kind: 'charge', amount: 2000, call: 0, customer: customer.id, metadata: { order: '7' } },
    ]);
    expect(await stripe.paymentIntents.retrieve(paymentIntent)).toMatchObject({
      amount_received: 2000,
      latest_charge: charge,
      status: 'succeeded',
    });
    await stripe.refunds.create({ amount: 500, payment_intent: paymentIntent });
    expect(await stripe.charges.retrieve(charge!)).toMatchObject({
      amount: 2000,
      amount_captured: 2000,
      amount_refunded: 500,
      refunded: false,
    });
    expect(vendor.book.executed.at(-1)).toMatchObject({ kind: 'refund', amount: 500, call: 3 });
  });

  it('that only authorizes is captured, incremented and canceled', async () => {
    const { paymentIntent } = vendor.pay({ amount: 2000, capture: false });
    const incremented = await stripe.paymentIntents.incrementAuthorization(paymentIntent, {
      amount: 2500,
    });
    expect(incremented).toMatchObject({ amount: 2500, amount_capturable: 2500 });
    expect(
      await failure(stripe.paymentIntents.incrementAuthorization(paymentIntent, { amount: 2500 })),
    ).toMatchObject({ param: 'amount' });
    expect(vendor.book.total('usd')).toBe(0);
    await stripe.paymentIntents.capture(paymentIntent, { amount_to_capture: 2200 });
    expect(vendor.book.total('usd', 'capture')).toBe(2200);
    const other = vendor.pay({ amount: 900, capture: false });
    await stripe.paymentIntents.cancel(other.paymentIntent);
    expect(await stripe.charges.retrieve(other.charge!)).toMatchObject({
      amount_captured: 0,
      amount_refunded: 900,
      refunded: true,
    });
    expect(vendor.book.total('usd')).toBe(2200);
  });

  it('that waits for its confirmation is changed and confirmed', async () => {
    const { paymentIntent, charge } = vendor.pay({ amount: 700, confirm: false });
    expect(charge).toBeNull();
    expect(await stripe.paymentIntents.update(paymentIntent, { amount: 800 })).toMatchObject({
      amount: 800,
      status: 'requires_confirmation',
    });
    await stripe.paymentIntents.confirm(paymentIntent);
    expect(vendor.book.total('usd', 'charge')).toBe(800);
    expect(
      await failure(stripe.paymentIntents.update(paymentIntent, { amount: 900 })),
    ).toMatchObject({ code: 'payment_intent_unexpected_state' });
  });

  it('with a card that is declined throws', () => {
    expect(() => vendor.pay({ amount: 700, paymentMethod: 'pm_card_visa_chargeDeclined' })).toThrow(
      'Your card was declined.',
    );
  });
});

describe('another account', () => {
  it('has a secret, objects, idempotency keys and a book of its own', async () => {
    const acme = vendor.addAccount('sk_test_acme');
    const theirs = clientOf(vendor, 'sk_test_acme');
    const paid = { amount: 1200, confirm: true, currency: 'usd', payment_method: 'pm_card_visa' };
    const params = { ...paid, allowed_payment_method_types: ['card' as const] };
    const options = { idempotencyKey: 'the-same' };
    const mine = await stripe.paymentIntents.create(params, options);
    const other = await theirs.paymentIntents.create(params, options);
    expect(other.id).not.toBe(mine.id);
    expect(await failure(theirs.paymentIntents.retrieve(mine.id))).toMatchObject({
      code: 'resource_missing',
      statusCode: 404,
    });
    expect(vendor.book.total('usd')).toBe(2400);
    expect(acme.book.total('usd')).toBe(1200);
    expect(vendor.account.book.total('usd')).toBe(1200);
    const made = acme.pay({ amount: 300 });
    expect(acme.book.total('usd')).toBe(1500);
    expect((await theirs.paymentIntents.retrieve(made.paymentIntent)).amount).toBe(300);
    expect(() => vendor.addAccount('sk_test_acme')).toThrow(TypeError);
    vendor.reset();
    expect(acme.book.executed).toEqual([]);
    expect(await failure(theirs.paymentIntents.retrieve(other.id))).toMatchObject({
      statusCode: 404,
    });
  });

  it('each call tells whether it came with a secret, and shows it to nobody', async () => {
    const acme = vendor.addAccount('sk_test_acme_4711');
    await clientOf(vendor, 'sk_test_acme_4711').customers.list();
    await stripe.customers.list();
    await failure(clientOf(vendor, 'sk_test_unknown').customers.list());
    const [first, second, third] = vendor.calls();
    expect(first!.secretIs('sk_test_acme_4711')).toBe(true);
    expect(first!.secretIs(vendor.secretKey)).toBe(false);
    expect(second!.secretIs(vendor.secretKey)).toBe(true);
    expect([first, second, third].map((call) => call!.account)).toEqual([
      acme.id,
      vendor.account.id,
      undefined,
    ]);
    for (const shown of [vendor, acme, first, vendor.calls()]) {
      expect(inspect(shown, { depth: 9, showHidden: true })).not.toContain('acme_4711');
    }
    expect(JSON.stringify([vendor, acme, vendor.calls()])).not.toContain('acme_4711');
  });

  it('that is connected is reached with the header Stripe-Account', async () => {
    const connected = vendor.connect('acct_connected');
    const options = { stripeAccount: 'acct_connected' };
    const customer = await stripe.customers.create({ name: 'Ada' }, options);
    expect(await failure(stripe.customers.retrieve(customer.id))).toMatchObject({
      statusCode: 404,
    });
    expect((await stripe.customers.retrieve(customer.id, {}, options)).id).toBe(customer.id);
    expect(connected.book.entries).toHaveLength(2);
    expect(await failure(stripe.customers.list({}, { stripeAccount: 'acct_other' }))).toMatchObject(
      { code: 'account_invalid', statusCode: 403 },
    );
    vendor.addAccount('sk_test_acme');
    expect(
      await failure(clientOf(vendor, 'sk_test_acme').customers.list({}, options)),
    ).toMatchObject({ code: 'account_invalid' });
  });
});

describe('a restricted key', () => {
  it('may do what it was given, and gets 403 for all else', async () => {
    const { charge, paymentIntent } = vendor.pay({ amount: 500 });
    const secret = vendor.restrictedKey({
      charges: 'none',
      payment_intents: 'read',
      refunds: 'write',
    });
    const theirs = clientOf(vendor, secret);
    expect((await theirs.paymentIntents.retrieve(paymentIntent)).amount).toBe(500);
    const refused = await failure(theirs.charges.retrieve(charge!));
    expect(refused).toMatchObject({ statusCode: 403, type: 'StripePermissionError' });
    expect(refused.message).toMatch(
      /^The provided key 'rk_test_\*{4}\w{4}' does not have the required permissions for this endpoint on account 'acct_\w+'\. Having the 'rak_charge_read' permission would allow this request to continue\.$/,
    );
    const written = await failure(theirs.paymentIntents.cancel(paymentIntent));
    expect(written.message).toContain("'rak_payment_intent_write'");
    await theirs.refunds.create({ payment_intent: paymentIntent });
    expect(vendor.book.total('usd', 'refund')).toBe(500);
    expect((await theirs.refunds.list()).data).toHaveLength(1);
  });

  it('may be given all but something', async () => {
    const theirs = clientOf(vendor, vendor.restrictedKey({ '*': 'write', prices: 'none' }));
    const { id } = await theirs.products.create({ name: 'Book' });
    expect(
      (await failure(theirs.prices.create({ currency: 'usd', product: id, unit_amount: 5 })))
        .message,
    ).toContain("'rak_plan_write'");
  });
});

it('a payment method is attached to one customer', async () => {
  const [ada, bob] = await Promise.all([stripe.customers.create(), stripe.customers.create()]);
  const method = await stripe.paymentMethods.create({ card: { token: 'tok_visa' }, type: 'card' });
  await stripe.paymentMethods.attach(method.id, { customer: ada.id });
  expect(
    await failure(stripe.paymentMethods.attach(method.id, { customer: bob.id })),
  ).toMatchObject({ statusCode: 400 });
  expect((await stripe.customers.listPaymentMethods(ada.id)).data).toHaveLength(1);
  await stripe.paymentMethods.detach(method.id);
  expect((await stripe.paymentMethods.list({ customer: ada.id })).data).toEqual([]);
});
